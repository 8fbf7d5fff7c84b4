import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { HostSettings } from './host-settings.ts';
import { type KnownHostLine, parseKnownHosts, renderKnownHost } from './known-hosts.ts';

/** All lines of the user's and the system's known_hosts files, in that order. Missing files hold none. */
export async function loadKnownHosts(settings: HostSettings): Promise<KnownHostLine[]> {
  const files = [...settings.userKnownHostsFiles, ...settings.globalKnownHostsFiles];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.flatMap((text, index) => parseKnownHosts(text, files[index] ?? ''));
}

/**
 * Appends an accepted key to the user's first known_hosts file and waits until it is on the disk. One append of one
 * line: another ssh that writes at the same time loses nothing. Resolves with the path, or null when there is no file.
 */
export async function appendKnownHost(
  settings: HostSettings,
  key: Buffer,
  host: { name: string; port: number },
): Promise<string | null> {
  const path = settings.userKnownHostsFiles[0];
  if (path === undefined) return null;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'a+', 0o600);
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    const lineEnd = size > 0 && last.toString() !== '\n' ? '\n' : '';
    await file.appendFile(lineEnd + renderKnownHost(key, host, settings.hashKnownHosts));
    await file.sync();
  } finally {
    await file.close();
  }
  return path;
}
