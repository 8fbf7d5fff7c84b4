import type { Duplex, Readable } from 'node:stream';
import Docker from 'dockerode';
import { type Failure, FailureError, failure } from '../../core/failure.ts';
import type { DockerEngine, EngineFact } from '../../engine/ports/docker-engine.ts';
import { createLogReader } from './log-lines.ts';
import {
  hasTerminal,
  narrowAll,
  narrowContainer,
  narrowEngine,
  narrowEvent,
  narrowImage,
  narrowInspection,
  narrowNetwork,
  narrowVolume,
} from './narrow.ts';
import { StreamAgent } from './stream-agent.ts';

export type OpenDocker = {
  engine: DockerEngine;
  /** The engine's version. What else `observe` tells of the engine is asked for as well, ahead. Rejects with FailureError when no engine answers. */
  version(signal?: AbortSignal): Promise<string>;
  /** Opens streams ahead of the first `observe`. */
  prepare(): void;
  /** Ends every stream. Idempotent. */
  close(): void;
};

export type DockerPlace = {
  /** The host, for sentences. */
  words: string;
  /** Opens a stream to the engine's socket. May reject with FailureError, which is then told as it is. */
  open(): Promise<Duplex>;
  /** How many requests at a time; 16 where streams are cheap. */
  places?: number;
  /** How long the first answer may take. */
  patienceMs?: number;
};

/** An engine that takes connections and says nothing is as good as stopped. */
const usualPatienceMs = 15_000;

/** What `observe` asks at once. */
const observeRequests = 6;

/**
 * Health checks tell of an exec every few seconds and container; only what changes the map is asked for. A `kill` changes
 * nothing by itself: the `die` that it may cause must not wait behind a map that was drawn for it.
 */
const followedEvents = {
  type: ['container', 'network', 'volume', 'image'],
  event: [
    'create',
    'start',
    'restart',
    'stop',
    'die',
    'oom',
    'pause',
    'unpause',
    'rename',
    'update',
    'destroy',
    'remove',
    'health_status',
    'connect',
    'disconnect',
    'mount',
    'unmount',
    'pull',
    'load',
    'import',
    'tag',
    'untag',
    'delete',
    'prune',
  ],
};

/** Docker's API over streams that somebody else opens, all of them kept and used again. Nothing is opened before it is needed. */
export function createDocker(place: DockerPlace): OpenDocker {
  const agent = new StreamAgent(place.open, place.places ?? 16);
  // Streams that stay open for long have their own agent: they must not take the places of requests.
  const following = new StreamAgent(place.open, Number.POSITIVE_INFINITY);
  const docker = dockerOver(agent);
  const followDocker = dockerOver(following);
  let isOpen = true;

  const read = async <Value>(signal: AbortSignal | undefined, ask: () => Promise<Value>): Promise<Value> => {
    for (let attempt = 0; ; attempt++) {
      if (signal?.aborted) throw cancelledAt(place.words);
      if (!isOpen) throw closedAt(place.words);
      try {
        return await ask();
      } catch (error) {
        if (signal?.aborted) throw cancelledAt(place.words);
        // A kept stream may have been closed by the engine in the moment it was used again. Reads may be asked twice.
        if (attempt === 0 && isOpen && isBrokenStream(error)) continue;
        throw isOpen ? asFailure(error, place.words) : closedAt(place.words);
      }
    }
  };

  const withSignal = <Options extends object>(options: Options, signal?: AbortSignal): Options =>
    signal ? { ...options, abortSignal: signal } : options;

  // What an engine is does not change while its streams stay open: asked once, asked again after one broke.
  let asked: { version: Promise<unknown>; info: Promise<unknown> } | null = null;
  const askEngine = (): { version: Promise<unknown>; info: Promise<unknown> } => {
    if (asked) return asked;
    const asking = { version: read(undefined, () => docker.version()), info: read(undefined, () => docker.info()) };
    asked = asking;
    const forget = (): void => {
      if (asked === asking) asked = null;
    };
    asking.version.catch(forget);
    asking.info.catch(forget);
    return asking;
  };
  const engineOf = async (): Promise<EngineFact> => {
    const { version, info } = askEngine();
    return narrowEngine(await version, await info);
  };

  const engine: DockerEngine = {
    async observe(signal) {
      const [fact, containers, images, networks, volumes] = await Promise.all([
        read(signal, engineOf),
        read(signal, () => docker.listContainers(withSignal({ all: true }, signal))),
        read(signal, () => docker.listImages(withSignal({}, signal))),
        read(signal, () => docker.listNetworks(withSignal({}, signal))),
        read(signal, () => docker.listVolumes(withSignal({}, signal))),
      ]);
      return {
        engine: fact,
        containers: narrowAll(containers, narrowContainer),
        images: narrowAll(images, narrowImage),
        networks: narrowAll(networks, narrowNetwork),
        volumes: narrowAll(volumes.Volumes, narrowVolume),
      };
    },

    async container(id, signal) {
      const wanted: Docker.ContainerListOptions = { all: true, filters: JSON.stringify({ id: [id] }) };
      const found = await read(signal, () => docker.listContainers(withSignal(wanted, signal)));
      // The filter takes any part of an id: the very one is meant, or the one a shortened id begins.
      const facts = narrowAll(found, narrowContainer);
      return facts.find((each) => each.id === id) ?? facts.find((each) => each.id.startsWith(id)) ?? null;
    },

    async inspect(id, signal) {
      try {
        return narrowInspection(await read(signal, () => docker.getContainer(id).inspect(withSignal({}, signal))));
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },

    async events({ signal, onOpen, onEvent }) {
      if (signal.aborted) return;
      if (!isOpen) throw closedAt(place.words);
      let rest = '';
      try {
        const options: Docker.GetEventsOptions = withSignal({ filters: JSON.stringify(followedEvents) }, signal);
        const stream = (await followDocker.getEvents(options)) as Readable;
        onOpen();
        await drain(stream, signal, (chunk) => {
          const lines = (rest + chunk.toString('utf8')).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) {
            const event = narrowEvent(line);
            if (event) onEvent(event);
          }
        });
      } catch (error) {
        if (signal.aborted) return;
        asked = null;
        throw isOpen ? asFailure(error, place.words) : closedAt(place.words);
      }
      if (signal.aborted) return;
      asked = null;
      throw new FailureError(
        failure('link-lost', `Docker’s event stream on ${place.words} ended.`, { transient: true }),
      );
    },

    async logs(id, { tail, follow = true, signal, onLines }) {
      if (signal.aborted) return;
      const container = followDocker.getContainer(id);
      try {
        const framed = !hasTerminal(await read(signal, () => docker.getContainer(id).inspect()));
        const wanted = { stdout: true, stderr: true, timestamps: true, tail };
        const stream = follow
          ? ((await container.logs(withSignal({ ...wanted, follow: true as const }, signal))) as Readable)
          : await readLog(container, wanted, signal);
        const reader = createLogReader(framed);
        await drain(stream, signal, (chunk) => {
          const lines = reader.take(chunk);
          if (lines.length > 0) onLines(lines);
        });
        const last = reader.end();
        if (last.length > 0 && !signal.aborted) onLines(last);
      } catch (error) {
        if (signal.aborted) return;
        const told = asFailure(error, place.words);
        if (isMissing(told) || isMissing(error)) return;
        throw isOpen ? told : closedAt(place.words);
      }
    },
  };

  return {
    engine,
    version: async (signal) =>
      narrowEngine(
        await withinTime(
          read(signal, () => askEngine().version),
          place.words,
          place.patienceMs ?? usualPatienceMs,
        ),
        null,
      ).version,
    prepare: () => agent.prepare(observeRequests),
    close: () => {
      isOpen = false;
      agent.destroy();
      following.destroy();
    },
  };
}

/** dockerode, made deaf to this machine's DOCKER_HOST and DOCKER_CERT_PATH, which are not meant for another host. */
function dockerOver(agent: StreamAgent): Docker {
  const { DOCKER_HOST, DOCKER_CERT_PATH } = process.env;
  delete process.env.DOCKER_HOST;
  delete process.env.DOCKER_CERT_PATH;
  try {
    return new Docker({ protocol: 'http', host: 'docker', port: 80, agent } as Docker.DockerOptions);
  } finally {
    if (DOCKER_HOST !== undefined) process.env.DOCKER_HOST = DOCKER_HOST;
    if (DOCKER_CERT_PATH !== undefined) process.env.DOCKER_CERT_PATH = DOCKER_CERT_PATH;
  }
}

/** What dockerode does for a log that is followed; it would take any other for a document, and parse one that looks like JSON. */
const readLog = (container: Docker.Container, options: object, signal: AbortSignal): Promise<Readable> =>
  new Promise((resolve, reject) => {
    container.modem.dial(
      {
        path: `/containers/${container.id}/logs?`,
        method: 'GET',
        abortSignal: signal,
        isStream: true,
        statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
        options: { ...options, follow: false },
      },
      (error: unknown, stream: Readable) => (error === null ? resolve(stream) : reject(error)),
    );
  });

/** Reads a stream until it ends or the signal aborts; rejects when it breaks. */
function drain(stream: Readable, signal: AbortSignal, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      signal.removeEventListener('abort', end);
      if (!stream.destroyed) stream.destroy();
      resolve();
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) return end();
    stream.on('data', (chunk: Buffer) => {
      if (!signal.aborted) take(chunk);
    });
    stream.on('end', end);
    stream.on('close', end);
    stream.on('error', (error) => {
      signal.removeEventListener('abort', end);
      if (signal.aborted) resolve();
      else reject(error);
    });
  });
}

function withinTime<Value>(answer: Promise<Value>, words: string, patienceMs: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const text = `no answer within ${patienceMs / 1000} s`;
    const stopped = failure('docker-stopped', `Docker on ${words} takes connections and gives no answer.`, {
      detail: text,
      transient: true,
    });
    const timer = setTimeout(() => reject(new FailureError(stopped)), patienceMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const statusOf = (error: unknown): number | null => {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : null;
};

const isMissing = (error: unknown): boolean =>
  statusOf(error) === 404 || (error instanceof FailureError && statusOf(error.cause) === 404);

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '');

function isBrokenStream(error: unknown): boolean {
  if (error instanceof FailureError || statusOf(error) !== null) return false;
  return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'].includes(codeOf(error));
}

/** What went wrong with a request, as an operator would say it. Pure. */
export function dockerFailure(error: unknown, words: string): Failure {
  const text = error instanceof Error ? error.message.trim() : String(error);
  const more = { detail: text, transient: true };
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return failure('docker-stopped', `Docker’s socket is there on ${words}, but no engine answers on it.`, more);
    case 'EACCES':
    case 'EPERM':
      return failure('docker-forbidden', `This user may not use Docker’s socket on ${words}.`, { detail: text });
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ERR_STREAM_PREMATURE_CLOSE':
    case 'ERR_STREAM_DESTROYED':
      return failure('docker-stopped', `Docker on ${words} broke off in the middle of an answer.`, more);
  }
  // sshd's word for a socket that it could not connect to.
  if ((error as { reason?: unknown } | null)?.reason !== undefined && statusOf(error) === null) {
    return failure('docker-stopped', `Docker’s socket is there on ${words}, but no engine answers on it.`, more);
  }
  const status = statusOf(error);
  if (status === 403 || status === 401) {
    return failure('docker-forbidden', `Docker on ${words} does not allow this user to look.`, { detail: text });
  }
  if (status !== null && status >= 500) {
    return failure('docker-stopped', `Docker on ${words} answered with an error: ${text}`, more);
  }
  return failure('bug', `Docker on ${words} gave an answer that was not expected: ${text}`, { detail: text });
}

const asFailure = (error: unknown, words: string): FailureError =>
  error instanceof FailureError ? error : new FailureError(dockerFailure(error, words), { cause: error });

const closedAt = (words: string): FailureError =>
  new FailureError(failure('link-lost', `The connection to Docker on ${words} is closed.`, { transient: true }));

const cancelledAt = (words: string): FailureError =>
  new FailureError(failure('cancelled', `A question to Docker on ${words} was cancelled.`));
