import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { yamlComposeText } from '../../adapters/compose-text/yaml-compose-text.ts';
import type { Job, Verb, VerbOptions } from '../../core/job.ts';
import { composed, dockerFacts, release, serviceRecord, serviceState, slotOf } from '../../testkit/engine/facts.ts';
import { FakeHost, jsonArchive, namedKit } from '../../testkit/engine/fake-host.ts';
import { createHostSession } from '../host-session.ts';
import type { Session } from '../session.ts';

const root = '/srv/shop/.switchyard';
const frontend = { stack: 'shop', service: 'frontend' };
const backend = { stack: 'shop', service: 'backend' };

let host: FakeHost;
let session: Session;
const sessions: Session[] = [];

const open = (by: string): Session => {
  const opened = createHostSession({
    target: 'home',
    by,
    linker: host.linker,
    archive: jsonArchive,
    composeText: yamlComposeText,
    clock: { nowMs: () => Date.now(), random: Math.random },
    kit: namedKit,
  });
  sessions.push(opened);
  return opened;
};

/** Lets everything happen that needs no more than a moment. */
const settle = () => vi.advanceTimersByTimeAsync(600);

beforeEach(async () => {
  vi.useFakeTimers({ now: 1_000_000 });
  host = new FakeHost();
  host.docker = dockerFacts([composed('shop', 'frontend'), composed('shop', 'backend'), slotOf('blue', '0001')]);
  const state = { next: release(2, 'green') };
  host.roots.set(root, [
    serviceState(state),
    serviceState({ ...state, record: serviceRecord({ service: 'backend', dependsOn: [] }) }),
  ]);
  session = open('ada@laptop');
  await session.connect();
});

afterEach(() => {
  for (const each of sessions.splice(0)) each.close();
  vi.useRealTimers();
});

const runs = async (id: string, verb: Verb = 'flip', service = 'frontend'): Promise<void> => {
  host.line(id, Date.now(), { kind: 'job', verb, stack: 'shop', service, by: 'bob@desk', steps: 'gate,move' });
  host.line(id, Date.now(), { kind: 'begin', step: 'gate' });
  // A job of another client counts once a look has found it in the home state.
  await vi.advanceTimersByTimeAsync(50);
};
const ends = (id: string, outcome = 'completed', code = '', message = 'So it was.') =>
  host.line(id, Date.now(), { kind: 'end', outcome, code, message, running: '', detail: '' });

const ask = async (verb: Verb, options: VerbOptions = {}, name = frontend): Promise<Job> => {
  const started = await session.start(name, verb, options);
  if (!started.ok) throw new Error(started.failure.message);
  return started.value;
};
const states = () => session.jobs().map(({ verb, state }) => `${verb} ${state}`);
const sent = () => host.jobs.map(({ files }) => /^VERB='(.*)'$/m.exec(files['job.sh'] ?? '')?.[1]);
const card = () => session.map()?.stacks[0]?.services.find(({ name }) => name === 'frontend')?.switch;

describe('TO6 a verb that wants a lock which another job has', () => {
  it('waits for its end, is shown as that, and begins by what is so then', async () => {
    await runs('theirs');
    const waiting = await ask('flip');
    expect(waiting).toMatchObject({
      state: 'waiting',
      waitsFor: { verb: 'flip', service: 'frontend', by: 'bob@desk' },
      steps: [],
    });
    await settle();
    expect([states(), sent()]).toEqual([['flip running', 'flip waiting'], []]);
    const ended = session.ended('shop', waiting.id);
    const looks = host.calls.states;
    ends('theirs');
    // What the job before it has changed is what it is planned by.
    host.roots.set(root, [serviceState({ record: serviceRecord({ watchSeconds: 44 }), next: release(3, 'green') })]);
    await settle();
    expect(host.calls.states).toBeGreaterThan(looks);
    expect(host.jobs).toMatchObject([{ id: waiting.id }]);
    expect(host.jobs[0]?.files['job.sh']).toContain("WATCH_S='44'");
    expect(session.jobs()[0]).toMatchObject({ id: waiting.id, state: 'running' });
    ends(waiting.id);
    await settle();
    expect(await ended).toMatchObject({ ok: true, value: { id: waiting.id, state: 'completed' } });
  });

  it('is on the card while nothing runs there', async () => {
    await runs('theirs', 'adopt', 'backend');
    await runs('also', 'deploy', 'frontend');
    await ask('retire', { role: 'next' });
    await settle();
    expect(card()).toMatchObject({ kind: 'preparing', holder: { by: 'bob@desk' } });
    const waits = await ask('eject', {}, { stack: 'shop', service: 'frontend' });
    expect(waits.waitsFor).toEqual({ verb: 'adopt', service: 'backend', by: 'bob@desk' });
  });

  it('begins in the order in which it was asked for', async () => {
    await runs('theirs');
    const first = await ask('flip');
    await ask('retire', { role: 'next' });
    await ask('confirm');
    ends('theirs');
    await settle();
    expect([sent(), states()]).toEqual([
      ['flip'],
      ['flip running', 'retire waiting', 'confirm waiting', 'flip completed'],
    ]);
    expect(session.jobs()[1]?.waitsFor).toEqual({ verb: 'flip', service: 'frontend', by: 'ada@laptop' });
    ends(first.id);
    await settle();
    expect(sent()).toEqual(['flip', 'retire']);
  });

  it('does not stand in the way of another service', async () => {
    await runs('theirs');
    await ask('flip');
    expect(await ask('flip', {}, backend)).toMatchObject({ state: 'running' });
    expect(host.jobs).toHaveLength(1);
  });

  it('is taken back by a stop, and nothing was sent', async () => {
    await runs('theirs');
    const { id } = await ask('flip');
    const ended = session.ended('shop', id);
    expect(await session.stop('shop', id)).toEqual({ ok: true, value: null });
    await settle();
    expect(await ended).toMatchObject({
      ok: true,
      value: {
        state: 'aborted',
        failure: { code: 'cancelled', message: expect.stringContaining('Nothing was changed') },
      },
    });
    ends('theirs');
    await settle();
    expect(host.jobs).toEqual([]);
  });

  it('is refused at once where it must not wait', async () => {
    await runs('theirs');
    expect(await session.start(frontend, 'flip', { noWait: true })).toMatchObject({
      ok: false,
      failure: { code: 'lock-held', message: expect.stringContaining('bob@desk: flip of frontend') },
    });
    expect(host.jobs).toEqual([]);
  });

  it('waits for nobody to go back', async () => {
    host.roots.set(root, [serviceState({ previous: release(2, 'green') })]);
    await session.refresh();
    await runs('theirs', 'deploy');
    expect(await ask('rollback')).toMatchObject({ state: 'running' });
    expect(sent()).toEqual(['rollback']);
  });

  it('that cannot be planned when its turn comes ends as that', async () => {
    await runs('theirs');
    const { id } = await ask('retire', { role: 'next' });
    const ended = session.ended('shop', id);
    host.roots.set(root, [serviceState()]);
    ends('theirs');
    await settle();
    expect(await ended).toMatchObject({ ok: true, value: { state: 'refused', failure: { code: 'nothing-to-do' } } });
    expect([host.jobs, card()]).toMatchObject([[], { kind: 'failed', outcome: 'refused' }]);
  });

  it('waits on while the link is away, and is gone with the client', async () => {
    await runs('theirs');
    await ask('flip');
    host.cut();
    await vi.advanceTimersByTimeAsync(0);
    ends('theirs');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent()).toEqual(['flip']);
    await runs('more', 'deploy', 'backend');
    await ask('flip', {}, backend);
    session.disconnect();
    expect(session.jobs().filter(({ state }) => state === 'waiting')).toEqual([]);
    ends('more');
    await session.connect();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent()).toEqual(['flip']);
  });
});

describe('TO6 a verb that the server refused, for another client had the lock', () => {
  const refused = (id: string, code = 'lock-held') => {
    host.line(id, Date.now(), {
      kind: 'job',
      verb: 'flip',
      stack: 'shop',
      service: 'frontend',
      by: 'ada@laptop',
      steps: 'check,start',
    });
    // At its start a job says a step that it has not come to: some verbs have one of that name.
    host.line(id, Date.now(), { kind: 'fail', step: 'start' });
    ends(id, 'refused', code, 'Another job was first.');
  };

  it('waits for that one, and is tried again: what is waited for is the job that was let in', async () => {
    const first = await ask('flip');
    const ended = session.ended('shop', first.id);
    await runs('theirs');
    refused(first.id);
    await settle();
    const [theirs, again] = session.jobs();
    expect([theirs?.id, again]).toMatchObject([
      'theirs',
      { state: 'waiting', insteadOf: [first.id], waitsFor: { by: 'bob@desk' } },
    ]);
    expect(session.jobs()).toHaveLength(2);
    ends('theirs');
    await settle();
    expect(host.jobs.map(({ id }) => id)).toEqual([first.id, again?.id]);
    ends(again?.id ?? '');
    await settle();
    expect(await ended).toMatchObject({ ok: true, value: { id: again?.id, state: 'completed' } });
  });

  it('is tried every two seconds where nobody knows who has it, and not for ever', async () => {
    const first = await ask('flip');
    const ended = session.ended('shop', first.id);
    for (let tries = 1; tries <= 16; tries += 1) {
      expect(host.jobs).toHaveLength(tries);
      refused(host.jobs.at(-1)?.id ?? '');
      await vi.advanceTimersByTimeAsync(1_500);
      expect(host.jobs).toHaveLength(tries);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(await ended).toMatchObject({ ok: true, value: { state: 'refused', failure: { code: 'lock-held' } } });
    expect(session.jobs()).toHaveLength(1);
  });

  it('is planned anew where that one ended meanwhile and had edited the stack’s files', async () => {
    const { id } = await ask('flip');
    const ended = session.ended('shop', id);
    await runs('theirs', 'eject', 'backend');
    ends('theirs');
    refused(id, 'compose-changed');
    await settle();
    const again = host.jobs[1]?.id ?? '';
    expect(session.jobs()[0]).toMatchObject({ id: again, state: 'running', insteadOf: [id] });
    ends(again);
    await settle();
    expect(await ended).toMatchObject({ ok: true, value: { id: again, state: 'completed' } });
  });

  it.each([
    ['nobody’s job', () => Promise.resolve()],
    ['a job that edits nothing', () => runs('theirs', 'flip', 'backend')],
    ['a job that was refused', () => runs('theirs', 'eject', 'backend'), 'refused'],
  ])(
    'is told where the files changed by hand, and not by a job: %s',
    async (_whose, meanwhile, outcome = 'completed') => {
      const { id } = await ask('flip');
      const ended = session.ended('shop', id);
      await meanwhile();
      ends('theirs', outcome);
      refused(id, 'compose-changed');
      await settle();
      expect(await ended).toMatchObject({ ok: true, value: { id, failure: { code: 'compose-changed' } } });
      expect(host.jobs).toHaveLength(1);
    },
  );

  it('is told at once where it must not wait', async () => {
    const { id } = await ask('flip', { noWait: true });
    const ended = session.ended('shop', id);
    refused(id);
    await settle();
    expect(await ended).toMatchObject({ ok: true, value: { id, state: 'refused' } });
    expect(host.jobs).toHaveLength(1);
  });
});

it('TO6 of two clients that want one service again and again, each comes to its turn and none is lost', async () => {
  const other = open('eve@desk');
  await other.connect();
  // A server in small: one job at a time, for 700 ms, and who comes meanwhile is refused.
  const order: string[] = [];
  let holder: string | null = null;
  let seen = 0;
  const serve = () => {
    for (const { id, files } of host.jobs.slice(seen)) {
      seen += 1;
      const by = /^BY='(.*)'$/m.exec(files['job.sh'] ?? '')?.[1] ?? '';
      host.line(id, Date.now(), { kind: 'job', verb: 'flip', stack: 'shop', service: 'frontend', by, steps: 'gate' });
      if (holder !== null) ends(id, 'refused', 'lock-held', 'Another job holds frontend of shop.');
      else {
        holder = id;
        order.push(by);
        host.line(id, Date.now(), { kind: 'begin', step: 'gate' });
        setTimeout(() => {
          holder = null;
          ends(id);
        }, 700);
      }
    }
  };
  const asked = [session, other].flatMap((each) =>
    Array.from({ length: 4 }, async () => {
      const started = await each.start(frontend, 'flip', {});
      return started.ok ? each.ended('shop', started.value.id) : started;
    }),
  );
  for (let time = 0; time < 400; time += 1) {
    serve();
    await vi.advanceTimersByTimeAsync(50);
  }
  const all = await Promise.all(asked);
  expect(all.map((each) => (each.ok ? each.value.state : each.failure.code))).toEqual(all.map(() => 'completed'));
  expect([order.length, new Set(order).size]).toEqual([8, 2]);
  // Neither was kept waiting until the other had done all of its own.
  expect(order.slice(0, 4).filter((by) => by === order[0]).length).toBeLessThan(4);
});
