import { upLab } from '../../e2e/lab/lab.ts';

/** Before the integration tests: the lab is up. It stays up, so that the next run starts at once. */
export async function setup(): Promise<void> {
  await upLab(['shop', 'traefik', 'crowd']);
}
