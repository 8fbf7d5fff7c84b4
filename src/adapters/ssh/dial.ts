import { spawn } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { FailureError, failure } from '../../core/failure.ts';
import { cancelled, hostWords, networkFailure, textOf } from './connect-failure.ts';
import type { HopOptions } from './hop-options.ts';
import type { HostSettings } from './host-settings.ts';

/** The link that carries the bytes, under ssh. `words` say where it leads. */
export type Wire = { stream: Duplex; words: string };

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
