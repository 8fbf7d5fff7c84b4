import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { yamlComposeText } from '../adapters/compose-text/yaml-compose-text.ts';
import type { Connection } from '../core/connection.ts';
import { FailureError, failure } from '../core/failure.ts';
import { type Job, verbs } from '../core/job.ts';
import {
  composed,
  digest,
  dockerFacts,
  release,
  serverState,
  serviceRecord,
  serviceState,
  slotOf,
} from '../testkit/engine/facts.ts';
import { FakeHost, jsonArchive, lost, namedKit, outcome } from '../testkit/engine/fake-host.ts';
import { createHostSession } from './host-session.ts';
import type { Session } from './session.ts';

const root = '/srv/shop/.switchyard';
const { home } = serverState([]);
const name = { stack: 'shop', service: 'frontend' };

let host: FakeHost;
let session: Session;

/** Lets everything happen that needs no time, and what is put off by a moment. */
const settle = () => vi.advanceTimersByTimeAsync(300);

const open = (random = 0): Session =>
  createHostSession({
    target: 'home',
    by: 'ada@laptop',
    linker: host.linker,
    archive: jsonArchive,
    composeText: yamlComposeText,
    clock: { nowMs: () => Date.now(), random: () => random },
    kit: namedKit,
  });

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  host = new FakeHost();
  host.docker = dockerFacts(
    [
      composed('shop', 'frontend', { dependsOn: 'backend:service_started:true' }),
      composed('shop', 'backend'),
      slotOf('blue', '0001'),
    ],
    { images: [{ id: digest('1'), tags: [], digests: [], labels: {}, createdAtMs: 0, sizeBytes: 0 }] },
  );
  host.roots.set(root, [serviceState({ next: release(2, 'green') })]);
  session = open();
});

afterEach(() => {
  session.close();
  vi.useRealTimers();
});

const connectionOf = (kind: Connection['kind']) => {
  const connection = session.connection();
  expect(connection.kind).toBe(kind);
  return connection;
};

const service = () => {
  const found = session.map()?.stacks[0]?.services.find((each) => each.name === 'frontend');
  if (found === undefined) throw new Error('there is no frontend on the map');
  return found;
};

describe('connecting', () => {
  it('climbs all rungs and draws the map', async () => {
    const seen: string[] = [];
    session.onChange(() => seen.push(session.connection().kind));
    const connection = await session.connect();
    expect(connection).toMatchObject({ kind: 'connected', sinceMs: Date.now() });
    expect(
      'ladder' in connection && connection.ladder.map((rung) => `${rung.name} ${rung.state} ${rung.detail}`),
    ).toEqual([
      'name passed null',
      'reachable passed null',
      'host-key passed null',
      'login passed null',
      'docker passed null',
      'compose passed compose 2.29.1',
      'rights passed ada, in group docker',
    ]);
    await settle();
    expect(seen.at(0)).toBe('connecting');
    expect(service()).toMatchObject({ adopted: true, live: 'blue' });
    expect(session.map()?.engine).toEqual({ docker: '26.1.5', compose: '2.29.1', os: 'Debian GNU/Linux 12' });
  });

  it('a first try that fails is final, says the rung, and is not repeated by itself', async () => {
    host.openingFails = failure('port-closed', 'Nothing listens there.');
    const connection = await session.connect();
    expect(connection).toMatchObject({ kind: 'failed', failure: { code: 'port-closed' } });
    expect('ladder' in connection && connection.ladder[1]).toMatchObject({ name: 'reachable', state: 'failed' });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(host.calls.opened).toBe(1);
    host.openingFails = null;
    expect((await session.connect()).kind).toBe('connected');
  });

  it.each([
    ['none', 'compose-missing'],
    ['2.24.3', 'compose-old'],
    ['v2.3.4', 'compose-old'],
    ['1.29.2', 'compose-old'],
    ['what?', 'compose-missing'],
  ])('compose %s is %s, and the link is closed', async (version, code) => {
    host.compose = version;
    expect(await session.connect()).toMatchObject({ kind: 'failed', failure: { code } });
    expect(host.openLinks).toBe(0);
  });

  it.each(['2.24.4', 'v2.25.0', '2.30.0-desktop.1', '3.0.0', '5.1.2+ds1-0ubuntu1'])(
    'compose %s will do',
    async (version) => {
      host.compose = version;
      expect((await session.connect()).kind).toBe('connected');
    },
  );

  it('TO2 what a host offers is not guessed from an answer that was cut short', async () => {
    host.cutShort.push('docker compose version');
    expect(await session.connect()).toMatchObject({ kind: 'failed', failure: { code: 'no-answer', transient: true } });
    host.cutShort.pop();
    await session.connect();
    host.cutShort.push('docker compose version');
    host.cut();
    await vi.advanceTimersByTimeAsync(2_000);
    // The map that was known stays, and is tried for again.
    expect([session.connection().kind, session.map()?.engine.compose]).toEqual(['away', '2.29.1']);
    host.cutShort.pop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(session.connection().kind).toBe('connected');
  });

  it('stays cut off when that was asked for while the host was being read', async () => {
    host.beforeStates = () => session.disconnect();
    expect((await session.connect()).kind).toBe('idle');
    await settle();
    expect([session.connection().kind, host.openLinks]).toEqual(['idle', 0]);
  });

  it('asked twice at once climbs once', async () => {
    const [first, second] = await Promise.all([session.connect(), session.connect()]);
    expect([first.kind, second.kind, host.calls.opened]).toEqual(['connected', 'connected', 1]);
  });
});

describe('asking', () => {
  const question = { kind: 'passphrase', id: 'q1', keyPath: '/home/ada/.ssh/id', again: false } as const;

  it('waits for the answer of that question, for minutes if need be', async () => {
    host.questions = [question];
    const connecting = session.connect();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(connectionOf('asking')).toMatchObject({ question });
    expect(session.answer('q0', ['wrong'])).toBe(false);
    expect(session.answer('q1', ['correct horse'])).toBe(true);
    expect((await connecting).kind).toBe('connected');
    expect(session.answer('q1', ['late'])).toBe(false);
  });

  it('gives up when nobody wants to answer', async () => {
    host.questions = [question];
    const connecting = session.connect();
    await settle();
    session.answer('q1', null);
    expect(await connecting).toMatchObject({ kind: 'failed', failure: { code: 'login-refused' } });
  });

  it('ends with disconnect, and nothing stays open', async () => {
    host.questions = [question];
    const connecting = session.connect();
    await settle();
    session.disconnect();
    expect((await connecting).kind).toBe('idle');
    expect([session.connection().kind, host.openLinks]).toEqual(['idle', 0]);
  });
});

describe('a link that is lost', () => {
  it('leaves the last map, greyed, and is opened again with growing pauses', async () => {
    await session.connect();
    host.openingFails = failure('no-answer', 'No answer.');
    host.cut();
    await vi.advanceTimersByTimeAsync(0);
    expect(connectionOf('away')).toMatchObject({
      sinceMs: 1_000_000,
      retryAtMs: 1_000_125,
      failure: { code: 'link-lost' },
    });
    expect(service().switch).toEqual({ kind: 'unknown', sinceMs: 1_000_000 });
    const opened: number[] = [];
    for (let before = host.calls.opened; opened.length < 5; ) {
      await vi.advanceTimersByTimeAsync(25);
      if (host.calls.opened > before) opened.push(Date.now() - 1_000_000);
      before = host.calls.opened;
    }
    // Half of 250, 500, 1000, 2000 and 4000 ms, one after the other.
    expect(opened).toEqual([125, 375, 875, 1875, 3875]);
    expect(connectionOf('away')).toMatchObject({ sinceMs: 1_000_000, failure: { code: 'no-answer' } });
    host.openingFails = null;
    await vi.advanceTimersByTimeAsync(60_000);
    connectionOf('connected');
    expect(service().switch.kind).toBe('not-ready');
    expect(host.openLinks).toBe(1);
  });

  it('is opened at once on wake, and on wake alone while connected nothing happens', async () => {
    await session.connect();
    session.wake();
    await settle();
    expect(host.calls.opened).toBe(1);
    session.close();
    session = open(0.999);
    await session.connect();
    host.cut();
    await vi.advanceTimersByTimeAsync(0);
    session.wake();
    await vi.advanceTimersByTimeAsync(0);
    connectionOf('connected');
  });

  it('is not opened again where the host now refuses, nor after disconnect', async () => {
    await session.connect();
    host.openingFails = failure('host-key-changed', 'The key is another one.');
    host.cut();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connectionOf('failed')).toMatchObject({ failure: { code: 'host-key-changed' } });
    host.openingFails = null;
    await session.connect();
    host.cut();
    await vi.advanceTimersByTimeAsync(0);
    session.disconnect();
    const { opened } = host.calls;
    await vi.advanceTimersByTimeAsync(600_000);
    expect([session.connection().kind, host.calls.opened]).toEqual(['idle', opened]);
  });

  it('fails what needs it, with words', async () => {
    await session.connect();
    host.cut();
    await vi.advanceTimersByTimeAsync(0);
    expect(await session.start(name, 'flip', {})).toMatchObject({
      ok: false,
      failure: { code: 'link-lost', transient: true },
    });
    expect(await session.refresh()).toMatchObject({ ok: false, failure: { code: 'link-lost' } });
  });
});

const began = (id: string, verb = 'flip', steps = 'gate,move,drain') => {
  host.line(id, 10, { kind: 'job', verb, stack: 'shop', service: 'frontend', by: 'ada@laptop', steps });
};
const ended = (id: string, outcome: string, code = '') =>
  host.line(id, 99, { kind: 'end', outcome, code, message: 'So it was.', running: 'blue keeps it.', detail: '' });

const startFlip = async (): Promise<Job> => {
  const started = await session.start(name, 'flip', {});
  if (!started.ok) throw new Error(started.failure.message);
  return started.value;
};

describe('a job', () => {
  beforeEach(() => session.connect());

  it('JN1 is sent whole: its variables, the kit and its script', async () => {
    const job = await startFlip();
    expect(job).toMatchObject({ verb: 'flip', stack: 'shop', service: 'frontend', state: 'running', by: 'ada@laptop' });
    const [taken] = host.jobs;
    expect([taken?.root, taken?.id, host.jobs.length]).toEqual([root, job.id, 1]);
    expect(taken?.files['run.sh']).toBe('. ./job.sh\n. ./kit.sh\n# this is flip.sh\n');
    expect(taken?.files['kit.sh']).toBe('# this is kit.sh\n');
    expect(taken?.files['watch.sh']).toBe('# this is watch.sh\n');
    const lines = taken?.files['job.sh']?.split('\n') ?? [];
    for (const line of [
      `ROOT='${root}'`,
      `JOB='${job.id}'`,
      `VERB='flip'`,
      `TARGET_ROLE='next'`,
      `MOVE_STATE='watching'`,
      `WATCH_S='300'`,
    ])
      expect(lines).toContain(line);
  });

  it('is followed to its end, and what it left is read before that is said', async () => {
    const { id } = await startFlip();
    const waiting = session.ended('shop', id);
    began(id);
    host.line(id, 20, { kind: 'begin', step: 'gate' });
    await settle();
    expect(service().switch).toEqual({
      kind: 'flipping',
      from: 'blue',
      to: 'green',
      step: 'gate',
      inFlight: null,
      holder: null,
    });
    host.roots.set(root, [
      serviceState({ live: 'green-settled', current: release(2, 'green'), previous: release(1, 'blue') }),
    ]);
    host.docker = { ...host.docker, containers: [...host.docker.containers, slotOf('green', '0002')] };
    ended(id, 'completed');
    await settle();
    expect(await waiting).toMatchObject({ ok: true, value: { id, state: 'completed', failure: null } });
    expect(service()).toMatchObject({ live: 'green', canFlipBack: true, switch: { kind: 'settled' } });
  });

  it.each([
    ['refused folder-read-only', 'folder-read-only'],
    ['refused disk-full', 'disk-full'],
    ['refused upload-damaged', 'bug'],
    ['refused something-else', 'shell-missing'],
  ] as const)('JN1 that is %s has not begun', async (taking, code) => {
    host.taking = taking;
    expect(await session.start(name, 'flip', {})).toMatchObject({
      ok: false,
      failure: { code, detail: 'tar: short read' },
    });
    expect(session.jobs()).toEqual([]);
  });

  it.each(['lost-before', 'lost-after'] as const)(
    'whose link is %s is indeterminate: neither failed nor begun',
    async (taking) => {
      host.taking = taking;
      expect(await session.start(name, 'flip', {})).toMatchObject({
        ok: false,
        failure: { code: 'indeterminate', transient: true, detail: 'The link to home is gone.' },
      });
    },
  );

  it('goes on while the link is away, and is known again when it is back', async () => {
    const { id } = await startFlip();
    const waiting = session.ended('shop', id);
    began(id);
    host.cut();
    await vi.advanceTimersByTimeAsync(0);
    ended(id, 'aborted', 'entry-failed');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await waiting).toMatchObject({ ok: true, value: { state: 'aborted', failure: { code: 'entry-failed' } } });
    expect(session.jobs()).toHaveLength(1);
  });

  it('of another client is seen live, and locks the neighbours', async () => {
    host.line('theirs', 10, {
      kind: 'job',
      verb: 'deploy',
      stack: 'shop',
      service: 'backend',
      by: 'bob@desk',
      steps: 'pull',
    });
    await settle();
    expect(session.jobs()).toMatchObject([{ id: 'theirs', verb: 'deploy', by: 'bob@desk', state: 'running' }]);
  });

  it('JN10 to go back needs no job where none can be sent: the release’s own rollback.sh does it', async () => {
    host.taking = 'refused disk-full';
    host.roots.set(root, [serviceState({ previous: release(1, 'green'), current: release(2, 'blue') })]);
    await session.refresh();
    host.scripts.push(['rollback.sh', () => outcome('This moves it.\nDone: green has the traffic of frontend.\n')]);
    expect(await session.start(name, 'rollback', {})).toMatchObject({ ok: true, value: { state: 'completed' } });
    host.scripts.unshift(['rollback.sh', () => outcome('Refused: green is gone.\n', { code: 11 })]);
    expect(await session.start(name, 'rollback', {})).toMatchObject({
      ok: true,
      value: { state: 'refused', failure: { code: 'previous-not-ready', message: 'green is gone.' } },
    });
    expect(await session.start(name, 'flip', {})).toMatchObject({ ok: false, failure: { code: 'disk-full' } });
  });

  it.each([
    [0, 'Done: green has the traffic of frontend.', 'completed'],
    [11, 'Refused: green is gone.', 'refused'],
    [12, '', 'aborted'],
    [13, 'live.map says green, but the entry point does not run by it', 'indeterminate'],
    [null, 'This moves it.', 'indeterminate'],
    ['lost', '', 'indeterminate'],
  ] as const)('TO2 going back by hand that ended with %j is told as that', async (code, said, state) => {
    host.taking = 'refused disk-full';
    host.roots.set(root, [serviceState({ previous: release(1, 'green'), current: release(2, 'blue') })]);
    await session.refresh();
    host.scripts.push([
      'rollback.sh',
      () => {
        if (code === 'lost') throw new FailureError(lost());
        return outcome(`${said}\n`, { code });
      },
    ]);
    expect(await session.start(name, 'rollback', {})).toMatchObject({ ok: true, value: { state } });
    expect(session.jobs()).toMatchObject([{ state, endedAt: expect.any(Number) }]);
  });

  it('TO2 whose answer has no word of how it was taken may run: nobody knows yet', async () => {
    host.taking = 'cut';
    expect(await session.start(name, 'flip', {})).toMatchObject({ ok: false, failure: { code: 'indeterminate' } });
  });

  it('JN8 whose process is gone is recovered on the server, and told as that', async () => {
    const recovered: string[] = [];
    const take = (command: string) => {
      recovered.push(command);
      return outcome('');
    };
    host.scripts.push(['run.sh recover', take]);
    const { id } = await startFlip();
    began(id);
    await settle();
    host.deadJobs = [id];
    await session.refresh();
    expect(recovered).toEqual([expect.stringMatching(`${home}/jobs/${id}$`)]);
    expect(session.jobs()[0]).toMatchObject({ state: 'running', recovered: false });
    host.deadJobs = [];
    host.line(id, 30, { kind: 'recovered', by: 'ada@laptop' });
    host.line(id, 40, {
      kind: 'end',
      outcome: 'aborted',
      code: 'job-died',
      message: 'Undone.',
      running: '',
      detail: '',
    });
    await settle();
    expect(session.jobs()[0]).toMatchObject({ state: 'aborted', recovered: true, failure: { message: 'Undone.' } });
  });

  it('JN12 whose last line was lost is told by its exit, once that line has had time to come', async () => {
    const { id } = await startFlip();
    began(id);
    await settle();
    host.endedJobs = [`${id} completed`];
    await session.refresh();
    expect(session.jobs()[0]).toMatchObject({ state: 'running' });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(session.jobs()[0]).toMatchObject({ state: 'completed', failure: null });
  });

  it('whose process is gone, and that cannot be recovered, is indeterminate and says where it was', async () => {
    const { id } = await startFlip();
    began(id);
    host.line(id, 20, { kind: 'begin', step: 'move' });
    await settle();
    host.deadJobs = [id];
    host.scripts.push(['run.sh recover', () => outcome('')]);
    await session.refresh();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(session.jobs()[0]).toMatchObject({
      state: 'indeterminate',
      failure: { code: 'job-died', message: expect.stringContaining('moving the traffic') },
    });
    expect(service().switch).toMatchObject({ kind: 'failed', verb: 'flip' });
    session.dismiss(name);
    expect(service().switch.kind).toBe('not-ready');
  });

  it('that died in its first step, before anybody looked, is not said to run', async () => {
    session.close();
    host.deadJobs = ['killed'];
    began('killed');
    host.line('killed', 20, { kind: 'begin', step: 'gate' });
    host.scripts.push(['run.sh recover', () => outcome('')]);
    session = open();
    await session.connect();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(session.jobs()).toMatchObject([{ id: 'killed', state: 'indeterminate', failure: { code: 'job-died' } }]);
    expect(service().switch.kind).toBe('failed');
  });

  it('is not waited for once that was given up, or the session is closed', async () => {
    const { id } = await startFlip();
    expect(await session.ended('shop', id, AbortSignal.abort())).toMatchObject({
      ok: false,
      failure: { code: 'cancelled' },
    });
    const waiting = session.ended('shop', id);
    session.close();
    expect(await waiting).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
  });

  it('is waited for until told otherwise', async () => {
    const { id } = await startFlip();
    const stop = new AbortController();
    const waiting = session.ended('shop', id, stop.signal);
    stop.abort();
    expect(await waiting).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
  });

  it('is followed in lines, however the feed arrives, torn ones left out', async () => {
    const text = `${JSON.stringify({ job: 'j9', at: 1, kind: 'job', verb: 'flip', stack: 'shop', service: 'frontend', by: 'é🚂', steps: 'gate' })}\n`;
    host.writeFeed('"torn":1}\n{"job":');
    host.writeFeed('\n');
    for (const piece of text.match(/.{1,7}/gs) ?? []) host.writeFeed(piece);
    host.writeFeed('{"job":"j9","at":2,"kind":"begin","step":"ga');
    host.writeFeed('te"}\n');
    await settle();
    expect(session.jobs()).toMatchObject([{ id: 'j9', by: 'é🚂', steps: [{ name: 'gate', state: 'running' }] }]);
  });

  it('JN13 runs where the home state of its stack knows it, and is history where it has ended', async () => {
    host.forgedJobs = ['forged', 'old'];
    began('forged');
    began('old');
    ended('old', 'completed');
    began('theirs');
    host.line('other', Date.now(), {
      kind: 'job',
      verb: 'flip',
      stack: 'blog',
      service: 'frontend',
      by: 'x',
      steps: 'gate',
    });
    ended('other', 'completed');
    await settle();
    expect(session.jobs().map(({ id, state }) => [id, state])).toEqual([
      ['theirs', 'running'],
      ['old', 'completed'],
    ]);
    // Told an end of its own, what was forged is no more than that.
    ended('forged', 'completed');
    await settle();
    expect(session.jobs()).toContainEqual(expect.objectContaining({ id: 'forged', state: 'completed' }));
  });

  it('is followed by one follower, again when that ends, and folding twice changes nothing', async () => {
    began('j1');
    ended('j1', 'completed');
    await settle();
    const before = session.jobs();
    const followed = host.calls.followed.length;
    await session.refresh();
    expect(host.calls.followed).toHaveLength(followed);
    host.endFollowers();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(host.calls.followed).toHaveLength(followed + 1);
    expect(session.jobs()).toEqual(before);
  });
});

describe('jobs, listed and stopped', () => {
  it('are known once the feeds were read, or at once where there are none', async () => {
    began('j1');
    const listed = session.knownJobs();
    await session.connect();
    expect(await listed).toMatchObject({ ok: true, value: [{ id: 'j1', state: 'running' }] });
    session.close();
    host.roots.clear();
    session = open();
    await session.connect();
    expect(await session.knownJobs()).toEqual({ ok: true, value: [] });
  });

  it('are waited for until that is given up', async () => {
    expect(await session.knownJobs(AbortSignal.abort())).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
  });

  it('are asked to stop by their runner’s own process, named by the state folder and the id', async () => {
    await session.connect();
    const asked: string[] = [];
    const answers = ['stopping', 'not-running', 'unknown', 'what?'];
    host.scripts.push([
      'kill -TERM',
      (command) => {
        asked.push(command.trim().split(' ').slice(-2).join(' '));
        return { code: 0, signal: null, stdout: `switchyard-stop ${answers.shift()}\n`, stderr: '' };
      },
    ]);
    const codes = [];
    for (let time = 0; time < 4; time += 1) {
      const stopped = await session.stop('shop', 'mf2k-9x');
      codes.push(stopped.ok ? 'told' : stopped.failure.code);
    }
    expect(codes).toEqual(['told', 'nothing-to-do', 'job-unknown', 'no-answer']);
    expect(new Set(asked)).toEqual(new Set([`${home} mf2k-9x`]));
  });

  it.each(['../x', 'a b', '$(id)', ''])('“%s” is no job, and nothing is asked', async (id) => {
    await session.connect();
    expect(await session.stop('shop', id)).toMatchObject({ ok: false, failure: { code: 'job-unknown' } });
    expect(await session.stop('nowhere', 'j1')).toMatchObject({ ok: false, failure: { code: 'link-lost' } });
  });

  it('that were asked for elsewhere name who did, on the card', async () => {
    await session.connect();
    began('theirs');
    await settle();
    expect(service().switch).toMatchObject({ kind: 'flipping', holder: { by: 'ada@laptop', sinceMs: 10 } });
  });
});

describe('TO9 a stack that a later version of the app works on', () => {
  it('is shown and said to be that, every verb is refused, and nothing is started by itself', async () => {
    host.format = 2;
    host.deadJobs = ['died'];
    await session.connect();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(session.connection().kind).toBe('connected');
    expect(service()).toMatchObject({ adopted: true, live: 'blue' });
    expect(session.map()?.stacks[0]?.findings).toEqual([
      expect.objectContaining({ level: 'warning', title: 'A later Switchyard works here' }),
    ]);
    for (const verb of verbs)
      expect(await session.start(name, verb, {}), verb).toMatchObject({
        ok: false,
        failure: { code: 'client-older', running: 'Nothing was changed.' },
      });
    expect(await session.planNext(name, {})).toMatchObject({ ok: false, failure: { code: 'client-older' } });
    expect([host.jobs, session.jobs()]).toEqual([[], []]);
    const acts = () =>
      host.calls.ran.filter((script) => /sh \.\/(?:run\.sh recover|watch\.sh)|exec rm -rf/.test(script));
    expect(acts()).toEqual([]);
    // Of its own version it is taken up.
    host.format = 1;
    host.scripts.push(['run.sh recover', () => outcome('')]);
    await session.refresh();
    expect(acts().length).toBeGreaterThan(0);
  });
});

describe('the settings of a service', () => {
  beforeEach(() => session.connect());
  const path = `${root}/frontend/service.json`;
  const variable = (which: string) =>
    new RegExp(`^${which}='(.*)'$`, 'm').exec(host.jobs.at(-1)?.files['job.sh'] ?? '')?.[1];

  it('TO5 are read from the server at the moment that a verb is planned', async () => {
    host.records.set(path, JSON.stringify(serviceRecord({ watchSeconds: 77, drainSeconds: 5 })));
    expect(await session.start(name, 'flip', {})).toMatchObject({ ok: true });
    expect([variable('WATCH_S'), variable('DRAIN_S')]).toEqual(['77', '5']);
  });

  it('TO5 of before count where they are damaged, and that is said on the card, in a plan and in a refusal', async () => {
    host.records.set(path, JSON.stringify(serviceRecord({ watchSeconds: 77 })));
    await session.refresh();
    host.records.set(path, JSON.stringify(serviceRecord(), null, 2).replace('"kind": "http"', '"kind": "http'));
    await session.refresh();
    const said = 'service.json of frontend, line 7: a text that begins here has no closing quote';
    expect(service()).toMatchObject({ adopted: true, findings: [{ text: expect.stringContaining(said) }] });
    expect(await session.start(name, 'flip', {})).toMatchObject({ ok: true });
    expect(variable('WATCH_S')).toBe('77');
    expect(await session.start(name, 'retire', { role: 'previous' })).toMatchObject({
      ok: false,
      failure: { code: 'nothing-to-do', detail: expect.stringContaining(said) },
    });
    host.records.delete(path);
    await session.refresh();
    expect(service().findings).toEqual([]);
  });

  it('TO5 that cannot be read now keep a flip from beginning, and never a way back', async () => {
    host.roots.set(root, [serviceState({ previous: release(2, 'green'), next: null })]);
    await session.refresh();
    host.cutShort.push('\\001gone');
    expect(await session.start(name, 'flip', {})).toMatchObject({ ok: false, failure: { code: 'no-answer' } });
    expect(await session.start(name, 'rollback', {})).toMatchObject({ ok: true });
  });
});

describe('a flip that has to be confirmed', () => {
  beforeEach(() => session.connect());

  it('is watched for as long as it may be confirmed', async () => {
    await session.start(name, 'flip', { confirmMinutes: 2, watchMinutes: 9 });
    expect(host.jobs[0]?.files['job.sh']?.split('\n')).toEqual(
      expect.arrayContaining([`CONFIRM_S='120'`, `WATCH_S='120'`, `MOVE_STATE='watching'`]),
    );
    await session.start(name, 'flip', {});
    expect(host.jobs[1]?.files['job.sh']?.split('\n')).toEqual(
      expect.arrayContaining([`CONFIRM_S=''`, `WATCH_S='300'`]),
    );
    await session.start(name, 'rollback', { confirmMinutes: 2 });
    expect(host.jobs[2]?.files['job.sh']).toContain(`CONFIRM_S=''`);
  });

  it('is not begun when there is no time to confirm it in', async () => {
    expect(await session.start(name, 'flip', { confirmMinutes: 0.001 })).toMatchObject({
      ok: false,
      failure: { code: 'input-invalid' },
    });
    expect(host.jobs).toEqual([]);
  });

  it('is kept by a job of its own', async () => {
    await session.start(name, 'confirm', {});
    expect(host.jobs[0]?.files['run.sh']).toBe('. ./job.sh\n. ./kit.sh\n# this is confirm.sh\n');
  });

  it('says so on the card', async () => {
    host.roots.set(root, [
      serviceState({ live: 'green-watching', watchUntilMs: Date.now() + 60_000, mustConfirm: true }),
    ]);
    await session.refresh();
    expect(service().switch).toMatchObject({ kind: 'watching', mustConfirm: true });
  });
});

describe('what Docker says while it is listened to', () => {
  beforeEach(() => session.connect());
  const id = 'id-of-shop-backend-1';
  const backend = () => session.map()?.stacks[0]?.services.find((each) => each.name === 'backend');

  it('DN5 shows a container that died as soon as Docker says so again, asked', async () => {
    host.emit({ action: 'die', id, attributes: { exitCode: '137' } });
    expect(backend()?.health).toBe('running');
    host.docker = {
      ...host.docker,
      containers: host.docker.containers.map((each) =>
        each.id === id ? { ...each, state: 'exited', status: 'Exited (137) 1 second ago' } : each,
      ),
    };
    await settle();
    expect(backend()).toMatchObject({ health: 'exited', containers: [{ status: 'Exited (137) 1 second ago' }] });
    expect(host.calls.inspected).toEqual([id]);
  });

  it('takes a container off that was removed, and puts on one that came', async () => {
    host.docker = { ...host.docker, containers: host.docker.containers.filter((each) => each.id !== id) };
    host.emit({ action: 'destroy', id });
    expect(backend()).toBeUndefined();
    host.docker = { ...host.docker, containers: [...host.docker.containers, composed('shop', 'cache')] };
    host.emit({ action: 'create', id: 'id-of-shop-cache-1' });
    await settle();
    expect(session.map()?.stacks[0]?.services.map((each) => each.name)).toEqual(['cache', 'frontend']);
  });

  it('DN4 reads all once more when something was told while it was read, for that may be missing in it', async () => {
    const renamed = (each: { id: string; name: string }) => (each.id === id ? 'renamed' : each.name);
    host.beforeObserve = () => {
      host.beforeObserve = () => {};
      queueMicrotask(() => {
        host.docker = {
          ...host.docker,
          containers: host.docker.containers.map((each) => ({ ...each, name: renamed(each) })),
        };
        host.emit({ action: 'rename', id, attributes: { name: 'renamed' } });
      });
    };
    const { observed } = host.calls;
    host.emit({ kind: 'network', action: 'connect', id: 'n' });
    await settle();
    await settle();
    expect(backend()?.containers[0]?.name).toBe('renamed');
    expect(host.calls.observed).toBe(observed + 2);
  });

  it('reads a container once for many events of it, and not for what happens inside it', async () => {
    for (const action of ['start', 'health_status: healthy', 'rename']) host.emit({ action, id });
    host.emit({ action: 'exec_start: sh', id });
    host.emit({ action: 'top', id });
    await settle();
    expect(host.calls.inspected).toEqual([id]);
  });

  it('reads everything again when a network, a volume or an unknown image came', async () => {
    const { observed } = host.calls;
    host.emit({ kind: 'network', action: 'connect', id: 'n' });
    host.emit({ kind: 'network', action: 'create', id: 'n' });
    await settle();
    expect(host.calls.observed).toBe(observed + 1);
    host.docker = {
      ...host.docker,
      containers: host.docker.containers.map((each) => (each.id === id ? { ...each, imageId: digest('7') } : each)),
    };
    host.emit({ action: 'start', id });
    await settle();
    expect(host.calls.observed).toBe(observed + 2);
  });

  it('is listened to again after Docker was restarted, with everything read anew', async () => {
    const { observed } = host.calls;
    host.docker = { ...host.docker, containers: host.docker.containers.filter((each) => each.id !== id) };
    host.breakEvents();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(host.calls.observed).toBeGreaterThan(observed);
    expect(backend()).toBeUndefined();
    await entryEnds();
  });
});

/** The entry point's end is heard of, so that events are followed. */
const entryEnds = async () => {
  const id = 'id-of-shop-frontend-1';
  host.docker = {
    ...host.docker,
    containers: host.docker.containers.map((each) =>
      each.id === id ? { ...each, state: 'exited', status: 'Exited (1) 1 second ago' } : each,
    ),
  };
  host.emit({ action: 'die', id, attributes: {} });
  await settle();
  expect(service().health).toBe('exited');
};

it('Docker is listened to although it was restarted while the host was first read', async () => {
  host.beforeObserve = () => {
    host.beforeObserve = () => {};
    host.breakEvents();
  };
  await session.connect();
  await vi.advanceTimersByTimeAsync(3_000);
  await entryEnds();
});

describe('verbs that cannot be', () => {
  beforeEach(() => session.connect());
  const refusal = async (work: Promise<{ ok: boolean; failure?: unknown }>) => {
    expect(await work).toMatchObject({ ok: false });
    expect(host.jobs).toEqual([]);
    return (await work).failure as { code: string; message: string; detail: string | null };
  };

  it('name what there is when the service is unknown', async () => {
    const unknown = await refusal(session.start({ stack: 'shop', service: '<script>$(id)' }, 'flip', {}));
    expect(unknown).toMatchObject({ code: 'service-unknown', detail: 'There are: shop/backend, shop/frontend' });
  });

  it('are refused for what is plain compose', async () => {
    const plain = { stack: 'shop', service: 'backend' };
    const codes = [];
    for (const verb of ['flip', 'rollback', 'retire', 'eject', 'deploy'] as const)
      codes.push((await refusal(session.start(plain, verb, {}))).code);
    expect(codes).toEqual(Array(5).fill('not-adopted'));
    expect(await session.releases(plain)).toEqual({ ok: true, value: [] });
  });

  it('are refused for what is adopted already, or has nothing to retire', async () => {
    expect((await refusal(session.start(name, 'adopt', {}))).code).toBe('already-adopted');
    host.roots.set(root, [serviceState()]);
    await session.refresh();
    expect((await refusal(session.start(name, 'retire', {}))).code).toBe('nothing-to-do');
  });

  it('tell a mistake of ours as one, and throw nothing', async () => {
    expect((await refusal(session.start(name, 'deploy', {}))).code).toBe('bug');
  });
});

describe('previews, logs and traffic', () => {
  beforeEach(() => session.connect());

  it('a preview leads to a slot that runs, and only there', async () => {
    expect(await session.openPreview(name, 'blue')).toEqual({
      ok: true,
      value: { url: 'http://127.0.0.1:40001/', port: 40001, release: 1 },
    });
    expect(await session.openPreview(name, 'green')).toMatchObject({
      ok: false,
      failure: { code: 'service-not-running' },
    });
    await session.closePreview(name);
    expect(host.forwards.map(({ isOpen }) => isOpen)).toEqual([false]);
  });

  it('SE8 a preview follows its container to another address, and is closed once another client removed that', async () => {
    await session.openPreview(name, 'blue');
    const [forward] = host.forwards;
    const [network] = host.docker.containers.find((each) => each.name === 'shop--frontend--blue')?.networks ?? [];
    expect(forward?.addressNow()).toBe(network?.address);
    const container = host.docker.containers.find((each) => each.name === 'shop--frontend--blue');
    if (container === undefined || network === undefined) throw new Error('there is no blue');
    container.networks = [{ ...network, address: '172.18.0.99' }];
    await session.refresh();
    expect([forward?.addressNow(), forward?.isOpen]).toEqual(['172.18.0.99', true]);
    container.state = 'exited';
    await session.refresh();
    expect([forward?.addressNow(), forward?.isOpen]).toEqual([null, true]);
    host.emit({ action: 'destroy', id: container.id });
    await vi.advanceTimersByTimeAsync(10);
    expect(forward?.isOpen).toBe(false);
  });

  it('logs come from both slots, or from the plain container', async () => {
    const lines: string[] = [];
    const options = {
      tail: 1,
      signal: new AbortController().signal,
      onLines: (some: { slot: string | null; text: string }[]) =>
        lines.push(...some.map((line) => `${line.slot} ${line.text}`)),
    };
    await session.followLogs(name, options);
    await session.followLogs({ stack: 'shop', service: 'backend' }, { ...options, follow: false });
    expect(lines).toEqual(['blue followed log of id-of-shop--frontend--blue', 'null read log of id-of-shop-backend-1']);
  });

  it('logs that Docker refuses are told at once, though the other slot’s go on; but to nobody who left', async () => {
    host.docker.containers.push(slotOf('green', '0002'));
    host.roots.set(root, [serviceState({ next: release(2, 'green') })]);
    await session.refresh();
    const refusal = failure('docker-forbidden', 'Docker does not allow this user to look.');
    const abort = new AbortController();
    host.beforeLogs = (id) => {
      if (id.endsWith('blue')) throw new FailureError(refusal);
      return new Promise(() => {});
    };
    const follow = () => session.followLogs(name, { tail: 1, signal: abort.signal, onLines: () => {} });
    expect(await follow()).toEqual({ ok: false, failure: refusal });
    abort.abort();
    expect(await follow()).toEqual({ ok: true, value: null });
  });

  it('counters are read while somebody looks, and not otherwise', async () => {
    const csv = (requests: number) =>
      `# pxname,svname,scur,status,hrsp_5xx,req_tot,stot,mode\np3000,FRONTEND,0,OPEN,0,${requests},0,http\n\n`;
    const socket = `${root}/frontend/entry/run/admin.sock`;
    const seen: number[] = [];
    session.onTraffic((traffic) => seen.push(traffic['shop/frontend']?.requestsPerSecond ?? -1));
    host.counters.set(socket, csv(10));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(seen).toEqual([]);
    session.setAttention(true);
    await vi.advanceTimersByTimeAsync(100);
    host.counters.set(socket, csv(30));
    await vi.advanceTimersByTimeAsync(2_000);
    session.setAttention(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen).toEqual([0, 10]);
  });
});

it('names of any kind are data on the way to the server', async () => {
  const odd = `o'neil $(reboot) "🚂" <script>`;
  const folder = `/srv/${odd}`;
  host.docker = dockerFacts([composed('shop', odd, { folder })]);
  host.roots.set(`${folder}/.switchyard`.replaceAll("'", `'\\''`), []);
  host.roots.clear();
  session.close();
  session = createHostSession({
    target: odd,
    by: odd,
    linker: host.linker,
    archive: jsonArchive,
    composeText: yamlComposeText,
    clock: { nowMs: () => Date.now(), random: () => 0 },
    kit: namedKit,
  });
  expect((await session.connect()).kind).toBe('connected');
  expect(session.map()?.stacks[0]).toMatchObject({ folder, services: [{ name: odd }] });
  expect(await session.start({ stack: 'shop', service: odd }, 'flip', {})).toMatchObject({
    ok: false,
    failure: { code: 'not-adopted' },
  });
});

it('a record of another service is not taken for this one', async () => {
  host.roots.set(root, [serviceState({ record: serviceRecord({ service: 'worker' }) })]);
  await session.connect();
  expect(service().adopted).toBe(false);
});

it('closing ends the link, and a failure after it is nobody’s', async () => {
  await session.connect();
  session.close();
  expect(host.openLinks).toBe(0);
  host.cut(lost());
  await vi.advanceTimersByTimeAsync(600_000);
  expect(host.calls.opened).toBe(1);
});

describe('what is down', () => {
  beforeEach(async () => {
    host.docker = {
      ...host.docker,
      containers: host.docker.containers.map((each) =>
        each.name === 'shop-frontend-1' ? { ...each, mounts: [entryMount] } : each,
      ),
      networks: [{ name: 'shop_default', driver: 'bridge', internal: false, labels: {} }],
      images: [1, 2].map((number) => ({
        id: digest(String(number)),
        tags: [],
        digests: [],
        labels: {},
        createdAtMs: 0,
        sizeBytes: 0,
      })),
    };
    host.roots.set(root, [serviceState()]);
    await session.connect();
    await settle();
  });

  const entryMount = {
    kind: 'bind',
    name: null,
    source: `${root}/frontend/entry`,
    target: '/usr/local/etc/haproxy',
    readOnly: false,
  };
  const blue = 'id-of-shop--frontend--blue';
  const changed = (id: string, more: object) => {
    host.docker = {
      ...host.docker,
      containers: host.docker.containers.map((each) => (each.id === id ? { ...each, ...more } : each)),
    };
  };
  const removed = (name: string) => {
    host.docker = { ...host.docker, containers: host.docker.containers.filter((each) => each.name !== name) };
    host.emit({ action: 'destroy', id: `id-of-${name}`, attributes: { name } });
  };
  const causes = () => service().troubles.map(({ cause }) => cause);
  const dockerAway = () => {
    host.beforeObserve = () => {
      throw new FailureError(failure('docker-stopped', 'No engine answers.', { transient: true }));
    };
  };

  it('DN1 DN2 an entry point that was removed is said at once, with its time, and its service stays on the map', async () => {
    expect(causes()).toEqual([]);
    await vi.advanceTimersByTimeAsync(5_000);
    removed('shop-frontend-1');
    expect(service()).toMatchObject({
      adopted: true,
      containers: [],
      troubles: [{ cause: 'entry-gone', sinceMs: Date.now(), mend: { kind: 'put-back' } }],
    });
  });

  it('DN2 docker compose down, and all slots removed: the service is still there', async () => {
    for (const name of ['shop-frontend-1', 'shop-backend-1', 'shop--frontend--blue']) removed(name);
    await settle();
    expect(causes()).toEqual(['stack-down', 'live-gone']);
    expect(session.map()?.stacks).toMatchObject([{ name: 'shop', folder: '/srv/shop' }]);
    expect((await session.refresh()).ok).toBe(true);
    expect(causes()).toEqual(['stack-down', 'live-gone']);
  });

  it('DN1 a crash loop says code and count, asked of Docker once for each turn', async () => {
    changed(blue, { state: 'restarting', status: 'Restarting (1) 2 seconds ago' });
    host.inspections.set(blue, {
      exitCode: 1,
      restarts: 3,
      oomKilled: false,
      startedAtMs: null,
      finishedAtMs: null,
      restartPolicy: 'always',
      error: null,
      health: null,
    });
    host.emit({ action: 'die', id: blue, attributes: { name: 'shop--frontend--blue' } });
    await settle();
    expect(service().troubles).toMatchObject([
      {
        cause: 'live-crashing',
        title: 'frontend is down: 1.0.0 in blue keeps ending with exit code 1, started again 3 times',
      },
    ]);
  });

  it('DN9 who stopped a container is heard, and does not have to be guessed', async () => {
    changed(blue, { state: 'exited', status: 'Exited (137) 1 second ago' });
    for (const action of ['die', 'stop']) host.emit({ action, id: blue, attributes: { name: 'shop--frontend--blue' } });
    await settle();
    expect(service().troubles).toMatchObject([
      { cause: 'live-stopped', title: 'frontend is down: 1.0.0 in blue was stopped' },
    ]);
    const backend = 'id-of-shop-backend-1';
    changed(backend, { state: 'exited', status: 'Exited (137) 1 second ago' });
    for (const action of ['stop', 'die']) host.emit({ action, id: backend, attributes: { name: 'shop-backend-1' } });
    await settle();
    expect(session.map()?.stacks[0]?.services.find(({ name: each }) => each === 'backend')?.health).toBe('stopped');
  });

  it('DN4 a changed file is read and said, and so is that it is as it was again', async () => {
    const sum = (path: string, letter: string) => `\u0001sum ${letter.repeat(64)}  ${path}`;
    const ours = sum(`${home}/frontend/haproxy.cfg`, 'a');
    const config = `${root}/frontend/entry/haproxy.cfg`;
    const override = '/srv/shop/compose.override.yaml';
    const change = async (lines: string[]) => {
      host.stateLines = lines;
      host.changeFile('/srv/shop/compose.yaml', 'services: {frontend: {image: a}}\n');
      await settle();
      return causes();
    };
    expect(await change([ours, sum(config, 'a')])).toEqual([]);
    expect(await change([ours, sum(config, 'b')])).toEqual(['entry-config-changed']);
    const block = [
      `\u0001file ${home}/frontend/override.block`,
      '\u0002  # switchyard begin frontend',
      '\u0002  frontend:',
      '\u0002  # switchyard end frontend',
    ];
    expect(await change([ours, sum(config, 'a'), `\u0001override  ${override}`, ...block])).toEqual(['override-gone']);
    expect(await change([ours, sum(config, 'a')])).toEqual([]);
  });

  it('DN2 a service that compose.yaml names is on the map without a container, and quiet', async () => {
    host.changeFile(
      '/srv/shop/compose.yaml',
      'services: {frontend: {image: a}, backup: {image: "registry.lan/backup:2", profiles: [nightly]}, cache: {image: redis}}\n',
    );
    await settle();
    const drawn = session.map()?.stacks[0]?.services.map(({ name: each, health, absence, version }) => ({
      each,
      health,
      absence,
      version,
    }));
    expect(drawn).toEqual([
      { each: 'backend', health: 'running', absence: null, version: '1.0.0' },
      { each: 'backup', health: 'absent', absence: 'Behind the profile nightly; it has no container.', version: '2' },
      { each: 'cache', health: 'absent', absence: 'Named in compose.yaml; it has no container.', version: 'latest' },
      { each: 'frontend', health: 'running', absence: null, version: '1.0.0' },
    ]);
  });

  it('DN1 the files of a service gone: it stays, and that is said', async () => {
    host.statesGone = true;
    host.changeFile('/srv/shop/compose.yaml', 'services: {}\n');
    await settle();
    expect(service()).toMatchObject({
      adopted: true,
      version: '1.0.0',
      troubles: [{ cause: 'state-gone', mend: { kind: 'put-back' } }],
    });
    // A client that never saw them says so too, and does not offer HAProxy as the service.
    session.close();
    session = open();
    await session.connect();
    expect(service()).toMatchObject({ adopted: true, troubles: [{ cause: 'state-gone' }] });
  });

  it('an ejected service is not missed', async () => {
    host.roots.set(root, []);
    changed('id-of-shop-frontend-1', { mounts: [] });
    removed('shop--frontend--blue');
    await session.refresh();
    expect(service()).toMatchObject({ adopted: false, troubles: [] });
  });

  it('DN5 Docker stopped: the map stays as it was, that is said, and it is looked at again until it is back', async () => {
    const before = session.map()?.stacks;
    const at = Date.now();
    dockerAway();
    for (const { id } of host.docker.containers) host.emit({ action: 'die', id, attributes: {} });
    host.breakEvents();
    await vi.advanceTimersByTimeAsync(2_000);
    const since = session.map()?.dockerAwaySinceMs ?? 0;
    expect(since - at).toBeLessThan(1_000);
    expect(session.map()?.stacks).toEqual(before);
    expect(await session.refresh()).toMatchObject({ ok: false, failure: { code: 'docker-stopped' } });
    const { observed } = host.calls;
    host.beforeObserve = () => {};
    await vi.advanceTimersByTimeAsync(4_000);
    expect(host.calls.observed).toBeGreaterThan(observed);
    expect(session.map()).toMatchObject({ dockerAwaySinceMs: null });
    await entryEnds();
  });

  it('DN5 an engine that systemd would start for whoever knocks is not started by a look', async () => {
    let held = true;
    host.scripts.push(['docker.socket', () => outcome(held ? 'held\n' : '')]);
    dockerAway();
    host.breakEvents();
    await vi.advanceTimersByTimeAsync(1_000);
    let knocks = 0;
    host.beforeObserve = () => {
      knocks += 1;
    };
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await session.refresh()).toMatchObject({ ok: false, failure: { code: 'docker-stopped' } });
    expect([knocks, session.map()?.dockerAwaySinceMs]).toEqual([0, expect.any(Number)]);
    held = false;
    await vi.advanceTimersByTimeAsync(4_000);
    expect(session.map()?.dockerAwaySinceMs).toBeNull();
  });
});
