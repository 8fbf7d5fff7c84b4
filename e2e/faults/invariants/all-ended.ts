import { explainUnfinished } from '../journal.ts';
import type { Invariant } from './verdict.ts';

/** I4: everything that began has an outcome, in the journal and as a job. */
export const allEnded: Invariant = ({ after }) => [
  ...explainUnfinished(after.journal),
  ...after.jobs
    .filter(({ exit }) => exit === null)
    .map(({ id, alive }) => `job ${id} ${alive ? 'still runs' : 'has no exit'}`),
];
