import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseFeedLine } from '../../src/core/feed.ts';
import { KitServer } from './server.ts';

let server: KitServer;
beforeAll(() => {
  server = new KitServer();
});
afterAll(() => server.close());

const single = (text: string): string => text.replaceAll("'", "'\\''");

describe('words in the feed', () => {
  it.each([
    ['plain', 'plain'],
    [`o'neil "x" \\ <script>alert(1)</script> $(id) \`id\``, `o'neil "x" \\ <script>alert(1)</script> $(id) \`id\``],
    ['🚂 é ü', '🚂 é ü'],
    ['two\nlines\tand\ra tab', 'two lines and a tab'],
    ['bell\u0007 escape\u001b[31m delete\u007f', 'bell escape[31m delete'],
    ['', ''],
    ['-n', '-n'],
    ['100% %s %d', '100% %s %d'],
  ])('JN3 JN12 %j are one line of JSON', async (text, said) => {
    const { stdout } = await server.kitLines(
      `step=gate; : >"$ROOT/feed.ndjson"; say '${single(text)}'; cat "$ROOT/feed.ndjson"`,
    );
    // The first begins on a line of its own, whatever another left behind.
    expect(stdout.split('\n').filter((line) => line !== '')).toHaveLength(1);
    expect(stdout.startsWith('\n')).toBe(true);
    expect(parseFeedLine(stdout.trim())).toMatchObject({ kind: 'text', job: 'j1', step: 'gate', text: said });
  });

  it('JN3 of any length and kind are JSON, cut where need be', async () => {
    const text = fc.oneof(
      fc
        .string({ unit: fc.constantFrom('"', '\\', 'a', '🚂', '\n', "'"), minLength: 1, maxLength: 40 })
        .chain((part) => fc.nat(300).map((times) => part.repeat(times))),
      fc.string({ unit: 'binary', maxLength: 60 }).map((each) => each.replaceAll('\0', '')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (each) => {
        const { stdout } = await server.kitLines(`printf '{"text":"%s"}' "$(json_text '${single(each)}')"`);
        expect(typeof JSON.parse(stdout).text).toBe('string');
        expect(Buffer.byteLength(stdout)).toBeLessThan(4_096);
      }),
      { numRuns: 60 },
    );
  });

  it('a list of figures and progress are numbers', async () => {
    const { stdout } = await server.kitLines(
      'step=pull; : >"$ROOT/feed.ndjson"; figure gapMs 12; progress 3 7 layers; progress 5 "" bytes; cat "$ROOT/feed.ndjson"',
    );
    const lines = stdout.trim().split('\n').map(parseFeedLine);
    expect(lines).toMatchObject([
      { kind: 'figure', name: 'gapMs', value: 12 },
      { kind: 'progress', done: 3, total: 7, unit: 'layers' },
      { kind: 'progress', done: 5, total: null, unit: 'bytes' },
    ]);
  });
});

describe('the progress of a pull', () => {
  const told = async (log: string): Promise<string> => {
    await server.kitLines(':');
    writeFileSync(path.join(server.jobFolder('j1'), 'pull.log'), log);
    const { stdout } = await server.kitLines('progress() { echo "$*"; }\npull_progress');
    return stdout.trim();
  };

  // As `docker pull` draws on a terminal: lines over lines, with the cursor moved between.
  const terminal =
    '1.1.0: Pulling from shop/frontend\r\n' +
    '\u001b[1A\u001b[2K\r0a1b2c3d4e5f: Pulling fs layer \r\u001b[1B' +
    '\u001b[2A\u001b[2K\r111122223333: Already exists \r\u001b[2B' +
    '\u001b[1A\u001b[2K\r0a1b2c3d4e5f: Downloading [=====>      ]  1.5MB/10.25MB\r\u001b[1B' +
    '\u001b[3A\u001b[2K\raaaabbbbcccc: Downloading [>           ]  512kB/2MB\r\u001b[3B';

  it('is in bytes where Docker has a terminal', async () => {
    expect(await told(terminal)).toBe('2012000 12250000 bytes');
    expect(await told(`${terminal}0a1b2c3d4e5f: Download complete \r\n`)).toBe('10762000 12250000 bytes');
  });

  it('is in layers where it has none', async () => {
    const plain =
      '1.1.0: Pulling from shop/frontend\n0a1b2c3d4e5f: Pulling fs layer\naaaabbbbcccc: Waiting\n0a1b2c3d4e5f: Pull complete\n';
    expect(await told(plain)).toBe('1 2 layers');
  });

  it('is none where nothing was said yet', async () => {
    expect(await told('')).toBe('');
    expect(await told('Error response from daemon: manifest unknown\nDigest: sha256:0a1b2c3d4e5f: Pulling\n')).toBe('');
  });
});

describe('files in their place', () => {
  it('JN2 are there whole or not at all, with nothing left beside them', async () => {
    const { stdout } = await server.kitLines(
      'cd "$ROOT"; printf old | put_file "$ROOT/f"; put_line "$ROOT/f" "a new \\"line\\""; cat f; ls -A | grep tmp; echo end',
    );
    expect(stdout).toBe('a new "line"\nend\n');
    expect(readFileSync(path.join(server.root, 'f'), 'utf8')).toContain('a new');
  });

  it('RE1 an image name that a shell would act on is none', async () => {
    const names = ['a/b:1', 'a@sha256:0', 'localhost:5000/x', '$(id)', "a'b", 'a b', '', 'a;b', 'a\nb'];
    const { stdout } = await server.kitLines(
      names.map((name) => `valid_reference '${single(name)}' && echo yes || echo no`).join('\n'),
    );
    expect(stdout.trim().split('\n')).toEqual(['yes', 'yes', 'yes', 'no', 'no', 'no', 'no', 'no', 'no']);
  });
});
