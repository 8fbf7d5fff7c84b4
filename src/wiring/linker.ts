import type { Duplex } from 'node:stream';
import { createDocker, type OpenDocker } from '../adapters/docker/docker-engine.ts';
import {
  chooseEndpoint,
  type DockerEndpoint,
  parseProbe,
  probeCommand,
  usualSocket,
} from '../adapters/docker/probe.ts';
import { createHttpDoor } from '../adapters/http-door/http-door.ts';
import { createLocalHost } from '../adapters/local/local-host.ts';
import { createSshHosts } from '../adapters/ssh/ssh-host.ts';
import { type Failure, FailureError, failure, failureOf } from '../core/failure.ts';
import type { Link, Linker, LinkOptions } from '../engine/ports/link.ts';
import type { Shell } from '../engine/ports/shell.ts';
import type { Tunnel } from '../engine/ports/tunnel.ts';

export type LinkerOptions = {
  /** As typed: an alias, `host`, `user@host:port`, or `this machine`. */
  target: string;
  /** An ssh config to use instead of ~/.ssh/config. */
  sshConfigPath?: string | undefined;
};

/** The target that means the machine the app runs on. */
export const thisMachine = 'this machine';

/**
 * The way to one host, over ssh or on this machine. `open` may be called again after a link was lost: passphrases and
 * passwords that were typed are kept in memory until the linker is forgotten.
 */
export function createLinker(options: LinkerOptions): Linker {
  if (options.target.trim().toLowerCase() === thisMachine) return { open: openLocalLink };
  const hosts = createSshHosts(options);
  return {
    async open(linkOptions) {
      const host = await hosts.open(linkOptions);
      return openLink(
        {
          ...host,
          // Where sshd forbids forwarding, Docker's own client can carry the bytes. A path with anything unusual in
          // it never gets near a command line.
          openInstead: (path) =>
            /^[\w./@+-]+$/.test(path) ? () => host.openCommand(`docker -H unix://${path} system dial-stdio`) : null,
        },
        linkOptions,
      );
    },
  };
}

async function openLocalLink(options: LinkOptions): Promise<Link> {
  if (options.signal.aborted) throw new FailureError(failure('cancelled', 'Connecting to this machine was cancelled.'));
  const host = createLocalHost();
  options.onRung({ name: 'name', state: 'passed', detail: host.hostName });
  options.onRung({ name: 'reachable', state: 'passed', detail: 'no network needed' });
  options.onRung({ name: 'host-key', state: 'passed', detail: 'no key needed' });
  options.onRung({ name: 'login', state: 'passed', detail: host.user });
  let settle: (value: Failure | null) => void = () => {};
  const closed = new Promise<Failure | null>((resolve) => {
    settle = resolve;
  });
  const close = (): void => {
    host.close();
    settle(null);
  };
  return openLink({ ...host, openInstead: () => null, closed, close }, options);
}

/** What both kinds of host offer. */
type Host = {
  words: string;
  shell: Shell;
  tunnel: Pick<Tunnel, 'openSocket'>;
  openSocket(path: string): Promise<Duplex>;
  openAddress(address: string, port: number): Promise<Duplex>;
  /** Another way to Docker's socket, when the host does not open it directly; null when there is none. */
  openInstead(path: string): (() => Promise<Duplex>) | null;
  closed: Promise<Failure | null>;
  close(): void;
};

/** sshd's MaxSessions is 10, and commands need some. */
const placesOverSessions = 3;

const probeTimeoutMs = 20_000;

async function openLink(host: Host, options: LinkOptions): Promise<Link> {
  options.onRung({ name: 'docker', state: 'running', detail: null });
  options.onShell(host.shell);
  let docker: OpenDocker | null = null;
  try {
    docker = await findDocker(host, options.signal);
    const version = await docker.version(options.signal);
    options.onRung({ name: 'docker', state: 'passed', detail: `Docker ${version}` });
  } catch (error) {
    docker?.close();
    host.close();
    options.onRung({ name: 'docker', state: 'failed', detail: null });
    throw error instanceof FailureError ? error : new FailureError(failureOf(error), { cause: error });
  }
  const opened = docker;
  // It tells how the link ended, and never rejects.
  void host.closed.then(() => opened.close());
  return {
    shell: host.shell,
    tunnel: { ...host.tunnel, forward: createHttpDoor(host) },
    docker: opened.engine,
    closed: host.closed,
    close: () => {
      opened.close();
      host.close();
    },
  };
}

/**
 * Asks the host where its Docker is. Meanwhile the usual place is tried, so that on most hosts the answer only confirms
 * what is already open. The host's answer decides.
 */
async function findDocker(host: Host, signal: AbortSignal): Promise<OpenDocker> {
  const asked = host.shell.run(probeCommand, { signal, timeoutMs: probeTimeoutMs });
  const guess = createDocker({ words: host.words, open: () => host.openSocket(usualSocket) });
  const guessed = guess.version(signal).then(
    () => null,
    (error: unknown) => (error instanceof FailureError ? error : new FailureError(failureOf(error), { cause: error })),
  );
  guess.prepare();
  try {
    const outcome = await asked;
    const facts = parseProbe(outcome.stdout);
    if (facts === null) {
      throw new FailureError(
        failure('shell-missing', `${host.words} does not run commands for this user.`, {
          detail: (outcome.stderr || outcome.stdout).split('\n')[0] || null,
        }),
      );
    }
    if (facts === 'cut') {
      const message = `${host.words} did not say to its end where its Docker is.`;
      throw new FailureError(failure('no-answer', message, { transient: true }));
    }
    const endpoint = chooseEndpoint(facts, host.words);
    if (!endpoint.ok) throw new FailureError(endpoint.failure);
    const isGuess = endpoint.value.kind === 'socket' && endpoint.value.path === usualSocket;
    const refused = isGuess ? await guessed : null;
    if (isGuess && refused === null) return guess;
    guess.close();
    return await openEndpoint(host, endpoint.value, refused, signal);
  } catch (error) {
    guess.close();
    throw error;
  }
}

/** `refused`: why the endpoint could not be opened directly, when that was tried. */
async function openEndpoint(
  host: Host,
  endpoint: DockerEndpoint,
  refused: FailureError | null,
  signal: AbortSignal,
): Promise<OpenDocker> {
  if (endpoint.kind === 'address') {
    return createDocker({ words: host.words, open: () => host.openAddress(endpoint.host, endpoint.port) });
  }
  const { path } = endpoint;
  let problem: unknown = refused;
  if (problem === null) {
    const direct = createDocker({ words: host.words, open: () => host.openSocket(path) });
    try {
      await direct.version(signal);
      return direct;
    } catch (error) {
      direct.close();
      problem = error;
    }
  }
  const openInstead = host.openInstead(path);
  if (signal.aborted || openInstead === null) throw problem;
  const instead = createDocker({ words: host.words, open: openInstead, places: placesOverSessions });
  try {
    await instead.version(signal);
    return instead;
  } catch {
    instead.close();
    // The first word is the clearer one: the second way only fails because the first did.
    throw problem;
  }
}
