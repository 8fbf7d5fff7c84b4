import { describe, expect, it } from 'vitest';
import { job, release, serviceState, step } from '../testkit/engine/facts.ts';
import { serviceView } from '../testkit/session/views.ts';
import { failure } from './failure.ts';
import type { Job } from './job.ts';
import { decidePlainSwitch, decideSwitch, decideWatchEnd, type SwitchFacts } from './switch.ts';

const facts = (more: Partial<SwitchFacts> = {}): SwitchFacts => ({
  state: serviceState(),
  job: null,
  isOurs: true,
  awaySinceMs: null,
  watched: null,
  previousWarm: false,
  nowMs: 0,
  nextRunning: true,
  ...more,
});

const ready = release(2, 'green', { word: 'ready', passed: 3, total: 3 });
const problem = failure('image-missing', 'The image is gone.');

describe('the switch', () => {
  it('idle: the current release and no next', () => {
    expect(decideSwitch(facts())).toEqual({ kind: 'idle', reason: 'Release 1 runs; there is no next.' });
  });

  it('unknown: away hides everything else', () => {
    expect(decideSwitch(facts({ awaySinceMs: 7, job: job(), state: serviceState({ next: ready }) }))).toEqual({
      kind: 'unknown',
      sinceMs: 7,
    });
  });

  it('preparing: the step that runs, with its words and progress', () => {
    const progress = { done: 1, total: 4, unit: 'layers' as const };
    const running = job({
      verb: 'deploy',
      steps: [step('gate', { state: 'done' }), step('pull', { state: 'running', text: 'asking', progress })],
    });
    expect(decideSwitch(facts({ job: running }))).toEqual({
      kind: 'preparing',
      verb: 'deploy',
      step: 'pull',
      text: 'asking',
      progress,
      holder: null,
    });
  });

  it('preparing: between two steps the one that ended last is shown', () => {
    const running = job({ verb: 'adopt', steps: [step('check', { state: 'done', text: 'fine' }), step('image')] });
    expect(decideSwitch(facts({ job: running }))).toEqual({
      kind: 'preparing',
      verb: 'adopt',
      step: 'check',
      text: 'fine',
      progress: null,
      holder: null,
    });
  });

  it('next-ready: from live to the other slot', () => {
    expect(decideSwitch(facts({ state: serviceState({ next: ready }) }))).toEqual({
      kind: 'next-ready',
      checks: 3,
      from: 'blue',
      to: 'green',
    });
  });

  it.each([
    [{ word: 'not-ready', passed: 1, total: 3, reason: 'http 500' }, true, 'http 500'],
    [{ word: 'not-ready', passed: 1, total: 3, reason: null }, true, 'It did not pass its checks.'],
    [{ word: 'preparing', passed: 1, total: 3, reason: null }, true, 'Its job ended before it was ready.'],
    [{ word: 'ready', passed: 1, total: 3, reason: null }, false, 'It was ready, but does not run any more.'],
  ] as const)('not-ready: %j, running %s', (written, nextRunning, reason) => {
    const state = serviceState({ next: release(2, 'green', written) });
    expect(decideSwitch(facts({ state, nextRunning }))).toEqual({ kind: 'not-ready', passed: 1, total: 3, reason });
  });

  it('not-ready: the deploy that failed at it says no more than the release does', () => {
    const state = serviceState({
      next: release(2, 'green', { word: 'not-ready', passed: 0, total: 2, reason: 'exited' }),
    });
    const ended = job({ verb: 'deploy', state: 'aborted', failure: problem });
    expect(decideSwitch(facts({ state, job: ended }))).toMatchObject({ kind: 'not-ready', reason: 'exited' });
  });

  it('FL6 flipping until the job has read the move back, whatever live.map says meanwhile', () => {
    const gate = [step('gate', { state: 'running' }), step('move'), step('drain')];
    const moving = [step('gate', { state: 'done' }), step('move', { state: 'running' }), step('drain')];
    const flipping = { kind: 'flipping', from: 'blue', to: 'green', inFlight: null, holder: null };
    expect(decideSwitch(facts({ state: serviceState({ next: ready }), job: job({ steps: gate }) }))).toEqual({
      ...flipping,
      step: 'gate',
    });
    // live.map is renamed first; the job has not read it back yet.
    const renamed = serviceState({ next: ready, live: 'green-watching' });
    expect(decideSwitch(facts({ state: renamed, job: job({ steps: moving }) }))).toEqual({ ...flipping, step: 'move' });
  });

  it('FL6 flipping while it drains, with what is in flight', () => {
    const draining = [
      step('gate', { state: 'done' }),
      step('move', { state: 'done' }),
      step('drain', { state: 'running', progress: { done: 4, total: null, unit: 'requests' } }),
    ];
    const moved = serviceState({ live: 'green-watching', current: release(2, 'green'), previous: release(1, 'blue') });
    expect(decideSwitch(facts({ state: moved, job: job({ steps: draining }) }))).toEqual({
      kind: 'flipping',
      from: 'blue',
      to: 'green',
      step: 'drain',
      inFlight: 4,
      holder: null,
    });
  });

  it('FL6 flipping back goes the other way', () => {
    const state = serviceState({ live: 'green-watching', current: release(2, 'green'), previous: release(1, 'blue') });
    const steps = [step('gate', { state: 'running' }), step('move'), step('drain')];
    expect(decideSwitch(facts({ state, job: job({ verb: 'rollback', steps }) }))).toMatchObject({
      from: 'green',
      to: 'blue',
    });
  });

  it('FL6 after a lost link it says what the host says', () => {
    // The app had seen the flip begin; the host, seen again, has moved and watches.
    const state = serviceState({
      live: 'green-watching',
      current: release(2, 'green'),
      previous: release(1, 'blue'),
      watchUntilMs: 99,
    });
    expect(decideSwitch(facts({ state, job: job({ state: 'completed' }), previousWarm: true })).kind).toBe('watching');
    expect(decideSwitch(facts({ state: serviceState({ next: ready }), job: job({ state: 'completed' }) })).kind).toBe(
      'next-ready',
    );
  });

  it('watching: until when, and what was counted', () => {
    const state = serviceState({
      live: 'green-watching',
      current: release(2, 'green'),
      previous: release(1, 'blue'),
      watchUntilMs: 99,
    });
    expect(decideSwitch(facts({ state, watched: { errors: 2, requests: 50 } }))).toEqual({
      kind: 'watching',
      untilMs: 99,
      mustConfirm: false,
      from: 'blue',
      to: 'green',
      errors: 2,
      requests: 50,
    });
  });

  it('watching: it says that somebody must confirm', () => {
    const state = serviceState({ live: 'green-watching', watchUntilMs: 99, mustConfirm: true });
    expect(decideSwitch(facts({ state }))).toMatchObject({ kind: 'watching', untilMs: 99, mustConfirm: true });
  });

  it('WA8 watching: for as long as nobody confirmed it and previous does not answer, and no longer than that otherwise', () => {
    const state = serviceState({ live: 'green-watching', watchUntilMs: 99, mustConfirm: true });
    const late = { nowMs: 99 + 3_600_000 };
    expect(decideSwitch(facts({ state, ...late })).kind).toBe('watching');
    expect(decideSwitch(facts({ state: { ...state, mustConfirm: false }, ...late })).kind).not.toBe('watching');
  });

  it('preparing and flipping name who began it, where that was not here', () => {
    const holder = { by: 'bob@desk', sinceMs: 7 };
    const theirs = { by: 'bob@desk', startedAt: 7 };
    expect(decideSwitch(facts({ isOurs: false, job: job({ ...theirs, verb: 'deploy' }) }))).toMatchObject({
      kind: 'preparing',
      holder,
    });
    expect(decideSwitch(facts({ isOurs: false, job: job(theirs) }))).toMatchObject({ kind: 'flipping', holder });
  });

  it('settled: only while previous is warm', () => {
    const state = serviceState({
      live: 'green-settled',
      current: release(2, 'green'),
      previous: release(1, 'blue'),
      settledAtMs: 5,
    });
    expect(decideSwitch(facts({ state, previousWarm: true }))).toEqual({
      kind: 'settled',
      atMs: 5,
      to: 'blue',
    });
    expect(decideSwitch(facts({ state, previousWarm: false })).kind).toBe('idle');
  });

  it('TO3 settled says no time where that of the last move is not known', () => {
    const state = serviceState({ live: 'green-settled', current: release(2, 'green'), previous: release(1, 'blue') });
    expect(decideSwitch(facts({ state, previousWarm: true }))).toEqual({ kind: 'settled', atMs: null, to: 'blue' });
  });

  it('went-back: when and why, before a next that is left', () => {
    const state = serviceState({ wentBack: { atMs: 4, reason: 'ten wrong answers' }, next: ready });
    expect(decideSwitch(facts({ state }))).toEqual({ kind: 'went-back', atMs: 4, reason: 'ten wrong answers' });
  });

  it.each(['aborted', 'indeterminate', 'refused'] as const)('failed: a job that ended %s, with the step', (state) => {
    const ended = job({
      state,
      failure: problem,
      steps: [step('gate', { state: 'done' }), step('move', { state: 'failed' })],
    });
    expect(decideSwitch(facts({ job: ended, state: serviceState({ next: ready }) }))).toEqual({
      kind: 'failed',
      verb: 'flip',
      step: 'move',
      outcome: state,
      recovered: false,
      failure: problem,
    });
  });

  it.each(['retire', 'eject', 'confirm'] as const)('locked: a %s of somebody else holds this very service', (verb) => {
    const theirs = job({ verb, by: 'bob@desk', startedAt: 3 });
    expect(decideSwitch(facts({ job: theirs, isOurs: false }))).toEqual({
      kind: 'locked',
      by: 'bob@desk',
      verb,
      sinceMs: 3,
    });
    expect(decideSwitch(facts({ job: theirs }))).toMatchObject({ kind: 'preparing', verb, holder: null });
  });

  it('a flip that waits to be confirmed is told before what went wrong, and after what runs', () => {
    const state = serviceState({ live: 'green-watching', watchUntilMs: 99, mustConfirm: true });
    const refused = job({ state: 'refused', failure: problem });
    expect(decideSwitch(facts({ state, job: refused }))).toMatchObject({ kind: 'watching', mustConfirm: true });
    expect(decideSwitch(facts({ state: { ...state, mustConfirm: false }, job: refused })).kind).toBe('failed');
    expect(decideSwitch(facts({ state, job: job({ verb: 'rollback' }) })).kind).toBe('flipping');
  });

  it('EN1 held: live.map says no slot, or nothing that can be read', () => {
    const nobodyKnows = { kind: 'held', waiting: null, sinceMs: null };
    expect(decideSwitch(facts({ state: serviceState({ live: 'hold' }) }))).toEqual({ ...nobodyKnows, reason: null });
    expect(decideSwitch(facts({ state: serviceState({ live: null }) }))).toEqual({
      ...nobodyKnows,
      reason: 'live.map cannot be read',
    });
  });

  it('a watch that ended without its process is not shown for ever', () => {
    const state = serviceState({ live: 'green-watching', watchUntilMs: 1_000 });
    expect(decideSwitch(facts({ state, nowMs: 2_000 })).kind).toBe('watching');
    expect(decideSwitch(facts({ state, nowMs: 60_000 })).kind).toBe('idle');
  });
});

describe('the end of a watch', () => {
  const flip = job({ id: 'f', state: 'completed' });
  const back = (state: Job['state']) => job({ id: 'f-watch', verb: 'rollback', state });
  const service = (kind: 'watching' | 'failed' | 'locked' | 'unknown' | 'went-back' | 'settled', isWatched: boolean) =>
    serviceView('frontend', {
      isWatched,
      switch: {
        watching: { kind, untilMs: 9, mustConfirm: false, from: 'blue', to: 'green', errors: 0, requests: 0 } as const,
        failed: { kind, verb: 'deploy', step: null, failure: problem } as const,
        locked: { kind, by: 'bob', verb: 'retire', sinceMs: 0 } as const,
        unknown: { kind, sinceMs: 0 } as const,
        'went-back': { kind, atMs: 0, reason: 'x' } as const,
        settled: { kind, atMs: 0, to: 'blue' } as const,
      }[kind] as ReturnType<typeof decideSwitch>,
    });

  it('is the job that took the traffic back, once that has ended', () => {
    expect(decideWatchEnd(flip, [back('running')], service('settled', false))).toBe('open');
    expect(decideWatchEnd(flip, [flip, back('rolled-back')], service('watching', true))).toEqual(back('rolled-back'));
  });

  it('is open while the flip is watched, whatever the card has to say first, and while nobody can know', () => {
    const open = (of: Parameters<typeof decideWatchEnd>[2]) => decideWatchEnd(flip, [flip], of);
    expect([
      open(service('watching', true)),
      open(service('failed', true)),
      open(service('locked', true)),
      open(service('unknown', false)),
      open(service('went-back', false)),
    ]).toEqual(Array(5).fill('open'));
    expect([open(service('settled', false)), open(service('failed', false)), open(undefined)]).toEqual(
      Array(3).fill('over'),
    );
  });
});

describe('the switch of plain compose', () => {
  const plain = { awaySinceMs: null, job: null, isOurs: true, reason: null };

  it('not-adopted: with the reason why it cannot be, where there is one', () => {
    expect(decidePlainSwitch(plain)).toMatchObject({ kind: 'not-adopted', adoptable: true });
    expect(decidePlainSwitch({ ...plain, reason: 'Several replicas.' })).toEqual({
      kind: 'not-adopted',
      adoptable: false,
      reason: 'Several replicas.',
    });
    expect(decidePlainSwitch({ ...plain, job: job({ verb: 'eject', state: 'completed' }) })).toMatchObject({
      kind: 'not-adopted',
    });
  });

  it('preparing: while it is being adopted', () => {
    const running = job({ verb: 'adopt', steps: [step('pull', { state: 'running', text: 'haproxy' })] });
    expect(decidePlainSwitch({ ...plain, job: running })).toEqual({
      kind: 'preparing',
      verb: 'adopt',
      step: 'pull',
      text: 'haproxy',
      progress: null,
      holder: null,
    });
    expect(decidePlainSwitch({ ...plain, job: running, awaySinceMs: 7 })).toEqual({
      kind: 'unknown',
      sinceMs: 7,
    });
  });

  it('failed: an adoption that was undone stays on the card', () => {
    const ended = job({
      verb: 'adopt',
      state: 'aborted',
      failure: problem,
      steps: [step('pull', { state: 'failed' })],
    });
    expect(decidePlainSwitch({ ...plain, job: ended })).toEqual({
      kind: 'failed',
      verb: 'adopt',
      step: 'pull',
      outcome: 'aborted',
      recovered: false,
      failure: problem,
    });
  });

  it('failed: one whose process died, and which was undone since, is told as that', () => {
    const ended = job({ verb: 'adopt', state: 'aborted', recovered: true, failure: problem });
    expect(decidePlainSwitch({ ...plain, job: ended })).toMatchObject({ outcome: 'aborted', recovered: true });
  });
});
