import type { Duplex } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import type { Rung } from '../../core/connection.ts';
import { type Failure, FailureError, failureOf } from '../../core/failure.ts';
import type { LinkOptions } from '../../engine/ports/link.ts';
import type { Shell } from '../../engine/ports/shell.ts';
import type { Tunnel } from '../../engine/ports/tunnel.ts';
import { loadConfigLines, localFacts } from './config-files.ts';
import { hostWords, linkLost, textOf } from './connect-failure.ts';
import { dialByCommand, dialHost, dialThrough, type Wire } from './dial.ts';
import { openHop } from './hop.ts';
import { freshSecrets, type Secrets } from './hop-options.ts';
import { type HostSettings, resolveHost } from './host-settings.ts';
import { createSshShell } from './ssh-shell.ts';
import { createSshTunnel } from './ssh-tunnel.ts';
import { parseTarget } from './target.ts';

/** One host over one ssh connection. Closing is idempotent. */
export type SshHost = {
  /** For sentences. */
  words: string;
  shell: Shell;
  tunnel: Pick<Tunnel, 'openSocket'>;
  /** A stream to a unix socket on the host, not counted against MaxSessions. Rejects with FailureError. */
  openSocket(path: string): Promise<Duplex>;
  /** A stream to an address as the host sees it. Rejects with FailureError. */
  openAddress(address: string, port: number): Promise<Duplex>;
  /** Standard input and output of a command on the host as one stream. Takes one of its sessions. */
  openCommand(command: string): Promise<Duplex>;
  /** Resolves once: null after `close`, else what ended the link. */
  closed: Promise<Failure | null>;
  close(): void;
};

export type SshHosts = {
  /** Climbs the rungs `name` to `login`. Rejects with FailureError; then nothing is left open. */
  open(options: LinkOptions): Promise<SshHost>;
};

/**
 * The way to one host. What was typed is resolved at each `open`, so that a corrected config counts. Passphrases and
 * passwords are kept in memory for as long as this object lives, never anywhere else.
 */
export function createSshHosts(where: { target: string; sshConfigPath?: string | undefined }): SshHosts {
  const secrets = freshSecrets();
  return { open: (options) => openSshHost(where, secrets, options) };
}

async function openSshHost(
  where: { target: string; sshConfigPath?: string | undefined },
  secrets: Secrets,
  options: LinkOptions,
): Promise<SshHost> {
  const target = parseTarget(where.target);
  if (!target.ok) {
    options.onRung({ name: 'name', state: 'failed', detail: null });
    throw new FailureError(target.failure);
  }
  const local = localFacts();
  const lines = await loadConfigLines(where.sshConfigPath, local);
  const route = routeOf(resolveHost(target.value, lines, local), (jump) => resolveHost(jump, lines, local));

  const ladder = createLadder(options.onRung);
  const clients: Client[] = [];
  let questions = 0;
  const closeAll = (): void => {
    for (const client of [...clients].reverse()) {
      client.on('error', () => {});
      client.end();
    }
  };
  try {
    let before: { client: Client; settings: HostSettings } | null = null;
    for (const settings of route) {
      const isLast = settings === route[route.length - 1];
      const prior = before;
      const hop = {
        settings,
        secrets,
        ask: options.ask,
        questionId: () => `${settings.alias}-${Date.now()}-${++questions}`,
        // The rungs are the host's. What happens at a jump shows while it happens, and passes with the host's own.
        onStep: isLast ? ladder.step : ladder.stepOfJump(hostWords(settings)),
        signal: options.signal,
      };
      if (prior !== null && isLast) ladder.step('name', 'passed', `through ${hostWords(prior.settings)}`);
      const dial = async (): Promise<Wire> => {
        if (prior !== null) return dialThrough(prior.client, prior.settings, hop);
        return settings.proxyCommand === null ? dialHost(hop) : dialByCommand(settings.proxyCommand, hop);
      };
      const client: Client = await openHop(hop, dial);
      clients.push(client);
      before = { client, settings };
    }
  } catch (error) {
    ladder.fail();
    closeAll();
    throw error instanceof FailureError ? error : new FailureError(failureOf(error), { cause: error });
  }

  const settings = route[route.length - 1] as HostSettings;
  return createHost(clients[clients.length - 1] as Client, hostWords(settings), closeAll);
}

/** The hosts to connect to, one after the other. A jump's own ProxyJump comes before it, as for ssh; a loop ends. */
function routeOf(last: HostSettings, resolve: (jump: HostSettings['jumps'][number]) => HostSettings): HostSettings[] {
  const before = (settings: HostSettings, seen: string[]): HostSettings[] =>
    settings.jumps.flatMap((jump, index) => {
      const resolved = resolve(jump);
      if (seen.includes(resolved.alias)) return [];
      return [...(index === 0 ? before(resolved, [...seen, resolved.alias]) : []), resolved];
    });
  return [...before(last, [last.alias]), last];
}

function createLadder(onRung: (rung: Rung) => void) {
  let running: Rung | null = null;
  const step = (name: Rung['name'], state: Rung['state'], detail: string | null): void => {
    const rung: Rung = { name, state, detail };
    running = state === 'running' ? rung : running?.name === name ? null : running;
    onRung(rung);
  };
  return {
    step,
    stepOfJump: (jump: string) => (name: Rung['name'], state: Rung['state'], detail: string | null) =>
      step(name, 'running', [`at ${jump}`, state === 'passed' ? detail : null].filter((each) => each).join(': ')),
    fail: () => {
      if (running) onRung({ ...running, state: 'failed' });
    },
  };
}

function createHost(client: Client, words: string, closeAll: () => void): SshHost {
  let isOpen = true;
  let wasClosed = false;
  let reason: string | null = null;
  let settle: (failure: Failure | null) => void = () => {};
  const closed = new Promise<Failure | null>((resolve) => {
    settle = resolve;
  });
  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    settle(wasClosed ? null : linkLost(words, reason));
    closeAll();
  };
  client.on('error', (error) => {
    reason ??= textOf(error);
    end();
    client.destroy();
  });
  client.on('close', end);
  client.on('end', end);

  const lost = (): FailureError => new FailureError(linkLost(words, reason));
  const state = { words, isOpen: () => isOpen, lost };
  const shell = createSshShell(client, state);

  const openStream = (
    start: (done: (error: Error | undefined, stream: ClientChannel) => void) => void,
  ): Promise<Duplex> =>
    new Promise((resolve, reject) => {
      if (!isOpen) return reject(lost());
      try {
        start((error, stream) => {
          if (!error) return resolve(stream);
          reject(isOpen ? error : lost());
        });
      } catch (error) {
        reject(isOpen ? error : lost());
      }
    });

  const openSocket = (path: string): Promise<Duplex> =>
    openStream((done) => client.openssh_forwardOutStreamLocal(path, done as never));
  const openAddress = (address: string, port: number): Promise<Duplex> =>
    openStream((done) => client.forwardOut('127.0.0.1', 0, address, port, done as never));

  return {
    words,
    shell: shell.shell,
    tunnel: createSshTunnel({ words, openSocket }),
    openSocket,
    openAddress,
    openCommand: shell.open,
    closed,
    close: () => {
      wasClosed = true;
      end();
    },
  };
}
