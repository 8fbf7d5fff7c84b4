import { beforeEach, expect, test, vi } from 'vitest';
import type { HostView, ServiceView } from '../../contract/views.ts';
import { failure } from '../../core/failure.ts';
import { hostView, serviceView } from '../../testkit/session/views.ts';
import { createFakeBridge, type FakeBridge } from '../../testkit/window/fake-bridge.ts';
import { nextReady } from '../../testkit/window/fixtures.ts';
import { declinePreview, listen, startVerb, useServer } from './store.ts';

const refusal = failure('compose-changed', 'No.');
const frontend = (more: Partial<ServiceView> = {}) => serviceView('frontend', { ...nextReady(), ...more });

let bridge: FakeBridge;

beforeEach(async () => {
  bridge = createFakeBridge([hostView([frontend()])]);
  vi.stubGlobal('window', {
    switchyard: {
      ...bridge,
      call: async (name: string, input: never) =>
        name === 'verbs.start' ? { ok: false, failure: refusal } : bridge.call(name as 'hosts.list', input),
    },
  });
  useServer.setState({ ready: false, hosts: [], asked: {}, declined: {} });
  listen();
  await vi.waitFor(() => expect(useServer.getState().ready).toBe(true));
});

const declined = () => Object.values(useServer.getState().declined).map((each) => each.verb);
const told = (view: HostView) => bridge.emit('host', view);

test('what was refused stays while the service stands as it did, and while nobody can know', async () => {
  await startVerb('h1', frontend(), 'deploy', {});
  expect(declined()).toEqual(['deploy']);
  told(hostView([frontend({ health: 'unhealthy' })]));
  const sinceMs = 5;
  told(
    hostView([frontend()], {
      connection: { kind: 'away', sinceMs, retryAtMs: 9, failure: failure('link-lost', 'Lost.') },
    }),
  );
  told(hostView([frontend()]));
  expect(declined()).toEqual(['deploy']);
});

test.each<[string, Partial<ServiceView>]>([
  [
    'a job began',
    { switch: { kind: 'preparing', verb: 'deploy', step: 'gate', text: null, progress: null, holder: null } },
  ],
  ['the traffic moved', { live: 'green' }],
  ['next is gone', { slots: { blue: null, green: null } }],
])('what was refused is moot once the service stands otherwise: %s', async (_, more) => {
  await startVerb('h1', frontend(), 'deploy', {});
  told(hostView([frontend(more)]));
  expect(declined()).toEqual([]);
});

test('the next verb takes the place of what was refused before', async () => {
  declinePreview('h1', 'shop/frontend', refusal);
  const asking = startVerb('h1', frontend(), 'flip', {});
  expect(declined()).toEqual([]);
  await asking;
  expect(declined()).toEqual(['flip']);
});
