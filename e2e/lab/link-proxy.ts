import net from 'node:net';

export interface LinkProxyOptions {
  /** Where connections lead; 127.0.0.1 when no host is given. */
  targetPort: number;
  targetHost?: string;
  /** What a packet and its answer take together; 0 when absent. */
  roundTripMs?: number;
}

/** A link between this machine and a server that can be as bad as one likes. Every call holds for open and for new connections. */
export interface LinkProxy {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Connections that are open through it now. */
  readonly connectionCount: number;
  /** What got through since the start, in both directions together. */
  readonly byteCount: number;
  /** Of what is sent from now on. */
  setRoundTripMs(roundTripMs: number): void;
  /** Nothing gets through and nobody is told; what is sent waits. A new connection is taken and hears nothing. */
  freeze(): void;
  thaw(): void;
  /** Resets every connection, at once or after this many more bytes in both directions together; new ones work. */
  cut(): void;
  cutAfterBytes(byteCount: number): void;
  /** Resets every new connection too, until allowed again. */
  refuse(): void;
  allow(): void;
  /** Resets what is open and frees the port. */
  close(): Promise<void>;
}

/** How much may be on its way in one direction before its sender is made to wait. */
const windowBytes = 4 * 1024 * 1024;

/** Starts a proxy on a free port of 127.0.0.1. The caller closes it. */
export async function startLinkProxy(options: LinkProxyOptions): Promise<LinkProxy> {
  let roundTripMs = options.roundTripMs ?? 0;
  let isFrozen = false;
  let isRefusing = false;
  let bytesUntilCut = Number.POSITIVE_INFINITY;
  let bytesThrough = 0;
  const connections = new Set<Connection>();

  const cut = () => {
    bytesUntilCut = Number.POSITIVE_INFINITY;
    for (const connection of [...connections]) connection.reset();
  };
  const link: Link = {
    oneWayMs: () => roundTripMs / 2,
    isFrozen: () => isFrozen,
    onBytes: (byteCount) => {
      bytesThrough += byteCount;
      bytesUntilCut -= byteCount;
      if (bytesUntilCut < 0) cut();
    },
  };

  const server = net.createServer({ noDelay: true }, (client) => {
    if (isRefusing) {
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    const connection = new Connection(client, options.targetPort, options.targetHost ?? '127.0.0.1', link, () =>
      connections.delete(connection),
    );
    connections.add(connection);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, resolve);
  });

  return {
    port: (server.address() as net.AddressInfo).port,
    get connectionCount() {
      return connections.size;
    },
    get byteCount() {
      return bytesThrough;
    },
    setRoundTripMs: (next) => {
      roundTripMs = next;
    },
    freeze: () => {
      isFrozen = true;
    },
    thaw: () => {
      isFrozen = false;
      for (const connection of connections) connection.flush();
    },
    cut,
    cutAfterBytes: (byteCount) => {
      bytesUntilCut = byteCount;
    },
    refuse: () => {
      isRefusing = true;
      cut();
    },
    allow: () => {
      isRefusing = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

/** What a connection asks of its link. */
interface Link {
  oneWayMs(): number;
  isFrozen(): boolean;
  onBytes(byteCount: number): void;
}

/** One client's connection and the one it leads to. */
class Connection {
  readonly #client: net.Socket;
  readonly #onClosed: () => void;
  readonly #lanes: Lane[] = [];
  #server: net.Socket | undefined;
  #isClosed = false;

  constructor(client: net.Socket, targetPort: number, targetHost: string, link: Link, onClosed: () => void) {
    this.#client = client;
    this.#onClosed = onClosed;
    client.on('error', () => this.reset());
    // The client saw its connection made at once, where a handshake over the link takes one and a half round trips until the server
    // takes it. Dialling that much later gives the server's first word the time it would have had.
    const open = () => {
      if (this.#isClosed) return;
      const server = net.connect({ port: targetPort, host: targetHost, noDelay: true });
      this.#server = server;
      server.on('error', () => this.reset());
      this.#lanes.push(
        new Lane(client, server, link, () => this.#closeWhenDone()),
        new Lane(server, client, link, () => this.#closeWhenDone()),
      );
    };
    const delayMs = link.oneWayMs() * 3;
    if (delayMs === 0) open();
    else setTimeout(open, delayMs);
  }

  flush(): void {
    for (const lane of this.#lanes) lane.flush();
  }

  reset(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const lane of this.#lanes) lane.stop();
    this.#client.resetAndDestroy();
    if (this.#server?.connecting === true) this.#server.destroy();
    else this.#server?.resetAndDestroy();
    this.#onClosed();
  }

  #closeWhenDone(): void {
    if (this.#isClosed || !this.#lanes.every((lane) => lane.isDone)) return;
    this.#isClosed = true;
    this.#onClosed();
  }
}

/** One direction: what comes in goes out in the same order, each piece after its delay. */
class Lane {
  readonly #from: net.Socket;
  readonly #to: net.Socket;
  readonly #link: Link;
  readonly #onDone: () => void;
  /** Null is the end of the stream. */
  #queue: { chunk: Buffer | null; dueMs: number }[] = [];
  #queuedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  isDone = false;

  constructor(from: net.Socket, to: net.Socket, link: Link, onDone: () => void) {
    this.#from = from;
    this.#to = to;
    this.#link = link;
    this.#onDone = onDone;
    from.on('data', (chunk: Buffer) => this.#push(chunk));
    from.on('end', () => this.#push(null));
    to.on('drain', () => this.#resume());
  }

  /** Sends what is due. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#link.isFrozen()) return;
    let entry = this.#queue[0];
    while (entry !== undefined && entry.dueMs <= performance.now()) {
      this.#queue.shift();
      this.#send(entry.chunk);
      entry = this.#queue[0];
    }
    this.#resume();
    if (entry !== undefined) this.#timer = setTimeout(() => this.flush(), Math.max(0, entry.dueMs - performance.now()));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
    this.isDone = true;
  }

  #push(chunk: Buffer | null): void {
    if (this.isDone) return;
    this.#queue.push({ chunk, dueMs: performance.now() + this.#link.oneWayMs() });
    this.#queuedBytes += chunk?.length ?? 0;
    if (this.#queuedBytes > windowBytes) this.#from.pause();
    if (this.#timer === undefined) this.flush();
  }

  #send(chunk: Buffer | null): void {
    if (chunk === null) {
      this.isDone = true;
      this.#to.end();
      this.#onDone();
      return;
    }
    this.#queuedBytes -= chunk.length;
    this.#to.write(chunk);
    this.#link.onBytes(chunk.length);
  }

  #resume(): void {
    if (this.#to.writableNeedDrain) this.#from.pause();
    else if (this.#queuedBytes <= windowBytes) this.#from.resume();
  }
}
