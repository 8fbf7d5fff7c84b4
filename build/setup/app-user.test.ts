import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { chooseAppUser } from './app-user.ts';
import { read } from './command.ts';

const isRoot = process.getuid?.() === 0;

test('whoever the app runs as is not root, and can read what was handed over, unless there is no sandbox', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'switchyard-app-user-'));
  try {
    const key = path.join(folder, 'key');
    await writeFile(key, 'a key', { mode: 0o600 });
    const user = await chooseAppUser([process.execPath], () => {});
    await user.handOver([folder]);
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    expect(await read([...user.prefix, 'cat', key])).toBe('a key');
    expect((await read([...user.prefix, 'id', '-u'])) === '0').toBe(isRoot && !user.hasSandbox);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.runIf(process.platform === 'linux')(
  'where nobody can be had, the sandbox is off, and it is said why',
  async () => {
    const said: string[] = [];
    const user = await chooseAppUser(['/no/such/file'], (line) => said.push(line));
    expect([user.prefix, user.hasSandbox]).toEqual([[], false]);
    expect(said).toEqual([
      expect.stringMatching(/^The window runs .*without Chromium's sandbox.*\/no\/such\/file cannot be read/),
    ]);
  },
);
