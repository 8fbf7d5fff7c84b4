import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job, Verb } from '../../src/core/job.ts';
import type { Result } from '../../src/core/result.ts';
import type { Session, VerbOptions } from '../../src/engine/session.ts';
import { eventually } from '../../src/testkit/eventually.ts';
import { withRegistrySilent } from '../lab/faults.ts';
import type { Lab } from '../lab/lab.ts';
import { type LinkProxy, startLinkProxy } from '../lab/link-proxy.ts';
import {
  act,
  completes,
  connectTo,
  frontendImage,
  frontendOf,
  get,
  granted,
  oneIsLive,
  type Place,
  serviceOn,
} from './journey.ts';
import { theLab } from './the-lab.ts';

/** The link goes away in the middle of everything; what was begun on the server goes on, and the session hears how it ended. */
describe('a link that is cut', () => {
  let lab: Lab;
  let frontend: Place;
  let proxy: LinkProxy;
  let session: Session;
  let folder: string;
  const name = { stack: 'shop', service: 'frontend' };

  beforeAll(async () => {
    lab = await theLab('shop');
    await lab.reset('shop');
    frontend = frontendOf(lab);
    const { sshPort, keyPath, knownHostsPath, user } = lab.host('home');
    proxy = await startLinkProxy({ targetPort: sshPort });
    folder = await mkdtemp(path.join(tmpdir(), 'journey-'));
    const lines = [
      ...['Host home', 'HostName 127.0.0.1', `Port ${proxy.port}`, `User ${user}`, `IdentityFile ${keyPath}`],
      ...[`UserKnownHostsFile ${knownHostsPath}`, `HostKeyAlias [127.0.0.1]:${sshPort}`, 'StrictHostKeyChecking yes'],
    ];
    await writeFile(path.join(folder, 'ssh_config'), `${lines.join('\n')}\n`);
    session = await connectTo({ ...lab, sshConfigPath: path.join(folder, 'ssh_config') }, 'home');
  });
  afterAll(async () => {
    session?.close();
    await proxy?.close();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  const connected = () => eventually('the link is back', () => session.connection().kind === 'connected', 30_000);

  /**
   * Starts a verb and cuts the link at once; when the session is back, cuts it again in the first step that it sees. `cutIn` is
   * that step, and null when the verb had ended before. `ended` waits as if nothing had been.
   */
  const startAndCut = async (verb: Verb, options: VerbOptions) => {
    await connected();
    const { id } = granted(await session.start(name, verb, options));
    proxy.refuse();
    await eventually('the session sees it', () => session.connection().kind === 'away', 10_000);
    expect(serviceOn(session, name).switch.kind).toBe('unknown');
    setTimeout(() => proxy.allow(), 700);
    const ended = session.ended(name.stack, id, AbortSignal.timeout(90_000));
    // Until the feeds are read on the new link, it knows the job as it was on the old one.
    granted(await session.knownJobs(AbortSignal.timeout(30_000)));
    const seen = await eventually('it sees a step of the job, or its end', () => {
      const job = session.jobs().find((each) => each.id === id);
      if (job === undefined) return null;
      if (job.state !== 'running') return { step: null };
      const step = job.steps.find(({ state }) => state === 'running');
      return step === undefined ? null : { step: step.name };
    });
    if (seen.step !== null) proxy.cut();
    return { ended, cutIn: seen.step };
  };

  const endAfterCuts = async (ended: Promise<Result<Job>>): Promise<Job> => {
    const job = granted(await ended);
    await connected();
    return job;
  };

  const throughCuts = async (verb: Verb, options: VerbOptions = {}): Promise<Job> =>
    endAfterCuts((await startAndCut(verb, options)).ended);

  for (const [verb, options, version] of [
    ['adopt', { checkPath: '/healthz' }, '1.0.0'],
    ['deploy', { image: frontendImage('1.1.0') }, '1.0.0'],
    ['flip', {}, '1.1.0'],
    ['rollback', {}, '1.0.0'],
    ['retire', { role: 'previous' }, '1.0.0'],
  ] as const) {
    test(`JN1 ${verb} goes on without the link, and the session hears its end`, async () => {
      const start = () => startAndCut(verb, options);
      // A pull that hears nothing is still there when the link is back: here at least the second cut strikes the job.
      const { ended, cutIn } = await (verb === 'deploy' ? withRegistrySilent(lab, 'home', start) : start());
      if (verb === 'deploy') expect(cutIn).not.toBeNull();
      expect(await endAfterCuts(ended)).toMatchObject({ verb, state: 'completed', failure: null });
      await oneIsLive(frontend, version);
      expect(serviceOn(session, name)).toMatchObject({ adopted: true, version });
    });
  }

  test('a deploy that fails while nobody listens is told all the same', async () => {
    expect(await throughCuts('deploy', { image: frontendImage('1.4.0') })).toMatchObject({
      state: 'aborted',
      failure: { code: 'exited-at-start', detail: expect.stringContaining('SESSION_KEY') },
    });
    await oneIsLive(frontend, '1.0.0');
  });

  test('JN1 a link cut while a job is sent leaves a whole job or none, and never half of one', async () => {
    const outcomes = new Set<string>();
    const jobs = '~/.local/state/switchyard/stacks/*/jobs';
    for (const bytes of [200, 2_000, 8_000, 20_000, 30_000, 45_000, 60_000]) {
      await connected();
      const before = (await lab.exec('home', `ls ${jobs}`)).stdout.trim().split('\n');
      proxy.cutAfterBytes(bytes);
      const result = await act(session, name, 'deploy', { image: frontendImage('1.1.0') });
      proxy.cutAfterBytes(Number.POSITIVE_INFINITY);
      outcomes.add(result.outcome);
      if (result.outcome === 'not-started')
        expect(['indeterminate', 'link-lost', 'no-answer']).toContain(result.failure?.code);
      await connected();
      const after = (await lab.exec('home', `ls ${jobs}`)).stdout.trim().split('\n');
      for (const job of after.filter((each) => !before.includes(each))) {
        // A job that is there is whole, and ends by itself.
        await eventually(
          `job ${job} ended`,
          async () => (await lab.exec('home', `cat ${jobs}/${job}/exit 2>/dev/null || true`)).stdout !== '',
          60_000,
        );
        expect((await lab.exec('home', `cd ${jobs}/${job} && sha256sum -c --ignore-missing manifest`)).code).toBe(0);
        await eventually('the session knows it', () =>
          session.jobs().some((each) => each.id === job && each.state !== 'running'),
        );
      }
      const { host, port } = frontend.at();
      expect(await get(host, port, '/version')).toMatchObject({ status: 200, release: '1.0.0' });
      await oneIsLive(frontend, '1.0.0');
      if (serviceOn(session, name).slots.green?.role === 'next')
        await completes(session, name, 'retire', { role: 'next' });
    }
    // At least one cut came in the middle of sending, else this proves nothing.
    expect([...outcomes]).toContain('not-started');
    expect((await lab.exec('home', `ls -A ${jobs}`)).stdout).not.toMatch(/\.part/);
  });

  test('a link that falls silent is noticed, and a flip is heard of when it is back', async () => {
    await connected();
    await completes(session, name, 'deploy', { image: frontendImage('1.1.0') });
    const started = await session.start(name, 'flip', { watchMinutes: 0 });
    expect(started.ok).toBe(true);
    proxy.freeze();
    await eventually('it is noticed', () => session.connection().kind === 'away', 60_000);
    proxy.thaw();
    const ended = started.ok ? await session.ended(name.stack, started.value.id, AbortSignal.timeout(60_000)) : started;
    expect(ended).toMatchObject({ ok: true, value: { state: 'completed' } });
    await oneIsLive(frontend, '1.1.0');
  });

  test('JN1 eject goes on without the link, and the session hears its end', async () => {
    expect(await throughCuts('eject')).toMatchObject({ verb: 'eject', state: 'completed' });
    expect(serviceOn(session, name)).toMatchObject({ adopted: false, version: '1.1.0' });
    const { host, port } = frontend.at();
    await eventually('it answers', async () => (await get(host, port, '/version')).release === '1.1.0');
  });
});
