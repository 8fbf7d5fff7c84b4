import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../build/setup/progress.ts';
import type { StackMap } from '../../src/core/stack-map.ts';
import type { Session } from '../../src/engine/session.ts';
import { sessionFor } from '../faults/play.ts';
import { act } from '../journeys/journey.ts';
import { withDockerStopped } from '../lab/faults.ts';
import type { Lab } from '../lab/lab.ts';
import type { Acting, HostileCase } from './case.ts';
import { type EngineWitness, openEngineWitness } from './engine-witness.ts';
import { type Ground, honest, openGround } from './ground.ts';
import { openTrace, type Trace } from './trace.ts';

/** What became of one case. It is clean when nothing is in `complaints`, and what is planted would have been seen. */
export type Verdict = {
  id: string;
  kind: HostileCase['kind'];
  about: string;
  /** Foreign programs that ran, by the place each was planted in. */
  ran: string[];
  /** After how many milliseconds it was told; null when it was not, or need not be. */
  toldMs: number | null;
  complaints: string[];
  /** The witnesses saw the same thing when it was run by hand; null where there is nothing to run. */
  control: boolean | null;
};

export type Played = { verdicts: Verdict[]; honest: string[]; seconds: Record<string, number> };

const tellWithinMs = 5_000;
const connectWithinMs = 10_000;
const actsAtOnce = 6;

type Bench = { lab: Lab; host: string; ground: Ground; trace: Trace; engine: EngineWitness; log: Log };

/** Plants the cases on a server of the lab, has a client connect and act, and judges each by what the kernel and the engine saw. */
export async function playCorpus(lab: Lab, host: string, cases: readonly HostileCase[], log: Log): Promise<Played> {
  const nonce = `${Date.now().toString(36)}${process.pid.toString(36)}`;
  const seconds: Record<string, number> = {};
  const timed = async <Value>(what: string, work: () => Promise<Value>): Promise<Value> => {
    const began = performance.now();
    const value = await work();
    seconds[what] = Math.round((performance.now() - began) / 100) / 10;
    log(`${what}: ${seconds[what]} s`);
    return value;
  };
  const ground = await timed('ground', () => openGround(lab, host, nonce));
  const trace = await openTrace(lab, ground.server, nonce);
  const engine = openEngineWitness(lab, ground.server);
  const bench: Bench = { lab, host, ground, trace, engine, log };
  const verdicts = new Map(cases.map((each) => [each.id, blank(each)]));
  const verdict = (of: HostileCase): Verdict => verdicts.get(of.id) ?? blank(of);
  const found: string[] = [];
  try {
    const of = (...stages: HostileCase['stage'][]) => cases.filter(({ stage }) => stages.includes(stage));
    const together = of('look', 'act');
    await timed('planted', () => ground.plant(together));
    await timed('looked and acted', () => playTogether(bench, together, verdict, found));
    await timed('controls', () => runControls(bench, together, verdict));
    await timed('cleared', () => ground.clear(together));
    await timed('rebooted', () => playReboot(bench, of('reboot'), verdict, found));
    await timed('home', async () => {
      for (const each of of('home')) await playHome(bench, each, verdict(each));
    });
    await timed('stalls', async () => {
      for (const each of of('stall')) await playStall(bench, each, verdict(each));
    });
    await timed('honest', () => checkHonest(bench, found));
  } finally {
    await engine.close().catch(() => {});
    await trace.close().catch(() => {});
    await ground.clearAll().catch(() => {});
    ground.server.drop();
  }
  return { verdicts: [...verdicts.values()], honest: found, seconds };
}

const blank = ({ id, kind, about }: HostileCase): Verdict => ({
  id,
  kind,
  about,
  ran: [],
  toldMs: null,
  complaints: [],
  control: null,
});

/** One client for all that can be looked at and acted on at the same time. */
async function playTogether(
  bench: Bench,
  cases: readonly HostileCase[],
  verdict: (of: HostileCase) => Verdict,
  found: string[],
): Promise<void> {
  const { ground, engine, lab, host } = bench;
  const heard = engine.mark();
  const session = sessionFor(host, lab.sshConfigPath);
  const tellers: Promise<void>[] = [];
  const complain = (of: HostileCase, text: string | null) => {
    if (text !== null) verdict(of).complaints.push(text);
  };
  try {
    const connection = await within(session.connect(), 30_000);
    if (connection?.kind !== 'connected') throw new Error(`no link to ${host}: ${JSON.stringify(connection)}`);
    // It looks again, as somebody does who presses "Read again"; then for as long as a second try of anything takes.
    await within(session.refresh(), 30_000);
    await within(session.knownJobs(), 10_000);
    await sleep(3_000);
    for (const each of cases) {
      const map = session.map();
      if (map !== null) complain(each, each.seen?.(map) ?? null);
    }
    found.push(...honestOnMap(session, 'after the look'));

    // What the engine loads is changed by hand on a server at rest; what the client does comes behind it.
    const acts = cases.filter(({ stage }) => stage === 'act');
    const queue = acts.filter(({ act }) => act === undefined);
    const work = async () => {
      for (let each = queue.shift(); each !== undefined; each = queue.shift()) {
        const mine = each;
        const saidBefore = mine.told === undefined ? '' : saidOf(session.map(), mine.id);
        if (mine.during !== undefined) await ground.sh(mine, mine.during);
        const telling = mine.told === undefined ? null : toldWithin(session, mine, saidBefore, verdict(mine));
        if (telling !== null && mine.act === undefined) tellers.push(telling);
        else await telling;
        if (mine.act !== undefined) complain(mine, await playAct(bench, session, mine));
      }
    };
    await Promise.all(Array.from({ length: actsAtOnce }, work));
    await Promise.all(tellers);
    queue.push(...acts.filter(({ act }) => act !== undefined));
    await Promise.all(Array.from({ length: actsAtOnce }, work));
    found.push(...honestOnMap(session, 'after the acts'));
  } finally {
    session.close();
  }
  await sleep(500);
  await judge(bench, cases, verdict, heard);
}

async function playAct({ ground }: Bench, session: Session, each: HostileCase): Promise<string | null> {
  const name = { stack: each.id, service: 'web' };
  const acting: Acting = {
    session,
    name,
    verb: (verb, options = {}) => act(session, name, verb, options, 40_000),
    sh: (script) => ground.sh(each, script),
  };
  const ended = each.act === undefined ? null : await within(each.act(acting), 90_000);
  return ended === undefined ? 'the client was still at it after 90 s' : ended;
}

/** One client that stays connected while the engine is stopped and started. */
async function playReboot(
  bench: Bench,
  cases: readonly HostileCase[],
  verdict: (of: HostileCase) => Verdict,
  found: string[],
): Promise<void> {
  if (cases.length === 0) return;
  const { lab, host, ground, engine } = bench;
  const heard = engine.mark();
  await ground.plant(cases);
  const session = sessionFor(host, lab.sshConfigPath);
  try {
    const connection = await within(session.connect(), 30_000);
    if (connection?.kind !== 'connected') throw new Error(`no link to ${host}: ${JSON.stringify(connection)}`);
    await sleep(2_000);
    const before = new Map(cases.map(({ id }) => [id, saidOf(session.map(), id)]));
    await withDockerStopped(lab, host, async () => {
      for (const each of cases) await ground.sh(each, each.during ?? '');
    });
    // The client's own next look at an engine that was away comes within two seconds.
    await Promise.all(cases.map((each) => toldWithin(session, each, before.get(each.id) ?? '', verdict(each), 2_000)));
    await within(session.refresh(), 30_000);
    await sleep(2_500);
    found.push(...honestOnMap(session, 'after the reboot'));
  } finally {
    session.close();
  }
  await judge(bench, cases, verdict, heard);
  await runControls(bench, cases, verdict);
  await ground.clear(cases);
}

/** Fills in what the witnesses saw of cases since a mark. */
async function judge(
  { trace, engine, ground }: Bench,
  cases: readonly HostileCase[],
  verdict: (of: HostileCase) => Verdict,
  heard: number,
): Promise<void> {
  const ran = await trace.ran();
  for (const each of cases) {
    const mine = verdict(each);
    mine.ran = placesOf(ran, each.id);
    if (mine.ran.length > 0) mine.complaints.push(`foreign programs ran: ${mine.ran.join(', ')}`);
    mine.complaints.push(...engine.complaints(each.id, heard));
    const touched = await ground.touched(each);
    if (touched !== null) mine.complaints.push(`what nobody may touch is not as it was: ${touched}`);
  }
}

const placesOf = (ran: readonly string[], id: string): string[] => [
  ...new Set(ran.filter((each) => each.startsWith(`${id}.`)).map((each) => each.slice(id.length + 1))),
];

/** Runs by hand what was planted: a witness that does not see it then, sees nothing. */
async function runControls(
  bench: Bench,
  cases: readonly HostileCase[],
  verdict: (of: HostileCase) => Verdict,
): Promise<void> {
  const { ground, trace, engine } = bench;
  const controlled = cases.filter(({ control }) => control !== undefined);
  const ranBefore = (await trace.ran()).length;
  const heard = engine.mark();
  for (const each of controlled) await ground.sh(each, each.control ?? '');
  await sleep(500);
  const ran = (await trace.ran()).slice(ranBefore);
  for (const each of controlled) {
    const mine = verdict(each);
    mine.control = placesOf(ran, each.id).length > 0 || engine.complaints(each.id, heard).length > 0;
    if (!mine.control) mine.complaints.push('the control was not seen: this case proves nothing');
  }
}

async function playHome(bench: Bench, each: HostileCase, mine: Verdict): Promise<void> {
  const { lab, host, ground, engine } = bench;
  const heard = engine.mark();
  await ground.plant([each]);
  const session = sessionFor(host, lab.sshConfigPath);
  try {
    const connection = await within(session.connect(), 30_000);
    if (connection?.kind !== 'connected') mine.complaints.push(`no link: ${JSON.stringify(connection)}`);
    else {
      await toldWithin(session, each, '', mine, 0, true);
      await within(session.refresh(), 20_000);
      await sleep(1_000);
      mine.complaints.push(...honestOnMap(session, 'meanwhile', each.neighbourUnknown === true));
    }
  } finally {
    session.close();
  }
  await judge(bench, [each], () => mine, heard);
  await runControls(bench, [each], () => mine);
  await ground.sh(each, each.undo ?? '');
  await ground.clear([each]);
}

async function playStall(bench: Bench, each: HostileCase, mine: Verdict): Promise<void> {
  const { lab, host, ground, engine } = bench;
  const heard = engine.mark();
  await ground.plant([each]);
  const session = sessionFor(host, lab.sshConfigPath);
  const began = Date.now();
  try {
    const connection = await within(session.connect(), connectWithinMs);
    if (connection?.kind !== 'connected')
      mine.complaints.push(
        connection === undefined
          ? `not connected after ${connectWithinMs / 1000} s`
          : `no link: ${JSON.stringify(connection)}`,
      );
    else {
      const left = Math.max(1, connectWithinMs - (Date.now() - began));
      if ((await within(session.knownJobs(), left)) === undefined)
        mine.complaints.push(`the jobs are not known after ${connectWithinMs / 1000} s`);
      mine.complaints.push(...honestOnMap(session, 'meanwhile'));
    }
  } finally {
    session.close();
  }
  await judge(bench, [each], () => mine, heard);
  await ground.clear([each]);
}

/** The honest neighbour is on the map: adopted and live, or, where nothing can be known of it, not said to be. */
function honestOnMap(session: Session, when: string, isUnknown = false): string[] {
  const service = session.map()?.stacks.find(({ name }) => name === honest.stack)?.services[0];
  if (service === undefined) return [`the honest neighbour is not on the map ${when}`];
  if (isUnknown)
    return service.adopted ? [`the honest neighbour is said to be adopted ${when}, by what is not ours`] : [];
  if (!service.adopted || service.live === null)
    return [`the honest neighbour is not shown as adopted and live ${when}`];
  return [];
}

/** It answers, it is where it was, and a verb on it still works. */
async function checkHonest({ lab, host, ground }: Bench, found: string[]): Promise<void> {
  const version = () => ground.server.sh(`curl -fsS -m 5 http://127.0.0.1:${honest.port}/version`, { anyCode: true });
  const before = await version();
  if (!before.includes('1.1.0')) found.push(`the honest neighbour answers: ${before.slice(0, 80)}`);
  const session = sessionFor(host, lab.sshConfigPath);
  try {
    const connection = await within(session.connect(), 30_000);
    if (connection?.kind !== 'connected') found.push('no link at the end');
    else {
      const { outcome, failure } = await act(session, honest, 'rollback', {}, 40_000);
      if (outcome !== 'completed')
        found.push(`going back on the honest neighbour: ${outcome} ${failure?.message ?? ''}`);
      else if (!(await version()).includes('1.0.0')) found.push('the honest neighbour did not go back');
    }
  } finally {
    session.close();
  }
}

/** Waits until something is said of a case that was not before; fills in when, or complains. */
async function toldWithin(
  session: Session,
  { id, told }: HostileCase,
  before: string,
  mine: Verdict,
  moreMs = 0,
  anywhere = false,
): Promise<void> {
  if (told === undefined) return;
  const began = Date.now();
  while (Date.now() - began <= tellWithinMs + moreMs) {
    const said = anywhere ? saidIn(session.map()) : saidOf(session.map(), id);
    if (said !== before && told.test(said)) {
      mine.toldMs = Date.now() - began;
      return;
    }
    await sleep(50);
  }
  mine.complaints.push(`not told within ${tellWithinMs / 1000} s`);
}

/** All that the client says about something amiss: whatever on the map has a title and a text. */
function saidIn(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const of = value as Record<string, unknown>;
  const own = typeof of.title === 'string' && typeof of.text === 'string' ? `${of.title}\n${of.text}\n` : '';
  return own + Object.values(of).map(saidIn).join('');
}

const saidOf = (map: StackMap | null, stack: string): string =>
  saidIn(map?.stacks.filter(({ name }) => name === stack) ?? []);

/** Undefined when it takes longer. */
async function within<Value>(work: Promise<Value>, ms: number): Promise<Value | undefined> {
  const late = new AbortController();
  const tooLate = sleep(ms, undefined, { signal: late.signal }).catch(() => undefined);
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    late.abort();
    work.catch(() => {});
  }
}
