import type { Invariant } from './verdict.ts';

/** I6: recovery twice is recovery once. */
export const sameAgain: Invariant = ({ after, again }) => {
  if (again === null) return [];
  const found: string[] = [];
  const more = again.journal.length - after.journal.length;
  if (more !== 0) found.push(`one more client, and the journal has ${more} records more`);
  else if (again.print !== after.print) found.push('one more client, and the state folder is another one');
  return found;
};
