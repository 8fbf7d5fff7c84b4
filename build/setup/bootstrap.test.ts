import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CommandResult, run } from './command.ts';
import { repositoryFolder } from './folders.ts';

let clone: string;

beforeEach(async () => {
  clone = await mkdtemp(path.join(tmpdir(), 'switchyard-bootstrap-'));
  for (const name of ['bootstrap.mjs', 'lock.mjs']) {
    await cp(path.join(repositoryFolder, 'build', 'setup', name), path.join(clone, 'build', 'setup', name));
  }
  for (const name of ['locked', 'unlocked']) {
    await mkdir(path.join(clone, name));
    await writeFile(path.join(clone, name, 'package.json'), JSON.stringify({ name, version: '1.0.0' }));
  }
  await writePackage(['locked']);
  await writeLock();
  await writeFile(path.join(clone, 'said.mjs'), 'console.log("the script ran");');
});

afterEach(() => rm(clone, { recursive: true, force: true }));

/** Packages that are folders of the clone, so that no test needs a network. */
const packageOf = (names: readonly string[]) => ({
  name: 'clone',
  version: '1.0.0',
  dependencies: Object.fromEntries(names.map((name) => [name, `file:${name}`])),
});

const writePackage = (names: readonly string[]) =>
  writeFile(path.join(clone, 'package.json'), JSON.stringify(packageOf(names)));

const writeLock = () =>
  writeFile(
    path.join(clone, 'package-lock.json'),
    JSON.stringify({
      name: 'clone',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': packageOf(['locked']),
        locked: { version: '1.0.0' },
        'node_modules/locked': { resolved: 'locked', link: true },
      },
    }),
  );

const start = (): Promise<CommandResult> =>
  run([process.execPath, 'build/setup/bootstrap.mjs', 'said.mjs'], {
    cwd: clone,
    env: { ...process.env, npm_config_offline: 'true' },
    timeoutMs: 60_000,
    okCodes: [0, 1],
  });

test('what is locked is installed once, then the script runs', async () => {
  const first = await start();
  expect([first.code, first.stdout]).toEqual([0, 'the script ran\n']);
  expect(first.stderr).toMatch(/^Installing npm packages \(npm ci\) \.\.\.\nInstalled npm packages \(.*\)\n$/);
  expect(await start()).toEqual({ code: 0, stdout: 'the script ran\n', stderr: '' });
});

test('a lock file that does not fit package.json installs nothing, and says what to do', async () => {
  await writePackage(['locked', 'unlocked']);
  const { code, stdout, stderr } = await start();
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('Missing: unlocked@1.0.0 from lock file');
  expect(stderr).toContain('package-lock.json does not fit package.json. Nothing was installed');
  expect(stderr).toContain(`cd ${clone} && npm install --package-lock-only\n`);
});

test('a torn or missing lock file installs nothing, and says what to do', async () => {
  const lock = path.join(clone, 'package-lock.json');
  await writeFile(lock, (await readFile(lock, 'utf8')).slice(0, 40));
  const torn = await start();
  expect([torn.code, torn.stdout]).toEqual([1, '']);
  expect(torn.stderr).toContain(`${lock} is damaged: `);
  await rm(lock);
  const missing = await start();
  expect([missing.code, missing.stdout]).toEqual([1, '']);
  expect(missing.stderr).toContain(`There is no ${lock}: `);
  for (const { stderr } of [torn, missing]) expect(stderr).toContain('git checkout -- package-lock.json\n');
});
