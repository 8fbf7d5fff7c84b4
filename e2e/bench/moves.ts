import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../build/setup/progress.ts';
import { type LoadReport, lastAnswerOf, lastBeginOf, latencyOf, startLoad } from '../load/load.ts';
import { type Figures, figuresOf, rounded } from './figures.ts';

/** Something that stands before two releases and can send the traffic to either. */
export type Mover = {
  name: string;
  /** Where the load goes. */
  address: { host: string; port: number };
  /** What the two call themselves in `x-release`; the first has the traffic at the start. */
  releases: readonly [string, string];
  /**
   * Sends the traffic to that one, and resolves when whoever moves it says that it is done: with the time of the
   * command itself, in milliseconds of this machine's wall clock.
   */
  move(to: 0 | 1): Promise<number>;
  close(): Promise<void>;
};

export type LoadPlan = {
  flips: number;
  /** Flips are spread over so many requests at least. */
  requests: number;
  /** Between the end of one flip and the next, in milliseconds. */
  pauseMs: number;
  perSecond?: number;
};

/** What a mover cost the clients. */
export type Moved = {
  name: string;
  flips: number;
  requests: number;
  failed: number;
  /** By kind, those that happened. */
  failures: Record<string, number>;
  /** From the command to the last whole answer of the release that was left, requests in flight included. */
  switchMs: Figures;
  /** From the command to the beginning of the last request that still went there: without what that release took to answer. */
  lastSentMs: Figures;
  /** Of requests that began while no flip was under way, and of those that began within one. */
  p99Ms: { steady: number; flip: number };
  /** The longest time without a good answer to any of the clients. */
  longestGapMs: number;
  requestsPerSecond: number;
};

/** 40 clients, half of which keep their connection, a quarter of the requests POST; nobody tries twice. */
export const mix = { clients: 40, keepAliveShare: 0.5, postShare: 0.25, path: '/version', postPath: '/api/echo' };

const longestMs = 20 * 60_000;

/** Moves the traffic to and fro under load and says what the clients saw. */
export async function measureMoves(mover: Mover, plan: LoadPlan, log: Log): Promise<Moved> {
  const endsAtMs = Date.now() + longestMs;
  const load = await startLoad({
    ...mix,
    ...mover.address,
    ...(plan.perSecond === undefined ? {} : { perSecond: plan.perSecond }),
    maxRequests: 5_000_000,
    maxMs: longestMs,
  });
  const flips: { from: string; begunMs: number; commandedMs: number; doneMs: number }[] = [];
  let report: LoadReport;
  try {
    let at: 0 | 1 = 0;
    await sleep(1_000);
    for (let turn = 1; turn <= plan.flips; turn += 1) {
      const to: 0 | 1 = at === 0 ? 1 : 0;
      const begunMs = Date.now();
      const commandedMs = await mover.move(to);
      flips.push({ from: mover.releases[at], begunMs, commandedMs, doneMs: Date.now() });
      at = to;
      await sleep(plan.pauseMs);
      // Spread over the whole of the load, so that what else this machine does weighs on steady and flip alike.
      while (load.counters().requests < (plan.requests * turn) / plan.flips && Date.now() < endsAtMs) await sleep(50);
      const { requests, failed } = load.counters();
      if (turn % 10 === 0) log(`  ${mover.name}: ${turn} flips, ${requests} requests, ${failed} failed`);
    }
  } finally {
    report = await load.stop();
  }
  for (const sample of report.samples.slice(0, 5))
    log(`  ${mover.name}: lost: ${sample.kind}, ${sample.what}, after ${sample.afterMs.toFixed(0)} ms`);
  const strangers = Object.keys(report.releases).filter((name) => !mover.releases.includes(name));
  if (strangers.length > 0)
    throw new Error(`${mover.name}: answers of ${JSON.stringify(strangers)}, which is none of the two`);

  const { records } = report;
  const switches = flips.map(({ from, commandedMs }, turn) => {
    const last = lastAnswerOf(records, from, commandedMs, flips[turn + 1]?.commandedMs);
    return last === null ? 0 : last - commandedMs;
  });
  const lastSent = flips.map(({ from, commandedMs }, turn) => {
    const begun = lastBeginOf(records, from, commandedMs, flips[turn + 1]?.commandedMs);
    return begun === null ? 0 : Math.max(0, begun - commandedMs);
  });
  const within = flips.map(({ begunMs, doneMs }) => [begunMs, doneMs] as const);
  let near = 0;
  const inFlip = (beginMs: number): boolean => {
    while (near > 0 && beginMs < (within[near - 1]?.[1] ?? 0)) near -= 1;
    while (near < within.length && beginMs > (within[near]?.[1] ?? 0)) near += 1;
    return near < within.length && beginMs >= (within[near]?.[0] ?? 0);
  };
  return {
    name: mover.name,
    flips: flips.length,
    requests: report.requests,
    failed: report.failed,
    failures: Object.fromEntries(Object.entries(report.failures).filter(([, count]) => count > 0)),
    switchMs: figuresOf(switches),
    lastSentMs: figuresOf(lastSent),
    p99Ms: {
      steady: rounded(latencyOf(records, (beginMs) => !inFlip(beginMs)).p99Ms),
      flip: rounded(latencyOf(records, inFlip).p99Ms),
    },
    longestGapMs: rounded(report.longestGapMs),
    requestsPerSecond: Math.round((report.requests * 1000) / (report.stoppedAtMs - report.startedAtMs)),
  };
}
