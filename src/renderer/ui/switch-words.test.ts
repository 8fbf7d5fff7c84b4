import { expect, test } from 'vitest';
import { failure } from '../../core/failure.ts';
import { explainSwitch } from './switch-words.ts';

const now = new Date(2026, 10, 22, 21, 10).getTime();
const at = (hours: number, minutes: number): number => new Date(2026, 10, 22, hours, minutes).getTime();

test('a pull says how much of how much', () => {
  expect(
    explainSwitch(
      { kind: 'preparing', step: 'pull', text: null, progress: { done: 43e6, total: 120e6, unit: 'bytes' } },
      now,
    ),
  ).toEqual({ word: 'Preparing', more: 'pull 43 of 120 MB', why: null, tone: 'notable' });
});

test('a watch counts down and says what it has seen', () => {
  expect(
    explainSwitch(
      { kind: 'watching', untilMs: now + 252_000, from: 'blue', to: 'green', errors: 0, requests: 412 },
      now,
    ),
  ).toEqual({ word: 'Watching', more: '4:12 left', why: '0 of 412 failed', tone: 'notable' });
});

test('no check is said to be no proof', () => {
  expect(explainSwitch({ kind: 'next-ready', checks: 0, from: 'blue', to: 'green' }, now).more).toBe(
    'unverified, no checks',
  );
});

test('a failure leads with its telling line', () => {
  expect(
    explainSwitch(
      {
        kind: 'failed',
        verb: 'deploy',
        step: 'pull',
        failure: failure('image-missing', 'shop/frontend:9 does not exist.', { detail: 'manifest\nunknown' }),
      },
      now,
    ),
  ).toEqual({ word: 'Deploy failed', more: 'at pull', why: 'manifest unknown', tone: 'trouble' });
});

test('a lock names who holds it', () => {
  expect(explainSwitch({ kind: 'locked', by: 'anna', verb: 'deploy', sinceMs: at(20, 40) }, now)).toEqual({
    word: 'Locked',
    more: 'by anna',
    why: 'deploying since 20:40',
    tone: 'quiet',
  });
});

test('an idle reason is a word and a why', () => {
  expect(explainSwitch({ kind: 'idle', reason: "can't tell: rate limited until 14:20" }, now)).toEqual({
    word: "Can't tell",
    more: null,
    why: 'rate limited until 14:20',
    tone: 'quiet',
  });
});
