import { spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KitServer } from './server.ts';

/** Pieces of an answer, each sent by itself; `keep` leaves the connection open behind them. */
type Answer = { pieces: string[]; keep?: boolean };

const words = 'all is well';
const ok = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
const chunks = (...parts: string[]): string =>
  [...parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`), '0\r\n\r\n'].join('');
const without = 'bad HTTP 200 without the words asked for';

const answers: [name: string, answer: Answer, said: string][] = [
  ['a body that has them', { pieces: [`${ok}\r\n${words}\n`] }, 'good HTTP 200'],
  ['a body that ends without a line', { pieces: [`${ok}\r\nso ${words}`] }, 'good HTTP 200'],
  ['a head that has them, and a body that has not', { pieces: [`${ok}X-Says: ${words}\r\n\r\nno\n`] }, without],
  ['a status line that has them', { pieces: [`HTTP/1.1 200 ${words}\r\n\r\nno\n`] }, without],
  ['a head without an end that has them', { pieces: [`${ok}X-Says: ${words}\r\n`] }, without],
  ['a head with bare line feeds', { pieces: [`HTTP/1.0 200 OK\nX: y\n\n${words}`] }, 'good HTTP 200'],
  ['the same, in the head alone', { pieces: [`HTTP/1.0 200 OK\nX: ${words}\n\nno`] }, without],
  [
    'a head that comes in many pieces',
    { pieces: [...`${ok}X-Long: ${'y'.repeat(300)}\r\n\r`, '\n', words] },
    'good HTTP 200',
  ],
  ['a head longer than one read', { pieces: [`${ok}X-Long: ${'z'.repeat(40_000)}\r\n\r\n${words}`] }, 'good HTTP 200'],
  ['a head that does not end', { pieces: [`${ok}X-Long: ${'z'.repeat(90_000)}\r\n\r\n${words}`] }, without],
  [
    '204, which has no body',
    { pieces: [`HTTP/1.1 204 No Content\r\n\r\n${words}`] },
    'bad HTTP 204 without the words asked for',
  ],
  [
    '304, which has no body',
    { pieces: [`HTTP/1.1 304 Not Modified\r\nX: ${words}\r\n\r\n`] },
    'bad HTTP 304 without the words asked for',
  ],
  [
    '204 that stays open',
    { pieces: ['HTTP/1.1 204 No Content\r\n\r\n'], keep: true },
    'bad HTTP 204 without the words asked for',
  ],
  ['words over two lines', { pieces: [`${ok}\r\nall is\nwell`] }, without],
  ['words that two lines would make', { pieces: [`${ok}\r\nall is\n well`] }, without],
  [
    'chunks that have them',
    { pieces: [`${ok}Transfer-Encoding: chunked\r\n\r\n${chunks(`it says ${words}\n`)}`] },
    'good HTTP 200',
  ],
  [
    'chunks with the words over two of them',
    { pieces: [`${ok}transfer-ENCODING:  Chunked\r\n\r\n`, chunks('one\nall i', 's well')] },
    'good HTTP 200',
  ],
  [
    'chunks whose framing would make them',
    { pieces: [`${ok}Transfer-Encoding: chunked\r\n\r\n${chunks('all ', 'was well')}`] },
    without,
  ],
  [
    'chunks with words behind their end',
    { pieces: [`${ok}Transfer-Encoding: chunked\r\n\r\n${chunks('no')}${words}`] },
    without,
  ],
  [
    'chunks with an extension that has them',
    { pieces: [`${ok}Transfer-Encoding: chunked\r\n\r\n2;x="${words}"\r\nno\r\n0\r\n\r\n`] },
    without,
  ],
  [
    'chunks that are none',
    { pieces: [`${ok}Transfer-Encoding: chunked\r\n\r\n${words}`] },
    'bad HTTP 200 with a body in chunks that cannot be read',
  ],
  ['a chunk that was cut', { pieces: [`${ok}Transfer-Encoding: chunked\r\n\r\nff\r\nall is`] }, without],
  ['a body of many lines', { pieces: [`${ok}\r\n${'line\n'.repeat(20_000)}${words}\n`] }, 'good HTTP 200'],
  [
    'words far behind',
    { pieces: [`${ok}\r\n${'x'.repeat(1_000)}\n`.repeat(1), `${`${'y'.repeat(999)}\n`.repeat(300)}${words}`] },
    without,
  ],
  ['found, it is not waited for more', { pieces: [`${ok}\r\n${words}\n`], keep: true }, 'good HTTP 200'],
  ['another status, whatever the body', { pieces: [`HTTP/1.1 500 Oh\r\n\r\n${words}`] }, 'bad HTTP 500'],
  ['no HTTP', { pieces: [`SSH-2.0 200 OK\r\n\r\n${words}`] }, 'bad no answer'],
  ['nothing', { pieces: [] }, 'bad no answer'],
];

let server: KitServer;
let folder: string;
let answer: Answer = { pieces: [] };
const web = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', async () => {
    socket.setNoDelay(true);
    for (const piece of answer.pieces) await new Promise<void>((sent) => socket.write(piece, 'latin1', () => sent()));
    if (answer.keep !== true) socket.end();
  });
});
/** The socket of an entry point: it knows where the slot is. */
const admin = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', (asked) =>
    socket.end(
      asked.toString() === 'show info\n'
        ? 'Name: HAProxy\n\n'
        : '1\n# be_id be_name srv_id srv_name srv_addr\n3 p3000_blue-watching 1 blue 127.0.0.1 2 0\n\n',
    ),
  );
});

beforeAll(async () => {
  server = new KitServer();
  folder = mkdtempSync(path.join(tmpdir(), 'switchyard-http-'));
  await new Promise<void>((open) => web.listen(0, '127.0.0.1', open));
  await new Promise<void>((open) => admin.listen(path.join(folder, 'admin.sock'), open));
});
afterAll(() => {
  web.close();
  admin.close();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const asked = async (loop: 'bash' | 'perl', contains: string): Promise<string> => {
  const { port } = web.address() as net.AddressInfo;
  const host = loop === 'bash' ? '127.0.0.1' : 'shop--frontend--blue';
  const start =
    loop === 'bash' ? 'bash -c "$runtime_loop"' : `perl -e "$quick_loop" '${path.join(folder, 'admin.sock')}'`;
  const request = ['http', host, port, '/healthz', 200, 399, contains].join('\\t');
  const { stdout } = await server.kitLines(`printf '${request}\\n' | ${start}`);
  const [said = '', dot] = stdout.replace(/^ready\n/, '').split('\n');
  return dot === '.' ? said.trim() : `torn: ${stdout}`;
};

describe('EN9 the quick way to an entry point', () => {
  const opens = async (socket: string): Promise<string> =>
    (await server.kitLines(`perl -e "$quick_loop" '${socket}' </dev/null`)).stdout;

  it('is a socket that this user has and holds open', async () => {
    expect(await opens(path.join(folder, 'admin.sock'))).toBe('ready\n');
  });

  it('is no link to one, and no file', async () => {
    symlinkSync(path.join(folder, 'admin.sock'), path.join(folder, 'linked.sock'));
    writeFileSync(path.join(folder, 'file.sock'), '');
    expect([await opens(path.join(folder, 'linked.sock')), await opens(path.join(folder, 'file.sock'))]).toEqual([
      '',
      '',
    ]);
  });

  it.skipIf(process.getuid?.() !== 0)('is none of another user’s, nor one that another user listens at', async () => {
    chownSync(path.join(folder, 'admin.sock'), 65_534, 65_534);
    expect(await opens(path.join(folder, 'admin.sock'))).toBe('');
    chownSync(path.join(folder, 'admin.sock'), 0, 0);
    const theirs = path.join(folder, 'theirs.sock');
    const listens = spawn('perl', [
      '-e',
      'use Socket; $> = 65534; socket(my $s, AF_UNIX, SOCK_STREAM, 0); $> = 0; bind($s, pack_sockaddr_un($ARGV[0])) or die; $> = 65534; listen($s, 9) or die; $| = 1; print "on\\n"; while (accept(my $c, $s)) { print $c "Name: HAProxy\\n\\n"; close $c }',
      theirs,
    ]);
    await new Promise((on) => listens.stdout.once('data', on));
    expect(await opens(theirs)).toBe('');
    listens.kill();
  });
});

describe.each(['bash', 'perl'] as const)('the words of a check, as %s asks for them', (loop) => {
  it.each(answers)('TO4 %s', async (_name, given, said) => {
    answer = given;
    const began = performance.now();
    expect(await asked(loop, words)).toBe(said);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('TO4 are not looked for where none are asked for', async () => {
    answer = { pieces: ['HTTP/1.1 204 No Content\r\n\r\n'], keep: true };
    expect(await asked(loop, '')).toBe('good HTTP 204');
  });
});
