import { endingOfJob } from './ending.ts';
import type { FailureCode } from './failure.ts';
import type { Job, JobStep, Verb } from './job.ts';
import type { WaitsFor } from './waiting.ts';

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

/** A verb as a thing: `waits for the adoption of backend`. */
const deeds: Record<Verb, string> = {
  adopt: 'adoption',
  deploy: 'deploy',
  flip: 'flip',
  confirm: 'keeping of the flip',
  rollback: 'flip back',
  retire: 'retirement',
  mend: 'mending',
  eject: 'eject',
};

/** What a job waits for: `the adoption of backend`. The name is untrusted text. */
export const explainWaitsFor = (waitsFor: WaitsFor | null | undefined): string =>
  waitsFor == null ? 'another job' : `the ${deeds[waitsFor.verb]} of ${waitsFor.service}`;

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
  if (job.state === 'waiting') return `waiting for ${explainWaitsFor(job.waitsFor)}`;
  if (job.state === 'running') return job.recovered ? `being ended ${died}` : 'running';
  if (job.state === 'rolled-back') return job.recovered ? `went back ${died}` : 'went back';
  if (job.verb === 'mend' && job.state === 'aborted') return 'failed, what was put back stays';
  switch (endingOfJob(job)) {
    case null:
      return job.recovered ? `finished ${died}` : 'completed';
    case 'refused':
      return 'refused, nothing changed';
    case 'stopped':
      return job.steps.length === 0 ? 'stopped before it began' : 'stopped, undone';
    case 'undone':
      return `undone ${died}`;
    case 'unknown':
      return 'not known yet';
    case 'failed':
      // Next stays in its slot then, so that its logs can be read.
      return job.verb === 'deploy' && keptNext.includes(job.failure?.code)
        ? 'failed, next did not get ready'
        : 'failed, undone';
  }
}

/** The step that a running job is in, or the last it was in; `number` counts from 1. Null before its first. */
export function stepNow(job: Job): { step: JobStep; number: number; of: number } | null {
  const running = job.steps.findIndex((step) => step.state === 'running');
  const index = running >= 0 ? running : job.steps.findLastIndex((step) => step.state !== 'waiting');
  const step = job.steps[index];
  return step === undefined ? null : { step, number: index + 1, of: job.steps.length };
}
