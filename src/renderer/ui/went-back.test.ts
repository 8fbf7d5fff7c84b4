import { expect, test } from 'vitest';
import type { ReleaseView } from '../../contract/views.ts';
import { releases } from '../../testkit/window/fixtures.ts';
import { explainWentBack, wentBackOf } from './went-back.ts';

const nowMs = new Date(2026, 10, 22, 22, 0).getTime();
const leftAtMs = new Date(2026, 10, 22, 21, 7).getTime();

const release = (number: number, more: Partial<ReleaseView>): ReleaseView => {
  const [first] = releases();
  if (first === undefined) throw new Error('no release');
  return { ...first, number, role: 'old', image: 'registry.lan/a:1.2.0', version: '1.2.0', leftAtMs, ...more };
};
const bad = release(7, { outcome: 'went-back', reason: 'the entry point took green out: 10 wrong answers in a row' });

test('UI5 what went back is known by its image, with or without a digest, and by its number', () => {
  expect(wentBackOf([bad], { image: 'registry.lan/a:1.2.0' })).toBe(bad);
  expect(wentBackOf([bad], { image: 'registry.lan/a:1.2.0@sha256:77b0' })).toBe(bad);
  expect(wentBackOf([bad], { release: 7 })).toBe(bad);
  expect(wentBackOf([bad], { image: 'registry.lan/a:1.2.1' })).toBeNull();
});

test('UI5 what did well since, or never had the traffic, did not go back', () => {
  expect(wentBackOf([bad, release(9, { outcome: 'left' })], { image: bad.image })).toBeNull();
  expect(wentBackOf([bad, release(9, { outcome: 'not-ready' })], { image: bad.image })).toBe(bad);
  expect(wentBackOf([release(9, { outcome: 'not-ready' })], { image: bad.image })).toBeNull();
});

test('UI5 it is told with its time and its reason, as far as they are known', () => {
  expect(explainWentBack(bad, nowMs)).toBe('1.2.0 went back by itself at 21:07: 10 wrong answers in a row');
  expect(explainWentBack({ ...bad, version: null, image: 'a', leftAtMs: null, reason: null }, nowMs)).toBe(
    'Release 7 went back by itself',
  );
});
