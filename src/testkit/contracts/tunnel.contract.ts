import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tunnel } from '../../engine/ports/tunnel.ts';

export type TunnelUnderTest = {
  tunnel: Tunnel;
  /** A web server of the host, as the host sees it, that answers `GET get` with `says`. */
  web: { address: string; port: number; get: string; says: RegExp };
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

    it('leads from a port of this machine to a web server of the host, for many at once', async () => {
      const { tunnel, web } = under;
      const forward = await tunnel.forward(() => web.address, web.port);
      const heard = await Promise.all(Array.from({ length: 8 }, () => answerOf(forward.port, web.get)));
      for (const each of heard) expect(each).toMatch(web.says);
      await forward.close();
      await forward.close();
      expect(await answerOf(forward.port, web.get)).toBe('ECONNREFUSED');
    });

    it('listens on loopback alone', async () => {
      const { tunnel, web } = under;
      const forward = await tunnel.forward(() => web.address, web.port);
      expect(await answerOf(forward.port, web.get, '127.0.0.2')).toBe('ECONNREFUSED');
      await forward.close();
    });

    it('SE8 leads there by its own address alone', async () => {
      const { tunnel, web } = under;
      const forward = await tunnel.forward(() => web.address, web.port);
      expect(await answerOf(forward.port, web.get, '127.0.0.1', 'evil.example')).toMatch(/^HTTP\/1\.1 403 /);
      await forward.close();
    });

    it('answers for what leads nowhere', async () => {
      const nowhere = await under.tunnel.forward(() => '127.0.0.1', 1);
      expect(await answerOf(nowhere.port, '/')).toMatch(/^HTTP\/1\.1 502 /);
      await nowhere.close();
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

/** What a port answers; the error's code where it does not. */
function answerOf(port: number, path: string, host = '127.0.0.1', name = `127.0.0.1:${port}`): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.once('close', () => resolve(text));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
  });
}
