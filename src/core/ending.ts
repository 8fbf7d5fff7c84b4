import type { Failure } from './failure.ts';
import type { Job } from './job.ts';

/**
 * How what was asked for ended, where it did not do it. By the outcome alone, whatever step it was in (SPEC TO1).
 * `refused`: nothing was begun, nothing changed. `stopped`: somebody asked it to stop, what it began was undone. `undone`: its
 * process died, and another one undid it. `failed`: a step failed, and it undid what it began, or next stays for its logs.
 * `unknown`: nobody can tell yet.
 */
export const endings = ['refused', 'stopped', 'undone', 'unknown', 'failed'] as const;

export type Ending = (typeof endings)[number];

/** What an ending is decided from: of a job, and of the switch that tells of one. */
export type Ended = {
  outcome: 'refused' | 'aborted' | 'indeterminate';
  recovered: boolean;
  failure: Failure | null;
};

export function endingOf({ outcome, recovered, failure }: Ended): Ending {
  if (outcome === 'refused') return 'refused';
  if (outcome === 'indeterminate') return 'unknown';
  if (recovered) return 'undone';
  return failure?.code === 'cancelled' ? 'stopped' : 'failed';
}

/** The ending of a job; null of one that has not ended, has done what it is for, or took the traffic back. */
export function endingOfJob({ state, recovered, failure }: Job): Ending | null {
  return state === 'refused' || state === 'aborted' || state === 'indeterminate'
    ? endingOf({ outcome: state, recovered, failure })
    : null;
}

/** How it stands with a verb that got no job: whether it was sent at all may not be known. */
export function endingOfDeclined({ code }: Failure): Ending {
  if (code === 'indeterminate') return 'unknown';
  if (code === 'cancelled') return 'stopped';
  return code === 'bug' ? 'failed' : 'refused';
}
