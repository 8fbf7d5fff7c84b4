import { type Failure, failure } from '../../core/failure.ts';
import type { Job, Verb, VerbOptions } from '../../core/job.ts';
import { failed, ok, type Result } from '../../core/result.ts';
import { blockerOf, mayEdit, mayWait, type WaitsFor, wantSameLock, wantsStack } from '../../core/waiting.ts';
import type { Clock } from '../ports/clock.ts';
import type { ServiceName } from '../session.ts';
import type { HostNow } from './host-now.ts';

/**
 * One verb that was asked for here, until its job has its locks.
 *
 *   waiting ──▶ starting ──▶ begun ──▶ (its first step, or its end) gone
 *      ▲            │           │
 *      └────────────┴───────────┘ the server refused, for another had the lock or edited the stack's files; or did not answer
 */
type Entry = {
  /** Of its job; another one at each try. */
  id: string;
  readonly name: ServiceName;
  readonly verb: Verb;
  readonly options: VerbOptions;
  readonly wantsStack: boolean;
  readonly askedAtMs: number;
  phase: 'waiting' | 'starting' | 'begun';
  /** The job that it waits for, as last looked. */
  blockedBy: string | null;
  /** Somebody asked to stop it while it was being planned and sent. */
  isStopped: boolean;
  notBeforeMs: number;
  /** Tries that were refused for a holder that nobody here knows. */
  blindTries: number;
  /** Jobs that had ended before it was planned. */
  endedBefore: ReadonlySet<string>;
};

/** After a job of our own, so that another client that waits comes to its turn, too. */
const courtesyMs = 300;
/** Between looks at a lock whose holder is no job that is known. */
const lookMs = 2_000;
const mostBlindTries = 15;

export type QueueParts = {
  by: string;
  clock: Clock;
  freshId(): string;
  /** Reads the facts again, plans, and sends the job under that id. */
  begin(id: string, name: ServiceName, verb: Verb, options: VerbOptions): Promise<Result<Job>>;
  /** Asks a job of the server to stop. */
  stop(stack: string, id: string): void;
  redraw(): void;
};

/**
 * Verbs that want a lock which another job has: they wait here, in the order in which they were asked for, are planned anew when
 * their turn comes, and are gone with this client (SPEC TO6).
 */
export function createQueue(now: HostNow, ours: Set<string>, parts: QueueParts) {
  const { clock, redraw } = parts;
  let entries: Entry[] = [];
  /** Jobs of ours that write a line of the stack's files when they are ready. */
  const edits = new Set<string>();
  const timers = new Set<unknown>();

  const drop = (entry: Entry): void => {
    entries = entries.filter((each) => each !== entry);
  };

  const later = (ms: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      redraw();
    }, ms);
    timers.add(timer);
  };

  const wanting = ({ name, wantsStack: stack }: Entry) => ({ ...name, wantsStack: stack });

  /** What an entry waits for: a job that runs, or an earlier one of here. */
  const blockerFor = (entry: Entry): (WaitsFor & { id: string }) | null => {
    const others = [...now.jobs.values()].filter(({ id }) => id !== entry.id);
    const job = blockerOf(wanting(entry), others, edits);
    if (job !== null) return { id: job.id, verb: job.verb, service: job.service, by: job.by };
    const earlier = entries
      .slice(0, Math.max(0, entries.indexOf(entry)))
      .find((each) => each.phase !== 'begun' && wantSameLock(wanting(entry), wanting(each)));
    return earlier === undefined
      ? null
      : { id: earlier.id, verb: earlier.verb, service: earlier.name.service, by: parts.by };
  };

  const put = (entry: Entry, more: Partial<Job>): Job => {
    const job: Job = {
      id: entry.id,
      verb: entry.verb,
      ...entry.name,
      by: parts.by,
      startedAt: entry.askedAtMs,
      endedAt: null,
      steps: [],
      state: 'waiting',
      failure: null,
      figures: {},
      recovered: false,
      ...more,
    };
    now.jobs = new Map(now.jobs).set(entry.id, job);
    return job;
  };

  const showWaiting = (entry: Entry, blocker: (WaitsFor & { id: string }) | null): Job => {
    const known = now.jobs.get(entry.id);
    if (known?.state === 'waiting' && (blocker === null || blocker.id === entry.blockedBy)) return known;
    entry.blockedBy = blocker?.id ?? entry.blockedBy;
    if (blocker === null) return put(entry, { waitsFor: known?.waitsFor ?? null });
    const { verb, service, by } = blocker;
    return put(entry, { waitsFor: { verb, service, by } });
  };

  /** It comes to no job: that is told as the end of what was waited for. */
  const giveUp = (entry: Entry, why: Failure): void => {
    drop(entry);
    const state =
      why.code === 'indeterminate'
        ? 'indeterminate'
        : why.code === 'cancelled' || why.code === 'bug'
          ? 'aborted'
          : 'refused';
    // Behind what it waited for, whose times are the server's: what ended last is what the card tells.
    const last = Math.max(0, ...[...now.jobs.values()].map(({ startedAt, endedAt }) => endedAt ?? startedAt));
    const startedAt = Math.max(entry.askedAtMs, last + 1);
    put(entry, { state, startedAt, endedAt: Math.max(clock.nowMs(), startedAt), failure: why });
  };

  const endedJobs = (): ReadonlySet<string> =>
    new Set([...now.jobs.values()].filter(({ endedAt }) => endedAt !== null).map(({ id }) => id));

  const takeTurn = async (entry: Entry): Promise<void> => {
    entry.phase = 'starting';
    entry.endedBefore = endedJobs();
    const begun = await parts.begin(entry.id, entry.name, entry.verb, entry.options);
    if (begun.ok) {
      entry.phase = 'begun';
      if (entry.isStopped) parts.stop(entry.name.stack, entry.id);
    } else if (entry.isStopped) giveUp(entry, stopped(entry));
    else if (begun.failure.transient && begun.failure.code !== 'indeterminate') {
      entry.phase = 'waiting';
      entry.notBeforeMs = clock.nowMs() + lookMs;
      later(lookMs);
    } else giveUp(entry, begun.failure);
    redraw();
  };

  /** Whether the stack's files, which changed since it was planned, were changed by a job that ended meanwhile, and not by hand. */
  const wasOvertaken = (entry: Entry): boolean =>
    [...now.jobs.values()].some(
      (job) =>
        job.endedAt !== null &&
        job.state !== 'refused' &&
        job.stack === entry.name.stack &&
        (edits.has(job.id) || mayEdit(job.verb)) &&
        !entry.endedBefore.has(job.id),
    );

  const isForAnotherJob = (entry: Entry, { code }: Failure): boolean =>
    code === 'lock-held' || (code === 'compose-changed' && wasOvertaken(entry));

  /** The server refused it, for another had the lock that this client did not know of yet, or came first. */
  const tryAgain = (entry: Entry, why: Failure): void => {
    const blocker = blockerFor(entry);
    if (blocker === null && why.code === 'lock-held') {
      entry.blindTries += 1;
      if (entry.blindTries > mostBlindTries) {
        drop(entry);
        return;
      }
      entry.notBeforeMs = clock.nowMs() + lookMs;
      later(lookMs);
    }
    const refused = entry.id;
    entry.id = parts.freshId();
    ours.add(entry.id);
    now.insteadOf = new Map(now.insteadOf).set(entry.id, [...(now.insteadOf.get(refused) ?? []), refused]);
    entry.phase = 'waiting';
    showWaiting(entry, blocker);
  };

  const advanceBegun = (entry: Entry): void => {
    const job = now.jobs.get(entry.id);
    const why = job?.state === 'refused' ? job.failure : null;
    if (why !== null && isForAnotherJob(entry, why) && mayWait(entry.verb, entry.options)) tryAgain(entry, why);
    else if (
      job === undefined ||
      job.state !== 'running' ||
      job.steps.some(({ state }) => state === 'running' || state === 'done')
    )
      drop(entry);
  };

  const advanceWaiting = (entry: Entry): void => {
    const blocker = blockerFor(entry);
    if (blocker !== null) {
      showWaiting(entry, blocker);
      return;
    }
    if (entry.blockedBy !== null) {
      if (ours.has(entry.blockedBy)) {
        entry.notBeforeMs = Math.max(entry.notBeforeMs, clock.nowMs() + courtesyMs);
        later(courtesyMs);
      }
      entry.blockedBy = null;
    }
    const isHeld = now.states.some(({ services }) =>
      services.some(
        ({ record, holder }) =>
          holder !== null && record.stack === entry.name.stack && record.service === entry.name.service,
      ),
    );
    if (now.open === null || clock.nowMs() < entry.notBeforeMs) return;
    if (isHeld && entry.blindTries > 0) {
      entry.notBeforeMs = clock.nowMs() + lookMs;
      later(lookMs);
      return;
    }
    void takeTurn(entry);
  };

  return {
    /** Looks at what waits. Called before each drawing: cheap where nothing does. */
    advance(): void {
      for (const entry of entries)
        if (entry.phase === 'begun') advanceBegun(entry);
        else if (entry.phase === 'waiting') advanceWaiting(entry);
    },

    /**
     * Begins at once, by `start`, where nothing is in the way; else it waits, or is refused where it must not. Ok is the job that
     * runs, or one that waits.
     */
    async ask(
      id: string,
      name: ServiceName,
      verb: Verb,
      options: VerbOptions,
      start: () => Promise<Result<Job>>,
    ): Promise<Result<Job>> {
      const entry: Entry = {
        id,
        name,
        verb,
        options,
        wantsStack: wantsStack(verb, options),
        askedAtMs: clock.nowMs(),
        phase: 'waiting',
        blockedBy: null,
        isStopped: false,
        notBeforeMs: 0,
        blindTries: 0,
        endedBefore: endedJobs(),
      };
      if (entry.wantsStack) edits.add(id);
      if (verb === 'rollback') return start();
      entries = [...entries, entry];
      const blocker = blockerFor(entry);
      if (blocker !== null && mayWait(verb, options)) {
        const job = showWaiting(entry, blocker);
        redraw();
        return ok(job);
      }
      if (blocker !== null) {
        drop(entry);
        return failed(
          failure(
            'lock-held',
            `Another job holds ${name.service} of ${name.stack}: ${blocker.by}: ${blocker.verb} of ${blocker.service}. Nothing was changed.`,
          ),
        );
      }
      entry.phase = 'starting';
      try {
        const begun = await start();
        if (begun.ok) entry.phase = 'begun';
        return begun;
      } finally {
        if (entry.phase === 'starting') drop(entry);
        redraw();
      }
    },

    /** Takes back what has not begun; null where that job does not wait here. */
    stop(id: string): Result<null> | null {
      const entry = entries.find((each) => each.id === id);
      if (entry === undefined || now.jobs.get(id)?.state !== 'waiting') return null;
      if (entry.phase === 'starting') entry.isStopped = true;
      else giveUp(entry, stopped(entry));
      redraw();
      return ok(null);
    },

    /** Nothing begins any more that has not begun yet. */
    clear(): void {
      for (const entry of entries) if (entry.phase === 'waiting') giveUp(entry, stopped(entry));
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

const stopped = ({ verb, name }: Entry): Failure =>
  failure('cancelled', `The ${verb} of ${name.service} was stopped while it waited. Nothing was changed.`);
