import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
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
  readonly #ready: Promise<Duplex>[] = [];

  constructor(open: () => Promise<Duplex>, places: number) {
    super({ keepAlive: true, maxSockets: places, maxFreeSockets: places, scheduling: 'fifo' });
    this.#open = open;
  }

  /** Opens streams ahead of the requests that will want them at once. */
  prepare(count: number): void {
    for (let index = 0; index < count; index++) {
      const stream = this.#opened();
      this.#ready.push(stream);
      // One that ended before it was used must not be handed out: a request on it would wait for ever.
      const forget = (): void => {
        const at = this.#ready.indexOf(stream);
        if (at >= 0) this.#ready.splice(at, 1);
      };
      stream.then((each) => each.once('close', forget), forget);
    }
  }

  override createConnection(_options: unknown, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    (this.#ready.shift() ?? this.#opened()).then(
      (stream) => callback?.(null, stream),
      (error) => callback?.(error, undefined as never),
    );
    return undefined;
  }

  /** docker-modem does not notice an answer that breaks off: its promise would never settle. The request's error it hears. */
  addRequest(request: ClientRequest, ...others: unknown[]): void {
    request.once('response', (response: IncomingMessage) => {
      response.on('error', (error) => request.emit('error', error));
    });
    (Agent.prototype as unknown as { addRequest(...all: unknown[]): void }).addRequest.call(this, request, ...others);
  }

  async #opened(): Promise<Duplex> {
    const stream = await this.#open();
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    stream.on('error', () => {});
    return likeSocket(stream);
  }

  override destroy(): void {
    super.destroy();
    for (const stream of this.#ready.splice(0)) stream.then((each) => each.destroy()).catch(() => {});
    for (const stream of this.#streams) stream.destroy();
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
