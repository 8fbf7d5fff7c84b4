import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../../src/testkit/eventually.ts';
import {
  type FailureKind,
  firstAnswerOf,
  type LoadOptions,
  type LoadReport,
  lastAnswerOf,
  lastBeginOf,
  latencyOf,
  longestGap,
  startLoad,
} from './load.ts';
import { mayLoad } from './target.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Turn = { socket: net.Socket; request: string; connection: number; turn: number };

/** A server that answers each whole request as told; turns are counted from 1 on each connection. */
async function serve(answer: (turn: Turn) => void): Promise<number> {
  let connections = 0;
  const open = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    connections += 1;
    const connection = connections;
    let turn = 0;
    let heard = '';
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
      for (;;) {
        const head = heard.indexOf('\r\n\r\n');
        if (head === -1) return;
        const length = Number(/content-length: (\d+)/i.exec(heard.slice(0, head))?.[1] ?? 0);
        if (heard.length < head + 4 + length) return;
        const request = heard.slice(0, head + 4 + length);
        heard = heard.slice(request.length);
        turn += 1;
        answer({ socket, request, connection, turn });
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as net.AddressInfo).port;
}

function good({ socket, request }: Turn, release = '1.0.0', body = 'ok'): void {
  const closes = /connection: close/i.test(request);
  socket.write(
    `HTTP/1.1 200 OK\r\nX-Release: ${release}\r\nContent-Length: ${body.length}\r\n${closes ? 'Connection: close\r\n' : ''}\r\n${body}`,
  );
  if (closes) socket.end();
}

async function runLoad(port: number, options: Partial<LoadOptions> = {}): Promise<LoadReport> {
  const load = await startLoad({
    host: '127.0.0.1',
    port,
    clients: 4,
    maxRequests: 40,
    maxMs: 5_000,
    isolate: false,
    ...options,
  });
  return load.ended;
}

const lost = (kinds: Partial<Record<FailureKind, number>>) => ({
  connect: 0,
  reset: 0,
  truncated: 0,
  garbled: 0,
  timeout: 0,
  status: 0,
  ...kinds,
});

describe('what is good', () => {
  test('every request is answered once and counted once, by method and by release', async () => {
    const methods = { GET: 0, POST: 0 };
    let connections = 0;
    const port = await serve((turn) => {
      methods[turn.request.startsWith('POST') ? 'POST' : 'GET'] += 1;
      connections = Math.max(connections, turn.connection);
      good(turn);
    });
    const report = await runLoad(port, { maxRequests: 400 });
    expect(report).toMatchObject({ requests: 400, failed: 0, failures: lost({}), statuses: { 200: 400 } });
    expect(methods).toEqual({ GET: 300, POST: 100 });
    // Two clients keep their connection, two take one for each of their requests.
    expect(connections).toBeGreaterThan(100);
    expect(connections).toBeLessThan(300);
    expect(report.releases['1.0.0']?.requests).toBe(400);
    expect(report.p50Ms).toBeGreaterThan(0);
    expect(report.p99Ms).toBeLessThanOrEqual(report.maxMs);
  });

  test('an answer may come in single bytes, in chunks, after an interim one, or end with the connection', async () => {
    const port = await serve(({ socket, turn }) => {
      const answers = [
        'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nX-Trailer: a\r\n\r\n',
        'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
        'HTTP/1.0 200 OK\r\n\r\nuntil the end',
      ];
      const text = answers[turn - 1] ?? '';
      const send = (at: number) => {
        socket.write(text.slice(at, at + 1));
        if (at + 1 < text.length) setImmediate(() => send(at + 1));
        else if (turn === answers.length) socket.end();
      };
      send(0);
    });
    const report = await runLoad(port, { clients: 1, keepAliveShare: 1, maxRequests: 8 });
    expect(report).toMatchObject({ requests: 8, failed: 0, statuses: { 200: 6, 204: 2 } });
  });

  test('a kept connection that was closed while idle is replaced, which is no failure', async () => {
    const port = await serve((turn) => {
      good(turn);
      turn.socket.end();
    });
    const report = await runLoad(port, { clients: 1, keepAliveShare: 1, maxRequests: 3, perSecond: 3 });
    expect(report).toMatchObject({ requests: 3, failed: 0 });
  });
});

describe('what is lost', () => {
  test('nobody listens', async () => {
    const report = await runLoad(await freePort());
    expect(report).toMatchObject({ requests: 40, failed: 40, failures: lost({ connect: 40 }) });
  });

  test('a reset instead of an answer, also on a connection that served well before', async () => {
    const port = await serve((turn) => (turn.turn === 3 ? turn.socket.resetAndDestroy() : good(turn)));
    const report = await runLoad(port, { clients: 1, keepAliveShare: 1, maxRequests: 30 });
    expect(report).toMatchObject({ requests: 30, failed: 10, failures: lost({ reset: 10 }) });
    expect(report.samples[0]).toMatchObject({ kind: 'reset', reused: true });
  });

  test('a close instead of an answer', async () => {
    const port = await serve((turn) => (turn.turn === 2 ? turn.socket.end() : good(turn)));
    const report = await runLoad(port, { clients: 1, keepAliveShare: 1, maxRequests: 20 });
    expect(report).toMatchObject({ requests: 20, failed: 10, failures: lost({ reset: 10 }) });
  });

  test.each([
    ['in the head', 'HTTP/1.1 200 OK\r\nConte'],
    ['in the body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
    ['in a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel'],
    ['before the last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
  ])('an answer cut %s', async (_where, text) => {
    const port = await serve(({ socket }) => socket.end(text));
    expect(await runLoad(port)).toMatchObject({ requests: 40, failed: 40, failures: lost({ truncated: 40 }) });
  });

  test('an answer cut by a reset', async () => {
    const port = await serve(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      setTimeout(() => socket.resetAndDestroy(), 5);
    });
    expect(await runLoad(port)).toMatchObject({ failed: 40, failures: lost({ truncated: 40 }) });
  });

  test.each([500, 502, 503, 504, 404])('an answer %i', async (status) => {
    const port = await serve(({ socket }) => socket.write(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`));
    const report = await runLoad(port, { keepAliveShare: 1 });
    expect(report).toMatchObject({ failed: 40, failures: lost({ status: 40 }), statuses: { [status]: 40 } });
  });

  test('no answer at all, or never the whole of it', async () => {
    const port = await serve(({ socket, connection }) => {
      if (connection % 2 === 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
    });
    const report = await runLoad(port, { maxRequests: 8, timeoutMs: 60 });
    expect(report).toMatchObject({ requests: 8, failed: 8, failures: lost({ timeout: 8 }) });
  });

  test.each([
    ['bytes that are no HTTP', 'hello\r\n\r\n'],
    ['bytes after the answer', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok'],
  ])('%s', async (_what, text) => {
    const port = await serve(({ socket }) => socket.write(text));
    expect(await runLoad(port)).toMatchObject({ failed: 40, failures: lost({ garbled: 40 }) });
  });

  test('requests that are in flight when it is stopped are waited for, and lost when nothing comes', async () => {
    const port = await serve(() => {});
    const load = await startLoad({
      host: '127.0.0.1',
      port,
      clients: 3,
      maxRequests: 100,
      maxMs: 5_000,
      timeoutMs: 80,
      isolate: false,
    });
    const first = load.stop();
    expect(await first).toMatchObject({ requests: 3, failed: 3, failures: lost({ timeout: 3 }) });
    expect(await load.stop()).toBe(await first);
  });
});

describe('who answered when', () => {
  test('the last answer of a release, the first of the next and the gap between them', async () => {
    let release = '1.0.0';
    let held: Turn[] | null = null;
    const port = await serve((turn) => (held === null ? good(turn, release) : held.push(turn)));
    const load = await startLoad({ host: '127.0.0.1', port, maxRequests: 1e6, maxMs: 60_000 });
    await eventually('1.0.0 answers', () => (load.counters().releases['1.0.0'] ?? 0) > 100, 10_000);
    const commandedAtMs = Date.now();
    held = [];
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await load.lastAnswerOf('2.0.0', 0)).toBeNull();
    release = '2.0.0';
    const waiting: Turn[] = held;
    held = null;
    for (const turn of waiting) good(turn, release);
    await eventually('2.0.0 answers', () => (load.counters().releases['2.0.0'] ?? 0) > 100, 10_000);
    const report = await load.stop();
    expect(report.failed).toBe(0);
    const left = report.releases['1.0.0']?.lastEndAtMs ?? 0;
    const came = report.releases['2.0.0']?.firstEndAtMs ?? 0;
    expect(lastAnswerOf(report.records, '1.0.0', 0)).toBe(left);
    expect(firstAnswerOf(report.records, '2.0.0', commandedAtMs)).toBe(came);
    expect(left - commandedAtMs).toBeLessThan(5_000);
    expect(came - commandedAtMs).toBeGreaterThanOrEqual(149);
    // From the last answer, which may have come a while after the time that was noted.
    expect(came - left).toBeGreaterThan(100);
    expect(report.longestGapMs).toBeGreaterThanOrEqual(came - left - 1);
    expect(await load.lastAnswerOf('2.0.0', came)).toBe(report.releases['2.0.0']?.lastEndAtMs);
    expect(await load.lastAnswerOf('1.0.0', came)).toBeNull();
  });

  test('questions about records', () => {
    const records = {
      count: 5,
      beginMs: Float64Array.of(0, 5, 10, 20, 30),
      endMs: Float64Array.of(10, 12, 25, 27, 100),
      status: Uint16Array.of(200, 200, 500, 200, 200),
      release: Uint16Array.of(0, 1, 0, 0, 1),
      failure: Uint8Array.of(0, 0, 6, 0, 0),
      releases: ['a', 'b'],
    };
    expect(lastAnswerOf(records, 'a', 0)).toBe(27);
    expect(lastAnswerOf(records, 'a', 0, 27)).toBe(10);
    expect(lastAnswerOf(records, 'a', 11, 27)).toBeNull();
    expect(lastAnswerOf(records, 'c', 0)).toBeNull();
    expect(lastBeginOf(records, 'a', 0)).toBe(20);
    expect(lastBeginOf(records, 'a', 0, 27)).toBe(0);
    expect(lastBeginOf(records, 'a', 28)).toBeNull();
    expect(firstAnswerOf(records, 'b', 13)).toBe(100);
    expect(firstAnswerOf(records, 'b', 13, 100)).toBeNull();
    expect(latencyOf(records)).toEqual({ count: 4, p50Ms: 7, p99Ms: 70, maxMs: 70 });
    expect(latencyOf(records, (ms) => ms < 10)).toMatchObject({ count: 2, maxMs: 10 });
    expect(longestGap(records, 0, 101)).toBe(73);
  });
});

describe('bounds', () => {
  test('the number of requests, the time and the rate', async () => {
    const port = await serve((turn) => good(turn));
    expect((await runLoad(port, { maxRequests: 7, isolate: true })).requests).toBe(7);
    const paced = await runLoad(port, { maxRequests: 1e6, maxMs: 500, perSecond: 200 });
    expect(paced.requests).toBeGreaterThan(0);
    expect(paced.requests).toBeLessThanOrEqual(104);
    expect(paced.stoppedAtMs - paced.startedAtMs).toBeLessThan(4_000);
  });

  test('no other machine is ever a target', async () => {
    for (const host of ['8.8.8.8', '192.0.2.1', '0.0.0.0', 'example.org', '127.0.0.1.example.org', '::2', ''])
      await expect(startLoad({ host, port: 80, maxRequests: 1, maxMs: 1 }), host).rejects.toThrow('or its lab only');
    expect(['127.0.0.1', '127.8.9.1', 'localhost', '::1'].every(mayLoad)).toBe(true);
  });

  test('a path cannot smuggle a second request', async () => {
    await expect(
      startLoad({ host: '127.0.0.1', port: 1, maxRequests: 1, maxMs: 1, path: '/ HTTP/1.1\r\nX: y' }),
    ).rejects.toThrow('not a path');
    await expect(startLoad({ host: '127.0.0.1', port: 1, maxRequests: 1e9, maxMs: 1 })).rejects.toThrow('maxRequests');
  });
});

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
