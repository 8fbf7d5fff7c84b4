import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

/** A short, stable hash of texts, in their order. */
export function fingerprint(...texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest('hex').slice(0, 12);
}

/** A short, stable hash of a folder: names, contents and executable bits, whatever its place and dates. */
export async function fingerprintFolder(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  const parts: string[] = [];
  for (const name of names) {
    const executable = ((await stat(name)).mode & 0o100) !== 0 ? 'x' : '-';
    parts.push(path.relative(folder, name), executable, (await readFile(name)).toString('base64'));
  }
  return fingerprint(...parts);
}
