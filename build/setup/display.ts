import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { lastLines } from './command.ts';
import { type Log, logToStderr } from './progress.ts';
import { ensureSystemPackages, SetupError } from './system.ts';

/** A screen to show windows on. */
export interface Display {
  /** What a command needs in its environment to show its windows there: merge it over process.env. */
  env: { DISPLAY: string };
  source: 'existing' | 'virtual';
  /** Ends a virtual one; may be called twice. It also ends with this process. */
  close(): Promise<void>;
}

/** What Electron needs of the system, and the server of a screen without a monitor. */
const packages = [
  'xvfb',
  'xauth',
  'dbus',
  'dbus-x11',
  'libgtk-3-0t64|libgtk-3-0',
  'libnss3',
  'libasound2t64|libasound2',
  'libgbm1',
  'libxss1',
  'libxtst6',
  'libnotify4',
];

/** Makes sure that Electron finds its libraries and that there is a program for a virtual screen. */
export async function ensureDisplayPackages(log: Log = logToStderr): Promise<void> {
  await ensureSystemPackages(packages, log);
}

/**
 * A screen for windows: the one that DISPLAY names, else a virtual one of its own, 1920 by 1200, on a free display
 * number; what is missing for that is installed. The caller closes it.
 */
export async function ensureVirtualDisplay(log: Log = logToStderr): Promise<Display> {
  if (process.env.DISPLAY) {
    return { env: { DISPLAY: process.env.DISPLAY }, source: 'existing', close: async () => {} };
  }
  if (process.platform !== 'linux') throw new SetupError('There is no DISPLAY, and a virtual one needs Linux.');
  await ensureDisplayPackages(log);
  return startVirtualDisplay();
}

/** Runs the server, and ends it when standard input does: that happens however this process ends. */
const script = `Xvfb -displayfd 3 -screen 0 1920x1200x24 -nolisten tcp -dpi 96 &
server=$!
exec 3>&-
cat >/dev/null
kill "$server"
wait`;

function startVirtualDisplay(): Promise<Display> {
  return new Promise((resolve, reject) => {
    // The server itself picks a free number and writes it to descriptor 3 when it is ready.
    const server = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'pipe', 'pipe'] });
    const [stdin, , stderr, ready] = server.stdio;
    let words = '';
    let number = '';
    const ended = new Promise<void>((done) => server.once('close', () => done()));
    const fail = (reason: string) => {
      clearTimeout(timer);
      stdin?.destroy();
      reject(new SetupError(`The virtual screen did not start: ${reason}\n${words}`));
    };
    const timer = setTimeout(() => fail('Xvfb said nothing for 20 s'), 20_000);
    server.once('error', (error) => fail(error.message));
    stdin?.on('error', () => {});
    stderr?.on('data', (chunk: Buffer) => {
      words = lastLines(words + chunk.toString(), 20);
    });
    ready?.on('data', (chunk: Buffer) => {
      number += chunk.toString();
    });
    ready?.once('end', () => {
      if (!number.endsWith('\n')) return fail('Xvfb ended');
      clearTimeout(timer);
      // The screen alone keeps no process alive.
      server.unref();
      for (const stream of [stdin, stderr]) (stream as Socket).unref();
      resolve({
        env: { DISPLAY: `:${number.trim()}` },
        source: 'virtual',
        close: async () => {
          server.ref();
          stdin?.destroy();
          await ended;
        },
      });
    });
  });
}
