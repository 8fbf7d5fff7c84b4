import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FailureError, failure, failureOf } from '../../core/failure.ts';
import type { Tunnel } from '../../engine/ports/tunnel.ts';
import { textOf } from './connect-failure.ts';

/** Local ports and streams that lead through one ssh connection. When the link ends, they end with it. */
export function createSshTunnel(link: {
  words: string;
  openSocket(path: string): Promise<Duplex>;
  openAddress(address: string, port: number): Promise<Duplex>;
  isOpen(): boolean;
  lost(): FailureError;
  closed: Promise<unknown>;
}): Tunnel {
  return {
    async forward(address, port) {
      if (!link.isOpen()) throw link.lost();
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.setNoDelay(true);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => sockets.delete(socket));
        link.openAddress(address, port).then(
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
      let isOpen = true;
      const close = async (): Promise<void> => {
        if (!isOpen) return;
        isOpen = false;
        const ended = new Promise<void>((resolve) => server.close(() => resolve()));
        for (const socket of sockets) socket.destroy();
        await ended;
      };
      // Neither of the two rejects.
      void link.closed.then(close);
      return { port: (server.address() as AddressInfo).port, close };
    },

    async openSocket(path) {
      try {
        return await link.openSocket(path);
      } catch (error) {
        if (error instanceof FailureError) throw error;
        throw new FailureError(
          failure('docker-forbidden', `${link.words} did not open the socket ${path}: ${textOf(error)}.`, {
            detail: textOf(error),
          }),
          { cause: error },
        );
      }
    },
  };
}
