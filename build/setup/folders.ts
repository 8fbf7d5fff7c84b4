import { homedir } from 'node:os';
import path from 'node:path';

/** The repository this file is in. */
export const repositoryFolder = path.resolve(import.meta.dirname, '../..');

/** What a run leaves behind for people to look at: logs, pictures, the lab's keys. Not under version control. */
export const outFolder = path.join(repositoryFolder, 'out');

/** What is costly to make and safe to lose, outside the repository, so that every clone shares it. */
export function cacheFolder(...parts: string[]): string {
  const base = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  return path.join(base, 'switchyard', ...parts);
}
