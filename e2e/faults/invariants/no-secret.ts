import type { Invariant } from './verdict.ts';

/** I9: no secret in journal, feed, output, arguments or errors. */
export const noSecret: Invariant = ({ after, secretSeen }) => [
  ...after.secrets.map((file) => `the secret stands in ${file}`),
  ...secretSeen.map((where) => `the secret stands in ${where}`),
];
