import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HostView } from '../../contract/views.ts';
import type { Connection } from '../../core/connection.ts';
import { freshLadder } from '../../core/connection.ts';
import { failure } from '../../core/failure.ts';
import type { Traffic } from '../../core/stack-map.ts';
import { createFakeSession, type FakeSession } from '../../testkit/session/fake-session.ts';
import { createSettingsKeeper } from '../settings/keeper.ts';
import { freshSettings, type Settings } from '../settings/settings.ts';
import { turnMs } from './coalescer.ts';
import { createHosts } from './hosts.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const connected: Connection = { kind: 'connected', ladder: freshLadder(), sinceMs: 1 };
const away: Connection = { kind: 'away', sinceMs: 1, retryAtMs: 2, failure: failure('link-lost', 'The link is lost.') };

function given(settings: Partial<Settings> = {}, refuse = false) {
  const keeper = createSettingsKeeper({ read: () => ({ ...freshSettings(), ...settings }), write: () => {} });
  const sessions = new Map<string, FakeSession>();
  const told: HostView[] = [];
  const removed: string[] = [];
  const traffic: { host: string; services: Record<string, Traffic> }[] = [];
  let count = 0;
  const hosts = createHosts({
    settings: keeper,
    createSession(target) {
      if (refuse) throw new Error('no kit');
      const session = createFakeSession();
      sessions.set(target, session);
      return session;
    },
    createId: () => `h${++count}`,
    onHost: (view) => void told.push(view),
    onRemoved: (host) => void removed.push(host),
    onTraffic: (host, services) => void traffic.push({ host, services }),
  });
  const session = (target: string): FakeSession => {
    const found = sessions.get(target);
    if (found === undefined) throw new Error(`no session for ${target}`);
    return found;
  };
  return { hosts, keeper, sessions, session, told, removed, traffic };
}

const names = (session: FakeSession) => session.calls.map((call) => call.name);

test('a host that is added is kept as typed, connected, and shown', () => {
  const { hosts, keeper, session } = given();
  expect(hosts.add(' anna@home.lan:2222 ')).toEqual({
    ok: true,
    value: { id: 'h1', target: 'anna@home.lan:2222', connection: { kind: 'idle' }, map: null, jobs: [] },
  });
  expect(keeper.get().hosts).toEqual([{ id: 'h1', target: 'anna@home.lan:2222', connect: true }]);
  expect(names(session('anna@home.lan:2222'))).toEqual(['connect']);
});

test('the same target again is the same host', () => {
  const { hosts, keeper, session } = given();
  hosts.add('home');
  session('home').set({ connection: connected });
  expect(hosts.add('home')).toMatchObject({ ok: true, value: { id: 'h1' } });
  expect(keeper.get().hosts).toHaveLength(1);
  expect(names(session('home'))).toEqual(['connect']);
});

test('a change on the server is told at once, and those that follow once a turn', () => {
  const { hosts, session, told } = given();
  hosts.add('home');
  session('home').set({ connection: connected });
  expect(told).toHaveLength(1);
  session('home').set({ jobs: [] });
  session('home').set({ connection: away });
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(turnMs);
  expect(told.map((view) => view.connection.kind)).toEqual(['connected', 'away']);
  vi.advanceTimersByTime(10 * turnMs);
  expect(told).toHaveLength(2);
});

test('traffic is passed on with its host', () => {
  const { hosts, session, traffic } = given();
  hosts.add('home');
  const services = { 'shop/frontend': { requestsPerSecond: 12, errorsPerSecond: 0, history: [] } };
  session('home').traffic(services);
  expect(traffic).toEqual([{ host: 'h1', services }]);
});

test('at start, the hosts that were connected are connected again, and no others', () => {
  const { hosts, session } = given({
    hosts: [
      { id: 'a', target: 'home', connect: true },
      { id: 'b', target: 'attic', connect: false },
    ],
  });
  expect(names(session('home'))).toEqual([]);
  hosts.begin();
  expect(names(session('home'))).toEqual(['connect']);
  expect(names(session('attic'))).toEqual([]);
});

test('disconnecting is remembered', () => {
  const { hosts, keeper, session } = given({ hosts: [{ id: 'a', target: 'home', connect: true }] });
  expect(hosts.disconnect('a')).toEqual({ ok: true, value: null });
  expect(keeper.get().hosts).toEqual([{ id: 'a', target: 'home', connect: false }]);
  expect(names(session('home'))).toEqual(['disconnect']);
});

test('a host that is away is woken, not climbed again', () => {
  const { hosts, session } = given({ hosts: [{ id: 'a', target: 'home', connect: true }] });
  session('home').set({ connection: away });
  hosts.connect('a');
  hosts.wake();
  expect(names(session('home'))).toEqual(['wake', 'wake']);
});

test('connecting while asked or connected does nothing', () => {
  const { hosts, session } = given({ hosts: [{ id: 'a', target: 'home', connect: true }] });
  session('home').set({ connection: connected });
  hosts.connect('a');
  hosts.wake();
  expect(names(session('home'))).toEqual([]);
});

test('an answer reaches the session, and one that comes too late is refused with a word', () => {
  const { hosts, session } = given({ hosts: [{ id: 'a', target: 'home', connect: true }] });
  const question = { kind: 'password', id: 'q1', user: 'anna', host: 'home', again: false } as const;
  session('home').set({ connection: { kind: 'asking', ladder: freshLadder(), question } });
  expect(hosts.answer('a', 'q1', ['secret'])).toEqual({ ok: true, value: null });
  expect(hosts.answer('a', 'q0', null)).toMatchObject({
    ok: false,
    failure: { code: 'input-invalid', transient: true },
  });
});

test('a host that is removed is forgotten whole: its session, its place, its positions', () => {
  const { hosts, keeper, session, removed, told } = given({
    hosts: [{ id: 'a', target: 'home', connect: true }],
    positions: { a: { 'shop/web': { x: 1, y: 2 } }, b: {} },
  });
  session('home').set({ connection: connected });
  session('home').set({ connection: away });
  expect(hosts.remove('a')).toEqual({ ok: true, value: null });
  vi.advanceTimersByTime(turnMs);
  expect({ hosts: keeper.get().hosts, positions: keeper.get().positions }).toEqual({ hosts: [], positions: { b: {} } });
  expect({ removed, told: told.length, closed: session('home').closed }).toEqual({
    removed: ['a'],
    told: 1,
    closed: true,
  });
  expect(hosts.connect('a')).toMatchObject({ ok: false, failure: { code: 'input-invalid' } });
});

test('attention reaches every session, and one that comes later', () => {
  const { hosts, session } = given({ hosts: [{ id: 'a', target: 'home', connect: false }] });
  hosts.setAttention(true);
  hosts.add('attic');
  expect([session('home').attentive, session('attic').attentive]).toEqual([true, true]);
  hosts.setAttention(false);
  expect([session('home').attentive, session('attic').attentive]).toEqual([false, false]);
});

test('a session that cannot be built is a host that failed, with the reason', () => {
  const { hosts } = given({ hosts: [{ id: 'a', target: 'home', connect: true }] }, true);
  hosts.begin();
  hosts.setAttention(true);
  expect(hosts.views()).toMatchObject([{ id: 'a', connection: { kind: 'failed', failure: { code: 'bug' } } }]);
  expect(hosts.session('a')).toMatchObject({ ok: false, failure: { code: 'bug' } });
});

test('closing ends every session and tells nothing more', () => {
  const { hosts, session, told } = given({ hosts: [{ id: 'a', target: 'home', connect: true }] });
  hosts.close();
  session('home').set({ connection: connected });
  expect({ closed: session('home').closed, told }).toEqual({ closed: true, told: [] });
});
