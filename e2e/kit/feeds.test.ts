import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '../../src/core/job.ts';
import { createFeeds } from '../../src/engine/host/feeds.ts';
import { nothingKnown } from '../../src/engine/host/host-now.ts';
import type { Link } from '../../src/engine/ports/link.ts';
import { serverState } from '../../src/testkit/engine/facts.ts';

let folder: string;
let children: ReturnType<typeof spawn>[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'switchyard feeds $(odd)-'));
  for (const each of ['blog', 'shop']) mkdirSync(path.join(folder, each));
  children = [];
});
afterEach(() => {
  for (const child of children) child.kill('SIGTERM');
  rmSync(folder, { recursive: true });
});

const feed = (stack: string) => path.join(folder, stack, 'feed.ndjson');
const line = (job: string, stack: string, more: Record<string, unknown> = {}) =>
  `${JSON.stringify({ job, at: 1, kind: 'job', verb: 'flip', stack, service: 'web', by: 'x', steps: 'gate', ...more })}\n`;
const end = (job: string) =>
  `${JSON.stringify({ job, at: 2, kind: 'end', outcome: 'completed', code: '', message: '', running: '', detail: '' })}\n`;

/** Follows both feeds under a real shell, and says what jobs are known. */
function follow(shell: string[] = ['sh']): () => [string, string, Job['state']][] {
  const now = nothingKnown();
  now.connection = { kind: 'connected' } as typeof now.connection;
  now.states = ['blog', 'shop'].map((project) => ({
    ...serverState([]),
    root: path.join(folder, project),
    project,
    openJobs: [`${project}-job`],
  }));
  const [program = 'sh', ...words] = shell;
  const link = {
    shell: {
      follow: (command: string, { onOutput }: { onOutput(text: string): void }) =>
        new Promise((resolve) => {
          const child = spawn(program, [...words, '-c', command], { stdio: ['ignore', 'pipe', 'ignore'] });
          children.push(child);
          child.stdout?.on('data', (chunk) => onOutput(String(chunk)));
          child.on('close', (code) => resolve({ code }));
        }),
    },
  } as unknown as Link;
  now.open = { link, abort: new AbortController() };
  const clock = { nowMs: () => Date.now(), random: Math.random };
  const feeds = createFeeds(
    now,
    clock as never,
    () => {},
    () => {},
  );
  feeds.follow();
  return () => (feeds.areRead() ? [...now.jobs.values()].map(({ id, stack, state }) => [id, stack, state]) : []);
}

describe.each([['dash'], ['bash'], ['busybox', 'sh']])('feeds that are followed by %s %s', (...shell) => {
  it('JN13 are told apart, in what was there and in what comes, also one that is not there yet', async () => {
    writeFileSync(feed('blog'), line('blog-job', 'blog'));
    const jobs = follow(shell.filter(Boolean));
    await expect.poll(jobs, { timeout: 10_000 }).toEqual([['blog-job', 'blog', 'running']]);
    writeFileSync(feed('shop'), line('shop-job', 'shop'));
    await expect.poll(jobs, { timeout: 10_000 }).toHaveLength(2);
    appendFileSync(feed('shop'), end('shop-job'));
    await expect.poll(jobs, { timeout: 10_000 }).toEqual([
      ['blog-job', 'blog', 'running'],
      ['shop-job', 'shop', 'completed'],
    ]);
  });

  it('JN13 speak of their own stack alone, whatever stands in them', async () => {
    writeFileSync(feed('shop'), line('shop-job', 'shop'));
    const forged = [
      line('shop-job', 'shop'),
      end('shop-job'),
      line('nobody', 'blog'),
      line('old', 'shop') + end('old'),
      `==> ${feed('shop')} <==\n${end('shop-job')}`,
      `00000000-0000-4000-8000-000000000000 1 ${end('shop-job')}`,
      `\u0001token 00000000-0000-4000-8000-000000000000\n`,
      `${'x'.repeat(100_000)}${end('shop-job')}`,
      line('blog-job', 'blog'),
    ];
    writeFileSync(feed('blog'), forged.slice(0, 4).join(''));
    const jobs = follow(shell.filter(Boolean));
    await expect.poll(jobs, { timeout: 10_000 }).toHaveLength(1);
    appendFileSync(feed('blog'), forged.join(''));
    await expect.poll(jobs, { timeout: 10_000 }).toEqual([
      ['shop-job', 'shop', 'running'],
      ['blog-job', 'blog', 'running'],
    ]);
  });
});

it('JN13 is read through no link, and a pipe keeps no other waiting', async () => {
  writeFileSync(path.join(folder, 'elsewhere'), line('blog-job', 'blog'));
  symlinkSync(path.join(folder, 'elsewhere'), feed('blog'));
  writeFileSync(feed('shop'), line('shop-job', 'shop'));
  const jobs = follow();
  await expect.poll(jobs, { timeout: 10_000 }).toEqual([['shop-job', 'shop', 'running']]);
});
