import { explainInterleaving } from '../journal.ts';
import type { Invariant } from './verdict.ts';

/** I3: an epoch has one job, and the steps of two jobs never come among each other. */
export const oneHolder: Invariant = ({ after }) => explainInterleaving(after.journal);
