// One at a time across processes. Plain JavaScript, because bootstrap.mjs needs it before Node 24 is there.
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * The lock is a listening socket: it goes with its process, however that ends, so that no lock is ever stale.
 * Linux's abstract names leave no file either.
 */
function socketPath(name) {
  const id = createHash('sha256').update(name).digest('hex').slice(0, 24);
  return process.platform === 'linux' ? `\0switchyard-${id}` : path.join(tmpdir(), `switchyard-${id}.sock`);
}

export async function withLock(name, onWait, step) {
  const at = socketPath(name);
  let server = await tryListen(at);
  for (let told = false; server === undefined; server = await tryListen(at)) {
    if (!told) onWait();
    told = true;
    await untilReleased(at);
  }
  try {
    return await step();
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
      for (const waiting of server.waiting) waiting.destroy();
    });
  }
}

function tryListen(at) {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.waiting = new Set();
    server.on('connection', (socket) => {
      server.waiting.add(socket);
      socket.on('error', () => {}).on('close', () => server.waiting.delete(socket));
      socket.unref();
    });
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(at, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** Waits for the holder to close our connection, which it does by releasing or by dying. */
function untilReleased(at) {
  return new Promise((resolve) => {
    const socket = net.connect(at);
    socket.once('error', async () => {
      // A file left by a dead holder, where sockets are files.
      if (!at.startsWith('\0')) await rm(at, { force: true });
      setTimeout(resolve, 20);
    });
    socket.once('close', resolve);
    socket.resume();
  });
}
