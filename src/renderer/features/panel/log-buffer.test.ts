import { expect, test } from 'vitest';
import { appendLines, filterLines, plainText } from './log-buffer.ts';

const line = (text: string, slot: 'blue' | 'green' | null = 'blue') => ({
  slot,
  atMs: 0,
  stream: 'out' as const,
  text,
});

test('the oldest lines go when there are too many', () => {
  expect(appendLines([line('1'), line('2')], [line('3'), line('4')], 3).map((each) => each.text)).toEqual([
    '2',
    '3',
    '4',
  ]);
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
