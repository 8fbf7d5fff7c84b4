import { createRandom, shuffled } from '../faults/random.ts';
import type { HostileCase } from './case.ts';

/** So many cases, chosen by the seed: one of each kind first, then of each again, so that no kind is left out. */
export function sampleCases(cases: readonly HostileCase[], count: number, seed: number): HostileCase[] {
  const left = shuffled(cases, createRandom(seed));
  const taken = new Map<HostileCase['kind'], number>();
  const uses = (of: HostileCase): number => taken.get(of.kind) ?? 0;
  const chosen: HostileCase[] = [];
  while (chosen.length < count && left.length > 0) {
    const next = left.reduce((best, each) => (uses(each) < uses(best) ? each : best));
    left.splice(left.indexOf(next), 1);
    taken.set(next.kind, uses(next) + 1);
    chosen.push(next);
  }
  return chosen;
}
