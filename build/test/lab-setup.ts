import { upLab } from '../../e2e/lab/lab.ts';

/**
 * Before the integration tests: the lab is up, this clone's or the one of the folder that SWITCHYARD_LAB names. It stays
 * up, so that the next run starts at once.
 */
export async function setup(): Promise<void> {
  const folder = process.env.SWITCHYARD_LAB;
  const lab = await upLab(['shop', 'traefik', 'crowd'], folder ? { folder } : {});
  process.env.SWITCHYARD_SSH_CONFIG ??= lab.sshConfigPath;
}
