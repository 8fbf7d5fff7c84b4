import { expect, test } from 'vitest';
import { asksToShare, fieldsOf, optionsOf } from './adopt-options.ts';

const empty = { port: '', checkPath: '', shareVolumes: false };

test('an empty field says nothing', () => {
  expect(optionsOf(empty)).toEqual({});
  expect(optionsOf({ ...empty, port: ' ', checkPath: ' ' })).toEqual({});
});

test.each([
  [
    { ...empty, port: '3000', checkPath: ' /healthz ' },
    { port: 3000, checkPath: '/healthz' },
  ],
  [{ ...empty, checkPath: 'healthz' }, { checkPath: 'healthz' }],
  [{ ...empty, port: '70000' }, { port: 70_000 }],
  [{ ...empty, port: '80.5' }, { port: 80.5 }],
  [{ ...empty, port: 'http' }, { port: Number.NaN }],
  [{ ...empty, shareVolumes: true }, { shareVolumes: true }],
])('what was typed is sent, wrong or not: %j', (fields, options) => {
  expect(optionsOf(fields)).toEqual(options);
});

test('what was asked before is filled in', () => {
  const options = { port: 3000, checkPath: '/ready', shareVolumes: true };
  expect(optionsOf(fieldsOf(options))).toEqual(options);
  expect(fieldsOf({ port: Number.NaN })).toEqual(empty);
});

test('sharing volumes is asked about where it is what stands in the way, and stays once it was said', () => {
  const finding = { level: 'stop', title: 'State', text: 'It writes.' } as const;
  expect(asksToShare(empty, [finding])).toBe(false);
  expect(asksToShare(empty, [finding, { ...finding, answer: 'shareVolumes' }])).toBe(true);
  expect(asksToShare({ ...empty, shareVolumes: true }, [])).toBe(true);
});
