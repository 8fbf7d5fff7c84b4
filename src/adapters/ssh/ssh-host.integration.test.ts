import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Question } from '../../core/connection.ts';
import { type Failure, FailureError } from '../../core/failure.ts';
import { createSshHosts, type SshHost } from './ssh-host.ts';

// OpenSSH's own sshd of the lab, and OpenSSH's own tools for the files that both write.

const labConfigPath = process.env.SWITCHYARD_SSH_CONFIG ?? join(import.meta.dirname, '../../../out/lab/ssh_config');

type Lab = { port: number; keyPath: string; user: string; knownHostsPath: string };

let lab: Lab;
let folder: string;
let ends: (() => unknown)[];

beforeAll(async () => {
  const text = await readFile(labConfigPath, 'utf8');
  const own = text.split(/^Host /m).find((each) => each.startsWith('home\n')) ?? '';
  const value = (keyword: string): string => new RegExp(`^\\s*${keyword} (.*)$`, 'm').exec(own)?.[1] ?? '';
  lab = {
    port: Number(value('Port')),
    keyPath: value('IdentityFile'),
    user: value('User'),
    knownHostsPath: value('UserKnownHostsFile'),
  };
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-sshd-'));
  ends = [() => rm(folder, { recursive: true, force: true })];
});
afterEach(async () => {
  for (const end of ends.reverse()) await end();
});

async function open(
  lines: string[],
  answer: (question: Question) => string[] | null = () => null,
  target = 'home',
): Promise<{ host: SshHost | null; failure: Failure | null; questions: Question[] }> {
  const configPath = join(folder, 'config');
  const usual = [
    '  HostName 127.0.0.1',
    `  Port ${lab.port}`,
    `  User ${lab.user}`,
    `  IdentityFile ${lab.keyPath}`,
    `  UserKnownHostsFile ${lab.knownHostsPath}`,
    '  IdentityAgent none',
  ].filter((line) => !lines.some((own) => own.trim().split(' ')[0] === line.trim().split(' ')[0]));
  await writeFile(configPath, ['Host home', ...lines, ...usual].join('\n'));
  const questions: Question[] = [];
  try {
    const host = await createSshHosts({ target, sshConfigPath: configPath }).open({
      onRung: () => {},
      onShell: () => {},
      ask: async (question) => {
        questions.push(question);
        return answer(question);
      },
      signal: new AbortController().signal,
    });
    ends.push(() => host.close());
    return { host, failure: null, questions };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { host: null, failure: error.failure, questions };
  }
}

const keygen = (...argv: string[]): string => execFileSync('ssh-keygen', argv, { encoding: 'utf8', stdio: 'pipe' });

describe('OpenSSH’s files', () => {
  it('knows a host whose name ssh-keygen hashed', async () => {
    const hashed = join(folder, 'known_hosts');
    await writeFile(hashed, await readFile(lab.knownHostsPath));
    keygen('-H', '-f', hashed);
    expect(await readFile(hashed, 'utf8')).toContain('|1|');
    expect(await open([`  UserKnownHostsFile ${hashed}`])).toMatchObject({ failure: null, questions: [] });
  });

  it.each(['no', 'yes'])('writes what ssh-keygen finds, hashed: %s', async (hashed) => {
    const path = join(folder, 'known_hosts');
    const { failure, questions } = await open(
      [`  UserKnownHostsFile ${path}`, `  HashKnownHosts ${hashed}`],
      (question) => (question.kind === 'host-key' ? ['accept'] : null),
    );
    expect(failure).toBeNull();
    expect(keygen('-F', `[127.0.0.1]:${lab.port}`, '-l', '-f', path)).toContain(
      questions[0]?.kind === 'host-key' ? questions[0].sha256 : 'no question',
    );
  });

  it('stops at another key than ssh-keygen would find', async () => {
    const path = join(folder, 'known_hosts');
    keygen('-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'other'));
    const [type, key] = (await readFile(join(folder, 'other.pub'), 'utf8')).split(' ');
    await writeFile(path, `[127.0.0.1]:${lab.port} ${type} ${key}\n`);
    expect((await open([`  UserKnownHostsFile ${path}`])).failure?.code).toBe('host-key-changed');
  });

  it.each([
    ['ed25519 in OpenSSH’s format', ['-t', 'ed25519']],
    ['RSA in PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
    ['ECDSA in OpenSSH’s format', ['-t', 'ecdsa']],
  ])('opens a key under a passphrase: %s', async (_name, kind) => {
    const path = join(folder, 'locked');
    keygen('-q', ...kind, '-N', 'correct horse', '-f', path);
    const before = await open([]);
    const authorized = await readFile(`${path}.pub`, 'utf8');
    const added = await before.host?.shell.run('cat >> ~/.ssh/authorized_keys', { stdin: Buffer.from(authorized) });
    expect(added?.code).toBe(0);
    ends.push(() =>
      before.host?.shell.run(
        `sed -i '/${authorized.split(' ')[1]?.slice(-40).replaceAll('/', '\\/')}/d' ~/.ssh/authorized_keys`,
      ),
    );

    const answers = [['wrong'], ['correct horse']];
    const { failure, questions } = await open([`  IdentityFile ${path}`], () => answers.shift() ?? null);
    expect(failure).toBeNull();
    expect(questions).toMatchObject([
      { kind: 'passphrase', keyPath: path, again: false },
      { kind: 'passphrase', keyPath: path, again: true },
    ]);
    // Without its public part beside it, a PEM key has to be opened before it can be offered.
    await rm(`${path}.pub`);
    expect((await open([`  IdentityFile ${path}`], () => ['correct horse'])).failure).toBeNull();
  });
});

describe('OpenSSH’s sshd', () => {
  it('refuses a user that there is not', async () => {
    const { failure } = await open([], () => null, 'nobody-here@home');
    // sshd asks for the password of anybody, so that nobody learns who there is.
    expect(failure?.code).toMatch(/^(login-refused|cancelled)$/);
    expect(failure?.message).toContain(`Tried: the key ${lab.keyPath}`);
  });

  it('runs more commands at once than it has sessions', async () => {
    const { host } = await open([]);
    const outcomes = await Promise.all(Array.from({ length: 40 }, (_, index) => host?.shell.run(`echo ${index}`)));
    expect(outcomes.map((each) => each?.stdout)).toEqual(Array.from({ length: 40 }, (_, index) => `${index}\n`));
  });

  it('ends a command whose follower has gone', async () => {
    const { host } = await open([]);
    const abort = new AbortController();
    const marker = `/tmp/switchyard-follow-${process.pid}`;
    await host?.shell.run(`echo begun > ${marker}`);
    await host?.shell.follow(`exec tail -n 1 -f ${marker}`, { signal: abort.signal, onOutput: () => abort.abort() });
    let left = 'not asked';
    for (let tries = 0; tries < 50 && left !== ''; tries++) {
      // tail notices at its next write that nobody listens.
      left =
        (await host?.shell.run(`echo again >> ${marker}; sleep 0.1; pgrep -f '[t]ail -n 1 -f ${marker}'`))?.stdout ??
        '';
    }
    expect(left).toBe('');
    await host?.shell.run(`rm ${marker}`);
  });
});

describe('a peer that is dead without a word', () => {
  let port: number;
  let isFrozen = false;
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(lab.port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('data', (chunk) => {
        if (!isFrozen) to.write(chunk);
      });
      from.on('close', () => to.destroy());
    }
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    port = (proxy.address() as { port: number }).port;
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });

  it('is noticed within 20 s', { timeout: 30_000 }, async () => {
    const known = join(folder, 'known_hosts');
    await writeFile(known, (await readFile(lab.knownHostsPath, 'utf8')).replaceAll(`:${lab.port} `, `:${port} `));
    const { host, failure } = await open([`  Port ${port}`, `  UserKnownHostsFile ${known}`]);
    expect(failure).toBeNull();
    isFrozen = true;
    const begun = Date.now();
    const running = host?.shell.run('true').catch((error: FailureError) => error.failure.code);
    expect((await host?.closed)?.code).toBe('link-lost');
    expect(Date.now() - begun).toBeLessThan(20_000);
    expect(await running).toBe('link-lost');
  });
});
