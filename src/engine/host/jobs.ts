import { type Failure, failure, failureOf } from '../../core/failure.ts';
import { type FeedLine, foldFeed } from '../../core/feed.ts';
import type { Job, Verb, VerbOptions } from '../../core/job.ts';
import { maskTold } from '../../core/mask-told.ts';
import { failed, ok, type Result, unreachable } from '../../core/result.ts';
import { serviceSlug } from '../../core/server-layout.ts';
import type { ServiceState } from '../../core/server-state.ts';
import { explainDamage } from '../../core/service-record.ts';
import { planAdoptJob } from '../adopt.ts';
import { planConfirmJob } from '../confirm.ts';
import { planDeployJob } from '../deploy.ts';
import { planEjectJob } from '../eject.ts';
import { planFlipJob } from '../flip.ts';
import { type JobPlan, type Kit, uploadJob } from '../job-upload.ts';
import { planMendJob } from '../mend.ts';
import type { Archive } from '../ports/archive.ts';
import type { Clock } from '../ports/clock.ts';
import { planRetireJob } from '../retire.ts';
import type { ServiceName } from '../session.ts';
import type { VerbFacts } from '../verbs.ts';
import { canGoWithoutJob, goBackByHand } from '../way-back.ts';
import type { Changes } from './changes.ts';
import type { Feeds } from './feeds.ts';
import { withFreshRecord } from './fresh-record.ts';
import { currentId, type HostNow, jobList } from './host-now.ts';
import type { Looks } from './looks.ts';
import { createQueue } from './queue.ts';

export type JobsParts = {
  by: string;
  archive: Archive;
  kit: Kit;
  plant?: string | undefined;
  clock: Clock;
  looks: Looks;
  feeds: Feeds;
  changes: Changes;
  /** What a verb of a service would be given now. */
  factsOf(name: ServiceName): Result<VerbFacts>;
  /** Asks a job of the server to stop. */
  stop(stack: string, id: string): void;
  redraw(): void;
};

/** Starts jobs, waits for their end, and puts away how they ended. See `Session` for the promises. */
export function createJobs(now: HostNow, parts: JobsParts) {
  const { clock, looks, feeds, changes, redraw } = parts;
  const dismissed = new Set<string>();
  /** Jobs that were asked for here: a refusal is told to who asked. */
  const ours = new Set<string>();

  const freshId = (): string =>
    `${clock.nowMs().toString(36)}${Math.floor(clock.random() * 36 ** 4)
      .toString(36)
      .padStart(4, '0')}`;

  /** Plans and sends a job. `facts` are what is known; the service's own settings are read again. */
  const begin = async (id: string, known: VerbFacts, verb: Verb, options: VerbOptions): Promise<Result<Job>> => {
    const fresh = await withFreshRecord(known, verb === 'rollback');
    if (!fresh.ok) return fresh;
    const facts = fresh.value;
    const { shell } = facts;
    const name: ServiceName = { stack: facts.stack.name, service: facts.service.name };
    const plan = await planJob(facts, verb, options);
    if (!plan.ok) return failed(withDamage(plan.failure, facts.state));
    ours.add(id);
    now.sent.set(id, plan.value.root);
    const variables = { ...plan.value.variables, OPEN_WORDS: openWords(facts) };
    const uploaded = await uploadJob(shell, parts.archive, parts.kit, id, { ...plan.value, variables }, parts.plant);
    if (!uploaded.ok && !(verb === 'rollback' && canGoWithoutJob(uploaded.failure))) return uploaded;
    // The feed's own first line replaces this; until then the job is known to have begun.
    if ((now.jobs.get(id)?.state ?? 'waiting') === 'waiting') {
      const started: FeedLine = {
        kind: 'job',
        job: id,
        at: clock.nowMs(),
        verb,
        stack: name.stack,
        service: name.service,
        by: parts.by,
        steps: 'start',
      };
      now.jobs = foldFeed(new Map([...now.jobs].filter(([each]) => each !== id)), started);
    }
    if (!uploaded.ok) {
      const slot = facts.state?.previous?.file.slot ?? '';
      const back = await goBackByHand(shell, plan.value, serviceSlug(name.service), slot);
      const ended: FeedLine = {
        kind: 'end',
        job: id,
        at: clock.nowMs(),
        outcome: back.outcome,
        ...(back.outcome === 'completed'
          ? { code: '', message: back.said, detail: '' }
          : { code: back.failure.code, message: back.failure.message, detail: back.failure.detail ?? '' }),
        running: '',
      };
      now.jobs = foldFeed(now.jobs, maskTold(ended, now.mask));
      looks.lookAtAll();
    }
    if (!now.states.some((state) => state.root === plan.value.root)) looks.lookAtStates();
    feeds.lookWhileRunning();
    redraw();
    const job = now.jobs.get(id);
    return job === undefined ? failed(failure('bug', 'The job was started, but is not known.')) : ok(job);
  };

  /** What waited is planned by what is now. */
  const beginAnew = async (id: string, name: ServiceName, verb: Verb, options: VerbOptions): Promise<Result<Job>> => {
    try {
      if (now.open !== null) {
        await looks.observeDocker(now.open.link);
        await looks.observeStates(now.open.link);
        redraw();
      }
      const facts = parts.factsOf(name);
      return facts.ok ? await begin(id, facts.value, verb, options) : facts;
    } catch (caught) {
      return failed(failureOf(caught));
    }
  };

  const queue = createQueue(now, ours, { by: parts.by, clock, freshId, begin: beginAnew, stop: parts.stop, redraw });

  return {
    dismissed: dismissed as ReadonlySet<string>,
    ours: ours as ReadonlySet<string>,
    /** Before each drawing: whose turn has come. */
    advance: queue.advance,
    stopWaiting: (id: string) => queue.stop(currentId(now, id)),
    clearWaiting: queue.clear,
    start(facts: VerbFacts, verb: Verb, options: VerbOptions): Promise<Result<Job>> {
      const id = freshId();
      ours.add(id);
      const name: ServiceName = { stack: facts.stack.name, service: facts.service.name };
      return queue.ask(id, name, verb, options, () => begin(id, facts, verb, options));
    },
    async ended(id: string, signal: AbortSignal | undefined): Promise<Result<Job>> {
      const job = await changes.waitFor(() => {
        const known = now.jobs.get(currentId(now, id));
        return known === undefined || known.state === 'running' || known.state === 'waiting' ? null : known;
      }, signal);
      if (job !== null) {
        // What the job left behind is read before it is said to have ended; how it ended is known without.
        try {
          // Moving the traffic leaves every container as it was.
          const moved = job.verb === 'flip' || job.verb === 'rollback';
          if (now.open !== null && !moved) await looks.observeDocker(now.open.link);
          if (now.open !== null) await looks.observeStates(now.open.link);
        } catch {
          looks.lookAtAll();
        }
        redraw();
        return ok(job);
      }
      return failed(failure('cancelled', 'Waiting for the job was given up; the job itself goes on.'));
    },
    async known(signal: AbortSignal | undefined): Promise<Result<Job[]>> {
      const known = await changes.waitFor(() => (feeds.areRead() ? jobList(now) : null), signal);
      return known === null ? failed(failure('cancelled', 'Waiting for the list of jobs was given up.')) : ok(known);
    },
    dismiss(name: ServiceName) {
      for (const job of now.jobs.values()) {
        if (job.stack === name.stack && job.service === name.service && job.endedAt !== null) dismissed.add(job.id);
      }
      for (const { record, wentBack } of now.states.flatMap((state) => state.services)) {
        const here = record.stack === name.stack && record.service === name.service;
        if (here && wentBack !== null) dismissed.add(`${name.stack}/${name.service}@${wentBack.atMs}`);
      }
      redraw();
    },
  };
}

/** A refusal says as well that the settings it was decided by are not those that are written there now. */
function withDamage(refusal: Failure, state: ServiceState | null): Failure {
  if (state === null || state.recordDamage === null) return refusal;
  const said = explainDamage(state.record.service, state.recordDamage);
  return { ...refusal, detail: refusal.detail === null ? said : `${refusal.detail} ${said}` };
}
/** Names that everybody sees, so that a job hides none of them where an environment names one too; one a line. */
const openWords = ({ stack }: VerbFacts): string =>
  [
    ...stack.services.flatMap((each) => [each.name, each.image, ...each.containers.map(({ name }) => name)]),
    ...[...stack.networks, ...stack.volumes].map(({ name }) => name),
  ]
    .map((word) => word.replaceAll(/[\r\n]/g, ' '))
    .join('\n');

async function planJob(facts: VerbFacts, verb: Verb, options: VerbOptions): Promise<Result<JobPlan>> {
  switch (verb) {
    case 'adopt':
      return planAdoptJob(facts, options);
    case 'deploy':
      return planDeployJob(facts, options);
    case 'flip':
    case 'rollback':
      return planFlipJob(facts, verb, options);
    case 'confirm':
      return planConfirmJob(facts);
    case 'retire':
      return planRetireJob(facts, options);
    case 'mend':
      return planMendJob(facts);
    case 'eject':
      return planEjectJob(facts);
    default:
      return unreachable(verb);
  }
}
