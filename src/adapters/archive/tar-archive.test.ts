import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { tarArchive } from './tar-archive.ts';

let folder = '';
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files = [
  { path: 'job.sh', text: `BY='o'\\''neil'\n` },
  { path: 'long-name-'.padEnd(90, 'x'), text: '' },
  { path: 'ünïcode 🚂.txt', text: 'é\r\n🚂\n' },
];

it('JN1 a job is unpacked by tar as it was packed, and its manifest proves it', async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-archive-'));
  const bytes = await tarArchive.pack(files);
  expect(spawnSync('tar', ['-xf', '-', '-C', folder], { input: bytes }).status).toBe(0);
  expect(readdirSync(folder).sort()).toEqual([...files.map((file) => file.path), 'manifest'].sort());
  for (const file of files) expect(readFileSync(join(folder, file.path), 'utf8')).toBe(file.text);
  const check = () => spawnSync('sha256sum', ['-c', 'manifest'], { cwd: folder }).status;
  expect(check()).toBe(0);
  spawnSync('sh', ['-c', 'echo more >>job.sh'], { cwd: folder });
  expect(check()).not.toBe(0);
});

it('the same job is the same bytes', async () => {
  expect(Buffer.compare(Buffer.from(await tarArchive.pack(files)), Buffer.from(await tarArchive.pack(files)))).toBe(0);
});
