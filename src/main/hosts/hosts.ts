import type { HostView } from '../../contract/views.ts';
import { freshLadder } from '../../core/connection.ts';
import { type Failure, failure, failureOf } from '../../core/failure.ts';
import { failed, ok, type Result } from '../../core/result.ts';
import type { Traffic } from '../../core/stack-map.ts';
import type { Session } from '../../engine/session.ts';
import type { SettingsKeeper } from '../settings/keeper.ts';
import { createCoalescer } from './coalescer.ts';

export type HostsOptions = {
  settings: SettingsKeeper;
  /** Builds a session; nothing is opened before its `connect`. */
  createSession(target: string): Session;
  createId(): string;
  onHost(view: HostView): void;
  onRemoved(host: string): void;
  onTraffic(host: string, services: Record<string, Traffic>): void;
};

/**
 * The hosts the operator added, each with its session. What is added, removed, connected or disconnected is in the
 * settings before the answer.
 */
export type Hosts = {
  views(): HostView[];
  session(host: string): Result<Session>;
  /** Adds a host and connects it. The same target twice is the same host, connected again. */
  add(target: string): Result<HostView>;
  remove(host: string): Result<null>;
  /** Begins connecting and returns; how it goes comes as views. Wakes a host that is away. */
  connect(host: string): Result<null>;
  disconnect(host: string): Result<null>;
  answer(host: string, question: string, answers: string[] | null): Result<null>;
  setAttention(attentive: boolean): void;
  /** Connects what was connected when the app was last closed. */
  begin(): void;
  /** Retries every host that is away, e.g. on resume from sleep. */
  wake(): void;
  /** Ends every session. Jobs on the servers go on. */
  close(): void;
};

type Entry = { id: string; target: string; opened: Opened };

type Opened = { kind: 'session'; session: Session; end(): void } | { kind: 'broken'; failure: Failure };

export function createHosts(options: HostsOptions): Hosts {
  let attentive = false;

  const open = (id: string, target: string): Opened => {
    let session: Session;
    try {
      session = options.createSession(target);
    } catch (caught) {
      return { kind: 'broken', failure: failureOf(caught) };
    }
    const coalescer = createCoalescer(() => {
      const entry = entries.get(id);
      if (entry !== undefined) options.onHost(view(entry));
    });
    session.setAttention(attentive);
    const stops = [
      session.onChange(() => coalescer.touch()),
      session.onTraffic((services) => options.onTraffic(id, services)),
    ];
    return {
      kind: 'session',
      session,
      end() {
        for (const stop of stops) stop();
        coalescer.close();
        session.close();
      },
    };
  };

  const entries = new Map<string, Entry>();
  for (const { id, target } of options.settings.get().hosts) entries.set(id, { id, target, opened: open(id, target) });

  const sessions = (): Session[] =>
    [...entries.values()].flatMap(({ opened }) => (opened.kind === 'session' ? [opened.session] : []));

  const find = (host: string): Result<Entry> => {
    const entry = entries.get(host);
    return entry === undefined ? failed(failure('input-invalid', 'This host was removed.')) : ok(entry);
  };

  const sessionOf = (host: string): Result<Session> => {
    const found = find(host);
    if (!found.ok) return found;
    const { opened } = found.value;
    return opened.kind === 'session' ? ok(opened.session) : failed(opened.failure);
  };

  const wish = (host: string, connect: boolean): void => {
    const { hosts } = options.settings.get();
    if (hosts.every((each) => each.id !== host || each.connect === connect)) return;
    options.settings.change({ hosts: hosts.map((each) => (each.id === host ? { ...each, connect } : each)) });
  };

  const climb = (session: Session): void => {
    const { kind } = session.connection();
    if (kind === 'away') session.wake();
    // The session tells every outcome through its connection; there is nothing to await here.
    else if (kind === 'idle' || kind === 'failed') void session.connect();
  };

  const connect = (host: string): Result<null> => {
    const session = sessionOf(host);
    if (!session.ok) return session;
    wish(host, true);
    climb(session.value);
    return ok(null);
  };

  return {
    views: () => [...entries.values()].map(view),
    session: sessionOf,

    add(typed) {
      const target = typed.trim();
      let entry = [...entries.values()].find((each) => each.target === target);
      if (entry === undefined) {
        const id = options.createId();
        options.settings.change({
          hosts: [...options.settings.get().hosts, { id, target, connect: true }],
        });
        entry = { id, target, opened: open(id, target) };
        entries.set(id, entry);
      }
      connect(entry.id);
      return ok(view(entry));
    },

    remove(host) {
      const found = find(host);
      if (!found.ok) return found;
      const { hosts, positions } = options.settings.get();
      const { [host]: _gone, ...kept } = positions;
      options.settings.change({ hosts: hosts.filter((each) => each.id !== host), positions: kept });
      entries.delete(host);
      if (found.value.opened.kind === 'session') found.value.opened.end();
      options.onRemoved(host);
      return ok(null);
    },

    connect,

    disconnect(host) {
      const session = sessionOf(host);
      if (!session.ok) return session;
      wish(host, false);
      session.value.disconnect();
      return ok(null);
    },

    answer(host, question, answers) {
      const session = sessionOf(host);
      if (!session.ok) return session;
      return session.value.answer(question, answers)
        ? ok(null)
        : failed(failure('input-invalid', 'This is not asked any more. The connection moved on.', { transient: true }));
    },

    setAttention(next) {
      attentive = next;
      for (const session of sessions()) session.setAttention(next);
    },

    begin() {
      for (const { id, connect: wanted } of options.settings.get().hosts) {
        const session = sessionOf(id);
        if (wanted && session.ok) climb(session.value);
      }
    },

    wake() {
      for (const session of sessions()) if (session.connection().kind === 'away') session.wake();
    },

    close() {
      for (const { opened } of entries.values()) if (opened.kind === 'session') opened.end();
      entries.clear();
    },
  };
}

function view({ id, target, opened }: Entry): HostView {
  if (opened.kind === 'broken') {
    const connection = { kind: 'failed', ladder: freshLadder(), failure: opened.failure } as const;
    return { id, target, connection, map: null, jobs: [] };
  }
  const { session } = opened;
  return { id, target, connection: session.connection(), map: session.map(), jobs: session.jobs() };
}
