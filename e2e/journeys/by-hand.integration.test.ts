import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../src/testkit/eventually.ts';
import { restartEngine, restartServer } from '../lab/faults.ts';
import type { Lab } from '../lab/lab.ts';
import { startLoad } from '../load/load.ts';
import {
  act,
  completes,
  connectTo,
  fileOn,
  frontendImage,
  frontendOf,
  get,
  identities,
  oneIsLive,
  type Place,
  serviceOn,
} from './journey.ts';
import { theLab } from './the-lab.ts';

/** What holds when there is no app: rollback.sh from a shell, and whatever is restarted. */
describe('without the app', () => {
  let lab: Lab;
  let frontend: Place;
  const name = { stack: 'shop', service: 'frontend' };
  const load = () => startLoad({ ...frontend.at(), clients: 16, perSecond: 400, maxRequests: 100_000, maxMs: 120_000 });
  const byHand = (release: string, ...words: string[]) =>
    lab.exec(
      'home',
      `cd ${frontend.folder} && sh .switchyard/frontend/${release === 'current' ? release : `releases/${release}`}/rollback.sh ${words.join(' ')}`,
      {
        okCodes: [0, 2, 11, 13],
      },
    );

  beforeAll(async () => {
    lab = await theLab('shop');
    await lab.reset('shop');
    frontend = frontendOf(lab);
    const session = await connectTo(lab, 'home');
    await completes(session, name, 'adopt', { checkPath: '/healthz' });
    await completes(session, name, 'deploy', { image: frontendImage('1.1.0') });
    session.close();
  });

  test('FL8 rollback.sh of current does not go to a next that never had the traffic', async () => {
    const refused = await byHand('0001');
    expect(refused.code, refused.stdout).toBe(11);
    expect(refused.stdout).toContain('never had the traffic');
    await oneIsLive(frontend, '1.0.0');
  });

  test('FL8 rollback.sh says what it would do, does it under load without a lost request, and does nothing twice', async () => {
    const session = await connectTo(lab, 'home');
    await completes(session, name, 'flip');
    session.close();
    await oneIsLive(frontend, '1.1.0');
    const running = await load();
    const dry = await byHand('0002', '--dry-run');
    expect(dry.code, dry.stdout).toBe(0);
    expect(dry.stdout).toContain('from green (release 2) to blue (release 1)');
    await oneIsLive(frontend, '1.1.0');
    const back = await byHand('0002');
    expect(back.code, back.stdout + back.stderr).toBe(0);
    expect(back.stdout).toContain('blue has the traffic');
    await oneIsLive(frontend, '1.0.0');
    const again = await byHand('0002');
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('Nothing to do');
    await oneIsLive(frontend, '1.0.0');
    const report = await running.stop();
    expect(report.samples).toEqual([]);
    expect(report.failed).toBe(0);
    expect((await byHand('0002', '--what')).code).toBe(2);
  });

  test('FL8 the app sees what was done by hand, at once, and goes on from there', async () => {
    const session = await connectTo(lab, 'home');
    try {
      expect(serviceOn(session, name)).toMatchObject({ live: 'blue', version: '1.0.0', canFlipBack: true });
      // Forth by hand as well: the release that has the traffic says how to leave it.
      expect((await byHand('0001')).code).toBe(0);
      await eventually('the map follows', () => serviceOn(session, name).live === 'green', 5_000);
      expect(serviceOn(session, name)).toMatchObject({ version: '1.1.0', slots: { blue: { role: 'previous' } } });
      await oneIsLive(frontend, '1.1.0');
      await completes(session, name, 'rollback');
      await oneIsLive(frontend, '1.0.0');
      const releases = await session.releases(name);
      expect(releases).toMatchObject({
        ok: true,
        value: [
          { number: 2, outcome: 'left' },
          { number: 1, outcome: 'live' },
        ],
      });
      await completes(session, name, 'rollback');
      await oneIsLive(frontend, '1.1.0');
    } finally {
      session.close();
    }
  });

  test('FL8 rollback.sh starts a previous that was stopped', async () => {
    await lab.exec('home', 'docker stop -t 1 shop--frontend--blue');
    expect((await byHand('0002', '--dry-run')).stdout).toContain('first start');
    const back = await byHand('0002');
    expect(back.code, back.stdout).toBe(0);
    await oneIsLive(frontend, '1.0.0');
    expect((await byHand('0001')).code).toBe(0);
    await oneIsLive(frontend, '1.1.0');
  });

  // Not kill -9 of the engine alone: Docker 26 then leaves every container stopped, adopted or not.
  const restarts = {
    'the entry point': () => lab.exec('home', 'docker restart -t 3 shop-frontend-1'),
    'the engine': () => restartEngine(lab, 'home'),
    'the server': () => restartServer(lab, 'home'),
    'the server, by a power cut': () => restartServer(lab, 'home', 'power-cut'),
  };
  /** Restarts one after the other; only the release that has the traffic may answer, from the first request to the last. */
  const staysThrough = async (version: string, ...whats: (keyof typeof restarts)[]) => {
    await oneIsLive(frontend, version);
    for (const what of whats) {
      const running = await startLoad({
        host: '127.0.0.1',
        port: lab.host('home').http.frontend ?? 0,
        clients: 4,
        perSecond: 50,
        timeoutMs: 5_000,
        maxRequests: 20_000,
        maxMs: 150_000,
      });
      await restarts[what]();
      await eventually(
        `it answers after a restart of ${what}`,
        async () => (await get(frontend.at().host, frontend.at().port, '/version')).status === 200,
        90_000,
      );
      // Both slots are there again: from now on the other one could take traffic by mistake.
      await eventually(
        `both slots run after a restart of ${what}`,
        async () =>
          (await lab.exec('home', 'docker ps -q --filter name=shop--frontend--')).stdout.trim().split('\n').length ===
          2,
        30_000,
      );
      await eventually(`one is live after a restart of ${what}`, () => oneIsLive(frontend, version), 30_000);
      const report = await running.stop();
      expect(Object.keys(report.releases), `who answered around a restart of ${what}`).toEqual([version]);
    }
  };

  test('FL3 while a flip is watched the traffic stays where it is, whatever is restarted', async () => {
    expect((await byHand('0002')).code).toBe(0);
    const session = await connectTo(lab, 'home');
    await completes(session, name, 'deploy', { image: frontendImage('1.1.0') });
    await completes(session, name, 'flip', { watchMinutes: 30 });
    expect(serviceOn(session, name).switch.kind).toBe('watching');
    session.close();
    await staysThrough('1.1.0', 'the entry point', 'the engine', 'the server', 'the server, by a power cut');
  });

  test('WA3 a watch whose process is gone is taken up by the next client, and ends', async () => {
    const watches = async () =>
      (await lab.exec('home', "pgrep -u home -f 'sh ./watch.sh'", { okCodes: [0, 1] })).stdout.trim();
    expect(await watches()).toBe('');
    // As after a boot of the machine, which a lab's server does not see: its watch is of another boot.
    await lab.exec('home', `sed -i 's/[0-9a-f-]\\{36\\}/another-boot/' ${frontend.folder}/.switchyard/frontend/watch`);
    const session = await connectTo(lab, 'home');
    try {
      await eventually('it is settled', () => serviceOn(session, name).switch.kind === 'settled', 30_000);
      expect(serviceOn(session, name)).toMatchObject({ version: '1.1.0', canFlipBack: true });
      await oneIsLive(frontend, '1.1.0');
      expect(await fileOn(lab, 'home', `${frontend.folder}/.switchyard/frontend/entry/live.map`)).toMatch(/-settled$/m);
    } finally {
      session.close();
    }
  });

  test('FL3 once settled, too, and after a rollback', async () => {
    await staysThrough('1.1.0', 'the entry point', 'the engine');
    expect((await byHand('current')).code).toBe(0);
    await staysThrough('1.0.0', 'the entry point', 'the engine', 'the server');
    const dry = await byHand('current', '--dry-run');
    expect(dry.code, dry.stdout).toBe(0);
  });

  test('after all of that the app takes over again', async () => {
    const session = await connectTo(lab, 'home');
    try {
      const before = await identities(lab, 'home', 'shop-backend-1', 'shop-db-1');
      const running = await load();
      await completes(session, name, 'rollback');
      await oneIsLive(frontend, '1.1.0');
      expect(await act(session, name, 'flip')).toMatchObject({
        outcome: 'refused',
        failure: { code: 'nothing-to-do' },
      });
      const report = await running.stop();
      expect(report.samples).toEqual([]);
      expect(await identities(lab, 'home', 'shop-backend-1', 'shop-db-1')).toBe(before);
    } finally {
      session.close();
    }
  });

  afterAll(() => lab?.reset('shop'));
});
