import { connect } from 'node:net';
import { hostname, userInfo } from 'node:os';
import type { Duplex } from 'node:stream';
import type { Shell } from '../../engine/ports/shell.ts';
import type { Tunnel } from '../../engine/ports/tunnel.ts';
import { createLocalShell } from './local-shell.ts';
import { createLocalTunnel } from './local-tunnel.ts';

/** This machine, reached without a network. */
export type LocalHost = {
  words: string;
  /** For the rung `name` and the rung `login`. */
  hostName: string;
  user: string;
  shell: Shell;
  tunnel: Pick<Tunnel, 'openSocket'>;
  openSocket(path: string): Promise<Duplex>;
  openAddress(address: string, port: number): Promise<Duplex>;
  /** Ends what still runs and what is still open. Idempotent. */
  close(): void;
};

/** Opens nothing before it is used. */
export function createLocalHost(): LocalHost {
  const words = 'this machine';
  const shell = createLocalShell(words);
  const tunnel = createLocalTunnel(words, openStream);
  return {
    words,
    hostName: hostname(),
    user: userInfo().username,
    shell: shell.shell,
    tunnel: tunnel.tunnel,
    openSocket: (path) => openStream({ path }),
    openAddress: (host, port) => openStream({ host, port }),
    close: () => {
      shell.close();
      tunnel.close();
    },
  };
}

function openStream(where: { path: string } | { host: string; port: number }): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect(where);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      if ('port' in where) socket.setNoDelay(true);
      resolve(socket);
    });
  });
}
