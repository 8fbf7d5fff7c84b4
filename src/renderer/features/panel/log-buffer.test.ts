import { expect, test } from 'vitest';
import { filterLines, lineAt, mergeLines, plainText, rowsOf } from './log-buffer.ts';

const line = (text: string, slot: 'blue' | 'green' | null = 'blue') => ({
  slot,
  atMs: 0,
  stream: 'out' as const,
  text,
});

test('the oldest lines go when there are too many', () => {
  expect(mergeLines([line('1'), line('2')], [line('3'), line('4')], 3).map((each) => each.text)).toEqual([
    '2',
    '3',
    '4',
  ]);
});

test('lines of two containers stand by their time, those of one time as they came', () => {
  const at = (atMs: number, text: string, slot: 'blue' | 'green') => ({ ...line(text, slot), atMs });
  const blue = [at(1, 'b1', 'blue'), at(4, 'b4', 'blue'), at(4, 'b4 again', 'blue')];
  const green = [at(2, 'g2', 'green'), at(4, 'g4', 'green'), at(5, 'g5', 'green')];
  expect(mergeLines(blue, green).map((each) => each.text)).toEqual(['b1', 'g2', 'b4', 'b4 again', 'g4', 'g5']);
});

test('a long line takes the rows it is broken into, and each row is known to be of its line', () => {
  const tops = rowsOf([line('short'), line('x'.repeat(25)), line(''), line('\u001b[32mten wide!!\u001b[0m')], 10);
  expect(tops).toEqual([0, 1, 4, 5, 6]);
  expect([0, 1, 2, 3, 4, 5, 6, 99].map((row) => lineAt(tops, row))).toEqual([0, 1, 1, 1, 2, 3, 3, 3]);
  expect(rowsOf([line('x'.repeat(25)), line('y')], null)).toEqual([0, 1, 2]);
  expect(lineAt(rowsOf([], 10), 0)).toBe(0);
});

test('a search is blind to case and keeps to the slot', () => {
  const lines = [line('GET /a'), line('get /b', 'green'), line('POST /a')];
  expect(filterLines(lines, null, 'get').map((each) => each.text)).toEqual(['GET /a', 'get /b']);
  expect(filterLines(lines, 'green', 'get').map((each) => each.text)).toEqual(['get /b']);
  expect(filterLines(lines, null, ' ')).toBe(lines);
});

test('colours of a terminal are taken out', () => {
  expect(plainText('\u001b[32mINFO\u001b[0m ok\u0007')).toBe('INFO ok');
});
