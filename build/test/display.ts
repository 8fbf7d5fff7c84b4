import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ensureSystemPackages } from '../setup/system.ts';

/** A screen to open windows on; `env` goes to the program that does. */
export type Display = { env: NodeJS.ProcessEnv; close(): void };

/** The screen there is, or one of its own that nobody sees, closed by `close`. */
export async function openDisplay(): Promise<Display> {
  if (process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
    return { env: {}, close() {} };
  await ensureSystemPackages(['xvfb']);
  // It picks a free number by itself and tells it on descriptor 3 once it listens.
  const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1920x1200x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const number = await new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`Xvfb ended with ${code} before it was ready`)));
    (child.stdio[3] as Readable).on('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
  });
  const close = () => {
    child.removeAllListeners('exit');
    child.kill();
  };
  process.once('exit', close);
  return { env: { DISPLAY: `:${number}` }, close };
}
