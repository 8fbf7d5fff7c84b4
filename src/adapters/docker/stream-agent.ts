import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import { inspect } from 'node:util';

/**
 * A keep-alive http agent over streams that somebody else opens (channels of an ssh connection, unix sockets).
 * At most `places` streams at a time; those in use by a long answer count. `open` is called when a new one is needed.
 */
export class StreamAgent extends Agent {
  readonly #open: () => Promise<Duplex>;
  readonly #streams = new Set<Duplex>();
  /** Streams that were opened before anybody asked, so that the first requests do not wait a round trip for them. */
  #ready: Promise<Duplex>[] = [];

  constructor(open: () => Promise<Duplex>, places: number) {
    super({ keepAlive: true, maxSockets: places, maxFreeSockets: places, scheduling: 'fifo' });
    this.#open = open;
  }

  /** Opens streams ahead of the requests that will want them at once. */
  prepare(count: number): void {
    for (let index = 0; index < count; index++) {
      const stream = this.#open();
      stream.catch(() => {});
      this.#ready.push(stream);
    }
  }

  override createConnection(_options: unknown, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    (this.#ready.shift() ?? this.#open()).then(
      (stream) => {
        this.#streams.add(stream);
        stream.once('close', () => this.#streams.delete(stream));
        callback?.(null, likeSocket(stream));
      },
      (error) => callback?.(error, undefined as never),
    );
    return undefined;
  }

  override destroy(): void {
    super.destroy();
    for (const stream of this.#streams) stream.destroy();
    for (const stream of this.#ready) stream.then((each) => each.destroy()).catch(() => {});
    this.#ready = [];
  }

  /** docker-modem inspects its options at every request, without a limit of depth: the whole ssh client, 30 ms each. */
  [inspect.custom](): string {
    return 'StreamAgent';
  }
}

/** http calls these on what it takes for a socket. Channels have none of them. */
function likeSocket(stream: Duplex): Duplex {
  const socket = stream as Duplex & Record<string, unknown>;
  for (const name of ['setKeepAlive', 'setNoDelay', 'setTimeout', 'ref', 'unref']) {
    socket[name] ??= () => socket;
  }
  return stream;
}
