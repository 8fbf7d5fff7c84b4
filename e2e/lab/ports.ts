import net from 'node:net';

/**
 * A port of 127.0.0.1 that nobody listens on: the preferred one when it is free, else one that the system picks.
 * Free now is no promise for later: use it at once, and remember it.
 */
export async function chooseFreePort(preferredPort?: number): Promise<number> {
  if (preferredPort !== undefined && (await canListen(preferredPort)) !== undefined) return preferredPort;
  const port = await canListen(0);
  if (port === undefined) throw new Error('no free port on 127.0.0.1');
  return port;
}

function canListen(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1' }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
