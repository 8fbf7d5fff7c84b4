import { z } from 'zod';
import { type Failure, failure, failureCodes } from './failure.ts';
import { type Job, type JobStep, type Outcome, outcomes, verbs } from './job.ts';
import { explainStep } from './job-words.ts';

const base = { job: z.string(), at: z.number() };

/** One line of a stack's feed. Written by the server kit; torn or foreign lines do not parse and are skipped. */
const feedLineSchema = z.discriminatedUnion('kind', [
  z.object({
    ...base,
    kind: z.literal('job'),
    verb: z.enum(verbs),
    stack: z.string(),
    service: z.string(),
    by: z.string(),
    steps: z.string(),
  }),
  z.object({ ...base, kind: z.literal('begin'), step: z.string() }),
  z.object({ ...base, kind: z.literal('done'), step: z.string() }),
  z.object({ ...base, kind: z.literal('fail'), step: z.string() }),
  z.object({ ...base, kind: z.literal('text'), step: z.string(), text: z.string() }),
  z.object({
    ...base,
    kind: z.literal('progress'),
    step: z.string(),
    done: z.number(),
    total: z.number().nullable(),
    unit: z.enum(['bytes', 'layers', 'checks', 'requests']),
  }),
  z.object({ ...base, kind: z.literal('figure'), name: z.string(), value: z.number() }),
  z.object({
    ...base,
    kind: z.literal('end'),
    outcome: z.enum(outcomes),
    code: z.string(),
    message: z.string(),
    running: z.string(),
    detail: z.string(),
  }),
  /** The job's process was gone; from here on it is finished or undone, by whom it says. */
  z.object({ ...base, kind: z.literal('recovered'), by: z.string() }),
  /** The watch of that job's flip ended well. */
  z.object({ ...base, kind: z.literal('settled') }),
  /** Somebody moved the traffic by hand. */
  z.object({ ...base, kind: z.literal('moved') }),
]);

export type FeedLine = z.infer<typeof feedLineSchema>;

export function parseFeedLine(text: string): FeedLine | null {
  if (!text.startsWith('{')) return null;
  try {
    const parsed = feedLineSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** The jobs of a feed after one more line. Lines of a job whose beginning was rotated away are ignored. Pure. */
export function foldFeed(jobs: ReadonlyMap<string, Job>, line: FeedLine): ReadonlyMap<string, Job> {
  if (line.kind === 'job') {
    // Read again after a reconnect: what is known of it is not begun anew.
    if (jobs.get(line.job)?.startedAt === line.at) return jobs;
    const steps = line.steps
      .split(',')
      .map((name): JobStep => ({ name, state: 'waiting', text: null, progress: null, ms: null }));
    return new Map(jobs).set(line.job, {
      id: line.job,
      verb: line.verb,
      stack: line.stack,
      service: line.service,
      by: line.by,
      startedAt: line.at,
      endedAt: null,
      steps,
      state: 'running',
      failure: null,
      figures: {},
      recovered: false,
    });
  }
  const job = jobs.get(line.job);
  if (job === undefined) return jobs;
  return new Map(jobs).set(line.job, foldLine(job, line));
}

function foldLine(job: Job, line: Exclude<FeedLine, { kind: 'job' }>): Job {
  const withStep = (change: (step: JobStep) => JobStep): Job => ({
    ...job,
    steps: job.steps.map((step) => ('step' in line && step.name === line.step ? change(step) : step)),
  });
  switch (line.kind) {
    case 'begin':
      return {
        ...withStep((step) => ({ ...step, state: 'running', ms: null })),
        figures: { ...job.figures, [`${line.step}BeganAt`]: line.at },
      };
    case 'done':
    case 'fail': {
      const began = job.figures[`${line.step}BeganAt`];
      return withStep((step) => {
        // Before its first step a job is at its start, which is no step of that name.
        if (line.kind === 'fail' && step.state === 'waiting') return step;
        return {
          ...step,
          state: line.kind === 'done' ? 'done' : 'failed',
          ms: began === undefined ? null : line.at - began,
        };
      });
    }
    case 'text':
      return withStep((step) => ({ ...step, text: line.text }));
    case 'progress':
      return withStep((step) => ({ ...step, progress: { done: line.done, total: line.total, unit: line.unit } }));
    case 'figure':
      return { ...job, figures: { ...job.figures, [line.name]: line.value } };
    case 'end':
      return { ...job, state: line.outcome, endedAt: line.at, failure: endFailure(line) };
    case 'recovered':
      return isDead(job)
        ? { ...job, recovered: true, state: 'running', endedAt: null, failure: null }
        : { ...job, recovered: true };
    case 'settled':
    case 'moved':
      return job;
  }
}

function endFailure(line: Extract<FeedLine, { kind: 'end' }>): Failure | null {
  if (line.outcome === 'completed') return null;
  const code = failureCodes.find((each) => each === line.code) ?? 'bug';
  return failure(code, line.message, { running: line.running || null, detail: line.detail || null });
}

const isDead = (job: Job): boolean => job.state === 'indeterminate' && job.failure?.code === 'job-died';

/** A job that ended on the server, and whose last line was lost: by a full disk, a power cut, or a death right before it. */
export function foldEnd(job: Job, outcome: Outcome, atMs: number): Job {
  if (job.state !== 'running') return job;
  const completed = outcome === 'completed';
  const steps = job.steps.map((step) =>
    step.state === 'running' ? { ...step, state: completed ? ('done' as const) : ('failed' as const) } : step,
  );
  const lost = `The ${job.verb} of ${job.service} ended as ${outcome}; what it said of why was lost.`;
  return {
    ...job,
    steps,
    state: outcome,
    endedAt: atMs,
    failure: completed ? null : failure('job-died', lost, { running: 'The map says who has the traffic.' }),
  };
}

/** A job that the server knows no process of any more, and that wrote no end. */
export function foldDeath(job: Job, atMs: number): Job {
  if (job.state !== 'running') return job;
  const step = job.steps.find((each) => each.state === 'running')?.name;
  return {
    ...job,
    state: 'indeterminate',
    endedAt: atMs,
    failure: failure(
      'job-died',
      `The ${job.verb} of ${job.service} ended ${step === undefined ? 'at its start' : `while ${explainStep(step)}`} without a word: its process is gone.`,
      { running: 'The map says who has the traffic.' },
    ),
  };
}
