import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../build/setup/command.ts';
import { logToStderr } from '../../build/setup/progress.ts';
import { type EntrySpec, parseEntryCounters, renderEntryConfig } from '../../src/core/entry.ts';
import { eventually } from '../../src/testkit/eventually.ts';
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

describe('HAProxy, asked by a client', () => {
  const names = { network: `switchyard-entry-${process.pid}`, entry: '', service: '' };
  names.entry = `${names.network}-entry`;
  names.service = `${names.network}-service`;
  let echo = '';

  beforeAll(async () => {
    write(specs[0]?.[1] as EntrySpec, 'live blue-settled\n');
    echo = mkdtempSync(path.join(tmpdir(), 'switchyard-echo-'));
    chmodSync(echo, 0o755);
    // A service that answers with the request's headers as they came.
    writeFileSync(
      path.join(echo, 'haproxy.cfg'),
      'defaults\n  mode http\n  timeout client 5s\nfrontend f\n  bind :3000\n  http-request return status 200 content-type text/plain lf-string "%[req.hdrs,base64]"\n',
    );
    await docker('network', 'create', names.network);
    const start = (name: string, mounted: string, ...more: string[]) =>
      docker(
        'run',
        '-d',
        '--name',
        name,
        '--network',
        names.network,
        ...more,
        '-v',
        `${mounted}:/usr/local/etc/haproxy`,
        image,
        'haproxy',
        '-db',
        '-f',
        '/usr/local/etc/haproxy/haproxy.cfg',
      );
    await start(names.service, echo, '--network-alias', 'shop--frontend--blue');
    await start(names.entry, folder);
    await eventually('an answer of the service', async () => (await headersFor('A: b')).length > 0);
  });
  afterAll(async () => {
    await docker('rm', '-f', names.entry, names.service);
    await docker('network', 'rm', names.network);
    rmSync(echo, { recursive: true, force: true });
  });

  /** What the service is sent beside its Host, for a client at 127.0.0.1 that sends these lines. */
  const headersFor = async (...lines: string[]): Promise<string[]> => {
    const request = ['GET / HTTP/1.1', 'Host: shop.lan', 'Connection: close', ...lines, '', ''].join('\r\n');
    const ask = 'exec 5<>/dev/tcp/127.0.0.1/3000 && printf %s "$1" | base64 -d >&5 && cat <&5';
    const { stdout } = await docker(
      'exec',
      names.entry,
      'bash',
      '-c',
      ask,
      'ask',
      Buffer.from(request).toString('base64'),
    );
    const body = Buffer.from(stdout.split('\r\n\r\n')[1] ?? '', 'base64').toString();
    return body.split('\r\n').filter((line) => line !== '' && !line.startsWith('host: '));
  };

  it.each<[string, string[], string[]]>([
    ['nothing', [], ['x-forwarded-for: 127.0.0.1']],
    ['one value', ['X-Forwarded-For: 1.1.1.1'], ['x-forwarded-for: 1.1.1.1, 127.0.0.1']],
    ['values in one line', ['X-Forwarded-For: 1.1.1.1,2.2.2.2'], ['x-forwarded-for: 1.1.1.1,2.2.2.2, 127.0.0.1']],
    [
      'values in several lines',
      ['X-Forwarded-For: 1.1.1.1', 'x-forwarded-for: 2.2.2.2, 3.3.3.3', 'X-FORWARDED-FOR: 4.4.4.4'],
      ['x-forwarded-for: 1.1.1.1, 2.2.2.2, 3.3.3.3, 4.4.4.4, 127.0.0.1'],
    ],
    [
      'more lines than anybody has',
      ['1', '2', '3', '4', '5', '6'].map((each) => `X-Forwarded-For: ${each}`),
      ['x-forwarded-for: 3, 4, 5, 6, 127.0.0.1'],
    ],
    ['an empty line', ['X-Forwarded-For: ', 'X-Forwarded-For: ,'], ['x-forwarded-for: 127.0.0.1']],
    [
      'the same names in disguise',
      ['X_Forwarded_For: 1.1.1.1', 'X-Forwarded_For: 1.1.1.1', 'x_real-ip: 1.1.1.1', 'X_Other: kept'],
      ['x_other: kept', 'x-forwarded-for: 127.0.0.1'],
    ],
    [
      'a single address',
      ['X-Real-IP: 1.1.1.1', 'X-Real-IP: 2.2.2.2', 'True-Client-IP: 3.3.3.3'],
      ['x-forwarded-for: 127.0.0.1', 'x-real-ip: 127.0.0.1', 'true-client-ip: 127.0.0.1'],
    ],
    [
      'Forwarded',
      ['Forwarded: for="[::1]";proto=https', 'Forwarded: for=1.1.1.1'],
      ['x-forwarded-for: 127.0.0.1', 'forwarded: for="[::1]";proto=https, for=1.1.1.1, for=127.0.0.1'],
    ],
    [
      'a Forwarded with an open quote',
      ['Forwarded: for=1.1.1.1;by="'],
      ['x-forwarded-for: 127.0.0.1', 'forwarded: for=127.0.0.1'],
    ],
    [
      'a Forwarded with a quote that is none',
      ['Forwarded: for=1.1.1.1;by="\\"'],
      ['x-forwarded-for: 127.0.0.1', 'forwarded: for=127.0.0.1'],
    ],
    [
      'what else proxies say',
      ['X-Forwarded-Proto: https', 'X-Forwarded-Host: a.b', 'X-Forwarded-Port: 8443'],
      ['x-forwarded-proto: https', 'x-forwarded-host: a.b', 'x-forwarded-port: 8443', 'x-forwarded-for: 127.0.0.1'],
    ],
  ])('EN7 that sends %s: one line, and its own address last', async (_name, sent, arrives) => {
    expect(await headersFor(...sent)).toEqual(arrives);
  });
});
