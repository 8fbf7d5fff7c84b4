import type { Duplex } from 'node:stream';
import { FailureError, failure } from '../../core/failure.ts';
import type { Tunnel } from '../../engine/ports/tunnel.ts';
import { textOf } from './connect-failure.ts';

/** Streams that lead through one ssh connection. When the link ends, they end with it. */
export const createSshTunnel = (link: {
  words: string;
  openSocket(path: string): Promise<Duplex>;
}): Pick<Tunnel, 'openSocket'> => ({
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
});
