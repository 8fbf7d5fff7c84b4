import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FailureError, failure, failureOf } from '../../core/failure.ts';
import { refusePreview } from '../../core/preview-guard.ts';
import type { Tunnel } from '../../engine/ports/tunnel.ts';

type DoorLink = {
  words: string;
  openAddress(address: string, port: number): Promise<Duplex>;
  closed: Promise<unknown>;
};

/**
 * Ports of this machine that lead to a web server of the host. Each request is looked at, also those that follow on the same
 * connection, and what another page of the browser sends is refused (SPEC SE8). What is let through goes on as it came, its Host
 * included. When the link ends, they end with it.
 */
export function createHttpDoor(link: DoorLink): Tunnel['forward'] {
  let isOpen = true;
  void link.closed.then(() => {
    isOpen = false;
  });

  return async (addressNow, port) => {
    if (!isOpen)
      throw new FailureError(failure('link-lost', `The connection to ${link.words} is closed.`, { transient: true }));
    const sockets = new Set<Socket>();
    const dial = async (): Promise<Duplex> => {
      const address = addressNow();
      if (address === null) throw new Error('nothing runs there');
      return link.openAddress(address, port);
    };
    const refusal = (message: IncomingMessage): string | null => {
      const why = refusePreview(asPreviewRequest(message), (server.address() as AddressInfo | null)?.port ?? 0);
      return why === null
        ? null
        : `Switchyard refused this request to a preview: ${why}. Open the preview’s own address.\n`;
    };

    const server = createServer((message, answer) => {
      const why = refusal(message);
      if (why !== null) refuse(answer, 403, why);
      else
        dial().then(
          (stream) => relay(message, answer, stream),
          () => refuse(answer, 502, 'Nothing answers in this slot now.\n'),
        );
    });
    server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      const isSocket = message.headers.upgrade?.toLowerCase() === 'websocket';
      const why = refusal(message) ?? (isSocket ? null : 'Only a WebSocket can be opened through a preview.\n');
      if (why !== null) endWith(socket, '403 Forbidden', why);
      else
        dial().then(
          (stream) => relayUpgrade(message, socket, head, stream),
          () => endWith(socket, '502 Bad Gateway', 'Nothing answers in this slot now.\n'),
        );
    });
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => sockets.delete(socket));
    });
    // An upload may take as long as it takes.
    server.requestTimeout = 0;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new FailureError(failureOf(error), { cause: error })));
      server.listen(0, '127.0.0.1', resolve);
    });
    let listens = true;
    const close = async (): Promise<void> => {
      if (!listens) return;
      listens = false;
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await ended;
    };
    void link.closed.then(close);
    return { port: (server.address() as AddressInfo).port, close };
  };
}

function asPreviewRequest({ method, url, headers, rawHeaders }: IncomingMessage) {
  const one = (name: string): string | null => {
    const value = headers[name];
    return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
  };
  return {
    method: method ?? '',
    target: url ?? '',
    hosts: rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host'),
    origin: one('origin'),
    site: one('sec-fetch-site'),
    mode: one('sec-fetch-mode'),
    dest: one('sec-fetch-dest'),
  };
}

function refuse(answer: ServerResponse, status: number, words: string): void {
  if (answer.headersSent) answer.destroy();
  else answer.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(words);
}

const endWith = (socket: Duplex, status: string, words: string): void => {
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(words)}\r\nConnection: close\r\n\r\n${words}`,
  );
};

/** Of one connection only: the next one has its own. */
const hopHeaders = ['connection', 'keep-alive', 'proxy-connection'];

function endToEnd(rawHeaders: string[]): string[] {
  return rawHeaders.flatMap((name, index) =>
    index % 2 === 1 || hopHeaders.includes(name.toLowerCase()) ? [] : [name, rawHeaders[index + 1] ?? ''],
  );
}

const onward = (message: IncomingMessage, stream: Duplex, connection: string) =>
  request({
    createConnection: () => stream as Socket,
    method: message.method,
    path: message.url,
    headers: [...endToEnd(message.rawHeaders), 'Connection', connection],
    setHost: false,
  });

function relay(message: IncomingMessage, answer: ServerResponse, stream: Duplex): void {
  stream.on('error', () => {});
  const asked = onward(message, stream, 'close');
  asked.on('error', () => {
    if (!answer.destroyed) refuse(answer, 502, 'The slot ended the connection without an answer.\n');
  });
  asked.on('response', (response) => {
    answer.writeHead(response.statusCode ?? 502, response.statusMessage, endToEnd(response.rawHeaders));
    // What streams its events may have none for a while.
    answer.flushHeaders();
    response.on('error', () => answer.destroy());
    response.pipe(answer);
  });
  answer.on('close', () => {
    asked.destroy();
    stream.destroy();
  });
  message.on('error', () => asked.destroy());
  message.pipe(asked);
}

/** Only what the slot agreed to is carried as bytes: behind a refusal, another request would be looked at by nobody. */
function relayUpgrade(message: IncomingMessage, socket: Duplex, head: Buffer, stream: Duplex): void {
  stream.on('error', () => socket.destroy());
  const asked = onward(message, stream, 'Upgrade');
  asked.on('error', () => socket.destroy());
  asked.on('response', (response) => {
    socket.end(
      `HTTP/1.1 ${response.statusCode} ${response.statusMessage}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
    stream.destroy();
  });
  asked.on('upgrade', (response, upgraded, first) => {
    const headers = response.rawHeaders.flatMap((name, index) =>
      index % 2 === 1 ? [] : [`${name}: ${response.rawHeaders[index + 1]}\r\n`],
    );
    socket.write(`HTTP/1.1 101 ${response.statusMessage}\r\n${headers.join('')}\r\n`);
    if (first.length > 0) socket.write(first);
    if (head.length > 0) upgraded.write(head);
    upgraded.on('error', () => socket.destroy());
    upgraded.on('close', () => socket.destroy());
    socket.on('close', () => upgraded.destroy());
    upgraded.pipe(socket).pipe(upgraded);
  });
  socket.on('close', () => stream.destroy());
  asked.end();
}
