import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarArchive } from '../../src/adapters/archive/tar-archive.ts';
import { renderScript } from '../../src/core/command.ts';
import { lifeFunction } from '../../src/core/job-process.ts';
import { groundFunction } from '../../src/core/server-scripts.ts';
import { parseFoundStack, takeInReadScript } from '../../src/core/take-in-reading.ts';
import { KitServer, kit } from './server.ts';

let server: KitServer;
let processes: ChildProcess[];
beforeEach(() => {
  server = new KitServer();
  processes = [];
  // As 0.1.0 left it: the home state knows nothing.
  rmSync(server.home, { recursive: true });
  mkdirSync(oldJob(''), { mode: 0o700 });
  chmodSync(server.root, 0o700);
});
afterEach(() => {
  for (const each of processes) each.kill('SIGKILL');
  server.close();
});

const oldJob = (id: string, ...more: string[]): string => path.join(server.root, 'jobs', id, ...more);

/** A job of 0.1.0, with what it sets. */
const plantJob = (id: string, files: Record<string, string>): void => {
  mkdirSync(oldJob(id), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(oldJob(id, name), text);
};

/** Runs words in a folder, in a session of its own. */
const runs = (folder: string, ...words: string[]): ChildProcess => {
  const [program = 'sh', ...rest] = words;
  const started = spawn(program, rest, { cwd: folder, detached: true, stdio: 'ignore' });
  processes.push(started);
  return started;
};
const lives = (one: ChildProcess): boolean => one.exitCode === null && one.signalCode === null;
const sleeper = 'sleep 60 & wait\n';

const image = `sha256:${'1'.repeat(64)}`;
const upload = (more: Record<string, string> = {}) =>
  tarArchive.pack(
    Object.entries({
      folder: `${server.folder}\n`,
      real: `${server.folder}\n`,
      project: 'shop\n',
      format: '1\n',
      tags: `${image} switchyard/shop--frontend:r0001\n`,
      'frontend/service.json': '{}\n',
      'frontend/releases/0001/rollback.sh': 'exit 0\n',
      ...more,
    }).map(([name, text]) => ({ path: name, text })),
  );

const takeIn = (bytes: Uint8Array) =>
  server.sh(renderScript(`${lifeFunction}${groundFunction}${kit['take-in.sh']}`, [server.home, server.folder]), bytes);

const stacks = (): string[] => readdirSync(path.dirname(server.home));

describe('a stack that is taken in', () => {
  it('HS9 gets its name whole, closed to everybody else, with its images tagged', async () => {
    expect((await takeIn(await upload())).stdout).toBe('switchyard-taken-in\n');
    expect(stacks()).toEqual([path.basename(server.home)]);
    expect(readdirSync(server.home).sort()).toEqual(['folder', 'format', 'frontend', 'jobs', 'project', 'real']);
    expect(statSync(server.home).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(server.home, 'frontend/releases/0001/rollback.sh')).mode & 0o777).toBe(0o700);
    expect(server.log).toEqual([expect.stringContaining(`tag ${image} switchyard/shop--frontend:r0001`)]);
  });

  it('HS9 twice happens once, and by two at once once too', async () => {
    const bytes = await upload();
    const answers = await Promise.all([takeIn(bytes), takeIn(bytes), takeIn(bytes)]);
    for (const { stdout } of answers) expect(stdout).toMatch(/^switchyard-(?:taken-in|known)\n$/);
    expect(stacks()).toEqual([path.basename(server.home)]);
    expect(readdirSync(server.home).sort()).toEqual(['folder', 'format', 'frontend', 'jobs', 'project', 'real']);
    writeFileSync(path.join(server.home, 'kept'), '');
    expect((await takeIn(await upload({ 'frontend/service.json': 'other' }))).stdout).toBe('switchyard-known\n');
    expect(readFileSync(path.join(server.home, 'frontend/service.json'), 'utf8')).toBe('{}\n');
    expect(existsSync(path.join(server.home, 'kept'))).toBe(true);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['cut off', (bytes) => bytes.subarray(0, 1500)],
    [
      'with one bit turned',
      (bytes) => {
        const turned = Buffer.from(bytes);
        turned[513] = (turned[513] ?? 0) ^ 1;
        return turned;
      },
    ],
    ['empty', () => Buffer.alloc(0)],
  ])('HS9 %s has not happened', async (_name, damage) => {
    const { stdout, code } = await takeIn(damage(Buffer.from(await upload())));
    expect([stdout, code, stacks()]).toEqual(['switchyard-refused upload-damaged\n', 3, []]);
  });

  it.each([
    ['an image that is an option', '--privileged x\n'],
    ['a tag of somebody else', `${image} evil/x:1\n`],
    ['a tag with a space', `${image} switchyard/x y\n`],
  ])('HS8 %s is not asked for', async (_name, tags) => {
    expect((await takeIn(await upload({ tags }))).stdout).toBe('switchyard-refused upload-damaged\n');
    expect(server.log).toEqual([]);
    expect(stacks()).toEqual([]);
  });

  it('HS6 on ground that is not the operator’s alone it is refused', async () => {
    chmodSync(server.root, 0o777);
    expect((await takeIn(await upload())).stdout).toBe('switchyard-refused ground-unsafe\n');
    chmodSync(server.root, 0o700);
    symlinkSync('/tmp', path.join(server.root, 'frontend/x'));
    expect((await takeIn(await upload())).stdout).toBe('switchyard-refused ground-unsafe\n');
    expect(stacks()).toEqual([]);
  });

  it('HS9 old watches and runners end, with what they lead; nobody else does', async () => {
    plantJob('j1', { 'run.sh': sleeper, 'job.sh': "VERB='flip'\n", pid: '1 1 x -\n' });
    plantJob('j2', { 'watch.sh': sleeper, 'job.sh': "VERB='flip'\n", exit: 'completed\n' });
    const elsewhere = path.join(server.folder, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(path.join(elsewhere, 'run.sh'), sleeper);
    const old = [runs(oldJob('j1'), 'sh', './run.sh'), runs(oldJob('j2'), 'sh', './watch.sh')];
    const others = [runs(elsewhere, 'sh', './run.sh'), runs(oldJob('j1'), 'sleep', '60')];
    // A number in a file is not what is ended.
    writeFileSync(oldJob('j1', 'pid'), `${others[1]?.pid} 1 x -\n`);
    const led = `cat /proc/[0-9]*/stat | awk '{ sub(/.*\\) /, ""); if ($1 != "Z" && ($4 == ${old[0]?.pid} || $4 == ${old[1]?.pid})) n++ } END { print n + 0 }'`;
    await expect.poll(async () => (await server.sh(led)).stdout).toBe('4\n');
    expect((await takeIn(await upload({ 'jobs/j2/watch.sh': 'ours\n' }))).stdout).toBe('switchyard-taken-in\n');
    await expect.poll(() => old.map(lives)).toEqual([false, false]);
    expect(others.map(lives)).toEqual([true, true]);
    expect((await server.sh(led)).stdout).toBe('0\n');
    // A client of that version mends and resumes nothing there any more.
    expect(readFileSync(oldJob('j1', 'exit'), 'utf8')).toBe('indeterminate\n');
    expect(readFileSync(oldJob('j2', 'exit'), 'utf8')).toBe('completed\n');
    expect(existsSync(oldJob('j2', 'watch.sh'))).toBe(false);
  });

  it('HS9 an adoption that runs is not ended, and nothing is taken in', async () => {
    plantJob('j1', { 'run.sh': sleeper, 'job.sh': "STACK='shop'\nVERB='adopt'\n" });
    const adopts = runs(oldJob('j1'), 'sh', './run.sh');
    await expect.poll(() => readFileSync(`/proc/${adopts.pid}/cmdline`, 'utf8')).toContain('run.sh');
    expect((await takeIn(await upload())).stdout).toBe('switchyard-refused busy\n');
    expect([lives(adopts), stacks(), existsSync(oldJob('j1', 'exit'))]).toEqual([true, [], false]);
  });

  it('HS9 nothing is taken in while somebody else holds a service', async () => {
    const lock = path.join(server.root, 'lock/frontend/7');
    mkdirSync(lock, { recursive: true });
    const holder = runs(server.folder, 'sleep', '60');
    const line = await server.sh(
      `printf '%s %s %s %s\\n' ${holder.pid} "$(sed 's/.*) //' /proc/${holder.pid}/stat | cut -d' ' -f20)" "$(cat /proc/sys/kernel/random/boot_id)" "$(readlink /proc/self/ns/pid)"`,
    );
    writeFileSync(path.join(lock, 'owner'), line.stdout);
    expect((await takeIn(await upload())).stdout).toBe('switchyard-refused busy\n');
    writeFileSync(path.join(lock, 'released'), '');
    expect((await takeIn(await upload())).stdout).toBe('switchyard-taken-in\n');
    expect(lives(holder)).toBe(true);
  });

  it('HS9 no end is written through a link', async () => {
    const victim = path.join(server.folder, 'victim');
    mkdirSync(victim);
    writeFileSync(path.join(victim, 'run.sh'), '');
    symlinkSync(victim, oldJob('j1'));
    plantJob('j2', { 'run.sh': '' });
    symlinkSync(path.join(victim, 'exit'), oldJob('j2', 'exit'));
    expect((await takeIn(await upload())).stdout).toBe('switchyard-taken-in\n');
    expect(readdirSync(victim)).toEqual(['run.sh']);
  });
});

describe('what is found of a stack', () => {
  const read = async () =>
    parseFoundStack((await server.sh(renderScript(takeInReadScript, [server.folder]))).stdout, server.folder);

  it('HS6 is read without links, from files alone, and whole', async () => {
    plantJob('j1', { 'run.sh': '', 'job.sh': "VERB='flip'\n", pid: '1 1 x -\n' });
    plantJob('j2', { 'run.sh': '', 'job.sh': "VERB='flip'\n", exit: 'completed\n' });
    plantJob('j3', { 'run.sh': '' });
    symlinkSync('/etc/passwd', oldJob('j3', 'job.sh'));
    await server.sh(`mkfifo '${path.join(server.service, 'entry/haproxy.cfg').replaceAll("'", "'\\''")}'`);
    writeFileSync(path.join(server.folder, 'compose.override.yaml'), 'services:\n');
    const found = await read();
    expect(found).toMatchObject({
      seesProcesses: true,
      services: [
        {
          slug: 'frontend',
          liveMap: 'live blue-settled\n',
          entryConfig: null,
          roles: { current: '0001', next: '0002' },
        },
      ],
      jobs: [
        { id: 'j1', life: 'no' },
        { id: 'j3', life: 'no' },
      ],
      override: { text: 'services:\n', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect([...(found?.jobTexts ?? [])]).toEqual([['j1', "VERB='flip'\n"]]);
    expect(found?.services[0]?.record).toBe(`${readFileSync(path.join(server.service, 'service.json'), 'utf8')}\n`);
  });

  it('HS6 is not read where others may write', async () => {
    chmodSync(server.service, 0o777);
    expect(await read()).toBeNull();
  });
});
