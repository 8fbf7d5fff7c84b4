import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blastRadius, dependencyDepths } from './boundary.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const graph = fc
  .array(fc.array(fc.constantFrom(...names, 'gone'), { maxLength: 4 }), { minLength: 1, maxLength: names.length })
  .map((needs) => new Map(needs.map((each, index) => [names[index] ?? '', each])));

/** Without cycles: everybody needs only those before it. */
const tree = fc
  .array(fc.array(fc.nat(5), { maxLength: 3 }), { minLength: 1, maxLength: names.length })
  .map(
    (needs) =>
      new Map(
        needs.map((each, index) => [
          names[index] ?? '',
          [...new Set(each.filter((at) => at < index).map((at) => names[at] ?? ''))],
        ]),
      ),
  );

const sure = { verbose: fc.VerbosityLevel.Verbose } as const;

describe('blast radius', () => {
  it('is exactly who reaches the service by what it needs, cycles or not', () => {
    fc.assert(
      fc.property(graph, fc.constantFrom(...names), (dependsOn, id) => {
        const reaches = (from: string, seen: Set<string> = new Set()): boolean =>
          (dependsOn.get(from) ?? []).some(
            (each) => each === id || (!seen.has(each) && reaches(each, new Set([...seen, each]))),
          );
        expect(blastRadius(id, dependsOn)).toEqual(
          [...dependsOn.keys()].filter((each) => each !== id && reaches(each)).sort(),
        );
      }),
      sure,
    );
  });

  it('of what fails with a service is part of that of the service', () => {
    fc.assert(
      fc.property(graph, fc.constantFrom(...names), (dependsOn, id) => {
        const radius = blastRadius(id, dependsOn);
        for (const each of radius)
          for (const further of blastRadius(each, dependsOn)) expect([...radius, id]).toContain(further);
      }),
      sure,
    );
  });
});

describe('depth', () => {
  it('puts everybody before what it needs', () => {
    fc.assert(
      fc.property(tree, (dependsOn) => {
        const depths = dependencyDepths(dependsOn);
        expect([...depths.keys()].sort()).toEqual([...dependsOn.keys()].sort());
        for (const [name, needs] of dependsOn)
          for (const need of needs) expect(depths.get(need)).toBeGreaterThan(depths.get(name) ?? 99);
      }),
      sure,
    );
  });

  it('is finite and not negative in cycles too', () => {
    fc.assert(
      fc.property(graph, (dependsOn) => {
        for (const depth of dependencyDepths(dependsOn).values()) {
          expect(depth).toBeGreaterThanOrEqual(0);
          expect(depth).toBeLessThan(names.length);
        }
      }),
      sure,
    );
    expect(dependencyDepths(new Map([['a', ['a']]]))).toEqual(new Map([['a', 0]]));
  });
});
