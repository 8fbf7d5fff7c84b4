import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/engine/session.ts';
import { eventually } from '../../src/testkit/eventually.ts';
import type { Lab } from '../lab/lab.ts';
import { startLoad } from '../load/load.ts';
import {
  act,
  completes,
  composeConfig,
  connectTo,
  fileOn,
  frontendImage,
  frontendOf,
  get,
  identities,
  oneIsLive,
  type Place,
  serviceOn,
  withoutImages,
} from './journey.ts';
import { theLab } from './the-lab.ts';

/** What operators type in the folder of an adopted stack, out of habit or by cron. */
describe('plain compose in an adopted stack', () => {
  let lab: Lab;
  let frontend: Place;
  let session: Session;
  let plainConfig: Record<string, unknown>;
  const name = { stack: 'shop', service: 'frontend' };
  const compose = async (words: string) =>
    (await lab.exec('home', `cd ${frontend.folder} && docker compose ${words} 2>&1`, { timeoutMs: 120_000 })).stdout;
  const works = async () => {
    const { host, port } = frontend.at();
    await eventually(
      'the page has its products, from the live release',
      async () => {
        const page = await get(host, port);
        return page.status === 200 && page.release === '1.1.0' && page.body.includes('Claw hammer');
      },
      60_000,
    );
    await oneIsLive(frontend, '1.1.0');
    await eventually(
      'the map says so',
      () => {
        const service = serviceOn(session, name);
        return service.adopted && service.live === 'green' && service.health === 'running';
      },
      20_000,
    );
  };

  beforeAll(async () => {
    lab = await theLab('shop');
    await lab.reset('shop');
    frontend = frontendOf(lab);
    plainConfig = await composeConfig(lab, 'home', frontend.folder);
    session = await connectTo(lab, 'home');
    await completes(session, name, 'adopt', { checkPath: '/healthz' });
    await completes(session, name, 'deploy', { image: frontendImage('1.1.0') });
    await completes(session, name, 'flip', { watchMinutes: 0 });
  });
  afterAll(() => session?.close());

  test('up -d, up -d --remove-orphans and pull change nothing and lose no request', async () => {
    const all = ['shop-frontend-1', 'shop--frontend--blue', 'shop--frontend--green', 'shop-backend-1', 'shop-db-1'];
    const before = await identities(lab, 'home', ...all);
    const running = await startLoad({
      ...frontend.at(),
      clients: 8,
      perSecond: 200,
      maxRequests: 50_000,
      maxMs: 120_000,
    });
    expect(await compose('up -d')).not.toMatch(/Recreate|Creat|Started/);
    expect(await compose('up -d --remove-orphans')).not.toMatch(/Recreate|Creat|Started|Remov/);
    await compose('pull');
    expect(await compose('up -d')).not.toMatch(/Recreate|Creat|Started/);
    expect((await running.stop()).samples).toEqual([]);
    expect(await identities(lab, 'home', ...all)).toBe(before);
    await works();
  });

  test('restart, of all and of the service, comes back on the live release', async () => {
    await compose('restart frontend');
    await works();
    await compose('restart');
    await works();
  });

  test('up -d --force-recreate of the service comes back on the live release', async () => {
    const slot = await identities(lab, 'home', 'shop--frontend--green');
    await compose('up -d --force-recreate --no-deps frontend');
    expect(await identities(lab, 'home', 'shop--frontend--green')).toBe(slot);
    await works();
  });

  test('down and up -d come back on the live release', async () => {
    const down = await compose('down');
    expect(down).toContain('shop-frontend-1');
    expect(await fileOn(lab, 'home', `${frontend.folder}/.switchyard/frontend/entry/live.map`)).toContain('live green');
    await compose('up -d');
    await works();
  });

  test('an image that an operator writes into compose.yaml waits for its deploy', async () => {
    await lab.exec('home', `sed -i 's#shop/frontend:1.1.0#shop/frontend:1.0.0#' ${frontend.folder}/compose.yaml`);
    expect(await compose('up -d')).not.toMatch(/Recreate|Creat|Started/);
    await works();
    await lab.exec('home', `sed -i 's#shop/frontend:1.0.0#shop/frontend:1.1.0#' ${frontend.folder}/compose.yaml`);
  });

  test('stop and start of everything, slots too, comes back on the live release', async () => {
    await lab.exec('home', 'docker stop -t 2 $(docker ps -q)');
    await compose('up -d');
    await lab.exec('home', 'docker start shop--frontend--green shop--frontend--blue');
    await works();
    await completes(session, name, 'rollback');
    await oneIsLive(frontend, '1.0.0');
    await completes(session, name, 'rollback');
    await works();
  });

  test('AD10 eject makes no neighbour that it depends on and has no container: it is undone, and says which', async () => {
    const files = () => lab.exec('home', `cd ${frontend.folder} && cat compose.yaml compose.override.yaml`);
    const before = (await files()).stdout;
    await compose('rm -fs db');
    const { outcome, failure } = await act(session, name, 'eject');
    expect([outcome, failure?.code, failure?.message]).toEqual([
      'aborted',
      'service-not-running',
      expect.stringContaining('depends on db, which has no container'),
    ]);
    expect((await files()).stdout).toBe(before);
    expect(await compose('ps -a --format "{{.Service}}"')).not.toContain('db');
    await compose('up -d --no-recreate db');
    await works();
  });

  test('AD6 after all of that, eject gives the configuration of before adoption', async () => {
    await completes(session, name, 'eject');
    expect(withoutImages(await composeConfig(lab, 'home', frontend.folder))).toEqual(withoutImages(plainConfig));
    expect(await compose('up -d')).not.toMatch(/Recreate|Creat|Started/);
    const { host, port } = frontend.at();
    expect(await get(host, port, '/version')).toMatchObject({ status: 200, release: '1.1.0' });
  });
});
