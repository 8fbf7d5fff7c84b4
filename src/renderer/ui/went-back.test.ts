import { expect, test } from 'vitest';
import type { BrokeBefore } from '../../core/broke-before.ts';
import { releases } from '../../testkit/window/fixtures.ts';
import { explainBroken, explainWentBack } from './went-back.ts';

const nowMs = new Date(2026, 10, 22, 22, 0).getTime();
const atMs = new Date(2026, 10, 22, 21, 7).getTime();
const bad: BrokeBefore = {
  release: 7,
  image: 'registry.lan/a:1.2.0',
  how: 'went-back',
  atMs,
  reason: 'the entry point took green out: 10 wrong answers in a row',
};

test('UI5 what broke before is told with its time and its reason, as far as they are known', () => {
  expect(explainBroken(bad, nowMs)).toBe('1.2.0 went back by itself at 21:07: 10 wrong answers in a row');
  expect(explainBroken({ ...bad, image: 'a', atMs: null, reason: null }, nowMs)).toBe('Release 7 went back by itself');
  expect(explainBroken({ ...bad, how: 'not-ready', reason: 'It exited with code 1: no key' }, nowMs)).toBe(
    '1.2.0 did not get ready, deployed at 21:07: no key (exited with code 1)',
  );
});

test('UI5 the list of releases says the same', () => {
  const [first] = releases();
  if (first === undefined) throw new Error('no release');
  const { image, reason } = bad;
  expect(explainWentBack({ ...first, image, leftAtMs: atMs, reason: `went back by itself: ${reason}` }, nowMs)).toBe(
    explainBroken(bad, nowMs),
  );
});
