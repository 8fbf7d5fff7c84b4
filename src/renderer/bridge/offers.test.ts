import { expect, test } from 'vitest';
import { adoptedIdle, nextReady, pullFailed, service, watching } from '../../testkit/window/fixtures.ts';
import { offersOf, retireRole } from './offers.ts';

const frontend = (more: Parameters<typeof service>[3]) => service('shop', 'frontend', 'shop/frontend:1.0.0', more);

test('what is not adopted offers adoption, or the reason why not', () => {
  expect(offersOf(frontend({}))).toEqual(['adopt']);
  expect(offersOf(frontend({ switch: { kind: 'not-adopted', adoptable: false, reason: 'x' } }))).toEqual(['details']);
});

test('flip is offered first when next is ready', () => {
  expect(offersOf(frontend(nextReady()))).toEqual(['flip', 'arm', 'preview', 'retire']);
});

test('flip back is offered for as long as previous is warm', () => {
  expect(offersOf(frontend(watching()))[0]).toBe('rollback');
  expect(offersOf(frontend({ ...watching(), canFlipBack: false }))).not.toContain('rollback');
  expect(offersOf(frontend({ ...pullFailed(), canFlipBack: true }))).toContain('rollback');
});

test('nothing is offered while nobody knows, and nothing moves while something moves', () => {
  expect(offersOf(frontend({ ...adoptedIdle(), switch: { kind: 'unknown', sinceMs: 0 } }))).toEqual([]);
  expect(
    offersOf(
      frontend({ switch: { kind: 'flipping', from: 'blue', to: 'green', step: 'drain', inFlight: 3, holder: null } }),
    ),
  ).toEqual(['follow', 'stop']);
});

test('what waits to be confirmed offers to keep it first', () => {
  const armed = watching();
  if (armed.switch?.kind !== 'watching') throw new Error('it does not watch');
  expect(offersOf(frontend({ ...armed, switch: { ...armed.switch, mustConfirm: true } }))).toEqual([
    'confirm',
    'rollback',
    'follow',
  ]);
});

test('retire stops next while there is one, else previous', () => {
  expect(retireRole(frontend(nextReady()))).toBe('next');
  expect(retireRole(frontend(watching()))).toBe('previous');
});
