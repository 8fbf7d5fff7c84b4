import type { Connection } from '../../core/connection.ts';
import { failure } from '../../core/failure.ts';
import type { Job } from '../../core/job.ts';
import type { LogLine } from '../../core/log-line.ts';
import { failed, ok, type Result } from '../../core/result.ts';
import type { StackMap, Traffic } from '../../core/stack-map.ts';
import type { Session } from '../../engine/session.ts';

export type FakeSession = Session & {
  /** What was called, oldest first, with its arguments. */
  readonly calls: { name: string; args: unknown[] }[];
  readonly attentive: boolean;
  readonly closed: boolean;
  /** Changes what a face sees and tells the listeners, in the same turn. */
  set(changes: { connection?: Connection; map?: StackMap | null; jobs?: Job[] }): void;
  traffic(services: Record<string, Traffic>): void;
  /** Sends lines to every follower. */
  log(lines: LogLine[]): void;
};

/** A session that does what a test tells it, and remembers what it was asked. */
export function createFakeSession(): FakeSession {
  const calls: FakeSession['calls'] = [];
  const changed = new Set<() => void>();
  const traffics = new Set<(services: Record<string, Traffic>) => void>();
  const followers = new Set<(lines: LogLine[]) => void>();
  let connection: Connection = { kind: 'idle' };
  let map: StackMap | null = null;
  let jobs: Job[] = [];
  let attentive = false;
  let closed = false;

  const note = (name: string, ...args: unknown[]): void => void calls.push({ name, args });
  const refused = async (): Promise<Result<never>> => failed(failure('link-lost', 'The fake is not connected.'));

  return {
    calls,
    get attentive() {
      return attentive;
    },
    get closed() {
      return closed;
    },
    set(changes) {
      connection = changes.connection ?? connection;
      if (changes.map !== undefined) map = changes.map;
      jobs = changes.jobs ?? jobs;
      for (const listener of changed) listener();
    },
    traffic(services) {
      for (const listener of traffics) listener(services);
    },
    log(lines) {
      for (const listener of followers) listener(lines);
    },

    connection: () => connection,
    map: () => map,
    jobs: () => jobs,
    onChange(listener) {
      changed.add(listener);
      return () => void changed.delete(listener);
    },
    onTraffic(listener) {
      traffics.add(listener);
      return () => void traffics.delete(listener);
    },
    setAttention(next) {
      attentive = next;
    },
    async connect() {
      note('connect');
      return connection;
    },
    wake: () => note('wake'),
    disconnect: () => note('disconnect'),
    answer(question, answers) {
      note('answer', question, answers);
      return connection.kind === 'asking' && connection.question.id === question;
    },
    refresh: async () => (map === null ? refused() : ok(map)),
    planAdopt: refused,
    planNext: refused,
    start(...args) {
      note('start', ...args);
      return refused();
    },
    ended: refused,
    async stop(...args) {
      note('stop', ...args);
      return ok(null);
    },
    knownJobs: async () => ok(jobs),
    jobLog: refused,
    dismiss: (...args) => note('dismiss', ...args),
    releases: refused,
    compareReleases: refused,
    followLogs(name, { tail, signal, onLines }) {
      note('followLogs', name, tail);
      followers.add(onLines);
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          followers.delete(onLines);
          resolve(ok(null));
        });
      });
    },
    openPreview: refused,
    async closePreview(...args) {
      note('closePreview', ...args);
    },
    close() {
      closed = true;
    },
  };
}
