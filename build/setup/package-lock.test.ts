import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repositoryFolder } from './folders.ts';

type Locked = { version: string; integrity?: string; resolved?: string; optionalDependencies?: Record<string, string> };

const read = async (name: string) => JSON.parse(await readFile(path.join(repositoryFolder, name), 'utf8'));
const { packages } = (await read('package-lock.json')) as { packages: Record<string, Locked> };
const { optionalDependencies } = (await read('package.json')) as { optionalDependencies: Record<string, string> };

/** Where Node would find a package from inside another one: the nearest folder first. */
function findFrom(folder: string, name: string): Locked | undefined {
  const found = packages[path.posix.join(folder, 'node_modules', name)];
  if (found !== undefined || folder === '') return found;
  const parent = folder.lastIndexOf('/node_modules/');
  return findFrom(parent < 0 ? '' : folder.slice(0, parent), name);
}

test('every locked package has its hash, and no address of a registry', () => {
  const wrong = Object.entries(packages).filter(
    ([folder, { integrity, resolved }]) => folder !== '' && (integrity === undefined || resolved !== undefined),
  );
  expect(wrong).toEqual([]);
  expect(Object.keys(packages).length).toBeGreaterThan(100);
});

test('the packages of every kind of machine are locked, whichever kind wrote the lock file', () => {
  const missing = Object.entries(packages).flatMap(([folder, locked]) =>
    Object.keys(locked.optionalDependencies ?? {}).filter((name) => findFrom(folder, name) === undefined),
  );
  expect(missing).toEqual([]);
  const native = Object.keys(packages).filter((folder) => /darwin-arm64/.test(folder));
  expect(native.length).toBeGreaterThan(4);
});

test("the project's own Node is locked in one version", () => {
  const versions = Object.entries(optionalDependencies).filter(([name]) => name.startsWith('node-'));
  expect(new Set(versions.map(([, version]) => version)).size).toBe(1);
  for (const [name, version] of versions) expect(packages[`node_modules/${name}`]?.version).toBe(version);
});
