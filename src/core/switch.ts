import { liveSlotOf } from './entry.ts';
import type { Job, JobStep } from './job.ts';
import type { ServiceState } from './server-state.ts';
import { otherSlot } from './slot.ts';
import type { Holder, Service, Switch } from './stack-map.ts';

export type SwitchFacts = {
  state: ServiceState;
  /** Newest job of this service, running or ended, unless the operator put it away. */
  job: Job | null;
  /** That job was asked for here, and not by another client. */
  isOurs: boolean;
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
 * In order: away, what runs now, a flip that goes back unless it is confirmed in time, what went wrong last, what the
 * server's files say.
 */
export function decideSwitch(facts: SwitchFacts): Switch {
  const { state, job } = facts;
  if (facts.awaySinceMs !== null) return { kind: 'unknown', sinceMs: facts.awaySinceMs };
  if (job?.state === 'running') return duringJob(state, job, holderOf(job, facts.isOurs));
  const watching = watchOf(facts);
  if (watching?.mustConfirm) return watching;
  if (job?.state === 'waiting') return waiting(job);
  const failed = job === null ? null : failedBy(job);
  if (failed !== null) {
    const readiness =
      failed.verb === 'deploy' &&
      failed.outcome === 'aborted' &&
      state.next !== null &&
      state.next.state.word === 'not-ready';
    if (!readiness) return failed;
  }
  if (state.wentBack !== null) return { kind: 'went-back', atMs: state.wentBack.atMs, reason: state.wentBack.reason };
  const live = liveSlotOf(state.live);
  if (live === null)
    return {
      kind: 'held',
      waiting: null,
      sinceMs: null,
      reason: state.live === null ? 'live.map cannot be read' : null,
    };
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
  if (watching !== null) return watching;
  if (state.previous !== null && facts.previousWarm) {
    return { kind: 'settled', atMs: state.settledAtMs, to: otherSlot(live) };
  }
  return { kind: 'idle', reason: `Release ${state.current?.file.number ?? '?'} runs; there is no next.` };
}

/** Whether the last flip is watched. A watch whose process did not live to its end (the server was booted anew) is not told for ever. */
export const isWatched = (state: ServiceState, nowMs: number): boolean =>
  state.live?.endsWith('-watching') === true &&
  state.watchUntilMs !== null &&
  // One that nobody confirmed goes back as soon as previous answers, however late that is.
  (state.mustConfirm || nowMs < state.watchUntilMs + 15_000);

function watchOf({ state, watched, nowMs }: SwitchFacts): Extract<Switch, { kind: 'watching' }> | null {
  const live = liveSlotOf(state.live);
  if (live === null || state.watchUntilMs === null || !isWatched(state, nowMs)) return null;
  return {
    kind: 'watching',
    untilMs: state.watchUntilMs,
    mustConfirm: state.mustConfirm,
    from: otherSlot(live),
    to: live,
    errors: watched?.errors ?? 0,
    requests: watched?.requests ?? 0,
  };
}

/**
 * How the watch of the flip `flip` stands: the job that took the traffic back, once that has ended; `open` while it may
 * still come; `over` when the flip stayed or was superseded. `service` is left out where it is not on the map any more.
 */
export function decideWatchEnd(flip: Job, jobs: readonly Job[], service: Service | undefined): Job | 'open' | 'over' {
  const back = jobs.find((job) => job.id === `${flip.id}-watch`);
  if (back !== undefined) return back.state === 'running' ? 'open' : back;
  if (service === undefined) return 'over';
  const { kind } = service.switch;
  // Away, or on its way: not known yet. What went back by itself is told by its job, which comes a moment later.
  const unknown = kind === 'unknown' || kind === 'flipping' || kind === 'went-back';
  return service.isWatched || unknown ? 'open' : 'over';
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
  if (job?.state === 'running') return atWork(job, holderOf(job, facts.isOurs));
  if (job?.state === 'waiting') return waiting(job);
  const failed = job?.verb === 'adopt' ? failedBy(job) : null;
  if (failed !== null) return failed;
  return {
    kind: 'not-adopted',
    adoptable: reason === null,
    reason: reason ?? 'Runs as plain compose. Adopt it to update it without a gap.',
  };
}

function failedBy({ verb, state, steps, failure, recovered }: Job): Extract<Switch, { kind: 'failed' }> | null {
  if (failure === null || (state !== 'aborted' && state !== 'indeterminate' && state !== 'refused')) return null;
  const step = steps.find((each) => each.state === 'failed')?.name ?? null;
  return { kind: 'failed', verb, step, outcome: state, recovered, failure };
}

const waiting = ({ verb, waitsFor }: Job): Switch => ({ kind: 'waiting', verb, waitsFor: waitsFor ?? null });

const stepOf = (job: Job): JobStep | undefined =>
  job.steps.find((each) => each.state === 'running') ??
  [...job.steps].reverse().find((each) => each.state !== 'waiting');

const holderOf = (job: Job, isOurs: boolean): Holder | null => (isOurs ? null : { by: job.by, sinceMs: job.startedAt });

function atWork(job: Job, holder: Holder | null): Switch {
  const prepares = job.verb === 'adopt' || job.verb === 'deploy';
  if (holder !== null && !prepares) return { kind: 'locked', by: holder.by, verb: job.verb, sinceMs: holder.sinceMs };
  const step = stepOf(job);
  return {
    kind: 'preparing',
    verb: job.verb,
    step: step?.name ?? 'start',
    text: step?.text ?? null,
    progress: step?.progress ?? null,
    holder,
  };
}

function duringJob(state: ServiceState, job: Job, holder: Holder | null): Switch {
  if (job.verb !== 'flip' && job.verb !== 'rollback') return atWork(job, holder);
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
