import type { FailureCode } from './failure.ts';
import type { Job, JobStep, Verb } from './job.ts';

/** What is under way while a verb runs. */
export const doing: Record<Verb, string> = {
  adopt: 'adopting',
  deploy: 'deploying',
  flip: 'flipping',
  confirm: 'keeping the flip',
  rollback: 'flipping back',
  retire: 'retiring',
  mend: 'putting it back',
  eject: 'ejecting',
};

/** The steps of the server's scripts, by their names in journal and feed. */
const stepWords: ReadonlyMap<string, string> = new Map([
  ['gate', 'looking first'],
  ['check', 'looking first'],
  ['image', 'pulling'],
  ['pull', 'pulling'],
  ['release', 'writing the release down'],
  ['start', 'starting'],
  ['ready', 'checking'],
  ['switch', 'putting the entry point in place'],
  ['confirm', 'checking the entry point'],
  ['move', 'moving the traffic'],
  ['drain', 'finishing requests'],
  ['keep', 'writing it down'],
  ['stop', 'stopping its slot'],
  ['edit', 'editing the compose files'],
  ['replace', 'starting plain compose'],
  ['clean', 'removing its slots'],
  ['files', 'putting its files back'],
  ['network', 'making its networks'],
  ['slot', 'starting the release'],
  ['entry', 'putting the entry point in place'],
  ['watch', 'moving the traffic back'],
]);

/** What is done in a step, for people: `ready` is `checking`. A name nobody knows is told as it is, untrusted text. */
export const explainStep = (name: string): string => stepWords.get(name) ?? name;

const keptNext: readonly (FailureCode | undefined)[] = [
  'not-ready',
  'exited-at-start',
  'compose-changed',
  'lock-held',
  'folder-read-only',
];

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
      if (job.verb === 'mend') return 'stopped on its way, what was put back stays';
      if (job.recovered) return `undone ${died}`;
      if (job.failure?.code === 'cancelled') return 'stopped, undone';
      // Next stays in its slot then, so that its logs can be read.
      return job.verb === 'deploy' && keptNext.includes(job.failure?.code)
        ? 'next did not get ready'
        : 'aborted, undone';
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
