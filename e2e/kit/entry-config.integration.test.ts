import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../build/setup/command.ts';
import { logToStderr } from '../../build/setup/progress.ts';
import { type EntrySpec, parseEntryCounters, renderEntryConfig } from '../../src/core/entry.ts';
import { ensureImages } from '../lab/images.ts';

// HAProxy itself is the judge of what is rendered for it.

let image = '';
let folder = '';
beforeAll(async () => {
  const built = await ensureImages(['haproxy'], logToStderr);
  image = built.get('haproxy')?.reference ?? '';
  folder = mkdtempSync(path.join(tmpdir(), 'switchyard-entry-'));
  chmodSync(folder, 0o755);
  mkdirSync(path.join(folder, 'run'));
  chmodSync(path.join(folder, 'run'), 0o777);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const specs: [string, EntrySpec][] = [
  [
    'one web port',
    {
      prefix: 'shop--frontend',
      ports: [{ port: 3000, mode: 'http' }],
      check: { path: '/healthz', low: 200, high: 399 },
      firstHop: true,
    },
  ],
  [
    'a web and a plain port',
    {
      prefix: 'shop--frontend',
      ports: [
        { port: 3000, mode: 'http' },
        { port: 9100, mode: 'tcp' },
      ],
      check: null,
      firstHop: false,
    },
  ],
  [
    'a path with signs',
    {
      prefix: 'shop--frontend',
      ports: [{ port: 80, mode: 'http' }],
      check: { path: '/a?b=c&d=%20e', low: 204, high: 204 },
      firstHop: false,
    },
  ],
  [
    'a name as long as can be',
    { prefix: `${'a'.repeat(45)}-01234567`, ports: [{ port: 65535, mode: 'http' }], check: null, firstHop: true },
  ],
];

const write = (spec: EntrySpec, live: string) => {
  writeFileSync(path.join(folder, 'haproxy.cfg'), renderEntryConfig(spec));
  writeFileSync(path.join(folder, 'live.map'), live);
};

const docker = (...argv: string[]) => run(['docker', ...argv], { okCodes: [0, 1], timeoutMs: 60_000 });

describe('HAProxy takes the configuration of an entry point', () => {
  it.each(specs)('EN4 with %s', async (_name, spec) => {
    write(spec, 'live blue-settled\n');
    const { code, stdout, stderr } = await docker(
      'run',
      '--rm',
      '-v',
      `${folder}:/usr/local/etc/haproxy:ro`,
      image,
      'haproxy',
      '-c',
      '-f',
      '/usr/local/etc/haproxy/haproxy.cfg',
    );
    expect(stdout + stderr).not.toMatch(/\[ALERT\]/);
    expect(code).toBe(0);
  });

  it('EN1 and starts with a live.map that says nothing, and answers on its runtime socket', async () => {
    write(specs[0]?.[1] as EntrySpec, 'nobody knows\n');
    const name = `switchyard-entry-${process.pid}`;
    await docker(
      'run',
      '-d',
      '--name',
      name,
      '-v',
      `${folder}:/usr/local/etc/haproxy`,
      image,
      'haproxy',
      '-db',
      '-f',
      '/usr/local/etc/haproxy/haproxy.cfg',
    );
    try {
      const ask = (command: string) =>
        docker(
          'exec',
          name,
          'bash',
          '-c',
          `exec 5<>/dev/tcp/127.0.0.1/9999 && printf '%s\\n' "$1" >&5 && cat <&5`,
          'ask',
          command,
        );
      await expect.poll(async () => (await ask('show info')).stdout, { timeout: 20_000 }).toContain('Name: HAProxy');
      expect(parseEntryCounters((await ask('show stat -1 5 -1')).stdout)).toMatchObject({ requests: 0, errors: 0 });
    } finally {
      await docker('rm', '-f', name);
    }
  });
});
