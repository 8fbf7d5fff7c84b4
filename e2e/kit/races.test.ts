import { expect, it } from 'vitest';
import { raceFindings, runRaces } from './proofs/races.ts';
import { kit } from './server.ts';

const races = 20;

it('JN4 JN5 goes to one of twenty each time, with clocks a day off and holders that died, and nobody unlocks by hand', {
  timeout: 300_000,
}, async () => {
  const outcomes = await runRaces({ kit, races });
  expect(raceFindings(outcomes)).toEqual([]);
  expect(outcomes.map(({ doubleHolders, manualUnlock }) => [doubleHolders, manualUnlock])).toEqual(
    outcomes.map(() => [0, false]),
  );
  expect(outcomes).toHaveLength(races);
});
