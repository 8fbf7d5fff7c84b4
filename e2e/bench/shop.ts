import type { ServiceName, Session } from '../../src/engine/session.ts';
import type { Lab } from '../lab/lab.ts';
import { complete, connected, type Setting, sessionTo } from './setting.ts';

export const frontend: ServiceName = { stack: 'shop', service: 'frontend' };

/** The two releases that the traffic moves between. */
export const releases = ['1.0.0', '1.1.0'] as const;

export const imageOf = (version: string): string => `registry.lab:5000/shop/frontend:${version}`;

/** Where the shop answers, without the outer engine's forwarder in between. */
export const shopAddress = (lab: Lab): { host: string; port: number } => ({
  host: lab.host('home').address,
  port: 8080,
});

/** The shop with its frontend adopted and both releases warm: 1.1.0 has the traffic, 1.0.0 is previous. The caller closes it. */
export async function openWarmShop({ log }: Setting, lab: Lab): Promise<Session> {
  log('The shop is reset, its frontend adopted, 1.1.0 deployed and flipped to ...');
  await lab.reset('shop');
  const session = await connected(sessionTo('home', lab.sshConfigPath));
  try {
    await complete(session, frontend, 'adopt', { checkPath: '/healthz' });
    await complete(session, frontend, 'deploy', { image: imageOf('1.1.0') });
    await complete(session, frontend, 'flip', { watchMinutes: 0 });
    return session;
  } catch (caught) {
    session.close();
    throw caught;
  }
}
