import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/engine/session.ts';
import { eventually } from '../../src/testkit/eventually.ts';
import type { Lab } from '../lab/lab.ts';
import {
  type CommandLineResult,
  commandLine,
  connectTo,
  editImage,
  frontendImage,
  frontendOf,
  get,
  oneIsLive,
  type Place,
  serviceOn,
  startCommandLine,
} from './journey.ts';
import { theLab } from './the-lab.ts';

/** The command line as cron, CI and people run it: a process, its words, its document, its exit code. */
describe('the command line', () => {
  let lab: Lab;
  let frontend: Place;
  let session: Session;
  const name = { stack: 'shop', service: 'frontend' };
  const run = (...argv: string[]) => commandLine(lab, ...argv);
  /** Its one JSON document; nothing else may be on standard output. */
  const document = ({ stdout }: CommandLineResult) => JSON.parse(stdout) as Record<string, unknown>;

  beforeAll(async () => {
    lab = await theLab('shop');
    await lab.reset('shop');
    frontend = frontendOf(lab);
    session = await connectTo(lab, 'home');
  });
  afterAll(() => session?.close());

  test('usage is exit code 2, and says what is wrong', async () => {
    for (const [argv, words] of [
      [['fly', 'home'], 'no verb “fly”'],
      [['flip', 'home'], 'STACK/SERVICE'],
      [['flip', 'home', 'frontend'], 'STACK/SERVICE'],
      [['map'], 'Say which host'],
      [['deploy', 'home', 'shop/frontend', '--release', 'x'], '--release takes a number'],
      [['retire', 'home', 'shop/frontend', '--role', 'current'], '--role'],
      [['map', 'home', '--nonsense'], 'nonsense'],
      [['compare', 'home', 'shop/frontend', '1'], 'two release numbers'],
    ] as const) {
      const result = await run(...argv);
      expect(result.code, argv.join(' ')).toBe(2);
      expect(result.stderr).toContain(words);
      expect(result.stdout).toBe('');
    }
    expect(await run('help')).toMatchObject({ code: 0, stdout: expect.stringContaining('exit codes') });
  });

  test('map and plan read, adopt changes, and an open window sees it live', async () => {
    const map = await run('map', 'home', '--json');
    expect(map.code).toBe(0);
    expect(document(map)).toMatchObject({ ok: true, value: { stacks: [{ name: 'shop' }] } });
    expect((await run('map', 'home')).stdout).toMatch(/frontend.*1\.0\.0.*plain compose, can be adopted/);
    const plan = await run('plan', 'home', 'shop/frontend', '--json');
    expect(document(plan)).toMatchObject({ ok: true, value: { adoptable: true } });
    const adopting = run('adopt', 'home', 'shop/frontend', '--check-path', '/healthz', '--json');
    await eventually(
      'the window sees the job run',
      () => session.jobs().some((job) => job.verb === 'adopt' && job.state === 'running' && job.by.includes('@')),
      60_000,
    );
    const adopted = await adopting;
    expect(adopted).toMatchObject({ code: 0, stderr: '' });
    expect(document(adopted)).toMatchObject({ ok: true, value: { verb: 'adopt', state: 'completed' } });
    await eventually('the window sees it adopted', () => serviceOn(session, name).adopted);
    await oneIsLive(frontend, '1.0.0');
  });

  test('deploy, flip and rollback complete with 0, in words', async () => {
    const deploy = await run('deploy', 'home', 'shop/frontend', '--image', frontendImage('1.1.0'));
    expect(deploy.code, deploy.stderr).toBe(0);
    expect(deploy.stdout).toMatch(/deploy shop\/frontend by .*: completed in/);
    expect(deploy.stderr).toContain('pull');
    const flip = await run('flip', 'home', 'shop/frontend', '--watch', '0');
    expect(flip.code, flip.stderr).toBe(0);
    await eventually('the window sees the flip', () => serviceOn(session, name).live === 'green');
    await oneIsLive(frontend, '1.1.0');
    expect((await run('rollback', 'home', 'shop/frontend')).code).toBe(0);
    await oneIsLive(frontend, '1.0.0');
    const releases = await run('releases', 'home', 'shop/frontend', '--json');
    expect(document(releases)).toMatchObject({
      value: [
        { number: 2, outcome: 'left' },
        { number: 1, outcome: 'live' },
      ],
    });
    const compare = await run('compare', 'home', 'shop/frontend', '1', '2');
    expect(compare.stdout).toContain(`${frontendImage('1.0.0')} → ${frontendImage('1.1.0')}`);
    const jobs = await run('jobs', 'home', '--json');
    expect(document(jobs)).toMatchObject({
      value: [{ verb: 'rollback' }, { verb: 'flip' }, { verb: 'deploy' }, { verb: 'adopt' }],
    });
  });

  test('preview answers on its port until it is ended', async () => {
    const preview = startCommandLine(lab, 'preview', 'home', 'shop/frontend', '--slot', 'green', '--json');
    const port = await eventually('it says where', () => {
      const line = preview.printed.stdout.split('\n')[0] ?? '';
      return line === '' ? null : (JSON.parse(line) as { value: { port: number } }).value.port;
    });
    expect(await get('127.0.0.1', port, '/version')).toMatchObject({ status: 200, release: '1.1.0' });
    preview.child.kill('SIGINT');
    expect((await preview.ended).code).toBe(0);
  });

  test('what the window starts, the command line follows', async () => {
    const follow = startCommandLine(lab, 'jobs', 'home', '--follow');
    await eventually('it follows', () => follow.printed.stdout.includes('rollback'));
    const started = await session.start(name, 'rollback', {});
    expect(started.ok).toBe(true);
    await eventually(
      'the line says the job and its end',
      () => (follow.printed.stdout.match(/rollback frontend: completed/g) ?? []).length >= 2,
    );
    follow.child.kill('SIGTERM');
    expect((await follow.ended).code).toBe(0);
    await oneIsLive(frontend, '1.1.0');
    await eventually('the window is at rest', () => session.jobs().every((job) => job.state !== 'running'));
  });

  test('11 refused and 12 aborted say the code, the sentence, what runs now and what to do', async () => {
    await editImage(frontend, '1.4.0');
    const aborted = await run('deploy', 'home', 'shop/frontend', '--json');
    expect(aborted.code).toBe(12);
    expect(document(aborted)).toMatchObject({
      ok: false,
      failure: { code: 'exited-at-start', detail: expect.stringContaining('SESSION_KEY') },
      remedy: { advice: expect.any(String) },
      job: { state: 'aborted' },
    });
    const refused = await run('flip', 'home', 'shop/frontend');
    expect(refused.code).toBe(11);
    expect(refused.stdout).toBe('');
    expect(refused.stderr).toMatch(
      /Release 3 is not ready.*What runs now: green keeps the traffic with release 2\..*What to do:/s,
    );
    const early = await run('adopt', 'home', 'shop/frontend', '--json');
    expect(early.code).toBe(11);
    expect(document(early)).toMatchObject({ ok: false, failure: { code: 'already-adopted' }, job: null });
    expect((await run('flip', 'home', 'shop/nothing', '--json')).code).toBe(11);
    await oneIsLive(frontend, '1.1.0');
  });

  test('10 went back: a deploy and a flip of a release that gets ill, seen as it went back', async () => {
    await editImage(frontend, '1.2.0');
    expect((await run('deploy', 'home', 'shop/frontend')).code).toBe(0);
    const flip = await run('flip', 'home', 'shop/frontend', '--watch', '1', '--follow', '--json');
    expect(flip.code, flip.stdout).toBe(10);
    expect(document(flip)).toMatchObject({ ok: false, job: { state: 'rolled-back' } });
    await oneIsLive(frontend, '1.1.0');
    await eventually('the window says so', () => serviceOn(session, name).switch.kind === 'went-back');
  });

  test('a job that dies without a word is undone by who waits for it: 12, and told as that', async () => {
    await editImage(frontend, '1.5.0');
    const deploying = startCommandLine(lab, 'deploy', 'home', 'shop/frontend', '--json');
    await eventually(
      'it waits for next',
      () =>
        session
          .jobs()
          .some(
            (job) =>
              job.verb === 'deploy' &&
              job.state === 'running' &&
              job.steps.some((step) => step.name === 'ready' && step.state === 'running'),
          ),
      90_000,
    );
    await lab.exec('home', `pkill -9 -u home -f 'sh ./run.sh'`);
    const died = await deploying.ended;
    expect(died.code, died.stdout).toBe(12);
    expect(document(died)).toMatchObject({
      ok: false,
      failure: { code: 'job-died' },
      job: { state: 'aborted', recovered: true },
    });
    const table = (await run('jobs', 'home')).stdout;
    expect(table).toMatch(/^JOB +VERB +SERVICE +BY +STARTED +TOOK +OUTCOME +REASON$/m);
    expect(table).toMatch(
      / deploy +shop\/frontend .* undone after its process died +The deploy of frontend stopped, for its process was gone/,
    );
    await oneIsLive(frontend, '1.1.0');
    // Nobody unlocks by hand, and nobody waits: the next job takes over at once.
    const next = await run('deploy', 'home', 'shop/frontend', '--release', '1', '--replace');
    expect(next.code, next.stderr).toBe(0);
    await oneIsLive(frontend, '1.1.0');
  });

  test('a host that is not there, and one that refuses, end with the reason', async () => {
    const nowhere = await run('map', 'home.invalid', '--json');
    expect(nowhere.code).toBe(11);
    expect(document(nowhere)).toMatchObject({ ok: false, failure: { code: 'name-unknown' } });
    const forbidden = await run('map', 'guest@home', '--json');
    expect(forbidden.code).toBe(11);
    expect(document(forbidden)).toMatchObject({ ok: false, failure: { code: 'docker-forbidden' } });
  });

  test('eject completes with 0, and the window sees plain compose', async () => {
    const eject = await run('eject', 'home', 'shop/frontend', '--json');
    expect(eject.code, eject.stdout).toBe(0);
    await eventually('the window sees it', () => !serviceOn(session, name).adopted);
    expect(serviceOn(session, name).version).toBe('1.1.0');
  });
});
