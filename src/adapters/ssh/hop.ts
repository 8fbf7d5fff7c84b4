import { spawn } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import ssh2, { type Client, type ServerHostKeyAlgorithm } from 'ssh2';
import type { RungName } from '../../core/connection.ts';
import { FailureError, failure, failureOf } from '../../core/failure.ts';
import { cancelled, handshakeFailure, hostWords, networkFailure, silenceFailure, textOf } from './connect-failure.ts';
import type { HostSettings } from './host-settings.ts';
import { findIdentities, type Identities, type OpenedKeys } from './identity.ts';
import {
  fingerprint,
  hostKeyOrder,
  judgeHostKey,
  type KnownHostLine,
  keyAlgorithm,
  knownHostName,
} from './known-hosts.ts';
import { appendKnownHost, loadKnownHosts } from './known-hosts-files.ts';
import { type Asker, freshRecord, type LoginAnswer, loginAttempts, loginFailure } from './login.ts';

/** What was typed while connecting, kept in memory only so that a link that comes back does not ask again. */
export type Secrets = {
  openedKeys: OpenedKeys;
  passwords: Map<string, { value: string | null }>;
  acceptedKeys: KnownHostLine[];
};

export const freshSecrets = (): Secrets => ({ openedKeys: new Map(), passwords: new Map(), acceptedKeys: [] });

export type HopOptions = {
  settings: HostSettings;
  secrets: Secrets;
  ask: Asker;
  questionId(): string;
  onStep(name: RungName, state: 'running' | 'passed', detail: string | null): void;
  signal: AbortSignal;
};

/** The link that carries the bytes, under ssh. `words` say where it leads. */
export type Wire = { stream: Duplex; words: string };

/** ssh's own order (curve25519 first) is also the quickest here: measured, one ECDH costs Node less than 1 ms. */
const hostKeyAlgorithms: ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
];

/** A dead peer is noticed after `interval * (count + 1)` = 15 s. */
const keepalive = { keepaliveInterval: 3750, keepaliveCountMax: 3 };

/** From the open socket to the host's key. */
const firstWordMs = 10_000;
/** Between two answers while logging in. PAM may dawdle for some seconds after a wrong password. */
const loginSilenceMs = 20_000;

/**
 * One verified, logged-in ssh connection. Rejects with FailureError; then nothing is left open. No secret is sent before
 * the host's key was found in known_hosts or accepted. A host that hangs up while the operator is being asked is dialled
 * once more with the answer.
 */
export async function openHop(options: HopOptions, dial: () => Promise<Wire>): Promise<Client> {
  for (let attempt = 0; ; attempt++) {
    const outcome = await tryHop(options, dial);
    if (outcome.kind === 'ready') return outcome.client;
    if (outcome.kind === 'failed' || attempt >= 3) throw outcome.error;
  }
}

type HopOutcome =
  | { kind: 'ready'; client: Client }
  | { kind: 'failed'; error: FailureError }
  | { kind: 'hung-up-while-asking'; error: FailureError };

async function tryHop(options: HopOptions, dial: () => Promise<Wire>): Promise<HopOutcome> {
  const { settings, signal } = options;
  const where = hostWords(settings);
  if (signal.aborted) return { kind: 'failed', error: new FailureError(cancelled(where)) };

  const asking = trackQuestions(options.ask);
  const identities: Promise<Identities> = findIdentities(
    settings,
    options.secrets.openedKeys,
    async (keyPath, again) => {
      const answer = await asking.ask({ kind: 'passphrase', id: options.questionId(), keyPath, again });
      return answer?.[0] ?? null;
    },
  );
  const knownHosts = loadKnownHosts(settings);
  // Awaited later; a rejection must not be unhandled while the host is being dialled.
  identities.catch(() => {});

  let wire: Wire;
  try {
    wire = await dial();
  } catch (error) {
    return { kind: 'failed', error: new FailureError(failureOf(error), { cause: error }) };
  }
  const known = [...(await knownHosts), ...options.secrets.acceptedKeys];
  const client = new ssh2.Client();
  try {
    await handshake(client, wire, known, identities, asking, options);
    return { kind: 'ready', client };
  } catch (caught) {
    client.on('error', () => {});
    client.destroy();
    wire.stream.destroy();
    const error = caught instanceof FailureError ? caught : new FailureError(failureOf(caught), { cause: caught });
    const answered = await asking.settled();
    if (error.failure.code === 'link-lost' && answered && !signal.aborted)
      return { kind: 'hung-up-while-asking', error };
    return { kind: 'failed', error };
  }
}

function handshake(
  client: Client,
  wire: Wire,
  known: KnownHostLine[],
  identities: Promise<Identities>,
  asking: TrackedQuestions,
  options: HopOptions,
): Promise<void> {
  const { settings, signal, secrets } = options;
  const where = hostWords(settings);
  const keyHost = {
    name: settings.hostKeyAlias ?? settings.hostName,
    port: settings.hostKeyAlias ? 22 : settings.port,
  };
  const record = freshRecord();
  const login = `${settings.user}@${settings.hostName}:${settings.port}`;
  const password = secrets.passwords.get(login) ?? { value: null };
  secrets.passwords.set(login, password);

  return new Promise((resolve, reject) => {
    let heard = false;
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    const done = (error: FailureError | null): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      asking.onChange(() => {});
      if (error === null) resolve();
      else reject(error);
    };
    const onAbort = (): void => done(new FailureError(cancelled(where)));
    signal.addEventListener('abort', onAbort, { once: true });

    // The host's silence is measured, never the operator's.
    const watchSilence = (): void => {
      clearTimeout(timer);
      if (isOver || asking.isOpen()) return;
      const ms = heard ? loginSilenceMs : Math.min(firstWordMs, settings.connectTimeoutMs);
      timer = setTimeout(() => done(new FailureError(silenceFailure(settings, heard, ms))), ms);
    };
    asking.onChange(watchSilence);
    watchSilence();

    const hungUp = (): void =>
      done(new FailureError(handshakeFailure(new Error('connection lost before handshake'), settings, heard)));

    const attempts = loginAttempts(settings, identities, asking.ask, options.questionId, record, password);

    client
      .on('ready', () => {
        options.onStep('login', 'passed', settings.user);
        done(null);
      })
      .on('error', (error: Error & { level?: string }) => {
        if (error.level === 'agent') return;
        if (error.level === 'client-authentication' || /authentication failures/i.test(error.message)) {
          done(new FailureError(loginFailure(settings, record)));
        } else done(new FailureError(handshakeFailure(error, settings, heard), { cause: error }));
      })
      .on('close', hungUp);
    wire.stream.once('close', hungUp);
    if (wire.stream.destroyed || wire.stream.readableEnded) return hungUp();

    client.connect({
      ...keepalive,
      sock: wire.stream as Socket,
      username: settings.user,
      readyTimeout: 0,
      // Forwarding to sockets is OpenSSH's, but other servers have learnt it: whether one does is found by asking.
      strictVendor: false,
      algorithms: {
        serverHostKey: hostKeyOrder(hostKeyAlgorithms, known, keyHost) as ServerHostKeyAlgorithm[],
        compress: ['none'],
      },
      hostVerifier: (key: Buffer, verify: (valid: boolean) => void) => {
        heard = true;
        options.onStep('reachable', 'passed', wire.words);
        options.onStep('host-key', 'running', null);
        watchSilence();
        verifyHostKey(key, known, keyHost, asking.ask, options).then(
          () => {
            // ssh2 must not be told about a connection that is gone.
            if (isOver) return;
            options.onStep('host-key', 'passed', `${keyWords(key)} ${fingerprint(key)}`);
            options.onStep('login', 'running', null);
            watchSilence();
            verify(true);
          },
          (error: unknown) => done(error instanceof FailureError ? error : new FailureError(failureOf(error))),
        );
      },
      authHandler: ((methods: string[] | null, partial: boolean | null, next: (method: unknown) => void) => {
        watchSilence();
        const answer: LoginAnswer = { methods, partial: partial === true };
        attempts.next(answer).then(
          (attempt) => {
            if (isOver) return;
            watchSilence();
            next(attempt.done ? false : attempt.value);
          },
          (error: unknown) => done(new FailureError(failureOf(error))),
        );
      }) as never,
    });
  });
}

async function verifyHostKey(
  key: Buffer,
  known: KnownHostLine[],
  keyHost: { name: string; port: number },
  ask: Asker,
  options: HopOptions,
): Promise<void> {
  const { settings } = options;
  const where = hostWords(settings);
  const sha256 = fingerprint(key);
  const shown = `${keyWords(key)} ${sha256}`;
  const verdict = judgeHostKey(key, known, keyHost);
  switch (verdict.kind) {
    case 'known':
      return;
    case 'revoked':
      throw new FailureError(
        failure('host-key-revoked', `${where} showed a host key that is marked as revoked.`, {
          detail: `${shown} (${verdict.file}:${verdict.line})`,
        }),
      );
    case 'changed': {
      const onFile = verdict.known.map(
        (each) => `${each.algorithm.replace(/^ssh-/, '').toUpperCase()} ${each.sha256} (${each.file}:${each.line})`,
      );
      throw new FailureError(
        failure(
          'host-key-changed',
          `${where} showed another host key than the one that is known. Nothing was sent to it.`,
          {
            detail: `shown: ${shown}; known: ${onFile.join(', ')}`,
          },
        ),
      );
    }
    case 'unknown':
      break;
  }
  if (settings.strictHostKeyChecking === 'yes') {
    throw new FailureError(
      failure(
        'host-key-unknown',
        `The host key of ${where} is not in known_hosts, and StrictHostKeyChecking lets no unknown host in.`,
        { detail: shown },
      ),
    );
  }
  if (settings.strictHostKeyChecking === 'ask') {
    const answer = await ask({
      kind: 'host-key',
      id: options.questionId(),
      algorithm: keyWords(key),
      sha256,
      host: where,
    });
    if (answer?.[0] !== 'accept') {
      throw new FailureError(
        failure('host-key-unknown', `The host key of ${where} was not accepted. Nothing was sent to it.`, {
          detail: shown,
        }),
      );
    }
  }
  const name = knownHostName(keyHost.name, keyHost.port);
  options.secrets.acceptedKeys.push({
    marker: null,
    hosts: { kind: 'patterns', patterns: [name] },
    key,
    file: '',
    line: 0,
  });
  try {
    await appendKnownHost(settings, key, keyHost);
  } catch (error) {
    throw new FailureError(
      failure('host-key-unknown', `The host key of ${where} could not be written to known_hosts: ${textOf(error)}.`, {
        detail: shown,
      }),
    );
  }
}

/** As ssh names key types: ED25519, ECDSA, RSA. */
function keyWords(key: Buffer): string {
  const algorithm = keyAlgorithm(key) ?? 'unknown';
  if (algorithm.startsWith('ecdsa-')) return 'ECDSA';
  return algorithm.replace(/^ssh-/, '').toUpperCase();
}

/** Opens the TCP connection to a host: every address of the name in turn, within ConnectTimeout. */
export async function dialHost(options: HopOptions): Promise<Wire> {
  const { settings, signal } = options;
  const where = hostWords(settings);
  options.onStep('name', 'running', null);
  let addresses: string[];
  try {
    addresses =
      isIP(settings.hostName) === 0
        ? (await lookup(settings.hostName, { all: true })).map((each) => each.address)
        : [settings.hostName];
  } catch (error) {
    throw new FailureError(networkFailure(error, settings), { cause: error });
  }
  if (signal.aborted) throw new FailureError(cancelled(where));
  options.onStep('name', 'passed', addresses.join(', '));
  options.onStep('reachable', 'running', null);

  let last: unknown = null;
  for (const address of addresses) {
    try {
      const socket = await dialAddress(address, settings.port, settings.connectTimeoutMs / addresses.length, signal);
      socket.setNoDelay(true);
      return {
        stream: socket,
        words: address.includes(':') ? `[${address}]:${settings.port}` : `${address}:${settings.port}`,
      };
    } catch (error) {
      if (signal.aborted) throw new FailureError(cancelled(where));
      last = error;
    }
  }
  throw new FailureError(networkFailure(last, settings), { cause: last });
}

function dialAddress(address: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host: address, port });
    const end = (error: Error | null): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', end);
      if (error === null) {
        resolve(socket);
        return;
      }
      // A late error of a socket that was given up has nobody to tell.
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => end(new Error('aborted'));
    const timer = setTimeout(
      () => end(Object.assign(new Error(`no answer within ${Math.round(timeoutMs / 1000)} s`), { code: 'ETIMEDOUT' })),
      timeoutMs,
    );
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => end(null));
    socket.on('error', end);
  });
}

/** A stream to one host through another that is already connected. */
export function dialThrough(client: Client, jump: HostSettings, options: HopOptions): Promise<Wire> {
  const { settings, signal } = options;
  const far = hostWords(settings);
  const near = hostWords(jump);
  const unreachable = (text: string): FailureError =>
    new FailureError(
      failure('host-unreachable', `${far} cannot be reached from ${near}: ${text}.`, { detail: text, transient: true }),
    );
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = (): void => settle(() => reject(new FailureError(cancelled(far))));
    const timer = setTimeout(
      () => settle(() => reject(unreachable(`no answer within ${Math.round(settings.connectTimeoutMs / 1000)} s`))),
      settings.connectTimeoutMs,
    );
    signal.addEventListener('abort', onAbort, { once: true });
    client.forwardOut('127.0.0.1', 0, settings.hostName, settings.port, (error, stream) => {
      if (error) settle(() => reject(unreachable(textOf(error))));
      else settle(() => resolve({ stream, words: `through ${near}` }));
    });
  });
}

/** A stream to a host by the command that the operator's config names, as ssh runs it. */
export function dialByCommand(command: string, options: HopOptions): Wire {
  const { settings } = options;
  const tokens: Record<string, string> = {
    '%%': '%',
    '%h': settings.hostName,
    '%n': settings.alias,
    '%p': String(settings.port),
    '%r': settings.user,
  };
  const line = command.replace(/%./g, (token) => tokens[token] ?? token);
  options.onStep('name', 'passed', 'by ProxyCommand');
  options.onStep('reachable', 'running', null);
  const child = spawn(line, { shell: true, stdio: ['pipe', 'pipe', 'ignore'] });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.on('error', (error) => stream.destroy(error));
  stream.on('close', () => child.kill());
  return { stream, words: 'by ProxyCommand' };
}

type TrackedQuestions = {
  ask: Asker;
  isOpen(): boolean;
  onChange(listener: () => void): void;
  /** Waits for open questions; whether one was open that the operator then answered. */
  settled(): Promise<boolean>;
};

function trackQuestions(ask: Asker): TrackedQuestions {
  const open = new Set<Promise<string[] | null>>();
  let listener = (): void => {};
  return {
    ask: async (question) => {
      const answer = ask(question);
      open.add(answer);
      listener();
      try {
        return await answer;
      } finally {
        open.delete(answer);
        listener();
      }
    },
    isOpen: () => open.size > 0,
    onChange: (next) => {
      listener = next;
    },
    settled: async () => {
      const answers = await Promise.all([...open].map((each) => each.catch(() => null)));
      return answers.some((each) => each !== null);
    },
  };
}
