import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../testkit/eventually.ts';
import { createDocker, type OpenDocker } from './docker-engine.ts';

let folder: string;
let server: Server;
let docker: OpenDocker;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let opened: Socket[];
let asked: string[];

const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
};
const healthy = (request: IncomingMessage, response: ServerResponse): void => {
  const path = request.url ?? '';
  if (path.startsWith('/version')) json(response, { Version: '26.1', ApiVersion: '1.45' });
  else if (path.startsWith('/info')) json(response, { NCPU: 2, MemTotal: 5, OperatingSystem: 'Debian' });
  else if (path.startsWith('/volumes')) json(response, { Volumes: [{ Name: 'v' }], Warnings: null });
  else if (path.startsWith('/networks')) json(response, [{ Name: 'n', Driver: 'bridge' }]);
  else if (path.startsWith('/containers/json')) json(response, [{ Id: 'c', Names: ['/c'] }, 'odd', null]);
  else json(response, []);
};
const open = (): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const socket = connect(join(folder, 'docker.sock'));
    opened.push(socket);
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-docker-'));
  opened = [];
  asked = [];
  answer = healthy;
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(join(folder, 'docker.sock'), resolve));
  docker = createDocker({ words: 'home', open });
});

afterEach(async () => {
  docker.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'answered',
    (error) => error.failure?.code ?? error,
  );

describe('Docker over streams', () => {
  it('asks for everything at once, and for what the engine is only once', async () => {
    expect(await docker.version()).toBe('26.1');
    const facts = await docker.engine.observe();
    expect(facts).toMatchObject({
      engine: { version: '26.1', apiVersion: '1.45', os: 'Debian', cpus: 2, memoryBytes: 5 },
      containers: [{ id: 'c', name: 'c' }],
      images: [],
      networks: [{ name: 'n' }],
      volumes: [{ name: 'v' }],
    });
    await docker.engine.observe();
    expect(asked.filter((each) => each.startsWith('/info'))).toEqual(['/info']);
    expect(asked.length).toBe(2 + 4 + 4);
    expect(opened.length).toBeLessThanOrEqual(6);
  });

  it('is not led astray by this machine’s DOCKER_HOST', async () => {
    process.env.DOCKER_HOST = 'ssh://elsewhere';
    try {
      const other = createDocker({ words: 'home', open });
      expect(await other.version()).toBe('26.1');
      other.close();
      expect(process.env.DOCKER_HOST).toBe('ssh://elsewhere');
    } finally {
      delete process.env.DOCKER_HOST;
    }
  });

  it('does not hand out a prepared stream that has ended', async () => {
    docker.prepare();
    const areAll = (state: (socket: Socket) => boolean) => opened.length > 0 && opened.every(state);
    await eventually('they are open', () => areAll((socket) => socket.readyState === 'open'));
    expect(opened.length).toBe(6);
    for (const each of opened) each.destroy();
    await eventually('they have ended', () => areAll((socket) => socket.closed));
    expect(await docker.version()).toBe('26.1');
  });

  it('asks once more on a new stream when a kept one breaks', async () => {
    await docker.engine.observe();
    let broken = 0;
    answer = (request, response) => {
      if (broken++ === 0) request.socket.destroy();
      else healthy(request, response);
    };
    expect((await docker.engine.container('c'))?.id).toBe('c');
    expect(broken).toBe(2);
  });

  it('fails when an answer breaks off in the middle, each time', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'Content-Length': '1000' }).write('[{"Id":');
      setTimeout(() => response.destroy(), 10);
    };
    expect(await code(docker.engine.container('c'))).toBe('docker-stopped');
    expect(asked.length).toBe(2);
  });

  it('tells an engine that takes connections and says nothing', async () => {
    answer = () => {};
    const impatient = createDocker({ words: 'home', open, patienceMs: 50 });
    expect(await code(impatient.version())).toBe('docker-stopped');
    impatient.close();
  });

  it('tells an engine that answers with errors, and with nonsense', async () => {
    answer = (_request, response) => json(response, { message: 'broken inside' }, 500);
    expect(await code(docker.engine.observe())).toBe('docker-stopped');
    answer = (_request, response) => json(response, { message: 'not you' }, 403);
    expect(await code(docker.engine.observe())).toBe('docker-forbidden');
    answer = (_request, response) => response.end('<html>');
    expect(await docker.engine.observe()).toMatchObject({ containers: [], engine: { version: '' } });
  });

  it('gives up at once when it is cancelled or closed', async () => {
    answer = () => {};
    const abort = new AbortController();
    const observing = code(docker.engine.observe(abort.signal));
    setTimeout(() => abort.abort(), 20);
    expect(await observing).toBe('cancelled');
    const other = code(docker.engine.container('c'));
    setTimeout(() => docker.close(), 20);
    expect(await other).toBe('link-lost');
    expect(await code(docker.engine.observe())).toBe('link-lost');
  });

  it('reads a log that is not followed to its end, and one that looks like a document as the log it is', async () => {
    answer = (request, response) => {
      if (!(request.url ?? '').includes('/logs?')) return json(response, { Config: { Tty: true } });
      response.writeHead(200).end('2026-11-22T21:04:11.000000000Z {"n":1}\r\n');
    };
    const read = async (follow: boolean) => {
      const lines: string[] = [];
      const { signal } = new AbortController();
      await docker.engine.logs('c', {
        tail: 5,
        follow,
        signal,
        onLines: (more) => lines.push(...more.map((line) => line.text)),
      });
      return { lines, asked: asked.at(-1)?.replace(/^.*[?&](follow=\w+).*$/, '$1') };
    };
    expect(await read(false)).toEqual({ lines: ['{"n":1}'], asked: 'follow=false' });
    expect(await read(true)).toEqual({ lines: ['{"n":1}'], asked: 'follow=true' });
    answer = (_request, response) => json(response, { message: 'no reading from this driver' }, 501);
    expect(await code(read(false))).toBe('docker-stopped');
    answer = (_request, response) => json(response, { message: 'no such container' }, 404);
    expect((await read(false)).lines).toEqual([]);
  });

  it('says when the event stream ends by itself', async () => {
    answer = (_request, response) => {
      response
        .writeHead(200)
        .write('{"Type":"container","Action":"start","Actor":{"ID":"a"},"timeNano":1}\n{"Type":"vol');
      setTimeout(() => response.end('ume","Action":"create","Actor":{"ID":"v"},"timeNano":2}\nodd\n'), 20);
    };
    const heard: string[] = [];
    const ended = docker.engine.events({
      signal: new AbortController().signal,
      onOpen: () => heard.push('open'),
      onEvent: (event) => heard.push(`${event.kind} ${event.action} ${event.id} ${event.atNano}`),
    });
    expect(await code(ended)).toBe('link-lost');
    expect(heard).toEqual(['open', 'container start a 1', 'volume create v 2']);
  });
});
