import { chmod, stat } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Question, Rung } from '../../core/connection.ts';
import { type Failure, FailureError } from '../../core/failure.ts';
import { startAgent } from '../../testkit/ssh/ssh-agent.ts';
import { createSshFolder, type SshFolder } from '../../testkit/ssh/ssh-folder.ts';
import { generateKey, type SshServer, type SshServerOptions, startSshServer } from '../../testkit/ssh/ssh-server.ts';
import { createSshHosts, type SshHost, type SshHosts } from './ssh-host.ts';

const key = generateKey();
const strangerKey = generateKey();
const passphrase = 'open sesame';
const lockedKey = generateKey({ passphrase });

let folder: SshFolder;
let ends: (() => unknown)[];

beforeEach(async () => {
  folder = await createSshFolder();
  ends = [() => folder.remove()];
});

afterEach(async () => {
  for (const end of ends.reverse()) await end();
});

async function server(options: SshServerOptions): Promise<SshServer> {
  const started = await startSshServer(options);
  ends.push(() => started.close());
  return started;
}

/** Writes a config with one host `home` and knows the server's keys, unless told otherwise. */
async function configure(port: number, lines: string[] = [], knownHosts = '', more: string[] = []): Promise<void> {
  await folder.writeKnownHosts(knownHosts);
  const own = lines.some((line) => line.startsWith('IdentityFile'))
    ? []
    : [`IdentityFile ${await folder.addKey('id', key.privateKey)}`];
  await folder.writeConfig(
    [
      'Host home',
      ...lines,
      ...own,
      '  HostName 127.0.0.1',
      `  Port ${port}`,
      '  User ada',
      '  ConnectTimeout 1',
      ...more,
      'Host *',
      `  UserKnownHostsFile ${folder.knownHostsPath}`,
      '  GlobalKnownHostsFile none',
      '  IdentityAgent none',
      `  IdentityFile ${await folder.addKey('id', key.privateKey)}`,
    ].join('\n'),
  );
}

type Tried = { host: SshHost | null; failure: Failure | null; questions: Question[]; rungs: Rung[] };

function hosts(target = 'home'): SshHosts {
  return createSshHosts({ target, sshConfigPath: folder.configPath });
}

async function open(
  answer: (question: Question) => string[] | null | Promise<string[] | null> = () => null,
  from: SshHosts = hosts(),
  signal: AbortSignal = new AbortController().signal,
): Promise<Tried> {
  const tried: Tried = { host: null, failure: null, questions: [], rungs: [] };
  try {
    const host = await from.open({
      signal,
      onRung: (rung) => tried.rungs.push(rung),
      onShell: () => {},
      ask: async (question) => {
        tried.questions.push(question);
        return answer(question);
      },
    });
    ends.push(() => host.close());
    tried.host = host;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    tried.failure = error.failure;
    // What an operator or a log sees may hold no secret, wherever it failed.
    const seen = JSON.stringify([error.failure, error.message, error.stack, String(error.cause)]);
    expect(seen).not.toContain('PRIVATE KEY');
    expect(seen).not.toContain(passphrase);
  }
  return tried;
}

const finalRungs = (rungs: Rung[]): string[] => [
  ...new Map(rungs.map((rung) => [rung.name, `${rung.name} ${rung.state}`])).values(),
];

const withoutId = (questions: Question[]): object[] => questions.map(({ id: _id, ...rest }) => rest);

describe('logging in with everything in order', () => {
  it('climbs the rungs and runs commands', async () => {
    const at = await server({ door: { keys: [key.publicKey] } });
    await configure(at.port, [], at.knownHosts);
    const { host, questions, rungs, failure } = await open();
    expect(failure).toBeNull();
    expect(questions).toEqual([]);
    expect(finalRungs(rungs)).toEqual(['name passed', 'reachable passed', 'host-key passed', 'login passed']);
    expect(rungs.find((rung) => rung.name === 'host-key' && rung.state === 'passed')?.detail).toBe(
      `ED25519 ${at.fingerprints[0]}`,
    );
    expect(await host?.shell.run('echo $((6 * 7))')).toEqual({ code: 0, signal: null, stdout: '42\n', stderr: '' });
    host?.close();
    host?.close();
    expect(await host?.closed).toBeNull();
  });

  it('offers the agent’s keys before files', async () => {
    const at = await server({ door: { keys: [lockedKey.publicKey] } });
    const opened = generateKey();
    const agent = await startAgent(folder.path, [opened.privateKey, strangerKey.privateKey]);
    ends.push(() => agent.close());
    const again = await server({ door: { keys: [opened.publicKey] } });
    await configure(again.port, [`IdentityAgent ${agent.socketPath}`], again.knownHosts);
    expect((await open()).failure).toBeNull();
    expect(agent.signatures()).toBe(1);
    expect(again.attempts).toEqual(['publickey', 'publickey signed']);

    await configure(at.port, [`IdentityAgent ${agent.socketPath}`, 'IdentitiesOnly yes'], at.knownHosts);
    const { failure } = await open();
    expect(failure?.message).toBe(
      `home (127.0.0.1:${at.port}) refused the login of ada. Tried: the key ${folder.path}/id.`,
    );
    expect(agent.signatures()).toBe(1);
  });

  it('goes on with files when the agent is dead, and says so when they fail', async () => {
    const at = await server({ door: { keys: [key.publicKey] } });
    await configure(at.port, [`IdentityAgent ${folder.path}/no-agent`], at.knownHosts);
    expect((await open()).failure).toBeNull();
    const stranger = await server({ door: { keys: [strangerKey.publicKey] } });
    await configure(stranger.port, [`IdentityAgent ${folder.path}/no-agent`], stranger.knownHosts);
    expect((await open()).failure?.detail).toContain('no-agent did not answer');
  });

  it('signs with RSA as today’s servers want it', async () => {
    const rsa = generateKey({ type: 'rsa' });
    const at = await server({ door: { keys: [rsa.publicKey] } });
    await configure(at.port, [`IdentityFile ${await folder.addKey('rsa', rsa.privateKey)}`], at.knownHosts);
    expect((await open()).failure).toBeNull();
  });
});

describe('host keys', () => {
  it('asks about an unknown one, remembers it and asks no more', async () => {
    const at = await server({ door: { keys: [key.publicKey] } });
    await configure(at.port, [], '# no line end');
    const { failure, questions } = await open(() => ['accept']);
    expect(failure).toBeNull();
    expect(withoutId(questions)).toEqual([
      { kind: 'host-key', algorithm: 'ED25519', sha256: at.fingerprints[0], host: `home (127.0.0.1:${at.port})` },
    ]);
    expect(await folder.knownHosts()).toBe(`# no line end\n${at.knownHosts}`);
    expect((await open()).questions).toEqual([]);
  });

  it('writes a new known_hosts for this user alone, hashed where the config says so', async () => {
    const at = await server({ door: { keys: [key.publicKey] } });
    await configure(at.port, ['HashKnownHosts yes', `UserKnownHostsFile ${folder.path}/new/known_hosts`]);
    expect((await open(() => ['accept'])).failure).toBeNull();
    expect((await stat(`${folder.path}/new/known_hosts`)).mode & 0o777).toBe(0o600);
    expect((await open()).failure).toBeNull();
  });

  it('sends nothing to a host whose key was not accepted', async () => {
    const at = await server({ door: { keys: [key.publicKey], password: 'x' } });
    await configure(at.port);
    const { failure, rungs } = await open(() => null);
    expect(failure).toMatchObject({ code: 'host-key-unknown', detail: `ED25519 ${at.fingerprints[0]}` });
    expect(finalRungs(rungs)).toEqual(['name passed', 'reachable passed', 'host-key failed']);
    expect(at.attempts).toEqual([]);
    expect(await folder.knownHosts()).toBe('');
  });

  it('lets no unknown host in where StrictHostKeyChecking is yes, and every new one where it is accept-new', async () => {
    const at = await server({ door: { keys: [key.publicKey] } });
    await configure(at.port, ['StrictHostKeyChecking yes']);
    const strict = await open(() => ['accept']);
    expect(strict.failure?.code).toBe('host-key-unknown');
    expect(strict.questions).toEqual([]);
    await configure(at.port, ['StrictHostKeyChecking accept-new']);
    const lenient = await open();
    expect(lenient.failure).toBeNull();
    expect(lenient.questions).toEqual([]);
    expect(await folder.knownHosts()).toBe(at.knownHosts);
  });

  it.each(['ask', 'no', 'accept-new'])('stops at a changed one with StrictHostKeyChecking %s', async (strictness) => {
    const at = await server({ door: { keys: [key.publicKey], password: 'x' } });
    const former = await server({ door: {} });
    const known = former.knownHosts.replaceAll(String(former.port), String(at.port));
    await configure(at.port, [`StrictHostKeyChecking ${strictness}`], known);
    const { failure, questions } = await open(() => ['accept']);
    expect(failure).toMatchObject({
      code: 'host-key-changed',
      detail: `shown: ED25519 ${at.fingerprints[0]}; known: ED25519 ${former.fingerprints[0]} (${folder.knownHostsPath}:1)`,
    });
    expect(questions).toEqual([]);
    expect(at.attempts).toEqual([]);
    expect(await folder.knownHosts()).toBe(known);
  });

  it('stops at a revoked one', async () => {
    const at = await server({ door: { keys: [key.publicKey] } });
    await configure(at.port, [], `${at.knownHosts}@revoked * ${at.knownHosts.split(' ').slice(1).join(' ')}`);
    expect((await open(() => ['accept'])).failure).toMatchObject({
      code: 'host-key-revoked',
      detail: `ED25519 ${at.fingerprints[0]} (${folder.knownHostsPath}:2)`,
    });
    expect(at.attempts).toEqual([]);
  });

  it('asks a host that has several for the one that is known', async () => {
    const at = await server({ door: { keys: [key.publicKey] }, hostKeys: ['ed25519', 'rsa'] });
    await configure(at.port, [], `${at.knownHosts.split('\n')[1]}\n`);
    const { failure, rungs } = await open();
    expect(failure).toBeNull();
    expect(rungs.find((rung) => rung.name === 'host-key' && rung.state === 'passed')?.detail).toBe(
      `RSA ${at.fingerprints[1]}`,
    );
  });

  it('goes on after an answer that took longer than the host waits', async () => {
    const at = await server({ door: { keys: [key.publicKey] }, loginGraceMs: 50 });
    await configure(at.port);
    const { failure, questions } = await open(async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      return ['accept'];
    });
    expect(failure).toBeNull();
    expect(questions.length).toBe(1);
  });
});

describe('bad input, each with its clear error', () => {
  it('a host that nobody knows', async () => {
    await configure(22, ['HostName no-such-host.invalid']);
    const { failure, rungs } = await open();
    expect(failure).toMatchObject({
      code: 'name-unknown',
      message: 'No machine is known by the name no-such-host.invalid.',
    });
    expect(finalRungs(rungs)).toEqual(['name failed']);
  });

  it('a target that is none', async () => {
    expect((await open(undefined, hosts('-oProxyCommand=x'))).failure?.code).toBe('target-invalid');
  });

  it('an ssh config that is missing or malformed', async () => {
    expect((await open()).failure?.code).toBe('target-invalid');
    await folder.writeConfig('Host "never closed\n');
    expect((await open()).failure).toMatchObject({ code: 'target-invalid' });
  });

  it('a port where nothing listens', async () => {
    const at = await server({ door: {} });
    await at.close();
    ends.pop();
    await configure(at.port);
    const { failure, rungs } = await open();
    expect(failure).toMatchObject({
      code: 'port-closed',
      message: `home (127.0.0.1:${at.port}) refused the connection: nothing listens on port ${at.port}.`,
      transient: true,
    });
    expect(finalRungs(rungs)).toEqual(['name passed', 'reachable failed']);
  });

  it('an address that does not answer', async () => {
    await configure(22, ['HostName 192.0.2.1']);
    expect((await open()).failure?.code).toMatch(/^(host-unreachable|port-closed)$/);
  });

  it('something that accepts and never speaks', async () => {
    const port = await listen(() => {});
    await configure(port);
    expect((await open()).failure).toMatchObject({
      code: 'no-answer',
      message: `home (127.0.0.1:${port}) accepted the connection and then said nothing for 1 s.`,
    });
  });

  it('something that hangs up at once, and something that speaks HTTP', async () => {
    const hangsUp = await listen((socket) => socket.destroy());
    await configure(hangsUp);
    expect((await open()).failure).toMatchObject({
      code: 'no-answer',
      message: `home (127.0.0.1:${hangsUp}) closed the connection before it said who it is.`,
    });
    const http = await listen((socket) => socket.end(`HTTP/1.1 400 Bad Request\r\n\r\n${'x'.repeat(9000)}`));
    await configure(http);
    expect((await open()).failure?.code).toBe('no-answer');
  });

  it('a user that there is not, a key that is not let in', async () => {
    const at = await server({ door: { keys: [key.publicKey] } });
    await configure(at.port, ['IdentityFile ~/.no-such-key', `IdentityFile ${folder.path}/id`], at.knownHosts);
    const { failure, rungs } = await open(undefined, hosts('eve@home'));
    expect(failure).toMatchObject({
      code: 'login-refused',
      message: `home (127.0.0.1:${at.port}) refused the login of eve. Tried: the key ${folder.path}/id.`,
      transient: false,
    });
    expect(failure?.detail).toContain('.no-such-key could not be read');
    expect(finalRungs(rungs).at(-1)).toBe('login failed');
    const stranger = await server({ door: { keys: [strangerKey.publicKey] } });
    await configure(stranger.port, [], stranger.knownHosts);
    expect((await open()).failure?.code).toBe('login-refused');
  });

  it('a named key that is not there, may not be read, or is no key', async () => {
    const at = await server({ door: { keys: [key.publicKey] } });
    const only = (path: string) => configure(at.port, [`IdentityFile ${path}`], at.knownHosts);
    await folder.addKey('id', strangerKey.privateKey);
    const told = async (path: string): Promise<Failure | null> => {
      await only(path);
      await folder.writeConfig(
        `Host home\n  HostName 127.0.0.1\n  Port ${at.port}\n  User ada\n  IdentityAgent none\n  IdentityFile ${path}\n  UserKnownHostsFile ${folder.knownHostsPath}`,
      );
      return (await open()).failure;
    };
    expect(await told(`${folder.path}/missing`)).toMatchObject({ code: 'key-unreadable' });
    expect((await told(`${folder.path}/missing`))?.message).toContain(
      `The key ${folder.path}/missing could not be read`,
    );
    const garbage = await folder.addKey('garbage', 'not a key at all');
    expect(await told(garbage)).toMatchObject({
      code: 'key-unreadable',
      message: `The file ${garbage} is not a private key that can be used.`,
    });
    await chmod(garbage, 0o000);
    expect((await told(garbage))?.code).toBe('key-unreadable');
  });

  it('a connection that is cancelled while it asks', async () => {
    const at = await server({ door: { keys: [key.publicKey] } });
    await configure(at.port);
    const abort = new AbortController();
    const tried = open(
      () => {
        abort.abort();
        return new Promise<null>((resolve) => setTimeout(() => resolve(null), 100));
      },
      hosts(),
      abort.signal,
    );
    expect((await tried).failure?.code).toBe('cancelled');
    expect((await open(undefined, hosts(), abort.signal)).failure?.code).toBe('cancelled');
  });
});

describe('keys with a passphrase', () => {
  const lockedAlone = async (at: SshServer): Promise<void> => {
    await folder.writeKnownHosts(at.knownHosts);
    await folder.writeConfig(
      `Host home\n  HostName 127.0.0.1\n  Port ${at.port}\n  User ada\n  IdentityAgent none\n  IdentityFile ${await folder.addKey('locked', lockedKey.privateKey)}\n  UserKnownHostsFile ${folder.knownHostsPath}`,
    );
  };

  it('are asked for when the host accepts the key, again after a mistake, and once for as long as the app runs', async () => {
    const at = await server({ door: { keys: [lockedKey.publicKey] } });
    await lockedAlone(at);
    const from = hosts();
    const answers = [['wrong'], [passphrase]];
    const { failure, questions } = await open(() => answers.shift() ?? null, from);
    expect(failure).toBeNull();
    expect(withoutId(questions)).toEqual([
      { kind: 'passphrase', keyPath: `${folder.path}/locked`, again: false },
      { kind: 'passphrase', keyPath: `${folder.path}/locked`, again: true },
    ]);
    const later = await open(() => null, from);
    expect(later.failure).toBeNull();
    expect(later.questions).toEqual([]);
  });

  it('are not asked for when the host would not take the key', async () => {
    const at = await server({ door: { keys: [strangerKey.publicKey] } });
    await lockedAlone(at);
    const { failure, questions } = await open(() => [passphrase]);
    expect(failure?.code).toBe('login-refused');
    expect(questions).toEqual([]);
  });

  it('may be wrong three times', async () => {
    const at = await server({ door: { keys: [lockedKey.publicKey] } });
    await lockedAlone(at);
    const { failure, questions } = await open(() => ['wrong']);
    expect(failure).toMatchObject({
      code: 'passphrase-wrong',
      message: `The passphrase of the key ${folder.path}/locked was wrong 3 times, so home (127.0.0.1:${at.port}) did not let ada in.`,
    });
    expect(questions.length).toBe(3);
  });

  it('may be kept back', async () => {
    const at = await server({ door: { keys: [lockedKey.publicKey] } });
    await lockedAlone(at);
    expect((await open(() => null)).failure?.code).toBe('cancelled');
  });
});

describe('passwords and questions', () => {
  it('asks for a password after keys, again after a mistake, and keeps it while the app runs', async () => {
    const at = await server({ door: { keys: [], password: 'right' } });
    await configure(at.port, [], at.knownHosts);
    const from = hosts();
    const answers = [['wrong'], ['right']];
    const { failure, questions } = await open(() => answers.shift() ?? null, from);
    expect(failure).toBeNull();
    const host = `home (127.0.0.1:${at.port})`;
    expect(withoutId(questions)).toEqual([
      { kind: 'password', user: 'ada', host, again: false },
      { kind: 'password', user: 'ada', host, again: true },
    ]);
    expect((await open(() => null, from)).failure).toBeNull();
  });

  it('lets a password be wrong three times, or kept back', async () => {
    const at = await server({ door: { password: 'right' } });
    await configure(at.port, ['IdentityFile none'], at.knownHosts);
    const wrong = await open(() => ['wrong']);
    expect(wrong.failure?.code).toBe('login-refused');
    expect(wrong.questions.length).toBe(3);
    expect(JSON.stringify(wrong.failure)).not.toContain('"wrong"');
    expect((await open(() => null)).failure?.code).toBe('cancelled');
  });

  it('shows the host’s own questions, all fields of a round at once', async () => {
    const at = await server({
      door: {
        dialogue: [
          {
            title: 'Two fields',
            questions: [
              { text: 'Name: ', echo: true },
              { text: 'Token: ', echo: false },
            ],
            answers: ['ada', '123'],
          },
          { questions: [{ text: 'Sure? ', echo: true }], answers: ['yes'] },
        ],
      },
    });
    await configure(at.port, [], at.knownHosts);
    const answers = [['ada', '123'], ['yes']];
    const { failure, questions } = await open(() => answers.shift() ?? null);
    expect(failure).toBeNull();
    expect(withoutId(questions)).toEqual([
      {
        kind: 'keyboard-interactive',
        user: 'ada',
        host: `home (127.0.0.1:${at.port})`,
        title: 'Two fields',
        prompts: [
          { text: 'Name: ', echo: true },
          { text: 'Token: ', echo: false },
        ],
      },
      {
        kind: 'keyboard-interactive',
        user: 'ada',
        host: `home (127.0.0.1:${at.port})`,
        title: '',
        prompts: [{ text: 'Sure? ', echo: true }],
      },
    ]);
    expect((await open(() => null)).failure?.code).toBe('cancelled');
  });

  it('SE7 takes the host’s words as data, however long, and says whose they are', async () => {
    const posing = 'The key needs its passphrase\u202e\u001b[2J\n\n\n\n\n\n\n\nPassphrase of /home/ada/.ssh/id_ed25519';
    const at = await server({
      door: { dialogue: [{ title: posing, questions: [{ text: 'x'.repeat(5_000), echo: false }], answers: ['1'] }] },
    });
    await configure(at.port, [], at.knownHosts);
    const { questions } = await open(() => ['1']);
    expect(withoutId(questions)).toEqual([
      {
        kind: 'keyboard-interactive',
        user: 'ada',
        host: `home (127.0.0.1:${at.port})`,
        title: 'The key needs its passphrase[2J\nPassphrase of /home/ada/.ssh/id_ed25519',
        prompts: [{ text: `${'x'.repeat(200)}…`, echo: false }],
      },
    ]);
  });

  it('knows two factors: a key, then a code', async () => {
    const at = await server({
      door: {
        keys: [key.publicKey],
        secondFactor: 'keyboard-interactive',
        dialogue: [{ questions: [{ text: 'Code: ', echo: false }], answers: ['42'] }],
      },
    });
    await configure(at.port, [], at.knownHosts);
    const { failure, questions } = await open(() => ['42']);
    expect(failure).toBeNull();
    expect(questions.length).toBe(1);
  });
});

describe('through other hosts', () => {
  const routed = async (jumpKnown: boolean): Promise<{ far: SshServer; first: SshServer; second: SshServer }> => {
    const door = { keys: [key.publicKey] };
    const far = await server({ door });
    const first = await server({ door });
    const second = await server({ door });
    const known = far.knownHosts + second.knownHosts + (jumpKnown ? first.knownHosts : '');
    await configure(far.port, ['ProxyJump second'], known, [
      `Host second\n  HostName 127.0.0.1\n  Port ${second.port}\n  User ada\n  ProxyJump first`,
      `Host first\n  HostName 127.0.0.1\n  Port ${first.port}\n  User ada`,
    ]);
    return { far, first, second };
  };

  it('goes hop by hop, each verified', async () => {
    const { first, second, far } = await routed(true);
    const { host, failure, rungs } = await open();
    expect(failure).toBeNull();
    expect(finalRungs(rungs)).toEqual(['name passed', 'reachable passed', 'host-key passed', 'login passed']);
    expect((await host?.shell.run('echo through'))?.stdout).toBe('through\n');
    for (const each of [first, second, far]) expect(each.attempts).toEqual(['publickey', 'publickey signed']);
    second.cut();
    expect((await host?.closed)?.code).toBe('link-lost');
  });

  it('asks about an unknown jump, and goes nowhere without an answer', async () => {
    const { first, second, far } = await routed(false);
    const { failure, questions } = await open(() => null);
    expect(failure?.code).toBe('host-key-unknown');
    expect(withoutId(questions)).toMatchObject([{ kind: 'host-key', sha256: first.fingerprints[0] }]);
    expect([...first.attempts, ...second.attempts, ...far.attempts]).toEqual([]);
  });

  it('says when the jump cannot reach the host', async () => {
    const { far } = await routed(true);
    await far.close();
    expect((await open()).failure).toMatchObject({ code: 'host-unreachable' });
  });

  it('runs a ProxyCommand', async () => {
    const at = await server({ door: { keys: [key.publicKey] } });
    const script =
      'const s=require("net").connect(+process.argv[2],process.argv[1]);process.stdin.pipe(s).pipe(process.stdout)';
    await configure(at.port, [`ProxyCommand ${process.execPath} -e '${script}' %h %p`], at.knownHosts);
    const { host, failure } = await open();
    expect(failure).toBeNull();
    expect((await host?.shell.run('echo by command'))?.stdout).toBe('by command\n');
  });
});

describe('an open link', () => {
  it('runs more commands at once than the host has sessions', async () => {
    const at = await server({ door: { keys: [key.publicKey] }, maxSessions: 3 });
    await configure(at.port, [], at.knownHosts);
    const { host } = await open();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => host?.shell.run(`echo ${index}; sleep 0.01`)),
    );
    expect(outcomes.map((each) => each?.stdout)).toEqual(Array.from({ length: 20 }, (_, index) => `${index}\n`));
    expect(at.mostSessions()).toBeLessThanOrEqual(3);
  });

  it('uses at most 8 sessions at a time', async () => {
    const at = await server({ door: { keys: [key.publicKey] }, maxSessions: 100 });
    await configure(at.port, [], at.knownHosts);
    const { host } = await open();
    await Promise.all(Array.from({ length: 30 }, () => host?.shell.run('sleep 0.02')));
    expect(at.mostSessions()).toBe(8);
  });

  it('has a session wait for the next command, whole lines, input and all', async () => {
    const at = await server({ door: { keys: [key.publicKey] } });
    await configure(at.port, [], at.knownHosts);
    const { host } = await open();
    await vi.waitFor(() => expect(at.commands).toHaveLength(1));
    const ask = `printf '%s\\n' "a b" '\\c'\nread -r first\necho "$first"; exit 3`;
    const stdin = new TextEncoder().encode('  the input\nmore');
    expect(await host?.shell.run(ask, { stdin })).toMatchObject({ code: 3, stdout: 'a b\n\\c\nthe input\n' });
    expect(at.commands).toHaveLength(1);
    await vi.waitFor(() => expect(at.commands).toHaveLength(2), 10_000);
  });

  it('opens another session when the one that waits has ended', async () => {
    const at = await server({ door: { keys: [key.publicKey] } });
    await configure(at.port, [], at.knownHosts);
    const { host } = await open();
    await vi.waitFor(() => expect(at.commands).toHaveLength(1));
    await at.endCommands();
    await vi.waitFor(async () => expect((await host?.shell.run('echo here'))?.stdout).toBe('here\n'));
    expect(at.commands).toContain('echo here');
  });

  it('tells once when it is lost, and everything on it fails with that', async () => {
    const at = await server({ door: { keys: [key.publicKey] } });
    await configure(at.port, [], at.knownHosts);
    const { host } = await open();
    if (!host) throw new Error('not open');
    const running = host.shell.run('sleep 5').catch((error: FailureError) => error.failure.code);
    const following = host.shell
      .follow('sleep 5', { signal: new AbortController().signal, onOutput: () => {} })
      .catch((error: FailureError) => error.failure.code);
    await host.shell.run('true');
    at.cut();
    expect(await host.closed).toMatchObject({
      code: 'link-lost',
      message: `The connection to home (127.0.0.1:${at.port}) was lost.`,
      transient: true,
    });
    expect([await running, await following]).toEqual(['link-lost', 'link-lost']);
    await expect(host.shell.run('true')).rejects.toMatchObject({ failure: { code: 'link-lost' } });
    await expect(host.openSocket('/x')).rejects.toMatchObject({ failure: { code: 'link-lost' } });
  });
});

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const listener: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return (listener.address() as { port: number }).port;
}
