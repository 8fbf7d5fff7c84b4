import type { Duplex } from 'node:stream';
import { FailureError, failure } from '../../core/failure.ts';
import type { Tunnel } from '../../engine/ports/tunnel.ts';

/** Streams to sockets of this machine. The same as over ssh, so that no caller has to know. */
export function createLocalTunnel(
  words: string,
  open: (where: { path: string }) => Promise<Duplex>,
): { tunnel: Pick<Tunnel, 'openSocket'>; close(): void } {
  let isOpen = true;
  return {
    tunnel: {
      async openSocket(path) {
        if (!isOpen)
          throw new FailureError(failure('link-lost', `The connection to ${words} is closed.`, { transient: true }));
        try {
          return await open({ path });
        } catch (error) {
          const text = error instanceof Error ? error.message : String(error);
          throw new FailureError(
            failure('docker-forbidden', `The socket ${path} on ${words} could not be opened: ${text}.`, {
              detail: text,
            }),
            { cause: error },
          );
        }
      },
    },
    close: () => {
      isOpen = false;
    },
  };
}
