import { expect, test } from 'vitest';
import { rank } from './find.ts';

test('a beginning beats a word, a word beats a middle, a middle beats scattered letters', () => {
  const ranks = ['frontend', 'shop frontend', 'xfrontend', 'f r o n t end'].map((text) => rank(text, 'front') ?? 99);
  expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
  expect(new Set(ranks).size).toBe(4);
});

test('letters out of order are not found', () => {
  expect(rank('frontend', 'dne')).toBe(null);
});
