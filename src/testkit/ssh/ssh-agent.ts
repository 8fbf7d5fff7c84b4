import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import ssh2, { type ParsedKey } from 'ssh2';

/** An ssh agent inside the test that holds some private keys. */
export type TestAgent = { socketPath: string; signatures(): number; close(): Promise<void> };

/** Starts one on a socket in `folder`. The caller closes it. */
export async function startAgent(folder: string, privateKeys: string[]): Promise<TestAgent> {
  const keys = privateKeys.map((text) => ssh2.utils.parseKey(text) as ParsedKey);
  const socketPath = join(folder, 'agent.sock');
  const sockets = new Set<Socket>();
  let signatures = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    const protocol = new ssh2.AgentProtocol(false);
    protocol.on('identities', (request) => protocol.getIdentitiesReply(request, keys));
    protocol.on('sign', (request, publicKey, data, options) => {
      const wanted = ssh2.utils.parseKey(publicKey as never) as ParsedKey;
      const key = keys.find((each) => each.getPublicSSH().equals(wanted.getPublicSSH()));
      if (!key) return protocol.failureReply(request);
      signatures++;
      return protocol.signReply(request, key.sign(data, options.hash) as Buffer);
    });
    socket.pipe(protocol).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    socketPath,
    signatures: () => signatures,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
