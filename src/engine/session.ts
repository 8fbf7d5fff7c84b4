import type { Connection } from '../core/connection.ts';
import type { Job, Verb, VerbOptions } from '../core/job.ts';
import type { LogLine } from '../core/log-line.ts';
import type { AdoptPlan, DiffLine, NextPlan, ReleaseRecord, ValuesTold } from '../core/plan.ts';
import type { Result } from '../core/result.ts';
import type { Slot } from '../core/slot.ts';
import type { StackMap, Traffic } from '../core/stack-map.ts';

export type { VerbOptions } from '../core/job.ts';

export type ServiceName = { stack: string; service: string };

/**
 * One host, for as long as a face (the window, the command line) is interested in it. Everything a face may do is
 * here. Nothing is thrown: every answer is a Result. Safe to call from several places at once.
 */
export type Session = {
  connection(): Connection;
  /** The last map, kept while away; null before the first. A new object at each change, never mutated. */
  map(): StackMap | null;
  /** Jobs of all stacks, running first, then newest first, at most 50. */
  jobs(): Job[];
  /** Called after `connection`, `map` or `jobs` changed, once per turn of the event loop. Returns how to stop. */
  onChange(listener: () => void): () => void;
  /** Keyed by service id; called about every 2 s while `setAttention(true)`. */
  onTraffic(listener: (traffic: Record<string, Traffic>) => void): () => void;
  /** Whether somebody looks: without attention, counters are not read, so that an idle home server stays asleep. */
  setAttention(attentive: boolean): void;

  /** Climbs the ladder; resolves when connected, failed or away (then it retries on its own until `disconnect`). */
  connect(): Promise<Connection>;
  /** Retries now if away, e.g. on resume from sleep. */
  wake(): void;
  disconnect(): void;
  /** Answers the question of `connection()` with that id; null gives up. False when it is not asked any more. */
  answer(question: string, answers: string[] | null): boolean;
  /** Reads everything again. */
  refresh(): Promise<Result<StackMap>>;

  /** Values of variables are told only where `values` says `shown`: here, in `planNext` and in `compareReleases` (SPEC SE1). */
  planAdopt(name: ServiceName, options: VerbOptions, values?: ValuesTold): Promise<Result<AdoptPlan>>;
  planNext(name: ServiceName, options: VerbOptions, values?: ValuesTold): Promise<Result<NextPlan>>;
  /** Uploads and starts a job; resolves when the server has it whole. From then on it runs without us. */
  start(name: ServiceName, verb: Verb, options: VerbOptions): Promise<Result<Job>>;
  /** Resolves with the job as it ended. Survives a lost link: it re-attaches. */
  ended(stack: string, job: string, signal?: AbortSignal): Promise<Result<Job>>;
  /**
   * Asks a running job to stop: it undoes what it began and ends `aborted`, code `cancelled`; a flip that has moved the
   * traffic ends its waiting and completes. Ok means that its runner was told; `ended` says how it went.
   */
  stop(stack: string, job: string): Promise<Result<null>>;
  /** Resolves with `jobs()` once the feeds of all stacks have been read to their end, however long that takes. */
  knownJobs(signal?: AbortSignal): Promise<Result<Job[]>>;
  /** The job's raw output, at most the last 256 KiB, untrusted text. */
  jobLog(stack: string, job: string): Promise<Result<string>>;
  /** Puts away the failure or verdict on a service's card. */
  dismiss(name: ServiceName): void;

  releases(name: ServiceName): Promise<Result<ReleaseRecord[]>>;
  compareReleases(name: ServiceName, before: number, after: number, values?: ValuesTold): Promise<Result<DiffLine[]>>;
  /**
   * Follows the logs of both slots (or of the service's container) until the signal aborts; with `follow` false, reads
   * what is there. Resolves when ended; a log that cannot be read ends it with that failure.
   */
  followLogs(
    name: ServiceName,
    options: { tail: number; follow?: boolean; signal: AbortSignal; onLines(lines: LogLine[]): void },
  ): Promise<Result<null>>;
  /** A port of this machine that leads to one slot and carries no real traffic. One per service; opening again replaces it. */
  openPreview(name: ServiceName, slot: Slot): Promise<Result<{ url: string; port: number; release: number }>>;
  closePreview(name: ServiceName): Promise<void>;
  /** Ends the link, followers and previews. Jobs on the server go on. */
  close(): void;
};
