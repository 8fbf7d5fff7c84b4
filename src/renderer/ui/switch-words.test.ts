import { expect, test } from 'vitest';
import { endingOf, endings } from '../../core/ending.ts';
import { type FailureCode, failure } from '../../core/failure.ts';
import { endingIcons } from './marks.tsx';
import { explainDeclined, explainSwitch, inOneLine } from './switch-words.ts';

const now = new Date(2026, 10, 22, 21, 10).getTime();
const at = (hours: number, minutes: number): number => new Date(2026, 10, 22, hours, minutes).getTime();

test('a pull says how much of how much', () => {
  expect(
    explainSwitch(
      {
        kind: 'preparing',
        verb: 'deploy',
        step: 'pull',
        text: null,
        progress: { done: 43e6, total: 120e6, unit: 'bytes' },
        holder: null,
      },
      now,
    ),
  ).toEqual({ word: 'Deploying', more: '43 of 120 MB', why: null, tone: 'notable' });
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
  ).toEqual({ word: 'Watching', more: '4:12 left', why: 'none of 412 failed', tone: 'notable' });
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
  ).toMatchObject({ word: 'Flipping', more: 'finishing 3 requests', why: 'by anna@desk since 20:40' });
  const stopped = failure('cancelled', 'Asked to.', { running: 'blue keeps the traffic with release 12.' });
  expect(
    explainSwitch(
      { kind: 'failed', verb: 'deploy', step: 'ready', outcome: 'aborted', recovered: false, failure: stopped },
      now,
    ),
  ).toEqual({
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
        outcome: 'aborted',
        recovered: false,
        failure: failure('image-missing', 'shop/frontend:9 does not exist.', { detail: 'manifest\nunknown' }),
      },
      now,
    ),
  ).toEqual({ word: 'Deploy failed', more: 'while pulling', why: 'manifest unknown', tone: 'trouble' });
});

test.each([null, 'gate', 'check', 'edit'])('TO1 what was refused is told as that, in the step %s', (step) => {
  const held = failure('lock-held', 'Another job holds shop.');
  const state = { kind: 'failed', verb: 'eject', step, recovered: false, failure: held } as const;
  expect(explainSwitch({ ...state, outcome: 'refused' }, now)).toEqual({
    word: 'Eject refused',
    more: 'nothing changed',
    why: 'Another job holds shop.',
    tone: 'warning',
  });
  // And what failed at the gate is a failure.
  expect(explainSwitch({ ...state, outcome: 'aborted' }, now)).toMatchObject({ word: 'Eject failed', tone: 'trouble' });
});

test('TO1 each ending has a word, and a mark of its own', () => {
  const words = endings.map((ending) => {
    const failed = failure(ending === 'stopped' ? 'cancelled' : 'job-died', 'It ended.');
    const outcome = ending === 'refused' ? 'refused' : ending === 'unknown' ? 'indeterminate' : 'aborted';
    const state = {
      kind: 'failed',
      verb: 'flip',
      step: 'gate',
      outcome,
      recovered: ending === 'undone',
      failure: failed,
    } as const;
    expect(endingOf(state)).toBe(ending);
    return explainSwitch(state, now).word;
  });
  expect(words).toEqual(['Flip refused', 'Flip stopped', 'Flip undone', 'Flip not known yet', 'Flip failed']);
  expect(new Set(Object.values(endingIcons)).size).toBe(endings.length);
});

test('TO1 a detail that is but a path or an id does not stand for the reason', () => {
  const refused = failure('folder-read-only', 'The folder of shop cannot be written.', { detail: '/srv/shop' });
  expect(explainDeclined('adopt', refused).why).toBe('The folder of shop cannot be written.');
});

test('TO1 what got no job was refused, unless nobody knows whether it was sent', () => {
  const word = (code: FailureCode) => explainDeclined('flip', failure(code, 'So it was.')).word;
  expect([word('folder-read-only'), word('indeterminate'), word('bug')]).toEqual([
    'Flip refused',
    'Flip not known yet',
    'Flip failed',
  ]);
});

test('a job whose process died is told as undone, or as not known yet', () => {
  const died = failure('job-died', 'The deploy of frontend stopped, for its process was gone, and was undone.');
  const state = { kind: 'failed', verb: 'deploy', step: 'ready', failure: died } as const;
  expect(explainSwitch({ ...state, outcome: 'aborted', recovered: true }, now)).toMatchObject({
    word: 'Deploy undone',
    why: 'its process died while checking',
  });
  expect(explainSwitch({ ...state, outcome: 'indeterminate', recovered: false }, now)).toMatchObject({
    word: 'Deploy not known yet',
    tone: 'warning',
  });
});

test('in one line trouble tells why, and all else how it goes', () => {
  const failed = explainSwitch(
    { kind: 'not-ready', passed: 0, total: 1, reason: '0 of 1 checks passed after 8 s; http 3000 / : HTTP 503' },
    now,
  );
  expect(inOneLine(failed)).toBe('HTTP 503 from / on 3000');
  expect(inOneLine(explainSwitch({ kind: 'next-ready', checks: 4, from: 'blue', to: 'green' }, now))).toBe('4 checks');
});

test('TO3 settled says when, or nothing of when', () => {
  const settled = { kind: 'settled', to: 'blue' } as const;
  expect(explainSwitch({ ...settled, atMs: at(20, 40) }, now)).toMatchObject({ word: 'Settled', more: '20:40' });
  expect(explainSwitch({ ...settled, atMs: null }, now)).toEqual({
    word: 'Settled',
    more: null,
    why: null,
    tone: 'quiet',
  });
});

test('a lock names who holds it', () => {
  expect(explainSwitch({ kind: 'locked', by: 'anna', verb: 'deploy', sinceMs: at(20, 40) }, now)).toEqual({
    word: 'Locked',
    more: 'by anna',
    why: 'deploying since 20:40',
    tone: 'quiet',
  });
});

test.each([
  ['deploy', 'ready', 'Deploying', 'checking'],
  ['adopt', 'switch', 'Adopting', 'putting the entry point in place'],
  ['retire', 'stop', 'Retiring', 'stopping its slot'],
  ['eject', 'edit', 'Ejecting', 'editing the compose files'],
  ['confirm', 'keep', 'Keeping the flip', 'writing it down'],
] as const)('a %s at its step %s says what it does, in words', (verb, step, word, more) => {
  const state = { kind: 'preparing', verb, step, text: null, progress: null, holder: null } as const;
  expect(explainSwitch(state, now)).toMatchObject({ word, more });
});

test('a map that cannot be read is no decision, and has no age', () => {
  const held = { kind: 'held', waiting: null, sinceMs: null } as const;
  expect(explainSwitch({ ...held, reason: 'live.map cannot be read' }, now)).toEqual({
    word: 'No decision',
    more: 'requests wait',
    why: 'live.map cannot be read',
    tone: 'trouble',
  });
  expect(explainSwitch({ ...held, reason: null }, now)).toMatchObject({ word: 'Holding', more: 'requests wait' });
  expect(explainSwitch({ kind: 'held', waiting: 14, sinceMs: now - 800, reason: null }, now).more).toBe(
    '14 requests, 0.8 s',
  );
});
