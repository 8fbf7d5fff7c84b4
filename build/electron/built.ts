import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../setup/command.ts';
import { outFolder, repositoryFolder } from '../setup/folders.ts';
import { withLock } from '../setup/lock.mjs';
import { type Log, logToStderr, timed } from '../setup/progress.ts';

const stampPath = path.join(outFolder, 'app', 'built-from');

/** What goes into the bundle; the rest of the repository cannot change it. */
const sources = ['src', 'electron.vite.config.ts', 'package.json', 'package-lock.json'];
const notInBundle = /\.test\.tsx?$|\.prop\.test\.ts$|^src\/(cli|testkit)\//;

/**
 * Makes sure that out/app is the bundle of the sources as they are: builds when one of them changed since, or came,
 * or went. May be called by several processes at once; one builds and the others wait. Throws with the builder's
 * words when the sources do not build; the bundle is then that of before, or none.
 */
export async function ensureBuilt(log: Log = logToStderr): Promise<void> {
  await withLock(
    `build of ${repositoryFolder}`,
    () => log('Another process is building the app; waiting for it ...'),
    async () => {
      const wanted = await fingerprint();
      if ((await readFile(stampPath, 'utf8').catch(() => '')) === wanted) return;
      const builder = path.join(repositoryFolder, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
      await timed(log, 'App built', () => run([process.execPath, builder, 'build'], { cwd: repositoryFolder }));
      await mkdir(path.dirname(stampPath), { recursive: true });
      await writeFile(stampPath, wanted);
    },
  );
}

/** Changes when a source's name, size or time does. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources) {
    for (const file of await filesBelow(source)) {
      if (notInBundle.test(file)) continue;
      const { size, mtimeMs } = await stat(path.join(repositoryFolder, file));
      hash.update(`${file}\0${size}\0${mtimeMs}\0`);
    }
  }
  return hash.digest('hex');
}

/** Relative to the repository, with `/`, in an order that does not depend on the file system. */
async function filesBelow(source: string): Promise<string[]> {
  const found = path.join(repositoryFolder, source);
  if (!(await stat(found)).isDirectory()) return [source];
  const entries = await readdir(found, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(repositoryFolder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'))
    .sort();
}
