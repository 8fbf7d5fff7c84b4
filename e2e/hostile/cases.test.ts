import { describe, expect, test } from 'vitest';
import { kinds } from './case.ts';
import { hostileCases } from './cases.ts';
import { sampleCases } from './sample.ts';

describe('the hostile corpus', () => {
  test('has more than sixty cases, each with a name of its own, and some of each kind', () => {
    expect(hostileCases.length).toBeGreaterThan(60);
    expect(new Set(hostileCases.map(({ id }) => id)).size).toBe(hostileCases.length);
    expect(new Set(hostileCases.map(({ kind }) => kind))).toEqual(new Set(kinds));
  });

  test('has names that are compose projects, and that no other name begins with as the name of a container does', () => {
    for (const { id } of hostileCases) {
      expect(id).toMatch(/^[a-z][a-z0-9-]{3,35}$/);
      expect(hostileCases.filter((each) => each.id.startsWith(`${id}-web`) || each.id === `${id}-victim`)).toEqual([]);
    }
  });

  test('has a control for everything that could run: a case that would see nothing proves nothing', () => {
    const running = hostileCases.filter(({ plant, during = '' }) =>
      /\bmarker |planted_job|lua_config/.test(plant + during),
    );
    const told = (id: string) => hostileCases.find((each) => each.id === id)?.told !== undefined;
    expect(running.filter(({ id, control }) => control === undefined && !told(id)).map(({ id }) => id)).toEqual([]);
  });

  test('is sampled by a seed, evenly over its kinds, and wholly when asked for more than there is', () => {
    const sample = sampleCases(hostileCases, kinds.length * 2, 7);
    expect(sample).toEqual(sampleCases(hostileCases, kinds.length * 2, 7));
    expect(kinds.map((kind) => sample.filter((each) => each.kind === kind).length)).toEqual(kinds.map(() => 2));
    expect(sampleCases(hostileCases, 1_000, 7)).toHaveLength(hostileCases.length);
  });
});
