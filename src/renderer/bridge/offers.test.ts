import { expect, test } from 'vitest';
import { troubleOf } from '../../testkit/session/views.ts';
import {
  adoptedIdle,
  nextReady,
  notReady,
  pullFailed,
  service,
  slot,
  troubled,
  watching,
} from '../../testkit/window/fixtures.ts';
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
    'Retire next (1.5.0)…',
    'Retire next (1.5.0)',
  ]);
  expect(labelOf('retire-previous', frontend(watching()))).toBe('Retire previous (1.4.2)…');
});

test('UI1 in trouble what mends it is offered first, by the words that say how', () => {
  const gone = frontend(troubled());
  expect([offersOf(gone), labelOf('mend', gone)]).toEqual([['mend', 'deploy', 'eject'], 'Put it back']);
  expect(labelOf('mend', frontend(troubled({ mend: { kind: 'start' } })))).toBe('Start it again');
  expect(offersOf(frontend(troubled({ mend: null })))).toEqual(['deploy', 'eject']);
});

test('UI1 during a watch too: the way to what answers, and a deploy that need not wait for the watch', () => {
  const go = { kind: 'go', to: 'blue', verb: 'rollback', version: '1.4.2' } as const;
  const watched = frontend({ ...watching(), troubles: [troubleOf({ cause: 'live-stopped', mend: go })] });
  expect([offersOf(watched), labelOf('go', watched)]).toEqual([['go', 'deploy', 'follow', 'eject'], 'Go to 1.4.2']);
  // What is only at risk does not end a watch.
  const risky = frontend({ ...watching(), troubles: [troubleOf({ level: 'at-risk', mend: null })] });
  expect(offersOf(risky)).toEqual(['rollback', 'follow', 'eject']);
});

test('UI1 what a job may be mending just now is not mended by another', () => {
  const state = { kind: 'preparing', verb: 'mend', step: 'entry', text: null, progress: null, holder: null } as const;
  expect(offersOf(frontend({ ...troubled(), switch: state }))).toEqual(['follow', 'stop']);
});

test('a mend that failed is tried again by its own button', () => {
  const { switch: state } = pullFailed();
  if (state?.kind !== 'failed') throw new Error('it did not fail');
  const failed = frontend({ ...troubled(), switch: { ...state, verb: 'mend' } });
  expect(offersOf(failed)).toEqual(['mend', 'dismiss', 'details', 'eject']);
});

test('UI5 a previous that is ill is no way back', () => {
  const sick = troubleOf({ level: 'at-risk', cause: 'previous-sick', mend: null });
  const settled = { ...watching(), switch: { kind: 'settled', atMs: 0, to: 'blue' } as const, troubles: [sick] };
  expect(offersOf(frontend(settled))).toEqual(['deploy', 'retire-previous', 'eject']);
  expect(offersOf(frontend({ ...watching(), troubles: [sick] }))).toEqual(['follow', 'eject']);
});

test('UI4 a button says which version it moves to', () => {
  const labels = (more: Parameters<typeof frontend>[0]) =>
    (['flip', 'rollback', 'retire', 'retire-previous'] as const).map((offer) => labelOf(offer, frontend(more)));
  expect(labels(nextReady())).toEqual(['Flip to 1.5.0', 'Flip back', 'Retire next (1.5.0)…', 'Retire previous…']);
  expect(labels(watching())).toEqual(['Flip', 'Flip back to 1.4.2', 'Retire next', 'Retire previous (1.4.2)…']);
});

test('UI4 a button says the number of the release where two have the same version, and no version without an end', () => {
  const at = (blue: string, green: string) =>
    frontend({
      ...nextReady(),
      slots: { blue: slot('blue', 'current', 6, blue), green: slot('green', 'next', 7, green) },
    });
  expect(labelOf('flip', at('a:latest', 'a:latest'))).toBe('Flip to release 7');
  expect(labelOf('flip', at('a:1', `a:${'0'.repeat(64)}`))).toBe(`Flip to ${'0'.repeat(19)}…`);
});
