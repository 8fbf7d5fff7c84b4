import { beforeEach, expect, test, vi } from 'vitest';
import type { HostView, ServiceView } from '../../contract/views.ts';
import { failure } from '../../core/failure.ts';
import type { Job, Verb, VerbOptions } from '../../core/job.ts';
import { hostView, runningJob, serviceView } from '../../testkit/session/views.ts';
import { createFakeBridge, type FakeBridge } from '../../testkit/window/fake-bridge.ts';
import { nextReady, notReady, slot, watching } from '../../testkit/window/fixtures.ts';
import { startVerb, useServer } from '../bridge/store.ts';
import { useWindow } from '../bridge/window-state.ts';
import { doOffer } from './do-offer.ts';

let bridge: FakeBridge;

const show = (view: HostView): void => useServer.setState({ hosts: [view], asked: {}, declined: {} });
const asked = () => bridge.calls.filter((each) => each.name === 'verbs.start').map((each) => each.input);
const failedAt = (verb: Verb): ServiceView =>
  serviceView('frontend', {
    ...nextReady(),
    switch: {
      kind: 'failed',
      verb,
      step: 'move',
      outcome: 'aborted',
      recovered: false,
      failure: failure('entry-failed', 'No.'),
    },
  });
const request = (verb: Verb, options: VerbOptions) => ({
  ref: { host: 'h1', stack: 'shop', service: 'frontend' },
  verb,
  options,
});

beforeEach(() => {
  bridge = createFakeBridge([], { stepMs: 0 });
  vi.stubGlobal('window', { switchyard: bridge });
  useWindow.setState({ sheet: null, activity: false, job: null, panelOpen: false });
});

test('a flip that was to be confirmed is retried as one', async () => {
  const service = serviceView('frontend', nextReady());
  show(hostView([service]));
  await startVerb('h1', service, 'flip', { confirmMinutes: 10 });
  doOffer('h1', 'retry', failedAt('flip'));
  expect(asked()).toEqual([request('flip', { confirmMinutes: 10 }), request('flip', { confirmMinutes: 10 })]);
});

test('a deploy is retried by its sheet, filled in as it was; what was asked for a verb is not told another', async () => {
  const service = serviceView('frontend', nextReady());
  show(hostView([service]));
  await startVerb('h1', service, 'deploy', { image: 'a:2' });
  doOffer('h1', 'retry', failedAt('deploy'));
  expect(useWindow.getState().sheet).toEqual({ kind: 'deploy', service: 'shop/frontend', options: { image: 'a:2' } });
  doOffer('h1', 'retry', failedAt('flip'));
  expect(asked().at(-1)).toEqual(request('flip', {}));
});

test('stop stops a job of the service itself, never a neighbour’s', () => {
  const theirs = runningJob({ id: 'theirs', service: 'backend' });
  const service = serviceView('frontend', watching());
  show(hostView([service], { jobs: [theirs] }));
  doOffer('h1', 'stop', service);
  expect(bridge.calls.filter((each) => each.name === 'jobs.stop')).toEqual([]);
  show(hostView([service], { jobs: [theirs, runningJob({ id: 'ours' })] }));
  doOffer('h1', 'stop', service);
  expect(bridge.calls.at(-1)).toEqual({ name: 'jobs.stop', input: { host: 'h1', stack: 'shop', job: 'ours' } });
});

test('follow shows what runs for the service, else its newest job, as the flip that is watched', () => {
  const ended = (id: string, startedAt: number): Job => runningJob({ id, startedAt, state: 'completed', endedAt: 9 });
  const jobs = [ended('deploy', 1), ended('flip', 2), runningJob({ id: 'theirs', service: 'backend', startedAt: 3 })];
  const service = serviceView('frontend', watching());
  const followed = (more: Job[]) => {
    show(hostView([service], { jobs: more }));
    doOffer('h1', 'follow', service);
    return useWindow.getState().job?.id;
  };
  expect(followed(jobs)).toBe('flip');
  expect(followed([...jobs, runningJob({ id: 'rollback', startedAt: 0 })])).toBe('rollback');
  expect(followed([])).toBe(undefined);
});

test('a next that is not ready is not flipped to: the sheet says why', () => {
  doOffer('h1', 'flip', serviceView('frontend', notReady()));
  expect(useWindow.getState().sheet).toEqual({ kind: 'gate', service: 'shop/frontend' });
  expect(asked()).toEqual([]);
});

test('previous and a ready next are asked about before they are retired; any other next is not', () => {
  const settled = serviceView('frontend', {
    ...watching(),
    slots: { blue: slot('blue', 'previous', 12, 'a:1'), green: slot('green', 'current', 13, 'a:2') },
  });
  show(hostView([settled]));
  doOffer('h1', 'retire-previous', settled);
  expect(useWindow.getState().sheet).toEqual({
    kind: 'retire',
    service: 'shop/frontend',
    options: { role: 'previous' },
  });
  doOffer('h1', 'retry', { ...settled, switch: failedAt('retire').switch });
  expect(asked()).toEqual([]);
  doOffer('h1', 'retire', serviceView('frontend', nextReady()));
  expect(useWindow.getState().sheet).toMatchObject({ kind: 'retire', options: { role: 'next' } });
  expect(asked()).toEqual([]);
  doOffer('h1', 'retire', serviceView('frontend', notReady()));
  expect(asked()).toEqual([request('retire', { role: 'next' })]);
});

test('the logs of a next that is not ready are those of its slot; another service’s are of both', () => {
  doOffer('h1', 'logs', serviceView('frontend', notReady()));
  expect(useWindow.getState()).toMatchObject({ service: 'shop/frontend', panelTab: 'logs', logSlot: 'green' });
  doOffer('h1', 'details', serviceView('backend'));
  expect(useWindow.getState()).toMatchObject({ service: 'shop/backend', panelTab: 'overview', logSlot: null });
});
