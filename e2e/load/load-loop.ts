import net from 'node:net';
import { AnswerReader } from './answer-reader.ts';
import type { LoadCounters, LoadOptions, LoadReport } from './load.ts';
import { type FailureKind, type LoadRecords, latestSince, Recorder } from './records.ts';
import { wallClockOffsetMs } from './wall-clock.ts';

/** What the loop needs, all decided. */
export type LoopOptions = Required<Omit<LoadOptions, 'isolate' | 'perSecond'>> & { perSecond: number | null };

export type LoopEnd = {
  records: LoadRecords;
  counters: LoadCounters;
  tally: Pick<LoadReport, 'failed' | 'failures' | 'samples' | 'statuses' | 'releases'>;
  startedAtMs: number;
  /** When no more requests were begun. */
  stoppedAtMs: number;
};

export type Loop = {
  /** Resolves by itself when a bound is reached. */
  readonly ended: Promise<LoopEnd>;
  /** No new request from now on; resolves when those in flight have an answer or are lost. May be called twice. */
  stop(): Promise<LoopEnd>;
  counters(): LoadCounters;
  lastAnswer(release: string, afterMs: number): number | null;
};

/** Runs the clients on this event loop. */
export function startLoop(options: LoopOptions): Loop {
  const offsetMs = wallClockOffsetMs();
  const nowMs = () => performance.now() + offsetMs;
  const startedAtMs = nowMs();
  const recorder = new Recorder();
  let begun = 0;
  let stoppedAtMs = 0;
  let live = options.clients;
  let finish: (end: LoopEnd) => void = () => {};
  const ended = new Promise<LoopEnd>((resolve) => {
    finish = resolve;
  });
  const idle = new Set<() => void>();

  const counters = (): LoadCounters => ({
    requests: recorder.count,
    failed: recorder.failed,
    inFlight: begun - recorder.count,
    failures: { ...recorder.failures },
    releases: Object.fromEntries([...recorder.releases].map(([name, { requests }]) => [name, requests])),
  });

  const stop = () => {
    if (stoppedAtMs === 0) {
      stoppedAtMs = nowMs();
      clearTimeout(limit);
      for (const wake of [...idle]) wake();
    }
    return ended;
  };
  const limit = setTimeout(() => void stop(), options.maxMs);

  const clientEnded = () => {
    live -= 1;
    if (live > 0) return;
    void stop();
    const { failed, failures, samples, statuses, releases } = recorder;
    finish({
      records: recorder.seal(),
      counters: counters(),
      tally: { failed, failures, samples, statuses, releases: Object.fromEntries(releases) },
      startedAtMs,
      stoppedAtMs,
    });
  };

  /** One client: one request at a time, never the same one twice. */
  const runClient = (index: number) => {
    const keepsAlive = index < Math.round(options.clients * options.keepAliveShare);
    const connectionHeader = keepsAlive ? 'keep-alive' : 'close';
    const body = JSON.stringify({ order: 'switchyard', client: index, filling: 'x'.repeat(64) });
    const host = options.hostHeader;
    const get = `GET ${options.path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: switchyard-load\r\nConnection: ${connectionHeader}\r\n\r\n`;
    const post = `POST ${options.postPath} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: switchyard-load\r\nConnection: ${connectionHeader}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
    const everyMs = options.perSecond === null ? 0 : (1000 * options.clients) / options.perSecond;
    let nextAtMs = startedAtMs + (everyMs * index) / options.clients;
    // Clients post at different turns, so that both methods are always on their way.
    let posts = index / options.clients;
    let kept: Connection | null = null;

    const wait = () => {
      const timer = setTimeout(wake, Math.max(0, nextAtMs - nowMs()));
      function wake() {
        clearTimeout(timer);
        idle.delete(wake);
        // What came in meanwhile is heard first: a kept connection that the server closed must be seen to be closed.
        setImmediate(next);
      }
      idle.add(wake);
    };

    const next = () => {
      if (stoppedAtMs !== 0 || begun >= options.maxRequests) {
        kept?.socket.destroy();
        clientEnded();
        return;
      }
      const now = nowMs();
      if (everyMs > 0) {
        if (now < nextAtMs) return wait();
        // A client that is late is late: no burst makes up for it.
        nextAtMs = Math.max(nextAtMs + everyMs, now);
      }
      begun += 1;
      posts += options.postShare;
      const isPost = posts >= 1;
      if (isPost) posts -= 1;
      send(isPost ? post : get, isPost ? 'POST' : 'GET');
    };

    const send = (request: string, method: string) => {
      const beginMs = nowMs();
      const reader = new AnswerReader();
      const reused = kept !== null;
      const connection = kept ?? openConnection(options.host, options.port);
      const { socket } = connection;
      kept = null;

      const settle = (failure: { kind: FailureKind; what: string } | null) => {
        clearTimeout(deadline);
        const endMs = nowMs();
        const { status, release, keepsOpen } = reader.answer;
        recorder.add(
          beginMs,
          endMs,
          status,
          release,
          failure === null
            ? null
            : { ...failure, what: `${method} ${failure.what}`, atMs: endMs, afterMs: endMs - beginMs, reused },
        );
        if (failure !== null) {
          connection.user = nobody;
          socket.destroy();
        } else if (keepsAlive && keepsOpen && !socket.destroyed && socket.writable) {
          keep(connection);
        } else {
          // The server closes first, so that its side and not ours remembers the connection.
          const late = setTimeout(() => socket.destroy(), 1_000);
          connection.user = { ...nobody, gone: () => clearTimeout(late) };
        }
        // Not within the socket's own event: a run of quick failures must not grow the call stack.
        setImmediate(next);
      };
      const judge = () => {
        const { status } = reader.answer;
        settle(status >= 400 ? { kind: 'status', what: `answered ${status}` } : null);
      };
      const lost = (why: string) => {
        if (!connection.connected) settle({ kind: 'connect', what: why });
        else if (reader.begun) settle({ kind: 'truncated', what: why });
        else settle({ kind: 'reset', what: why });
      };
      const deadline = setTimeout(
        () => settle({ kind: 'timeout', what: `no whole answer within ${options.timeoutMs} ms` }),
        options.timeoutMs,
      );
      connection.user = {
        data: (bytes) => {
          const state = reader.push(bytes);
          if (state === 'garbled') settle({ kind: 'garbled', what: 'bytes that are not one answer' });
          else if (state === 'complete') judge();
        },
        end: () => (reader.close() ? judge() : lost('connection closed by the server')),
        gone: lost,
      };
      socket.write(request, 'latin1');
    };

    /** Holds a connection until the next request; one that the server closes or speaks on meanwhile is not used again. */
    const keep = (connection: Connection) => {
      kept = connection;
      const drop = () => {
        if (kept === connection) kept = null;
        connection.user = nobody;
        connection.socket.destroy();
      };
      connection.user = { data: drop, end: drop, gone: drop };
    };

    next();
  };

  for (let index = 0; index < options.clients; index += 1) runClient(index);
  return {
    ended,
    stop,
    counters,
    lastAnswer: (release, afterMs) => latestSince(recorder.releases.get(release), afterMs),
  };
}

/** Who hears what happens on a connection: the request that is on it, or whoever keeps it. */
type User = { data(bytes: Buffer): void; end(): void; gone(why: string): void };
type Connection = { socket: net.Socket; connected: boolean; user: User };

const nobody: User = { data: () => {}, end: () => {}, gone: () => {} };

function openConnection(host: string, port: number): Connection {
  const socket = net.connect({ host, port, noDelay: true });
  const connection: Connection = { socket, connected: false, user: nobody };
  socket.on('connect', () => {
    connection.connected = true;
  });
  socket.on('data', (bytes: Buffer) => connection.user.data(bytes));
  socket.on('end', () => connection.user.end());
  socket.on('error', (error: NodeJS.ErrnoException) => connection.user.gone(error.code ?? error.message));
  socket.on('close', () => connection.user.gone('connection closed'));
  return connection;
}
