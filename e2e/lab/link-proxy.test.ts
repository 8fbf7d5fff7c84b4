import { once } from 'node:events';
import net from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { type LinkProxy, type LinkProxyOptions, startLinkProxy } from './link-proxy.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that says hello and then repeats what it hears, and a proxy in front of it. */
async function startEcho(options: Omit<LinkProxyOptions, 'targetPort'> = {}): Promise<LinkProxy> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.write('hello');
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const proxy = await startLinkProxy({ ...options, targetPort: (server.address() as net.AddressInfo).port });
  closers.push(() => proxy.close());
  return proxy;
}

/** A client that keeps what it hears until it is asked for. */
class Client {
  readonly socket: net.Socket;
  readonly closed: Promise<void>;
  #heard: Buffer[] = [];
  #onData = () => {};

  constructor(proxy: LinkProxy) {
    this.socket = net.connect({ port: proxy.port, host: '127.0.0.1' });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
    this.socket.on('data', (chunk: Buffer) => {
      this.#heard.push(chunk);
      this.#onData();
    });
    closers.push(() => this.socket.destroy());
  }

  async take(length: number): Promise<Buffer> {
    while (this.#heard.reduce((sum, chunk) => sum + chunk.length, 0) < length) {
      await new Promise<void>((resolve) => {
        this.#onData = resolve;
      });
    }
    const all = Buffer.concat(this.#heard);
    this.#heard = [all.subarray(length)];
    return all.subarray(0, length);
  }

  async text(length: number): Promise<string> {
    return (await this.take(length)).toString();
  }
}

test('a link without delay passes bytes both ways', async () => {
  const client = new Client(await startEcho());
  expect(await client.text(5)).toBe('hello');
  client.socket.write('again');
  expect(await client.text(5)).toBe('again');
});

test('an answer takes one round trip, the first word two', async () => {
  const proxy = await startEcho({ roundTripMs: 40 });
  const startedMs = performance.now();
  const client = new Client(proxy);
  await client.text(5);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(78);
  const askedMs = performance.now();
  client.socket.write('again');
  await client.text(5);
  expect(performance.now() - askedMs).toBeGreaterThanOrEqual(39);
});

test('many bytes come whole and in order through a slow link', async () => {
  const client = new Client(await startEcho({ roundTripMs: 4 }));
  await client.text(5);
  const sent = Buffer.from(Array.from({ length: 9_000_000 }, (_, index) => index % 251));
  client.socket.write(sent);
  expect((await client.take(sent.length)).equals(sent)).toBe(true);
});

test('a frozen link says nothing and delivers after the thaw', async () => {
  const proxy = await startEcho();
  const client = new Client(proxy);
  await client.text(5);
  proxy.freeze();
  client.socket.write('later');
  const second = new Client(proxy);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([client.socket.bytesRead, second.socket.bytesRead]).toEqual([5, 0]);
  proxy.thaw();
  expect(await client.text(5)).toBe('later');
  expect(await second.text(5)).toBe('hello');
});

test('a cut resets what is open and lets new connections through', async () => {
  const proxy = await startEcho();
  const client = new Client(proxy);
  await client.text(5);
  proxy.cut();
  await client.closed;
  expect(proxy.connectionCount).toBe(0);
  expect(await new Client(proxy).text(5)).toBe('hello');
});

test('a link is cut after a number of bytes', async () => {
  const proxy = await startEcho();
  const client = new Client(proxy);
  await client.text(5);
  proxy.cutAfterBytes(7);
  client.socket.write('1234');
  await client.closed;
  expect(proxy.connectionCount).toBe(0);
});

test('a refused connection is reset', async () => {
  const proxy = await startEcho();
  proxy.refuse();
  await new Client(proxy).closed;
  proxy.allow();
  expect(await new Client(proxy).text(5)).toBe('hello');
});
