import { Worker } from 'node:worker_threads';
import { type LoopEnd, type LoopOptions, startLoop } from './load-loop.ts';
import type { FromWorker, ToWorker } from './load-worker.ts';
import {
  emptyFailures,
  type FailureKind,
  type FailureSample,
  type LoadRecords,
  latencyOf,
  latestSince,
  longestGap,
  type ReleaseAnswers,
} from './records.ts';
import { mayLoad } from './target.ts';

export type { FailureKind, FailureSample, LoadRecords, ReleaseAnswers } from './records.ts';
export { firstAnswerOf, lastAnswerOf, lastBeginOf, latencyOf, longestGap, quantile } from './records.ts';

/** A load, bounded in count and time. */
export type LoadOptions = {
  /** A loopback address, or an address of the lab's own network (`LabHost.address`). Any other is refused. */
  host: string;
  port: number;
  /** Clients that each have one request on its way at a time; 40 when absent. */
  clients?: number;
  /** The share of clients that keep their connection; the others close theirs after each answer. 0.5 when absent. */
  keepAliveShare?: number;
  /** The share of requests that are POST with a small JSON body; 0.25 when absent. */
  postShare?: number;
  /** Of GET; `/version` when absent. */
  path?: string;
  /** Of POST; `/api/echo` when absent. */
  postPath?: string;
  /** Of all clients together; as fast as answers come when absent. A late request is not made up for by a burst. */
  perSecond?: number;
  /** No request is begun after so many; at most 20 million. */
  maxRequests: number;
  /** No request is begun after so long, in milliseconds; at most an hour. */
  maxMs: number;
  /** The Host header; `host:port` when absent. */
  hostHeader?: string;
  /** A request without a whole answer after so long is lost, kind `timeout`; 30,000 ms when absent. */
  timeoutMs?: number;
  /** Runs the clients on a thread of their own, so that the caller's work does not starve them. True when absent. */
  isolate?: boolean;
};

/** A load as it stands. With `isolate` at most 50 ms old. */
export type LoadCounters = {
  /** That have ended, well or not. */
  requests: number;
  failed: number;
  inFlight: number;
  failures: Record<FailureKind, number>;
  /** Good answers by release (the header `x-release`; empty where it was absent). */
  releases: Record<string, number>;
};

/**
 * What a load saw. Times `…AtMs` are milliseconds since 1970 by this machine's wall clock, with fractions.
 *
 * Every request that was begun is in it once. It is good when one whole HTTP answer below 400 came back, else failed:
 *
 *   connect    no connection            truncated  the connection ended within the answer
 *   reset      the connection ended     garbled    bytes that are not exactly one answer
 *              before the answer        timeout    no whole answer in time
 *                                       status     an answer of 400 or above (a proxy's own 404 or 503, too)
 *
 * Nothing is tried twice: a request on a reused connection that the server closes under it is failed (`reset`). A
 * kept connection that is seen to be closed before a request is written is replaced, as any client does.
 */
export type LoadReport = {
  requests: number;
  failed: number;
  failures: Record<FailureKind, number>;
  /** The first 50 that failed. */
  samples: FailureSample[];
  statuses: Record<string, number>;
  /** Of good answers, from the decision to send (so connecting is in it) to the last byte. */
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Good answers by release. */
  releases: Record<string, ReleaseAnswers>;
  /** The longest time without a good answer while the load ran. */
  longestGapMs: number;
  startedAtMs: number;
  /** When no more requests were begun; those in flight were still waited for. */
  stoppedAtMs: number;
  /** Every request, for `lastAnswerOf`, `firstAnswerOf`, `latencyOf`. Leave it out of what is written as JSON. */
  records: LoadRecords;
};

export type Load = {
  counters(): LoadCounters;
  /** When the latest good answer of this release ended, if that was at `afterMs` or later; else null. Asks the clients now. */
  lastAnswerOf(release: string, afterMs: number): Promise<number | null>;
  /** No new requests; waits for those in flight. May be called again, and after the load ended by itself: the same report. */
  stop(): Promise<LoadReport>;
  /** Resolves when the load ended, by itself or by `stop()`. Rejects only when its thread died, which loses no request unsaid. */
  readonly ended: Promise<LoadReport>;
};

/**
 * Starts raw HTTP/1.1 clients against one address, without any retry. Resolves when they run. Throws at a target that
 * is neither loopback nor the lab's.
 */
export async function startLoad(options: LoadOptions): Promise<Load> {
  if (!mayLoad(options.host))
    throw new Error(`a load goes to this machine or its lab only, not to ${JSON.stringify(options.host)}`);
  const settled: LoopOptions = {
    host: options.host,
    port: options.port,
    clients: bounded('clients', options.clients ?? 40, 1, 1_000),
    keepAliveShare: bounded('keepAliveShare', options.keepAliveShare ?? 0.5, 0, 1),
    postShare: bounded('postShare', options.postShare ?? 0.25, 0, 1),
    path: options.path ?? '/version',
    postPath: options.postPath ?? '/api/echo',
    perSecond: options.perSecond === undefined ? null : bounded('perSecond', options.perSecond, 0.01, 1_000_000),
    maxRequests: bounded('maxRequests', options.maxRequests, 1, 20_000_000),
    maxMs: bounded('maxMs', options.maxMs, 1, 3_600_000),
    hostHeader: options.hostHeader ?? `${options.host}:${options.port}`,
    timeoutMs: bounded('timeoutMs', options.timeoutMs ?? 30_000, 1, 600_000),
  };
  for (const text of [settled.path, settled.postPath, settled.hostHeader])
    if (/[\s\0]/.test(text) || text === '') throw new Error(`not a path or host: ${JSON.stringify(text)}`);
  return options.isolate === false ? startHere(settled) : startOnThread(settled);
}

function bounded(name: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most)) throw new Error(`${name} is ${value}, not between ${least} and ${most}`);
  return value;
}

function startHere(options: LoopOptions): Load {
  const loop = startLoop(options);
  const ended = loop.ended.then(reportOf);
  return {
    counters: loop.counters,
    lastAnswerOf: async (release, afterMs) => loop.lastAnswer(release, afterMs),
    stop: () => {
      void loop.stop();
      return ended;
    },
    ended,
  };
}

async function startOnThread(options: LoopOptions): Promise<Load> {
  const worker = new Worker(new URL('./load-worker.ts', import.meta.url), { workerData: options });
  const tell = (message: ToWorker) => worker.postMessage(message);
  const questions = new Map<number, (atMs: number | null) => void>();
  let asked = 0;
  let counters: LoadCounters | null = null;
  let onCounters = () => {};
  const ended = new Promise<LoadReport>((resolve, reject) => {
    worker.on('message', (message: FromWorker) => {
      switch (message.kind) {
        case 'counters':
          counters = message.counters;
          onCounters();
          break;
        case 'last-answer':
          questions.get(message.id)?.(message.atMs);
          questions.delete(message.id);
          break;
        case 'ended':
          counters = message.end.counters;
          onCounters();
          resolve(reportOf(message.end));
          break;
      }
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the load's thread ended with ${code}`)));
  });
  // Whoever never looks at a load that died is not to be ended by it.
  ended.catch(() => {});
  const running = new Promise<void>((resolve) => {
    onCounters = resolve;
  });
  await Promise.race([running, ended]);
  return {
    counters: () => counters ?? { requests: 0, failed: 0, inFlight: 0, failures: emptyFailures(), releases: {} },
    lastAnswerOf: (release, afterMs) => {
      asked += 1;
      const id = asked;
      tell({ kind: 'last-answer', id, release, afterMs });
      const told = new Promise<number | null>((answer) => questions.set(id, answer));
      return Promise.race([told, ended.then(({ releases }) => latestSince(releases[release], afterMs))]);
    },
    stop: () => {
      tell({ kind: 'stop' });
      return ended;
    },
    ended,
  };
}

function reportOf({ records, tally, startedAtMs, stoppedAtMs }: LoopEnd): LoadReport {
  const { p50Ms, p99Ms, maxMs } = latencyOf(records);
  return {
    requests: records.count,
    ...tally,
    p50Ms,
    p99Ms,
    maxMs,
    longestGapMs: longestGap(records, startedAtMs, stoppedAtMs),
    startedAtMs,
    stoppedAtMs,
    records,
  };
}
