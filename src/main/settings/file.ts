import { existsSync, readFileSync, renameSync } from 'node:fs';
import { readSettings } from './settings.ts';

/**
 * Looks at the settings file before anything opens it. One that cannot be read whole is renamed, never overwritten:
 * the new path is returned, and there is no file at `path` then. Null when all is well or when there is none.
 */
export function setAsideDamaged(path: string, nowMs: number): string | null {
  if (!existsSync(path) || isReadable(path)) return null;
  const stamp = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-');
  const aside = path.replace(/\.json$/, `.damaged-${stamp}.json`);
  renameSync(path, aside);
  return aside;
}

function isReadable(path: string): boolean {
  try {
    return readSettings(JSON.parse(readFileSync(path, 'utf8'))).ok;
  } catch {
    return false;
  }
}
