import { readdir, readFile } from 'node:fs/promises';
import { homedir, hostname, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { FailureError, failure } from '../../core/failure.ts';
import { type ConfigLine, type ConfigSource, fitsPatterns, readConfigLines } from './config-lines.ts';
import type { LocalFacts } from './host-settings.ts';

/** This machine's files. A file that may not be read counts as missing, as for ssh. */
export const diskSource: ConfigSource = {
  async read(path) {
    try {
      return await readFile(path, 'utf8');
    } catch {
      return null;
    }
  },
  glob: filesOf,
};

async function filesOf(pattern: string): Promise<string[]> {
  if (!/[*?]/.test(pattern)) return [pattern];
  const parent = dirname(pattern);
  const folders = parent === pattern ? [parent] : await filesOf(parent);
  const found: string[] = [];
  for (const folder of folders) {
    try {
      for (const name of (await readdir(folder)).sort()) {
        if (name.startsWith('.') && !basename(pattern).startsWith('.')) continue;
        if (fitsPatterns([basename(pattern)], name)) found.push(join(folder, name));
      }
    } catch {
      // A folder that is not there holds nothing to include.
    }
  }
  return found;
}

/** The facts of this machine and this user that ssh's settings depend on. */
export function localFacts(): LocalFacts {
  const info = userInfo();
  return {
    home: homedir(),
    user: info.username,
    userId: info.uid >= 0 ? info.uid : null,
    hostName: hostname(),
    environment: process.env,
    usualAgent: process.platform === 'win32' ? '\\\\.\\pipe\\openssh-ssh-agent' : null,
  };
}

/**
 * The lines of the config at `path` alone (ssh's `-F`), or of ~/.ssh/config and then the system's.
 * Rejects with `target-invalid` when a file is malformed, or when the one asked for is not there.
 */
export async function loadConfigLines(path: string | undefined, local: LocalFacts): Promise<ConfigLine[]> {
  const personal = `${local.home}/.ssh`;
  try {
    if (path !== undefined) {
      if ((await diskSource.read(path)) === null) throw new Error(`${path}: no such file, or it may not be read`);
      return await readConfigLines(path, diskSource, { includeFolder: personal, home: local.home });
    }
    const [own, system] = await Promise.all([
      readConfigLines(`${personal}/config`, diskSource, { includeFolder: personal, home: local.home }),
      readConfigLines('/etc/ssh/ssh_config', diskSource, { includeFolder: '/etc/ssh', home: local.home }),
    ]);
    return [...own, ...system];
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new FailureError(failure('target-invalid', `The ssh config could not be read: ${text}.`, { detail: text }));
  }
}
