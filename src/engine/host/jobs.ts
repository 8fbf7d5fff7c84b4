import { failure } from '../../core/failure.ts';
import { type FeedLine, foldFeed } from '../../core/feed.ts';
import type { Job, Verb, VerbOptions } from '../../core/job.ts';
import { failed, ok, type Result, unreachable } from '../../core/result.ts';
import { serviceSlug } from '../../core/server-layout.ts';
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
import { type HostNow, jobList } from './host-now.ts';
import type { Looks } from './looks.ts';

export type JobsParts = {
  by: string;
  archive: Archive;
  kit: Kit;
  plant?: string | undefined;
  clock: Clock;
  looks: Looks;
  feeds: Feeds;
  changes: Changes;
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

  return {
    dismissed: dismissed as ReadonlySet<string>,
    ours: ours as ReadonlySet<string>,
    async start(facts: VerbFacts, verb: Verb, options: VerbOptions): Promise<Result<Job>> {
      const { shell } = facts;
      const name: ServiceName = { stack: facts.stack.name, service: facts.service.name };
      const plan = await planJob(facts, verb, options);
      if (!plan.ok) return plan;
      const id = freshId();
      ours.add(id);
      const uploaded = await uploadJob(shell, parts.archive, parts.kit, id, plan.value, parts.plant);
      if (!uploaded.ok && !(verb === 'rollback' && canGoWithoutJob(uploaded.failure))) return uploaded;
      // The feed's own first line replaces this; until then the job is known to have begun.
      if (!now.jobs.has(id)) {
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
        now.jobs = foldFeed(now.jobs, started);
      }
      if (!uploaded.ok) {
        const serviceDir = `${plan.value.root}/${serviceSlug(name.service)}`;
        const back = await goBackByHand(shell, serviceDir, facts.state?.previous?.file.slot ?? '');
        now.jobs = foldFeed(now.jobs, {
          kind: 'end',
          job: id,
          at: clock.nowMs(),
          outcome: back.ok ? 'completed' : 'refused',
          code: back.ok ? '' : back.failure.code,
          message: back.ok ? back.value : back.failure.message,
          running: '',
          detail: (back.ok ? null : back.failure.detail) ?? '',
        });
        looks.lookAtAll();
      }
      if (!now.states.some((state) => state.root === plan.value.root)) looks.lookAtStates();
      feeds.lookWhileRunning();
      redraw();
      const job = now.jobs.get(id);
      return job === undefined ? failed(failure('bug', 'The job was started, but is not known.')) : ok(job);
    },
    async ended(id: string, signal: AbortSignal | undefined): Promise<Result<Job>> {
      const job = await changes.waitFor(() => {
        const known = now.jobs.get(id);
        return known === undefined || known.state === 'running' ? null : known;
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
        if (job.stack === name.stack && job.service === name.service && job.state !== 'running') dismissed.add(job.id);
      }
      for (const { record, wentBack } of now.states.flatMap((state) => state.services)) {
        const here = record.stack === name.stack && record.service === name.service;
        if (here && wentBack !== null) dismissed.add(`${name.stack}/${name.service}@${wentBack.atMs}`);
      }
      redraw();
    },
  };
}

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
