import { liveSlotOf } from './entry.ts';
import type { Failure } from './failure.ts';
import type { Job, JobStep } from './job.ts';
import type { ServiceState } from './server-state.ts';
import { otherSlot } from './slot.ts';
import type { Holder, Switch } from './stack-map.ts';

export type SwitchFacts = {
  state: ServiceState;
  /** Newest job of this service, running or ended, unless the operator put it away. */
  job: Job | null;
  /** That job was asked for here, and not by another client. */
  isOurs: boolean;
  /** A running job of the same stack on another service. */
  foreign: Job | null;
  /** The host is away since, or null. */
  awaySinceMs: number | null;
  /** Counters of the entry point since the flip, when read. */
  watched: { errors: number; requests: number } | null;
  /** This machine's clock; `watchUntilMs` is on it too. */
  nowMs: number;
  previousWarm: boolean;
  nextRunning: boolean;
};

/**
 * What the switch of an adopted service says. Truth only: `flipping` until the server has read the move back (SPEC FL6).
 * In order: away, what runs now, what went wrong last, what the server's files say.
 */
export function decideSwitch(facts: SwitchFacts): Switch {
  const { state, job, foreign } = facts;
  if (facts.awaySinceMs !== null) return { kind: 'unknown', sinceMs: facts.awaySinceMs };
  if (job?.state === 'running') return duringJob(state, job, holderOf(job, facts.isOurs));
  if (
    job !== null &&
    (job.state === 'aborted' || job.state === 'indeterminate' || job.state === 'refused') &&
    job.failure !== null
  ) {
    const readiness =
      job.verb === 'deploy' && job.state === 'aborted' && state.next !== null && state.next.state.word === 'not-ready';
    if (!readiness) return failedBy(job, job.failure);
  }
  if (foreign !== null) return { kind: 'locked', by: foreign.by, verb: foreign.verb, sinceMs: foreign.startedAt };
  if (state.wentBack !== null) return { kind: 'went-back', atMs: state.wentBack.atMs, reason: state.wentBack.reason };
  const live = liveSlotOf(state.live);
  if (live === null) return { kind: 'held', waiting: 0, sinceMs: 0 };
  if (state.next !== null) {
    const { word, passed, total, reason } = state.next.state;
    if (word === 'ready' && facts.nextRunning)
      return { kind: 'next-ready', checks: total, from: live, to: otherSlot(live) };
    const why =
      word === 'preparing'
        ? 'Its job ended before it was ready.'
        : word === 'ready'
          ? 'It was ready, but does not run any more.'
          : (reason ?? 'It did not pass its checks.');
    return { kind: 'not-ready', passed, total, reason: why };
  }
  // A watch whose process did not live to its end (the server was booted anew) is not shown for ever.
  if (state.live?.endsWith('-watching') && state.watchUntilMs !== null && facts.nowMs < state.watchUntilMs + 15_000) {
    return {
      kind: 'watching',
      untilMs: state.watchUntilMs,
      mustConfirm: state.mustConfirm,
      from: otherSlot(live),
      to: live,
      errors: facts.watched?.errors ?? 0,
      requests: facts.watched?.requests ?? 0,
    };
  }
  if (state.previous !== null && facts.previousWarm) {
    return {
      kind: 'settled',
      atMs: state.settledAtMs ?? state.previous.file.at,
      canFlipBack: true,
      to: otherSlot(live),
    };
  }
  return { kind: 'idle', reason: `Release ${state.current?.file.number ?? '?'} runs; there is no next.` };
}

/** What the switch of a service says that is plain compose: how its adoption goes or went wrong, else whether it can be adopted. */
export function decidePlainSwitch(facts: {
  awaySinceMs: number | null;
  /** Newest job of this service, running or ended, unless the operator put it away. */
  job: Job | null;
  isOurs: boolean;
  /** Why it cannot be adopted, or null. */
  reason: string | null;
}): Switch {
  const { job, reason } = facts;
  if (facts.awaySinceMs !== null) return { kind: 'unknown', sinceMs: facts.awaySinceMs };
  if (job?.state === 'running') return preparing(job, holderOf(job, facts.isOurs));
  if (job?.verb === 'adopt' && job.state !== 'completed' && job.failure !== null) return failedBy(job, job.failure);
  return {
    kind: 'not-adopted',
    adoptable: reason === null,
    reason: reason ?? 'Runs as plain compose. Adopt it to update it without a gap.',
  };
}

const failedBy = (job: Job, failure: Failure): Switch => ({
  kind: 'failed',
  verb: job.verb,
  step: job.steps.find((step) => step.state === 'failed')?.name ?? null,
  failure,
});

const stepOf = (job: Job): JobStep | undefined =>
  job.steps.find((each) => each.state === 'running') ??
  [...job.steps].reverse().find((each) => each.state !== 'waiting');

const holderOf = (job: Job, isOurs: boolean): Holder | null => (isOurs ? null : { by: job.by, sinceMs: job.startedAt });

function preparing(job: Job, holder: Holder | null): Switch {
  const step = stepOf(job);
  return {
    kind: 'preparing',
    step: step?.name ?? 'start',
    text: step?.text ?? null,
    progress: step?.progress ?? null,
    holder,
  };
}

function duringJob(state: ServiceState, job: Job, holder: Holder | null): Switch {
  if (job.verb !== 'flip' && job.verb !== 'rollback') return preparing(job, holder);
  const step = stepOf(job);
  const moved = job.steps.some((each) => each.name === 'move' && each.state === 'done');
  const live = liveSlotOf(state.live) ?? 'blue';
  const release = job.verb === 'flip' ? state.next : state.previous;
  const to = release?.file.slot ?? (moved ? live : otherSlot(live));
  return {
    kind: 'flipping',
    from: otherSlot(to),
    to,
    step: step?.name ?? 'gate',
    inFlight: job.steps.find((each) => each.name === 'drain')?.progress?.done ?? null,
    holder,
  };
}
