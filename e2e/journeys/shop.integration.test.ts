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
  editImage,
  fileOn,
  frontendImage,
  frontendOf,
  get,
  granted,
  identities,
  oneIsLive,
  type Place,
  serviceOn,
  withoutImages,
} from './journey.ts';
import { theLab } from './the-lab.ts';

/** The whole life of one service, in its order: each test goes on from where the one before it ended. */
describe('the frontend of the shop', { concurrent: false }, () => {
  let lab: Lab;
  let frontend: Place;
  let session: Session;
  let plainConfig: Record<string, unknown>;
  let plainCompose: string;
  let neighbours: string;
  const { name } = { name: { stack: 'shop', service: 'frontend' } };
  const theSwitch = () => serviceOn(session, name).switch;
  const neighboursNow = () => identities(lab, 'home', 'shop-backend-1', 'shop-db-1');
  const load = (more: { maxMs?: number } = {}) =>
    startLoad({ ...frontend.at(), clients: 16, perSecond: 400, maxRequests: 200_000, maxMs: more.maxMs ?? 120_000 });

  beforeAll(async () => {
    lab = await theLab('shop');
    await lab.reset('shop');
    frontend = frontendOf(lab);
    plainConfig = await composeConfig(lab, 'home', frontend.folder);
    plainCompose = await fileOn(lab, 'home', `${frontend.folder}/compose.yaml`);
    neighbours = await neighboursNow();
    session = await connectTo(lab, 'home');
  });
  afterAll(() => session?.close());

  test('AD1 the plan of adopting changes nothing and says the gap', async () => {
    const before = await lab.exec('home', `ls -la ${frontend.folder}; docker ps -q`);
    const plan = granted(await session.planAdopt(name, {}));
    expect(plan).toMatchObject({ adoptable: true, containerPort: 3000, checks: [expect.stringContaining('3000')] });
    expect(plan.gap.estimateMs).toBeGreaterThan(0);
    expect((await lab.exec('home', `ls -la ${frontend.folder}; docker ps -q`)).stdout).toBe(before.stdout);
  });

  test('AD2 adopting keeps every byte of compose.yaml, and the gap is measured', async () => {
    const job = await completes(session, name, 'adopt', { checkPath: '/healthz' });
    expect(job.figures.gapMs).toBeGreaterThan(0);
    expect(job.figures.gapMs).toBeLessThan(10_000);
    expect(await fileOn(lab, 'home', `${frontend.folder}/compose.yaml`)).toBe(plainCompose);
    expect(await neighboursNow()).toBe(neighbours);
    await oneIsLive(frontend, '1.0.0');
    expect(serviceOn(session, name)).toMatchObject({
      adopted: true,
      live: 'blue',
      version: '1.0.0',
      health: 'running',
      dependsOn: ['backend'],
      switch: { kind: 'idle' },
    });
    const again = await act(session, name, 'adopt');
    expect(again).toMatchObject({ outcome: 'not-started', failure: { code: 'already-adopted' } });
  });

  test('a deploy prepares next beside current, and no traffic goes there', async () => {
    await editImage(frontend, '1.1.0');
    const plan = granted(await session.planNext(name, {}));
    expect(plan).toMatchObject({ image: frontendImage('1.1.0'), upToDate: false });
    const job = await completes(session, name, 'deploy');
    expect(job.figures).toMatchObject({ release: 2 });
    await oneIsLive(frontend, '1.0.0');
    expect(theSwitch()).toMatchObject({ kind: 'next-ready', from: 'blue', to: 'green' });
    expect(serviceOn(session, name).slots.green).toMatchObject({ role: 'next', release: 2, version: '1.1.0' });
  });

  test('the preview shows next alone, and the traffic does not', async () => {
    const preview = granted(await session.openPreview(name, 'green'));
    expect(preview.release).toBe(2);
    const seen = await get('127.0.0.1', preview.port);
    expect(seen).toMatchObject({ status: 200, release: '1.1.0' });
    expect(seen.body).toContain('1.1.0');
    for (let count = 0; count < 20; count += 1) await oneAnswerIs('1.0.0');
    await session.closePreview(name);
    await expect(get('127.0.0.1', preview.port)).rejects.toThrow();
  });

  test('FL3 FL4 FL5 a flip and a rollback under load lose no request', async () => {
    const running = await load();
    const flip = await completes(session, name, 'flip');
    expect(flip.figures.switchMs).toBeLessThan(2_000);
    await oneIsLive(frontend, '1.1.0');
    expect(theSwitch()).toMatchObject({ kind: 'watching', to: 'green' });
    expect(serviceOn(session, name)).toMatchObject({ live: 'green', canFlipBack: true });
    await completes(session, name, 'rollback');
    await oneIsLive(frontend, '1.0.0');
    expect(theSwitch()).toMatchObject({ kind: 'settled', to: 'green' });
    const report = await running.stop();
    expect(report.samples, JSON.stringify(report.failures)).toEqual([]);
    expect(report.failed).toBe(0);
    expect(Object.keys(report.releases).sort()).toEqual(['1.0.0', '1.1.0']);
    expect(await neighboursNow()).toBe(neighbours);
  });

  test('FL2 RE4 a release that never gets ready is not flipped to, and says why', async () => {
    await lab.exec('home', `sed -i 's/"readySeconds": [0-9]*/"readySeconds": 12/' ${service('service.json')}`);
    await session.refresh();
    await editImage(frontend, '1.3.0');
    const running = await load();
    const live = await identities(lab, 'home', 'shop--frontend--blue', 'shop-frontend-1');
    const deploy = await act(session, name, 'deploy');
    expect(deploy).toMatchObject({ outcome: 'aborted', failure: { code: 'not-ready' } });
    expect(deploy.failure?.detail).toContain('HTTP 503');
    expect(deploy.failure?.running).toContain('blue keeps the traffic');
    expect(theSwitch()).toMatchObject({ kind: 'not-ready', reason: expect.stringContaining('503') });
    const flip = await act(session, name, 'flip');
    expect(flip).toMatchObject({ outcome: 'refused', failure: { code: 'not-ready' } });
    expect(`${flip.failure?.message} ${flip.failure?.detail}`).toContain('503');
    expect((await running.stop()).failed).toBe(0);
    expect(await identities(lab, 'home', 'shop--frontend--blue', 'shop-frontend-1')).toBe(live);
    await oneIsLive(frontend, '1.0.0');
  });

  test('RE4 a release that exits at its start says its own last line', async () => {
    await editImage(frontend, '1.4.0');
    const deploy = await act(session, name, 'deploy');
    expect(deploy).toMatchObject({ outcome: 'aborted', failure: { code: 'exited-at-start' } });
    expect(deploy.failure?.detail).toContain('fatal: cannot read setting SESSION_KEY');
    expect(theSwitch()).toMatchObject({ kind: 'not-ready', reason: expect.stringContaining('SESSION_KEY') });
    const flip = await act(session, name, 'flip');
    expect(flip).toMatchObject({ outcome: 'refused', failure: { code: 'not-ready' } });
    await oneIsLive(frontend, '1.0.0');
  });

  test('a slow release is waited for', async () => {
    await lab.exec('home', `sed -i 's/"readySeconds": [0-9]*/"readySeconds": 90/' ${service('service.json')}`);
    await session.refresh();
    await editImage(frontend, '1.5.0');
    const job = await completes(session, name, 'deploy');
    expect(job.figures.deployMs).toBeGreaterThan(20_000);
    expect(theSwitch()).toMatchObject({ kind: 'next-ready' });
    await oneIsLive(frontend, '1.0.0');
  });

  test('RE6 RE7 a ready next is in the way of another, until it is retired', async () => {
    await editImage(frontend, '1.2.0');
    const refused = await act(session, name, 'deploy');
    expect(refused).toMatchObject({ outcome: 'refused', failure: { code: 'no-free-slot' } });
    expect(refused.failure?.message).toContain('green holds release 5');
    session.dismiss(name);
    expect(theSwitch()).toMatchObject({ kind: 'next-ready' });
    await completes(session, name, 'retire', { role: 'next' });
    expect(serviceOn(session, name).slots.green).toBeNull();
    await oneIsLive(frontend, '1.0.0');
  });

  test('WA1 a release that gets ill while watched goes back by itself within seconds', async () => {
    await completes(session, name, 'deploy');
    const began = Date.now();
    const running = await load();
    await completes(session, name, 'flip', { watchMinutes: 2 });
    await oneIsLive(frontend, '1.2.0');
    await eventually('1.2.0 is ill', async () => running.counters().failures.status > 0, 40_000);
    const illAt = Date.now();
    await eventually(
      'the traffic is back on 1.0.0',
      async () => (await get(frontend.at().host, frontend.at().port)).release === '1.0.0',
      15_000,
    );
    expect(Date.now() - illAt).toBeLessThan(5_000);
    await eventually('the map says so', () => theSwitch().kind === 'went-back', 15_000);
    expect(Date.now() - illAt).toBeLessThan(15_000);
    expect(theSwitch()).toMatchObject({ kind: 'went-back', reason: expect.stringMatching(/\S/) });
    const report = await running.stop();
    // Answers of an ill release are its own; what the entry point adds to them is none.
    expect(report.failures).toEqual({ ...report.failures, connect: 0, reset: 0, truncated: 0, garbled: 0, timeout: 0 });
    expect(report.failures.status).toBeLessThan(200);
    await oneIsLive(frontend, '1.0.0');
    await eventually('the watch is a job of its own', () =>
      session
        .jobs()
        .some((job) => job.by === 'the watch' && job.state === 'rolled-back' && job.startedAt >= began - 5_000),
    );
  });

  test('JN6 the history has every release with its outcome, reason and durations', async () => {
    const releases = granted(await session.releases(name));
    expect(releases.map(({ number, version, outcome }) => `${number} ${version} ${outcome}`)).toEqual([
      '6 1.2.0 went-back',
      '5 1.5.0 retired',
      '4 1.4.0 not-ready',
      '3 1.3.0 not-ready',
      '2 1.1.0 left',
      '1 1.0.0 live',
    ]);
    const [ill, slow, exits, never, good, first] = releases;
    expect(ill?.reason).toContain('went back by itself');
    expect(ill?.liveForMs).toBeGreaterThan(1_000);
    expect(slow?.deployMs).toBeGreaterThan(20_000);
    expect(exits?.reason).toContain('SESSION_KEY');
    expect(never?.reason).toContain('503');
    expect(good?.deployMs).toBeGreaterThan(0);
    expect(good?.liveForMs).toBeGreaterThan(0);
    expect(first).toMatchObject({ role: 'current', by: 'tester@journey', liveForMs: null });
    expect(first?.liveSinceMs).toBeGreaterThan(0);
    expect(new Set(releases.map((release) => release.digest)).size).toBe(6);
    for (const release of releases) expect(release.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('two releases are compared', async () => {
    const diff = granted(await session.compareReleases(name, 1, 2));
    expect(diff).toEqual(
      expect.arrayContaining([
        { field: 'image', key: 'image', before: frontendImage('1.0.0'), after: frontendImage('1.1.0') },
        expect.objectContaining({ field: 'digest' }),
      ]),
    );
    expect(await session.compareReleases(name, 1, 99)).toMatchObject({
      ok: false,
      failure: { code: 'release-unknown' },
    });
  });

  test('an older release is deployed again as a new one, whatever compose.yaml says', async () => {
    await completes(session, name, 'deploy', { release: 2 });
    expect(serviceOn(session, name).slots.green).toMatchObject({ role: 'next', release: 7, version: '1.1.0' });
    await completes(session, name, 'flip', { watchMinutes: 0 });
    await oneIsLive(frontend, '1.1.0');
    expect(theSwitch()).toMatchObject({ kind: 'settled' });
    expect(await act(session, name, 'deploy', { release: 77 })).toMatchObject({
      outcome: 'not-started',
      failure: { code: 'release-unknown' },
    });
  });

  test('retiring previous frees its slot, and there is no way back then', async () => {
    await completes(session, name, 'retire', { role: 'previous' });
    expect(serviceOn(session, name)).toMatchObject({ canFlipBack: false, slots: { blue: null } });
    expect(await act(session, name, 'rollback')).toMatchObject({
      outcome: 'refused',
      failure: { code: 'nothing-to-do' },
    });
    await oneIsLive(frontend, '1.1.0');
  });

  test('backend is adopted beside it, with its own health check', async () => {
    const backend = { stack: 'shop', service: 'backend' };
    const entryOfFrontend = await identities(lab, 'home', 'shop-frontend-1', 'shop--frontend--green', 'shop-db-1');
    await completes(session, backend, 'adopt');
    expect(await identities(lab, 'home', 'shop-frontend-1', 'shop--frontend--green', 'shop-db-1')).toBe(
      entryOfFrontend,
    );
    expect(serviceOn(session, backend)).toMatchObject({ adopted: true, health: 'healthy', version: '1.0.0' });
    expect(serviceOn(session, backend).blastRadius).toEqual(['shop/frontend']);
    await completes(session, backend, 'deploy', { image: 'registry.lab:5000/shop/backend:1.1.0' });
    const running = await load();
    await completes(session, backend, 'flip', { watchMinutes: 0 });
    expect((await running.stop()).failed).toBe(0);
    const page = await get(frontend.at().host, frontend.at().port);
    expect(page.status).toBe(200);
    expect(page.body).toContain('Claw hammer');
    expect(await fileOn(lab, 'home', `${frontend.folder}/compose.yaml`)).toContain('shop/backend:1.1.0');
    const up = await lab.exec('home', `cd ${frontend.folder} && docker compose up -d 2>&1`);
    expect(up.stdout).not.toMatch(/Recreate|Started/);
    await oneIsLive(frontend, '1.1.0');
  });

  test('AD6 eject leaves plain compose, running what was live, and the other adopted service as it was', async () => {
    const others = await identities(lab, 'home', 'shop-backend-1', 'shop--backend--green', 'shop-db-1');
    await completes(session, name, 'eject');
    expect(await identities(lab, 'home', 'shop-backend-1', 'shop--backend--green', 'shop-db-1')).toBe(others);
    const override = await fileOn(lab, 'home', `${frontend.folder}/compose.override.yaml`);
    expect(override).toContain('# switchyard begin backend');
    expect(override).not.toContain('frontend');
    expect(serviceOn(session, name)).toMatchObject({
      adopted: false,
      version: '1.1.0',
      switch: { kind: 'not-adopted' },
    });
    await eventually('it answers', async () => (await get(frontend.at().host, frontend.at().port)).release === '1.1.0');
    const containers = (await lab.exec('home', "docker ps -a --format '{{.Names}}'")).stdout;
    expect(containers).not.toContain('shop--frontend');
  });

  test('AD6 with all ejected, the configuration equals the one before adoption but for images', async () => {
    await completes(session, { stack: 'shop', service: 'backend' }, 'eject');
    await expect(fileOn(lab, 'home', `${frontend.folder}/compose.override.yaml`)).rejects.toThrow();
    const config = await composeConfig(lab, 'home', frontend.folder);
    expect(withoutImages(config)).toEqual(withoutImages(plainConfig));
    expect(config.services).toMatchObject({
      frontend: { image: frontendImage('1.1.0') },
      backend: { image: 'registry.lab:5000/shop/backend:1.1.0' },
    });
    const compose = await fileOn(lab, 'home', `${frontend.folder}/compose.yaml`);
    expect(compose.replace('frontend:1.1.0', 'frontend:1.0.0').replace('backend:1.1.0', 'backend:1.0.0')).toBe(
      plainCompose,
    );
    const { stdout } = await lab.exec('home', `cd ${frontend.folder} && docker compose up -d 2>&1`);
    expect(stdout).not.toMatch(/Recreate|Creat|Started/);
  });

  const service = (file: string) => `${frontend.folder}/.switchyard/frontend/${file}`;
  const oneAnswerIs = async (version: string) => {
    const { host, port } = frontend.at();
    expect((await get(host, port, '/version')).release).toBe(version);
  };
});
