import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Forward } from '../../engine/ports/tunnel.ts';
import { createHttpDoor } from './http-door.ts';

/** A slot: tells what reached it, streams, takes uploads and sockets. */
let slot: Server;
let reached: { line: string; host: string | undefined }[];
let door: Forward;
let address: string | null;
let endLink: () => void;

beforeEach(async () => {
  reached = [];
  address = '127.0.0.1';
  slot = createServer((request, answer) => {
    reached.push({ line: `${request.method} ${request.url}`, host: request.headers.host });
    if (request.url === '/upload') {
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      request.on('end', () => answer.end(`took ${bytes}`));
    } else if (request.url === '/events') {
      answer.writeHead(200, { 'content-type': 'text/event-stream' });
      answer.write('data: first\n\n');
    } else answer.end(`slot says ${request.url}`);
  });
  slot.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    reached.push({ line: `upgrade ${request.url}`, host: request.headers.host });
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    if (request.url === '/no') {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\nhello`,
    );
    socket.on('data', (chunk: Buffer) => socket.write(`echo ${chunk.toString()}`));
  });
  await new Promise<void>((resolve) => slot.listen(0, '127.0.0.1', resolve));
  const closed = new Promise<void>((resolve) => {
    endLink = resolve;
  });
  const forward = createHttpDoor({
    words: 'home',
    closed,
    openAddress: (host, port) =>
      new Promise((resolve, reject) => {
        const socket = connect({ host, port });
        socket.once('connect', () => resolve(socket)).once('error', reject);
      }),
  });
  door = await forward(() => address, (slot.address() as AddressInfo).port);
});
afterEach(async () => {
  await door.close();
  slot.closeAllConnections();
  await new Promise((resolve) => slot.close(resolve));
});

/** A connection that says all that comes on it. */
async function dial() {
  const socket = connect({ port: door.port, host: '127.0.0.1' });
  let heard = '';
  let ended = false;
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    ended = true;
  });
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  const until = async (pattern: RegExp): Promise<string> => {
    const deadline = performance.now() + 10_000;
    while (!pattern.test(heard)) {
      if (performance.now() > deadline) throw new Error(`never said ${pattern}: ${heard}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const said = heard;
    heard = '';
    return said;
  };
  const end = async (): Promise<string> => {
    const deadline = performance.now() + 10_000;
    while (!ended) {
      if (performance.now() > deadline) throw new Error(`did not end: ${heard}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return heard;
  };
  return { write: (text: string | Buffer) => socket.write(text), until, end, destroy: () => socket.destroy() };
}

const head = (line: string, headers: Record<string, string> = {}): string =>
  `${line} HTTP/1.1\r\n${Object.entries({ Host: `127.0.0.1:${door.port}`, ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

const socketHeaders = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
};

it('SE8 the slot is asked as it would be without a door, with the Host that it would see', async () => {
  const at = await dial();
  at.write(head('GET /a?b=1'));
  expect(await at.until(/slot says/)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*slot says \/a\?b=1/);
  expect(reached).toEqual([{ line: 'GET /a?b=1', host: `127.0.0.1:${door.port}` }]);
  at.destroy();
});

it('SE8 each request of a connection is looked at, not only the first', async () => {
  const at = await dial();
  at.write(head('GET /one'));
  await at.until(/slot says \/one/);
  at.write(head('GET /two', { Host: 'evil.example' }));
  expect(await at.until(/403[\s\S]*refused/)).toContain('evil.example');
  await at.end();
  const both = await dial();
  both.write(head('GET /three') + head('GET /four', { Origin: 'https://evil.example' }));
  expect(await both.until(/slot says \/three[\s\S]*refused/)).toContain('https://evil.example');
  expect(reached.map(({ line }) => line)).toEqual(['GET /one', 'GET /three']);
});

it.each([
  ['a name that was made to lead here', { Host: 'evil.example' }],
  ['another page’s script', { Origin: 'https://evil.example' }],
  ['a page of another port', { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' }],
])('SE8 the slot hears nothing of %s, by request or by socket', async (_what, headers) => {
  for (const [line, more] of [
    ['POST /x', { 'Content-Length': '0' }],
    ['GET /socket', socketHeaders],
  ] as const) {
    const at = await dial();
    at.write(head(line, { ...headers, ...more }));
    expect(await at.end()).toMatch(/^HTTP\/1\.1 403 Forbidden[\s\S]*Switchyard refused this request/);
  }
  expect(reached).toEqual([]);
});

it('SE8 a second Host is refused', async () => {
  const at = await dial();
  at.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${door.port}\r\nHost: evil.example\r\n\r\n`);
  expect(await at.end()).toMatch(/^HTTP\/1\.1 40[03]/);
  expect(reached).toEqual([]);
});

it('streams an upload, and events as they come', async () => {
  const up = await dial();
  const part = Buffer.alloc(65_536, 'x');
  up.write(head('POST /upload', { 'Content-Length': String(part.length * 40) }));
  for (let index = 0; index < 40; index += 1) up.write(part);
  expect(await up.until(/took/)).toContain(`took ${part.length * 40}`);
  up.destroy();
  const chunked = await dial();
  chunked.write(`${head('POST /upload', { 'Transfer-Encoding': 'chunked' })}3\r\nabc\r\n0\r\n\r\n`);
  expect(await chunked.until(/took/)).toContain('took 3');
  chunked.destroy();
  const events = await dial();
  events.write(head('GET /events'));
  expect(await events.until(/data: first/)).toContain('text/event-stream');
  events.destroy();
});

it('carries a WebSocket both ways, and after a refused one nothing more', async () => {
  const at = await dial();
  at.write(head('GET /socket', { ...socketHeaders, Origin: `http://127.0.0.1:${door.port}` }));
  expect(await at.until(/hello/)).toMatch(/^HTTP\/1\.1 101 /);
  at.write('ping');
  expect(await at.until(/echo/)).toBe('echo ping');
  at.destroy();
  const no = await dial();
  no.write(head('GET /no', socketHeaders) + head('GET /behind', { Host: 'evil.example' }));
  expect(await no.end()).toMatch(/^HTTP\/1\.1 404 /);
  const other = await dial();
  other.write(head('GET /socket', { Connection: 'Upgrade', Upgrade: 'h2c' }));
  expect(await other.end()).toMatch(/^HTTP\/1\.1 403 /);
  expect(reached.map(({ line }) => line)).toEqual(['upgrade /socket', 'upgrade /no']);
});

it('says so where nothing runs, and while nothing answers', async () => {
  address = null;
  const none = await dial();
  none.write(head('GET /'));
  expect(await none.end()).toMatch(/^HTTP\/1\.1 502 [\s\S]*Nothing answers in this slot now/);
});

it('ends with what is open on it, once closed and with its link', async () => {
  const at = await dial();
  at.write(head('GET /socket', socketHeaders));
  await at.until(/hello/);
  await door.close();
  await door.close();
  await at.end();
  await expect(dialFails()).resolves.toBe('ECONNREFUSED');
});

it('ends with its link, and opens no more', async () => {
  endLink();
  await expect.poll(dialFails).toBe('ECONNREFUSED');
});

const dialFails = (): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ port: door.port, host: '127.0.0.1' });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.once('connect', () => {
      socket.destroy();
      resolve('open');
    });
  });
