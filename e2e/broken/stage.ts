import { liveSlotOf } from '../../src/core/entry.ts';
import { otherSlot } from '../../src/core/slot.ts';
import type { Service } from '../../src/core/stack-map.ts';
import type { Session } from '../../src/engine/session.ts';
import { eventually } from '../../src/testkit/eventually.ts';
import { act, completes, get, serviceOn } from '../journeys/journey.ts';
import type { Lab } from '../lab/lab.ts';
import { loadStack } from '../lab/recipe.ts';
import type { Way } from './ways.ts';

export const host = 'feather-a';
export const folder = '/home/home/feather';
export const name = { stack: 'feather', service: 'web' };

const image = (version: string): string => `registry.lab:5000/feather/web:${version}`;

/** The feather with a health check of its own, and a neighbour that it depends on. */
const stackText = (text: string): string =>
  text.replace(
    /\n\nvolumes:\n/,
    () => `
    depends_on: [side]
    healthcheck:
      test: ["CMD", "bash", "-c", "exec 5<>/dev/tcp/127.0.0.1/8080; printf 'GET /h HTTP/1.0\\\\r\\\\n\\\\r\\\\n' >&5; read -r _ code _ <&5; [ $$code = 200 ]"]
      interval: 1s
      timeout: 5s
      retries: 1
  side:
    image: haproxy:3.0
    restart: unless-stopped
    entrypoint: ["sleep", "infinity"]
    stop_grace_period: 1s
  spare:
    image: ${image('1.1.0')}
    profiles: [debug]

volumes:
`,
  );

/** Brings the stack up as it is broken: adopted, 1.1.0 with the traffic, 1.0.0 warm behind it. Waits for what a health check needs. */
export async function raise(lab: Lab, session: Session): Promise<void> {
  const { files } = await loadStack('feather', 'feather');
  const text = Buffer.from(stackText(files['compose.yaml'] ?? '')).toString('base64');
  await lab.exec(host, `cd ${folder} && base64 -d >compose.yaml <<<'${text}' && docker compose up -d --quiet-pull`);
  await eventually('the service runs', () => serviceOn(session, name).health === 'healthy', 60_000);
  await completes(session, name, 'adopt', { shareVolumes: true, checkPath: '/version' });
  await lab.exec(
    host,
    `cd ${folder}/.switchyard/web && sed -i 's/"readySeconds": [0-9]*/"readySeconds": 20/; s/"drainSeconds": [0-9]*/"drainSeconds": 1/' service.json`,
  );
  await completes(session, name, 'deploy', { image: image('1.1.0') });
  await completes(session, name, 'flip', { watchMinutes: 0 });
}

/** What stands before a way: well, with a warm way back; watched where it is asked for. */
export async function stand(session: Session, on: Way['on']): Promise<Service> {
  const service = serviceOn(session, name);
  if (service.troubles.length > 0) await completes(session, name, 'mend');
  const before = serviceOn(session, name);
  const back = before.live === null ? null : before.slots[otherSlot(before.live)];
  // One that was left because it was ill is no way back that is missed.
  if (back?.ready !== true && on !== 'watched') {
    await deployAgain(session);
    await completes(session, name, 'flip', { watchMinutes: 0 });
  }
  await eventually('all is well', () => serviceOn(session, name).troubles.length === 0, 15_000);
  if (on === 'watched') {
    const other = otherVersion(serviceOn(session, name));
    await completes(session, name, 'deploy', { image: image(other), replace: true, again: true });
    await completes(session, name, 'flip', { watchMinutes: 30 });
  }
  await eventually(
    'there is a way back, and both are well',
    () => {
      const { canFlipBack, slots } = serviceOn(session, name);
      return canFlipBack && slots.blue?.health === 'healthy' && slots.green?.health === 'healthy';
    },
    20_000,
  );
  return serviceOn(session, name);
}

const otherVersion = (service: Service): string => (service.version === '1.0.0' ? '1.1.0' : '1.0.0');

export const deployAgain = (session: Session) =>
  completes(session, name, 'deploy', {
    image: image(otherVersion(serviceOn(session, name))),
    replace: true,
    again: true,
  });

/** The containers that a script of a way names. */
export function named(service: Service): Record<'LIVE' | 'OTHER' | 'ENTRY', string> {
  const live = service.live ?? liveSlotOf('blue-settled') ?? 'blue';
  return { LIVE: `feather--web--${live}`, OTHER: `feather--web--${otherSlot(live)}`, ENTRY: 'feather-web-1' };
}

export const script = (text: string, names: Record<string, string>): string =>
  `cd ${folder}\n${Object.entries(names)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n${text}`;

/** One request through the port that the service publishes, on this machine's side. */
export async function answers(lab: Lab): Promise<boolean> {
  try {
    return (await get('127.0.0.1', lab.host(host).http.web ?? 0, '/version')).status === 200;
  } catch {
    return false;
  }
}

export { act };
