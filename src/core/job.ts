import type { Failure } from './failure.ts';
import type { WaitsFor } from './waiting.ts';

/** What an operator can ask of a service. Each is one job on the server. */
export const verbs = ['adopt', 'deploy', 'flip', 'confirm', 'rollback', 'retire', 'mend', 'eject'] as const;

export type Verb = (typeof verbs)[number];

/** What a verb may be told. All optional; what is left out is decided from facts. */
export type VerbOptions = {
  /** adopt: the container port the entry point forwards to, when it cannot be told. */
  port?: number | undefined;
  /** adopt: path of the HTTP check, e.g. `/healthz`. */
  checkPath?: string | undefined;
  /** deploy: an image reference to take instead of what compose.yaml says. */
  image?: string | undefined;
  /** deploy: redeploy this older release. */
  release?: number | undefined;
  /** retire: which role to stop. */
  role?: 'next' | 'previous' | undefined;
  /** flip: minutes to watch before it settles. */
  watchMinutes?: number | undefined;
  /** flip: minutes within which `confirm` has to come, or the traffic goes back; the watch lasts as long. */
  confirmMinutes?: number | undefined;
  /** adopt: both slots may mount what the service writes to (uploads, caches; never a database). */
  shareVolumes?: boolean | undefined;
  /** deploy: put a ready next aside and take its slot. */
  replace?: boolean | undefined;
  /** deploy: also what went back by itself, or did not get ready, before. */
  again?: boolean | undefined;
  /** Refuse at once where another job has the lock, rather than wait for its end. */
  noWait?: boolean | undefined;
};

/**
 * How a job ended. `refused`: a gate was not green, nothing changed. `aborted`: a step failed and what was begun was undone,
 * or next did not get ready and stays for its logs. `rolled-back`: the traffic went back to previous. `indeterminate`: nobody
 * can tell without looking.
 */
export const outcomes = ['completed', 'rolled-back', 'refused', 'aborted', 'indeterminate'] as const;

export type Outcome = (typeof outcomes)[number];

/** Process exit codes of the command line and of a job's runner, by outcome. */
export const exitCodes: Record<Outcome, number> = {
  completed: 0,
  'rolled-back': 10,
  refused: 11,
  aborted: 12,
  indeterminate: 13,
};

/** What is done of a step, when that can be counted. `unit` is spelled as shown. */
export type Progress = {
  done: number;
  total: number | null;
  unit: 'bytes' | 'layers' | 'checks' | 'requests';
};

/**
 *   waiting ──▶ running ──▶ done
 *                      └──▶ failed
 */
export type JobStep = {
  name: string;
  state: 'waiting' | 'running' | 'done' | 'failed';
  /** The newest line the step said, untrusted text. */
  text: string | null;
  progress: Progress | null;
  /** Milliseconds the step took, or has taken when last heard of. */
  ms: number | null;
};

/** One operation on the server, as folded from its log. */
export type Job = {
  id: string;
  verb: Verb;
  stack: string;
  service: string;
  /** Who asked, as `user@machine`, untrusted text. */
  by: string;
  /** Unix milliseconds on the server's clock. */
  startedAt: number;
  endedAt: number | null;
  steps: JobStep[];
  /** `waiting`: it was asked for here, has not begun, and is gone with this client (SPEC TO6). */
  state: 'waiting' | 'running' | Outcome;
  /** While it waits: for which job. */
  waitsFor?: WaitsFor | null;
  /** Jobs that were the same, tried earlier and refused, for another one had the lock; the oldest first. */
  insteadOf?: readonly string[];
  failure: Failure | null;
  /** Figures the job measured, e.g. `gapMs`, `switchMs`, `drainMs`, `release`. */
  figures: Record<string, number>;
  /** Its process was gone, and it was finished or undone from the journal. */
  recovered: boolean;
};
