import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FailureError, failure, failureOf } from '../../core/failure.ts';
import type { Forward, Tunnel } from '../../engine/ports/tunnel.ts';

type OpenStream = (where: { path: string } | { host: string; port: number }) => Promise<Duplex>;

/** Ports of this machine that lead to addresses of this machine. The same as over ssh, so that no caller has to know. */
export function createLocalTunnel(words: string, open: OpenStream): { tunnel: Tunnel; close(): void } {
  const forwards = new Set<Forward>();
  let isOpen = true;
  const closedTunnel = (): FailureError =>
    new FailureError(failure('link-lost', `The connection to ${words} is closed.`, { transient: true }));

  const forward = async (address: string, port: number): Promise<Forward> => {
    if (!isOpen) throw closedTunnel();
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
      open({ host: address, port }).then(
        (stream) => {
          if (socket.destroyed) {
            stream.destroy();
            return;
          }
          stream.on('error', () => socket.destroy());
          stream.on('close', () => socket.end());
          socket.on('close', () => stream.destroy());
          socket.pipe(stream).pipe(socket);
        },
        () => socket.destroy(),
      );
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(new FailureError(failureOf(error), { cause: error })));
      server.listen(0, '127.0.0.1', resolve);
    });
    const opened: Forward = {
      port: (server.address() as AddressInfo).port,
      close: async () => {
        if (!forwards.delete(opened)) return;
        const ended = new Promise<void>((resolve) => server.close(() => resolve()));
        for (const socket of sockets) socket.destroy();
        await ended;
      },
    };
    forwards.add(opened);
    return opened;
  };

  return {
    tunnel: {
      forward,
      async openSocket(path) {
        if (!isOpen) throw closedTunnel();
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
      for (const each of forwards) each.close().catch(() => {});
    },
  };
}
