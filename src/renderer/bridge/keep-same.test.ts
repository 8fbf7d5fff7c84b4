import { expect, test } from 'vitest';
import { keepSame } from './keep-same.ts';

test('an equal value is the old one', () => {
  const before = { a: [1, { b: 'x' }], c: null };
  expect(keepSame(before, { a: [1, { b: 'x' }], c: null })).toBe(before);
});

test('only what changed is new', () => {
  const before = {
    services: [
      { id: 'a', n: 1 },
      { id: 'b', n: 1 },
    ],
  };
  const after = keepSame(before, {
    services: [
      { id: 'a', n: 1 },
      { id: 'b', n: 2 },
    ],
  });
  expect(after).toEqual({
    services: [
      { id: 'a', n: 1 },
      { id: 'b', n: 2 },
    ],
  });
  expect(after.services[0]).toBe(before.services[0]);
  expect(after.services[1]).not.toBe(before.services[1]);
});

test('a key that is gone makes a new object', () => {
  const before: Record<string, number> = { a: 1, b: 2 };
  expect(keepSame(before, { a: 1 })).toEqual({ a: 1 });
});

test('a list that became shorter is new', () => {
  const before = [1, 2, 3];
  expect(keepSame(before, [1, 2])).toEqual([1, 2]);
});
