import type { Socket } from 'node:net';
import ssh2, { type Client, type ServerHostKeyAlgorithm } from 'ssh2';
import { FailureError, failureOf } from '../../core/failure.ts';
import { cancelled, handshakeFailure, hostWords, silenceFailure } from './connect-failure.ts';
import type { Wire } from './dial.ts';
import type { HopOptions } from './hop-options.ts';
import { findIdentities, type Identities } from './identity.ts';
import { fingerprint, hostKeyOrder, type KnownHostLine } from './known-hosts.ts';
import { loadKnownHosts } from './known-hosts-files.ts';
import { freshRecord, type LoginAnswer, loginAttempts, loginFailure } from './login.ts';
import { type TrackedQuestions, trackQuestions } from './questions.ts';
import { keyWords, verifyHostKey } from './verify-host-key.ts';

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
