import type { Invariant } from './verdict.ts';

/** I8: rollback.sh alone, by hand, brings the previous release back; or would, as its dry run says. */
export const worksByHand: Invariant = ({ byHand }) => {
  if (byHand === null || byHand.code === 0) return [];
  return [`rollback.sh ends with ${byHand.code}: ${byHand.text.trim().split('\n').pop() ?? ''}`];
};
