import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HostView, ServiceView } from '../../contract/views.ts';
import { hostView, serviceView } from '../../testkit/session/views.ts';
import { createFakeBridge, type FakeBridge } from '../../testkit/window/fake-bridge.ts';
import { nextReady, slot, watching } from '../../testkit/window/fixtures.ts';
import { closePreview, notePreview, usePreviews, watchPreviews } from './previews.ts';
import { serviceKey, useServer } from './store.ts';

const frontend = (more: Partial<ServiceView> = {}) => serviceView('frontend', { ...nextReady(), ...more });
const view = (id: string, more: Partial<ServiceView> = {}, changes: Partial<HostView> = {}) =>
  hostView([frontend(more)], { id, target: id, ...changes });
const preview = {
  url: 'http://127.0.0.1:41873/',
  port: 41_873,
  service: 'frontend',
  slot: 'green',
  release: 13,
} as const;
const connected = (sinceMs: number) => ({ connection: { kind: 'connected' as const, ladder: [], sinceMs } });

const shownOn = (host: string) => usePreviews.getState()[serviceKey(host, 'shop/frontend')]?.preview.url ?? '';

let bridge: FakeBridge;
let stop: () => void;

beforeEach(() => {
  bridge = createFakeBridge([]);
  vi.stubGlobal('window', { switchyard: bridge });
  useServer.setState({ hosts: [view('home'), view('nas')] });
  stop = watchPreviews();
  notePreview('home', 'shop/frontend', preview);
});

afterEach(() => {
  stop();
  closePreview('home', frontend());
});

const closed = () => bridge.calls.filter((each) => each.name === 'preview.close').length;

test('a preview is of one server: another’s service of the same name has none', () => {
  expect([shownOn('home'), shownOn('nas')]).toEqual([preview.url, '']);
});

test('a preview stays while its release is next, whatever else changes', () => {
  useServer.setState({ hosts: [view('home', { health: 'unhealthy' }), view('nas')] });
  expect(shownOn('home')).toBe(preview.url);
});

test.each<[string, Partial<ServiceView>]>([
  ['flipped to', watching()],
  ['retired', { slots: { blue: null, green: null } }],
  ['replaced', { slots: { blue: null, green: slot('green', 'next', 14, 'a:1.6.0') } }],
])('a preview whose release was %s is closed, here and in the main process', (_, more) => {
  useServer.setState({ hosts: [view('home', more), view('nas')] });
  expect([shownOn('home'), closed()]).toEqual(['', 1]);
});

test.each<[string, Partial<HostView>]>([
  ['is lost', { connection: { kind: 'idle' } }],
  ['is another by now', connected(5)],
])('a preview whose link %s is forgotten: it ended with that', (_, changes) => {
  useServer.setState({ hosts: [view('home', {}, changes), view('nas')] });
  expect([shownOn('home'), closed()]).toEqual(['', 0]);
});

test('a preview of a server that was removed is forgotten', () => {
  useServer.setState({ hosts: [view('nas')] });
  useServer.setState({ hosts: [view('nas'), view('home')] });
  expect(shownOn('home')).toBe('');
});
