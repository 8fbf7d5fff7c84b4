import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarArchive } from '../../src/adapters/archive/tar-archive.ts';
import { renderScript } from '../../src/core/command.ts';
import { KitServer, kit } from './server.ts';

let server: KitServer;
beforeEach(() => {
  server = new KitServer();
});
afterEach(() => server.close());

const files = [
  { path: 'run.sh', text: 'echo ran >>ran; sleep 0.1; echo "done"\n' },
  { path: 'job.sh', text: "X='1'\n" },
];

const receive = (id: string, bytes: Uint8Array, root = server.root) =>
  server.sh(renderScript(kit['receive.sh'] ?? '', [root, id]), bytes);

const jobsIn = (root = server.root) => readdirSync(path.join(root, 'jobs'));

describe('a job that is received', () => {
  it('JN1 is whole in its folder before it runs, and runs without whoever sent it', async () => {
    expect((await receive('j1', await tarArchive.pack(files))).stdout).toBe('switchyard-started j1\n');
    expect(jobsIn()).toEqual(['j1']);
    await expect.poll(() => readFileSync(path.join(server.root, 'jobs/j1/output'), 'utf8')).toBe('done\n');
  });

  it('JN1 that is there already is not started again', async () => {
    const bytes = await tarArchive.pack(files);
    await receive('j1', bytes);
    expect((await receive('j1', bytes)).stdout).toBe('switchyard-started j1\n');
    await expect.poll(() => readFileSync(path.join(server.root, 'jobs/j1/output'), 'utf8')).toBe('done\n');
    expect(readFileSync(path.join(server.root, 'jobs/j1/ran'), 'utf8')).toBe('ran\n');
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['cut off in the middle', (bytes) => bytes.subarray(0, 700)],
    ['cut off behind its first file', (bytes) => bytes.subarray(0, 1024)],
    [
      'with one bit turned',
      (bytes) => {
        const turned = Buffer.from(bytes);
        turned[520] = (turned[520] ?? 0) ^ 1;
        return turned;
      },
    ],
    ['empty', () => Buffer.alloc(0)],
    ['something else', () => Buffer.from('hello\n')],
  ])('JN1 %s has not happened', async (_name, damage) => {
    const { stdout, code } = await receive('j1', damage(Buffer.from(await tarArchive.pack(files))));
    expect([stdout, code]).toEqual(['switchyard-refused upload-damaged\n', 3]);
    expect(jobsIn()).toEqual([]);
  });

  it('JN1 after one that broke off takes its place', async () => {
    mkdirSync(path.join(server.root, 'jobs/.j1.part'));
    writeFileSync(path.join(server.root, 'jobs/.j1.part/run.sh'), 'half');
    expect((await receive('j1', await tarArchive.pack(files))).stdout).toBe('switchyard-started j1\n');
  });

  it('JN1 into a folder that cannot be written is refused', async () => {
    const root = path.join(server.folder, 'file');
    writeFileSync(root, '');
    expect((await receive('j1', await tarArchive.pack(files), `${root}/.switchyard`)).stdout).toBe(
      'switchyard-refused folder-read-only\n',
    );
    if (process.getuid?.() === 0) return;
    chmodSync(path.join(server.root, 'jobs'), 0o500);
    expect((await receive('j2', await tarArchive.pack(files))).stdout).toBe('switchyard-refused folder-read-only\n');
  });

  // A disk of 256 KiB needs root, which the container of the tests has.
  it.runIf(process.getuid?.() === 0)('JN1 onto a full disk is refused, and leaves nothing', async () => {
    const disk = mkdtempSync(path.join(tmpdir(), 'switchyard-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
    try {
      const big = [...files, { path: 'big', text: 'x'.repeat(400_000) }];
      const { stdout } = await receive('j1', await tarArchive.pack(big), disk);
      expect(stdout).toBe('switchyard-refused disk-full\n');
      expect(jobsIn(disk)).toEqual([]);
      expect((await receive('j2', await tarArchive.pack(files), disk)).stdout).toBe('switchyard-started j2\n');
    } finally {
      await expect.poll(() => existsSync(path.join(disk, 'jobs/j2/ran'))).toBe(true);
      await server.sh(`for n in 1 2 3 4 5 6 7 8 9; do umount '${disk}' && break; sleep 0.2; done`);
      rmSync(disk, { recursive: true, force: true });
    }
  });
});
