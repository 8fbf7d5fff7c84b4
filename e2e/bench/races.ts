import { runRaces } from '../kit/proofs/races.ts';
import { kit } from '../kit/server.ts';
import { figuresOf } from './figures.ts';
import type { Benchmark } from './setting.ts';

const contenders = 20;

/** Races of twenty contenders for one service's lock, clocks a day off, half of them for a lock whose holder died. */
export const races: Benchmark = async (setting) => {
  const count = setting.number('races', 1_000);
  const seed = setting.number('seed', 1);
  const outcomes = await runRaces({
    kit,
    races: count,
    contenders,
    seed,
    onRace: (done) => {
      if (done % 50 === 0) setting.log(`${done} of ${count} races`);
    },
  });
  const findings = outcomes.flatMap((outcome) => outcome.findings);
  for (const finding of findings) setting.log(finding);
  return {
    races: count,
    contenders,
    doubleHolders: outcomes.reduce((sum, outcome) => sum + outcome.doubleHolders, 0),
    manualUnlocks: outcomes.filter(({ manualUnlock }) => manualUnlock).length,
    takeOverMs: figuresOf(outcomes.flatMap(({ takeOverMs }) => (takeOverMs === null ? [] : [takeOverMs]))),
    deadHolders: outcomes.filter(({ takeOverMs }) => takeOverMs !== null).length,
    findings: findings.length,
    seed,
  };
};
