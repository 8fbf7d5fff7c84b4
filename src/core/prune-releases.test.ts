import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decidePruning, dueReleases, explainRemains, type ReleaseRemains } from './prune-releases.ts';

const upTo = (last: number, removed: Record<number, number | null> = {}) =>
  Array.from({ length: last }, (_, index) => ({ number: index + 1, removedAtMs: removed[index + 1] }));

describe('which releases keep image and environment', () => {
  it.each<[string, number, Parameters<typeof decidePruning>[1], number[]]>([
    ['ten and fewer are kept', 10, { current: 10 }, []],
    ['of eleven the oldest goes', 11, { current: 11 }, [1]],
    ['what a role names stays, however old', 14, { current: 1, previous: 3, next: 14 }, [4, 2]],
    ['roles take no place of the ten', 12, { current: 12, previous: 11 }, [2, 1]],
    ['a role that names nobody keeps nobody', 12, { current: 12, next: null, previous: 99 }, [2, 1]],
    ['none are none', 0, {}, []],
  ])('RE9 %s', (_name, last, roles, due) => {
    expect(dueReleases(decidePruning(upTo(last), roles))).toEqual(due);
  });

  it('RE9 what went is not asked for again, and says when; it counts as one of the ten all the same', () => {
    const remains = decidePruning(upTo(12, { 1: 5, 2: null, 12: 7 }), { current: 11, previous: 2 });
    expect(dueReleases(remains)).toEqual([]);
    expect(remains.filter(({ kind }) => kind === 'removed')).toEqual([
      { kind: 'removed', number: 12, atMs: 7, role: null },
      { kind: 'removed', number: 2, atMs: null, role: 'previous' },
      { kind: 'removed', number: 1, atMs: 5, role: null },
    ]);
  });

  it('RE9 in any order, and with gaps, the ten newest and the roles are kept, and nobody is forgotten', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 30 });
    fc.assert(
      fc.property(numbers, fc.nat(60), fc.nat(60), (all, current, previous) => {
        const remains = decidePruning(
          all.map((number) => ({ number })),
          { current, previous },
        );
        expect(remains.map(({ number }) => number)).toEqual([...all].sort((a, b) => b - a));
        const kept = remains.filter(({ kind }) => kind === 'kept').map(({ number }) => number);
        const newest = [...all].sort((a, b) => b - a).slice(0, 10);
        expect(new Set(kept)).toEqual(
          new Set([...newest, ...all.filter((each) => each === current || each === previous)]),
        );
      }),
    );
  });
});

describe('the reason', () => {
  const day = (atMs: number) => `day ${atMs}`;
  it.each<[ReleaseRemains, string]>([
    [
      { kind: 'removed', number: 3, atMs: 21, role: null },
      'Release 3: image and environment removed on day 21; only the last ten and those with a role are kept.',
    ],
    [
      { kind: 'removed', number: 3, atMs: null, role: null },
      'Release 3: image and environment removed; only the last ten and those with a role are kept.',
    ],
    [
      { kind: 'removed', number: 3, atMs: 21, role: 'previous' },
      'Release 3: image and environment removed on day 21, though it is previous: its image has to be pulled again before it can start.',
    ],
    [
      { kind: 'due', number: 3 },
      'Release 3: image and environment go at the end of the next deploy; only the last ten and those with a role are kept.',
    ],
    [
      { kind: 'kept', number: 12, because: 'recent' },
      'Release 12: image and environment kept; it is one of the last ten.',
    ],
    [{ kind: 'kept', number: 3, because: 'previous' }, 'Release 3: image and environment kept; it is previous.'],
  ])('RE9 of %j is said in words', (remains, words) => {
    expect(explainRemains(remains, day)).toBe(words);
  });
});
