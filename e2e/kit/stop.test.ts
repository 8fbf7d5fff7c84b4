import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../build/setup/command.ts';
import { renderScript } from '../../src/core/command.ts';
import { parseStopAnswer, stopScript } from '../../src/core/job-process.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'switchyard-stop-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const startedAt = (pid: number): string =>
  readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')[19] ?? '';

/** A runner that says what it was sent, and its job with a pid file as the kit writes it. */
async function runner(id: string, pidLine: (pid: number) => string) {
  const folder = path.join(root, 'jobs', id);
  mkdirSync(folder, { recursive: true });
  const child = spawn('sh', ['-c', 'trap "echo told; exit" TERM; echo ready; while :; do sleep 0.05; done']);
  const said: string[] = [];
  const ended = new Promise<string>((resolve) => child.on('close', () => resolve(said.join(''))));
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said.push(chunk.toString());
      resolve();
    });
  });
  writeFileSync(path.join(folder, 'pid'), `${pidLine(child.pid ?? 0)}\n`);
  return { folder, child, ended };
}

const stop = async (id: string) =>
  parseStopAnswer((await run(['sh', '-c', renderScript(stopScript, [root, id])])).stdout);

it('a job that runs is told to stop, once it is known to be the same process', async () => {
  const { ended } = await runner('runs', (pid) => `${pid} ${startedAt(pid)} ${bootId}`);
  expect(await stop('runs')).toBe('stopping');
  expect(await ended).toBe('ready\ntold\n');
  expect(await stop('runs')).toBe('not-running');
});

it.each<[string, (pid: number) => string]>([
  ['a process that has its number by now', (pid) => `${pid} 1 ${bootId}`],
  ['a process from before the last boot', (pid) => `${pid} ${startedAt(pid)} another-boot`],
  ['no number at all', () => `-1 1 ${bootId}`],
])('%s is left alone', async (name, pidLine) => {
  const { child, ended } = await runner(`other-${name.length}`, pidLine);
  expect(await stop(`other-${name.length}`)).toBe('not-running');
  child.kill('SIGKILL');
  expect(await ended).toBe('ready\n');
});

it('a job that has ended is not looked for, and one that never was is not known', async () => {
  const { folder, child } = await runner('ended', (pid) => `${pid} ${startedAt(pid)} ${bootId}`);
  writeFileSync(path.join(folder, 'exit'), 'completed\n');
  expect(await stop('ended')).toBe('not-running');
  expect(await stop('never')).toBe('unknown');
  child.kill('SIGKILL');
});
