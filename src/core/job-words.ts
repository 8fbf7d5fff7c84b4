import type { Job, JobStep } from './job.ts';

/** How a job stands or ended, in words for a list: `went back`, `undone after its process died`. */
export function explainOutcome(job: Job): string {
  const died = 'after its process died';
  switch (job.state) {
    case 'running':
      return job.recovered ? `being ended ${died}` : 'running';
    case 'completed':
      return job.recovered ? `finished ${died}` : 'completed';
    case 'rolled-back':
      return job.recovered ? `went back ${died}` : 'went back';
    case 'refused':
      return 'refused, nothing changed';
    case 'aborted':
      if (job.recovered) return `undone ${died}`;
      return job.failure?.code === 'cancelled' ? 'stopped, undone' : 'aborted, undone';
    case 'indeterminate':
      return 'not known yet';
  }
}

/** The step that a running job is in, or the last it was in; `number` counts from 1. Null before its first. */
export function stepNow(job: Job): { step: JobStep; number: number; of: number } | null {
  const running = job.steps.findIndex((step) => step.state === 'running');
  const index = running >= 0 ? running : job.steps.findLastIndex((step) => step.state !== 'waiting');
  const step = job.steps[index];
  return step === undefined ? null : { step, number: index + 1, of: job.steps.length };
}
