import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarArchive } from '../../src/adapters/archive/tar-archive.ts';
import { renderScript } from '../../src/core/command.ts';
import { stateFormat } from '../../src/core/server-layout.ts';
import { groundFunction } from '../../src/core/server-scripts.ts';
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

const receive = (id: string, bytes: Uint8Array, { folder = server.folder, home = server.home } = {}) =>
  server.sh(
    renderScript(`${groundFunction}${kit['receive.sh']}`, [home, folder, 'shop', String(stateFormat), id]),
    bytes,
  );

const jobsIn = (home = server.home) => readdirSync(path.join(home, 'jobs'));

describe('a job that is received', () => {
  it('JN1 is whole in its folder before it runs, and runs without whoever sent it', async () => {
    expect((await receive('j1', await tarArchive.pack(files))).stdout).toBe('switchyard-started j1\n');
    expect(jobsIn()).toEqual(['j1']);
    await expect.poll(() => readFileSync(path.join(server.jobFolder('j1'), 'output'), 'utf8')).toBe('done\n');
  });

  it('JN1 that is there already is not started again', async () => {
    const bytes = await tarArchive.pack(files);
    await receive('j1', bytes);
    expect((await receive('j1', bytes)).stdout).toBe('switchyard-started j1\n');
    await expect.poll(() => readFileSync(path.join(server.jobFolder('j1'), 'output'), 'utf8')).toBe('done\n');
    expect(readFileSync(path.join(server.jobFolder('j1'), 'ran'), 'utf8')).toBe('ran\n');
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
    mkdirSync(server.jobFolder('.j1.part'));
    writeFileSync(path.join(server.jobFolder('.j1.part'), 'run.sh'), 'half');
    expect((await receive('j1', await tarArchive.pack(files))).stdout).toBe('switchyard-started j1\n');
  });

  it('JN1 into a folder that cannot be written is refused', async () => {
    const bytes = await tarArchive.pack(files);
    const file = path.join(server.folder, 'file');
    writeFileSync(file, '');
    const home = `${server.home}x`;
    expect((await receive('j1', bytes, { folder: file, home })).stdout).toBe('switchyard-refused folder-read-only\n');
    const below = path.join(path.dirname(server.home), 'below');
    writeFileSync(below, '');
    expect((await receive('j1', bytes, { home: `${below}/x/stacks/shop` })).stdout).toBe(
      'switchyard-refused home-read-only\n',
    );
  });

  it.each<[string, () => void, string]>([
    ['HS1 whose home state others may enter', () => chmodSync(server.home, 0o750), 'home-unsafe'],
    [
      'HS1 whose home state is a link',
      () => {
        renameSync(server.home, `${server.home}-moved`);
        symlinkSync(`${server.home}-moved`, server.home);
      },
      'home-unsafe',
    ],
    [
      'HS2 whose state folder is a link',
      () => {
        renameSync(server.root, `${server.folder}/elsewhere`);
        symlinkSync('elsewhere', server.root);
      },
      'ground-unsafe',
    ],
    [
      'HS2 whose journal is a link',
      () => {
        renameSync(path.join(server.root, 'journal'), `${server.folder}/journal`);
        symlinkSync('../journal', path.join(server.root, 'journal'));
      },
      'ground-unsafe',
    ],
    ['HS2 whose state folder others may write to', () => chmodSync(server.root, 0o777), 'ground-unsafe'],
    [
      'HS1 that a later version works on',
      () => writeFileSync(path.join(server.home, 'format'), '99\n'),
      'newer-format',
    ],
    ['HS1 of another stack', () => writeFileSync(path.join(server.home, 'folder'), '/srv/other\n'), 'home-unsafe'],
  ])('%s is refused, and nothing of it is kept', async (_name, spoil, word) => {
    spoil();
    const { stdout, code } = await receive('j1', await tarArchive.pack(files));
    expect([stdout, code]).toEqual([`switchyard-refused ${word}\n`, 3]);
    expect(jobsIn()).toEqual([]);
  });

  it('HS1 of a stack that the home state does not know yet makes it known, closed to everybody else', async () => {
    const home = path.join(path.dirname(server.home), 'new-one');
    expect((await receive('j1', await tarArchive.pack(files), { home })).stdout).toBe('switchyard-started j1\n');
    const said = ['folder', 'real', 'project', 'format'].map((name) => readFileSync(path.join(home, name), 'utf8'));
    expect(said).toEqual([`${server.folder}\n`, `${server.folder}\n`, 'shop\n', `${stateFormat}\n`]);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    await expect.poll(() => readFileSync(path.join(home, 'jobs/j1/output'), 'utf8')).toBe('done\n');
  });

  it('SE9 leaves a folder that git does not look into', async () => {
    await receive('j1', await tarArchive.pack(files));
    expect(readFileSync(path.join(server.root, '.gitignore'), 'utf8')).toBe('*\n');
    // As git itself sees it, in a stack's folder that is a repository.
    const git = (...words: string[]) => execFileSync('git', words, { cwd: server.folder, encoding: 'utf8' });
    git('init', '-q');
    expect(git('status', '--porcelain', '--untracked-files=all')).toBe('');
  });

  // A disk of 256 KiB needs root, which the container of the tests has.
  it.runIf(process.getuid?.() === 0)('JN1 onto a full disk is refused, and leaves nothing', async () => {
    const disk = mkdtempSync(path.join(tmpdir(), 'switchyard-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
    const home = path.join(disk, 'state/stacks/shop');
    try {
      const big = [...files, { path: 'big', text: 'x'.repeat(400_000) }];
      const { stdout } = await receive('j1', await tarArchive.pack(big), { home });
      expect(stdout).toBe('switchyard-refused disk-full\n');
      expect(jobsIn(home)).toEqual([]);
      expect((await receive('j2', await tarArchive.pack(files), { home })).stdout).toBe('switchyard-started j2\n');
    } finally {
      await expect.poll(() => existsSync(path.join(home, 'jobs/j2/ran'))).toBe(true);
      await server.sh(`for n in 1 2 3 4 5 6 7 8 9; do umount '${disk}' && break; sleep 0.2; done`);
      rmSync(disk, { recursive: true, force: true });
    }
  });
});
