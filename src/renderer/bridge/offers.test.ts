import { expect, test } from 'vitest';
import { adoptedIdle, nextReady, notReady, pullFailed, service, watching } from '../../testkit/window/fixtures.ts';
import { labelOf, offersOf, reservationOf } from './offers.ts';

const frontend = (more: Parameters<typeof service>[3]) => service('shop', 'frontend', 'shop/frontend:1.0.0', more);

test('what is not adopted offers adoption, or the reason why not', () => {
  expect(offersOf(frontend({}))).toEqual(['adopt']);
  expect(offersOf(frontend({ switch: { kind: 'not-adopted', adoptable: false, reason: 'x' } }))).toEqual(['details']);
});

test('flip is offered first when next is ready', () => {
  expect(offersOf(frontend(nextReady()))).toEqual(['flip', 'arm', 'preview', 'retire', 'deploy', 'eject']);
});

test('a next that is not ready offers what helps first; Flip is left to say why not', () => {
  const barred = frontend(notReady());
  expect(offersOf(barred)).toEqual(['deploy', 'logs', 'retire', 'preview', 'flip', 'eject']);
  expect(reservationOf('flip', barred)).toBe('Next is not ready: GET /healthz answered 500 Internal Server Error');
  expect(reservationOf('deploy', barred)).toBeNull();
});

test('flip back is offered for as long as previous is warm', () => {
  expect(offersOf(frontend(watching()))[0]).toBe('rollback');
  expect(offersOf(frontend({ ...watching(), canFlipBack: false }))).not.toContain('rollback');
  expect(offersOf(frontend({ ...pullFailed(), canFlipBack: true }))).toContain('rollback');
});

test('flip back is offered during what makes way for it', () => {
  const draining = { kind: 'flipping', from: 'blue', to: 'green', step: 'drain', inFlight: 3, holder: null } as const;
  expect(offersOf(frontend({ ...adoptedIdle(), canFlipBack: true, switch: draining }))).toEqual([
    'follow',
    'rollback',
    'stop',
  ]);
});

test('nothing is offered while nobody knows, and nothing moves while something moves', () => {
  expect(offersOf(frontend({ ...adoptedIdle(), switch: { kind: 'unknown', sinceMs: 0 } }))).toEqual([]);
  expect(
    offersOf(
      frontend({
        ...adoptedIdle(),
        switch: { kind: 'flipping', from: 'blue', to: 'green', step: 'drain', inFlight: 3, holder: null },
      }),
    ),
  ).toEqual(['follow', 'stop']);
  expect(
    offersOf(frontend({ ...adoptedIdle(), switch: { kind: 'locked', by: 'bob', verb: 'retire', sinceMs: 0 } })),
  ).toEqual(['follow', 'stop']);
});

test('what waits to be confirmed offers to keep it first', () => {
  const armed = watching();
  if (armed.switch?.kind !== 'watching') throw new Error('it does not watch');
  expect(offersOf(frontend({ ...armed, switch: { ...armed.switch, mustConfirm: true } }))).toEqual([
    'confirm',
    'rollback',
    'follow',
    'eject',
  ]);
});

test('what is retired is said: next where there is one, previous only where it is the way back', () => {
  expect(offersOf(frontend({ ...watching(), switch: { kind: 'settled', atMs: 0, to: 'blue' } }))).toEqual([
    'rollback',
    'deploy',
    'retire-previous',
    'eject',
  ]);
  expect(offersOf(frontend(nextReady()))).not.toContain('retire-previous');
});

test('only what is adopted can be ejected', () => {
  expect(offersOf(frontend({ ...pullFailed(), adopted: false }))).not.toContain('eject');
});

test('what a sheet asks about has an ellipsis, and what begins at once has none', () => {
  const failedAt = (verb: 'deploy' | 'flip'): Parameters<typeof frontend>[0] => {
    const { switch: state } = pullFailed();
    return { ...pullFailed(), ...(state?.kind === 'failed' ? { switch: { ...state, verb } } : {}) };
  };
  expect([labelOf('retry', frontend(failedAt('deploy'))), labelOf('retry', frontend(failedAt('flip')))]).toEqual([
    'Retry…',
    'Retry',
  ]);
  expect([labelOf('retire', frontend(nextReady())), labelOf('retire', frontend(notReady()))]).toEqual([
    'Retire next…',
    'Retire next',
  ]);
  expect(labelOf('retire-previous', frontend(watching()))).toBe('Retire previous…');
});
