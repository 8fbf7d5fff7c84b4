/** Why a request counts as lost. */
export const failureKinds = ['connect', 'reset', 'truncated', 'garbled', 'timeout', 'status'] as const;
export type FailureKind = (typeof failureKinds)[number];

/** One request that failed, to look at. */
export type FailureSample = { kind: FailureKind; atMs: number; afterMs: number; reused: boolean; what: string };

/**
 * All requests of a load in the order in which they ended, one column a fact. Times are milliseconds since 1970 of
 * this machine's wall clock with fractions; `release` indexes `releases`; `failure` is 0 for a good answer, else 1 +
 * the index in `failureKinds`.
 */
export type LoadRecords = {
  count: number;
  beginMs: Float64Array;
  endMs: Float64Array;
  status: Uint16Array;
  release: Uint16Array;
  failure: Uint8Array;
  releases: string[];
};

/** Figures of one release: how many good answers it gave, and when its first and its last one was complete. */
export type ReleaseAnswers = { requests: number; firstEndAtMs: number; lastEndAtMs: number };

type LatencyFigures = { count: number; p50Ms: number; p99Ms: number; maxMs: number };

/** Grows as requests end; `seal()` gives what was kept. */
export class Recorder {
  readonly failures: Record<FailureKind, number> = emptyFailures();
  readonly samples: FailureSample[] = [];
  readonly statuses: Record<string, number> = {};
  readonly releases = new Map<string, ReleaseAnswers>();
  count = 0;
  failed = 0;
  #indexes = new Map<string, number>();
  #names: string[] = [];
  #columns = columns(1024);

  /** A good answer when `failure` is null. Must be called in the order of `endMs`. */
  add(beginMs: number, endMs: number, status: number, release: string, failure: FailureSample | null): void {
    if (this.count === this.#columns.beginMs.length) this.#columns = columns(this.count * 2, this.#columns);
    let index = this.#indexes.get(release);
    if (index === undefined) {
      index = this.#names.push(release) - 1;
      this.#indexes.set(release, index);
    }
    const at = this.count;
    this.count += 1;
    this.#columns.beginMs[at] = beginMs;
    this.#columns.endMs[at] = endMs;
    this.#columns.status[at] = status;
    this.#columns.release[at] = index;
    this.#columns.failure[at] = failure === null ? 0 : failureKinds.indexOf(failure.kind) + 1;
    if (status !== 0) this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (failure !== null) {
      this.failed += 1;
      this.failures[failure.kind] += 1;
      if (this.samples.length < 50) this.samples.push(failure);
      return;
    }
    const known = this.releases.get(release);
    if (known === undefined) this.releases.set(release, { requests: 1, firstEndAtMs: endMs, lastEndAtMs: endMs });
    else {
      known.requests += 1;
      known.lastEndAtMs = endMs;
    }
  }

  seal(): LoadRecords {
    const { beginMs, endMs, status, release, failure } = columns(this.count, this.#columns);
    return { count: this.count, beginMs, endMs, status, release, failure, releases: [...this.#names] };
  }
}

export function emptyFailures(): Record<FailureKind, number> {
  return { connect: 0, reset: 0, truncated: 0, garbled: 0, timeout: 0, status: 0 };
}

type Columns = Pick<LoadRecords, 'beginMs' | 'endMs' | 'status' | 'release' | 'failure'>;

function columns(size: number, from?: Columns): Columns {
  const made = {
    beginMs: new Float64Array(size),
    endMs: new Float64Array(size),
    status: new Uint16Array(size),
    release: new Uint16Array(size),
    failure: new Uint8Array(size),
  };
  if (from !== undefined) {
    made.beginMs.set(from.beginMs.subarray(0, size));
    made.endMs.set(from.endMs.subarray(0, size));
    made.status.set(from.status.subarray(0, size));
    made.release.set(from.release.subarray(0, size));
    made.failure.set(from.failure.subarray(0, size));
  }
  return made;
}

/** The first record that ended at this time or later. */
function firstEndedAt(records: LoadRecords, ms: number): number {
  let low = 0;
  let high = records.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((records.endMs[middle] ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The good answers of this release that ended in [afterMs, beforeMs), in their order. */
function* goodAnswersOf(records: LoadRecords, release: string, afterMs: number, beforeMs: number) {
  const index = records.releases.indexOf(release);
  for (let at = firstEndedAt(records, afterMs); at < records.count; at += 1) {
    const endMs = records.endMs[at] ?? 0;
    if (endMs >= beforeMs) return;
    if (records.release[at] === index && records.failure[at] === 0) yield { beginMs: records.beginMs[at] ?? 0, endMs };
  }
}

/**
 * When the last good answer of this release was complete that ended in [afterMs, beforeMs); requests that were in
 * flight at `afterMs` count. Null when there was none.
 */
export function lastAnswerOf(
  records: LoadRecords,
  release: string,
  afterMs: number,
  beforeMs = Number.POSITIVE_INFINITY,
): number | null {
  let last: number | null = null;
  for (const { endMs } of goodAnswersOf(records, release, afterMs, beforeMs)) last = endMs;
  return last;
}

/**
 * When the last request began that this release still answered well, of the answers that ended in [afterMs, beforeMs). How
 * long the release took to answer is not in it. Null when there was none.
 */
export function lastBeginOf(
  records: LoadRecords,
  release: string,
  afterMs: number,
  beforeMs = Number.POSITIVE_INFINITY,
): number | null {
  let last: number | null = null;
  for (const { beginMs } of goodAnswersOf(records, release, afterMs, beforeMs)) last = Math.max(last ?? 0, beginMs);
  return last;
}

/** When the first good answer of this release was complete that ended in [afterMs, beforeMs). Null when there was none. */
export function firstAnswerOf(
  records: LoadRecords,
  release: string,
  afterMs: number,
  beforeMs = Number.POSITIVE_INFINITY,
): number | null {
  for (const { endMs } of goodAnswersOf(records, release, afterMs, beforeMs)) return endMs;
  return null;
}

/** When the latest good answer of a release ended, if that was at `afterMs` or later; else null. */
export const latestSince = (answers: ReleaseAnswers | undefined, afterMs: number): number | null =>
  answers === undefined || answers.lastEndAtMs < afterMs ? null : answers.lastEndAtMs;

/** How long the good answers took whose requests began at a time that `chosen` takes; all when absent. */
export function latencyOf(records: LoadRecords, chosen: (beginMs: number) => boolean = () => true): LatencyFigures {
  const taken = new Float64Array(records.count);
  let count = 0;
  for (let at = 0; at < records.count; at += 1) {
    const beginMs = records.beginMs[at] ?? 0;
    if (records.failure[at] !== 0 || !chosen(beginMs)) continue;
    taken[count] = (records.endMs[at] ?? 0) - beginMs;
    count += 1;
  }
  const sorted = taken.subarray(0, count).sort();
  return {
    count,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    maxMs: count === 0 ? 0 : (sorted[count - 1] ?? 0),
  };
}

/** The longest time in [fromMs, toMs] without the end of a good answer. */
export function longestGap(records: LoadRecords, fromMs: number, toMs: number): number {
  let last = fromMs;
  let longest = 0;
  for (let at = firstEndedAt(records, fromMs); at < records.count; at += 1) {
    const endMs = records.endMs[at] ?? 0;
    if (endMs > toMs) break;
    if (records.failure[at] !== 0) continue;
    longest = Math.max(longest, endMs - last);
    last = endMs;
  }
  return Math.max(longest, toMs - last);
}

/** The value that this share of the sorted ones do not exceed (nearest rank); 0 of none. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return 0;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? 0;
}
