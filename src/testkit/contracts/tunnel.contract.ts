import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tunnel } from '../../engine/ports/tunnel.ts';

export type TunnelUnderTest = {
  tunnel: Tunnel;
  /** What listens on the host and speaks first, as the host sees it. */
  talker: { address: string; port: number; says: RegExp };
  /** An http server on a unix socket of the host, that answers `GET path` with `says`. */
  socket: { path: string; get: string; says: RegExp };
  close(): unknown;
};

/** What every Tunnel promises. `open` is called once. */
export function describeTunnel(name: string, open: () => Promise<TunnelUnderTest>): void {
  describe(`Tunnel: ${name}`, () => {
    let under: TunnelUnderTest;

    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under?.close());

    it('leads from a port of this machine to one of the host, for many at once', async () => {
      const { tunnel, talker } = under;
      const forward = await tunnel.forward(talker.address, talker.port);
      const heard = await Promise.all(Array.from({ length: 8 }, () => firstWords(forward.port)));
      for (const each of heard) expect(each).toMatch(talker.says);
      await forward.close();
      await forward.close();
      expect(await firstWords(forward.port)).toBe('ECONNREFUSED');
    });

    it('listens on loopback alone', async () => {
      const { tunnel, talker } = under;
      const forward = await tunnel.forward(talker.address, talker.port);
      expect(await firstWords(forward.port, '127.0.0.2')).toBe('ECONNREFUSED');
      await forward.close();
    });

    it('ends a connection that leads nowhere', async () => {
      const forward = await under.tunnel.forward('127.0.0.1', 1);
      expect(await firstWords(forward.port)).toBe('');
      await forward.close();
    });

    it('opens a unix socket of the host', async () => {
      const { tunnel, socket } = under;
      const stream = await tunnel.openSocket(socket.path);
      const heard = new Promise<string>((resolve) => {
        let text = '';
        stream.on('data', (chunk) => {
          text += chunk.toString();
          if (socket.says.test(text)) resolve(text);
        });
        stream.on('close', () => resolve(text));
      });
      stream.write(`GET ${socket.get} HTTP/1.1\r\nHost: x\r\n\r\n`);
      expect(await heard).toMatch(socket.says);
      stream.destroy();
    });

    it('says so when there is no such socket', async () => {
      await expect(under.tunnel.openSocket('/no/such.sock')).rejects.toMatchObject({ name: 'FailureError' });
    });
  });
}

/** What a port says first; the error's code, or nothing, when it does not. */
function firstWords(port: number, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.once('data', (chunk) => {
      resolve(chunk.toString());
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNRESET' ? '' : (error.code ?? '')),
    );
    socket.once('close', () => resolve(''));
  });
}
