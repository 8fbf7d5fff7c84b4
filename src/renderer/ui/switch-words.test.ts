import { expect, test } from 'vitest';
import { failure } from '../../core/failure.ts';
import { explainSwitch } from './switch-words.ts';

const now = new Date(2026, 10, 22, 21, 10).getTime();
const at = (hours: number, minutes: number): number => new Date(2026, 10, 22, hours, minutes).getTime();

test('a pull says how much of how much', () => {
  expect(
    explainSwitch(
      {
        kind: 'preparing',
        step: 'pull',
        text: null,
        progress: { done: 43e6, total: 120e6, unit: 'bytes' },
        holder: null,
      },
      now,
    ),
  ).toEqual({ word: 'Preparing', more: 'pull 43 of 120 MB', why: null, tone: 'notable' });
});

test('a watch counts down and says what it has seen', () => {
  expect(
    explainSwitch(
      {
        kind: 'watching',
        untilMs: now + 252_000,
        mustConfirm: false,
        from: 'blue',
        to: 'green',
        errors: 0,
        requests: 412,
      },
      now,
    ),
  ).toEqual({ word: 'Watching', more: '4:12 left', why: '0 of 412 failed', tone: 'notable' });
});

test('a flip that must be confirmed says within what', () => {
  expect(
    explainSwitch(
      {
        kind: 'watching',
        untilMs: now + 581_000,
        mustConfirm: true,
        from: 'blue',
        to: 'green',
        errors: 0,
        requests: 0,
      },
      now,
    ),
  ).toMatchObject({ word: 'Confirm', more: 'within 9:41' });
});

test('a flip of somebody else says whose, and a stop is no failure', () => {
  const holder = { by: 'anna@desk', sinceMs: at(20, 40) };
  expect(
    explainSwitch({ kind: 'flipping', from: 'blue', to: 'green', step: 'drain', inFlight: 3, holder }, now),
  ).toMatchObject({ word: 'Flipping', more: 'drain, 3 requests left', why: 'by anna@desk since 20:40' });
  const stopped = failure('cancelled', 'Asked to.', { running: 'blue keeps the traffic with release 12.' });
  expect(explainSwitch({ kind: 'failed', verb: 'deploy', step: 'ready', failure: stopped }, now)).toEqual({
    word: 'Deploy stopped',
    more: null,
    why: 'what it began was undone',
    tone: 'quiet',
  });
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
