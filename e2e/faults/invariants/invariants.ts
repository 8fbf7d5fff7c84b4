import { allEnded } from './all-ended.ts';
import { worksByHand } from './by-hand.ts';
import { noSecret } from './no-secret.ts';
import { nothingLeft } from './nothing-left.ts';
import { nothingLost } from './nothing-lost.ts';
import { oneHolder } from './one-holder.ts';
import { oneLive } from './one-live.ts';
import { sameAgain } from './same-again.ts';
import { toldTruly } from './told-truly.ts';
import type { Evidence, Invariant } from './verdict.ts';
import { wayBack } from './way-back.ts';

const invariants: Record<string, Invariant> = {
  I1: oneLive,
  I2: nothingLost,
  I3: oneHolder,
  I4: (evidence) => [...allEnded(evidence), ...toldTruly(evidence)],
  I5: wayBack,
  I6: sameAgain,
  I7: nothingLeft,
  I8: worksByHand,
  I9: noSecret,
};

/** Everything that is wrong, each line with the number of its invariant. */
export const judge = (evidence: Evidence): string[] =>
  Object.entries(invariants).flatMap(([id, invariant]) => invariant(evidence).map((words) => `${id} ${words}`));
