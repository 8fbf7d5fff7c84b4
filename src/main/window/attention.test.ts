import { expect, test } from 'vitest';
import { decideAttention, forgottenAfterMs } from './attention.ts';

const looked = { visible: true, minimized: false, focused: true, blurredAtMs: null };

test.each([
  ['with focus', looked, true],
  ['just shown, never focused', { ...looked, focused: false }, true],
  ['hidden', { ...looked, visible: false }, false],
  ['minimized', { ...looked, minimized: true }, false],
])('%s', (_name, state, attentive) => {
  expect(decideAttention(state, 1_000)).toEqual({ attentive, againMs: null });
});

test('without focus it is looked at for a while', () => {
  const state = { ...looked, focused: false, blurredAtMs: 1_000 };
  expect(decideAttention(state, 61_000)).toEqual({ attentive: true, againMs: forgottenAfterMs - 60_000 });
  expect(decideAttention(state, 1_000 + forgottenAfterMs)).toEqual({ attentive: false, againMs: null });
});
