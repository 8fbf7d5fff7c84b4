import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type AuthContext, type Connection, type ParsedKey, type ServerChannel } from 'ssh2';

export type HostKeyType = 'ed25519' | 'rsa';

/** How a host lets people in. What is left out is not offered. */
export type Doorkeeper = {
  user?: string;
  /** Public keys as one writes them into authorized_keys. */
  keys?: string[];
  password?: string;
  /** Rounds of questions, each with the answers that are right. */
  dialogue?: { title?: string; questions: { text: string; echo: boolean }[]; answers: string[] }[];
  /** Asked for after a key was accepted: two factors. */
  secondFactor?: 'password' | 'keyboard-interactive';
};

export type SshServerOptions = {
  door: Doorkeeper;
  hostKeys?: HostKeyType[];
  /** Host keys of another server, to show the same or to be another with the same address. */
  hostKeyTexts?: string[];
  port?: number;
  /** Sessions at a time; sshd's own limit is 10. */
  maxSessions?: number;
  /** Whether streams to unix sockets are opened; `AllowStreamLocalForwarding no` otherwise. */
  forwardsSockets?: boolean;
  /** Hangs up on the first connection when it has not logged in after this long: LoginGraceTime. */
  loginGraceMs?: number;
  /** More of the environment of commands. */
  env?: Record<string, string>;
  /** What runs instead of any command, as where the login shell is nologin. */
  loginShell?: string;
};

/** An ssh server inside the test: real protocol, real commands of this machine, and switches that no sshd has. */
export type SshServer = {
  port: number;
  hostKeyTexts: string[];
  /** `SHA256:…` of each host key, in their order. */
  fingerprints: string[];
  /** Lines for a known_hosts file. */
  knownHosts: string;
  /** What was tried, in order: `publickey`, `publickey signed`, `password`, ... */
  attempts: string[];
  /** What was run, in order, as it was sent. */
  commands: string[];
  /** Ends every command that runs, as an operator's kill does, and waits until it has ended. */
  endCommands(): Promise<void>;
  /** The most sessions there were at a time. */
  mostSessions(): number;
  /** Cuts every connection, as a dead network does: without a word. */
  cut(): void;
  close(): Promise<void>;
};

/** Starts one on 127.0.0.1. The caller closes it. */
export async function startSshServer(options: SshServerOptions): Promise<SshServer> {
  const { door } = options;
  const user = door.user ?? 'ada';
  const hostKeyTexts =
    options.hostKeyTexts ??
    (options.hostKeys ?? ['ed25519']).map((type) => generateKey(type === 'rsa' ? { type: 'rsa' } : {}).privateKey);
  const attempts: string[] = [];
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const children = new Set<ChildProcess>();
  let connections = 0;
  let sessions = 0;
  let most = 0;

  const server = new ssh2.Server({ hostKeys: hostKeyTexts, ident: 'OpenSSH_9.9 test' }, (client) => {
    client.on('error', () => {});
    let isLoggedIn = false;
    if (options.loginGraceMs !== undefined && connections++ === 0) {
      setTimeout(() => {
        if (!isLoggedIn) client.end();
      }, options.loginGraceMs);
    }
    let hasKey = false;
    client.on('authentication', (context) => {
      attempts.push(context.method === 'publickey' && context.signature ? 'publickey signed' : context.method);
      if (context.username !== user) return context.reject(methodsOf(door, false));
      admit(context, door, hasKey, () => {
        hasKey = true;
      });
    });
    client.on('ready', () => {
      isLoggedIn = true;
      serve(client);
    });
  });

  const serve = (client: Connection): void => {
    client.on('session', (accept, reject) => {
      if (sessions >= (options.maxSessions ?? 10)) return reject();
      sessions++;
      most = Math.max(most, sessions);
      const session = accept();
      let isOpen = true;
      session.on('close', () => {
        if (isOpen) sessions--;
        isOpen = false;
      });
      session.on('exec', (acceptExec, _rejectExec, info) => runCommand(acceptExec(), info.command));
    });
    client.on('tcpip', (accept, reject, info) => {
      const socket = connect({ host: info.destIP, port: info.destPort });
      socket.once('error', () => reject());
      socket.once('connect', () => join(accept(), socket));
    });
    client.on(
      'openssh.streamlocal' as never,
      ((accept: () => Duplex, reject: () => void, info: { socketPath: string }) => {
        if (options.forwardsSockets === false) return reject();
        const socket = connect(info.socketPath);
        socket.once('error', () => reject());
        socket.once('connect', () => join(accept(), socket));
      }) as never,
    );
  };

  const runCommand = (channel: ServerChannel, command: string): void => {
    commands.push(command);
    const child = spawn('sh', ['-c', options.loginShell ?? command], {
      detached: true,
      env: { ...process.env, ...options.env },
    });
    children.add(child);
    child.stdin.on('error', () => {});
    channel.pipe(child.stdin);
    child.stdout.on('data', (chunk) => channel.write(chunk));
    child.stderr.on('data', (chunk) => channel.stderr.write(chunk));
    child.on('close', (code, signal) => {
      children.delete(child);
      if (signal !== null) channel.exit(signal.replace('SIG', ''));
      else channel.exit(code ?? 0);
      channel.end();
      channel.close();
    });
    channel.on('close', () => endGroup(child));
  };

  server.on('connection', () => {});
  const inner = (server as unknown as { _srv: { on(event: 'connection', listener: (socket: Socket) => void): void } })
    ._srv;
  inner.on('connection', (socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const publicKeys = hostKeyTexts.map((text) => publicKeyOf(text));

  return {
    port,
    hostKeyTexts,
    fingerprints: publicKeys.map((each) => each.fingerprint),
    knownHosts: publicKeys.map((each) => `[127.0.0.1]:${port} ${each.line}\n`).join(''),
    attempts,
    commands,
    endCommands: async () => {
      const ended = [...children].map((child) => once(child, 'close'));
      for (const child of children) endGroup(child);
      await Promise.all(ended);
    },
    mostSessions: () => most,
    cut,
    close: async () => {
      for (const child of children) endGroup(child);
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function admit(context: AuthContext, door: Doorkeeper, hasKey: boolean, keep: () => void): void {
  const methods = methodsOf(door, hasKey);
  if (context.method === 'none' || context.method === 'hostbased' || !methods.includes(context.method)) {
    context.reject(methods);
  } else if (context.method === 'publickey') {
    const { key: shown, blob, signature, hashAlgo } = context;
    const key = (door.keys ?? [])
      .map((text) => ssh2.utils.parseKey(text) as ParsedKey)
      .find((each) => each.getPublicSSH().equals(shown.data));
    if (key && !signature) context.accept();
    else if (!key || !signature || key.verify(blob as Buffer, signature, hashAlgo) !== true) context.reject(methods);
    else if (door.secondFactor === undefined) context.accept();
    else {
      keep();
      context.reject([door.secondFactor], true);
    }
  } else if (context.method === 'password') {
    if (context.password === door.password) context.accept();
    else context.reject(methods);
  } else {
    const rounds = [...(door.dialogue ?? [])];
    const next = (): void => {
      const round = rounds.shift();
      if (!round) {
        context.accept();
        return;
      }
      const questions = round.questions.map((each) => ({ prompt: each.text, echo: each.echo }));
      context.prompt(questions, round.title ?? '', '', (answers) => {
        if (JSON.stringify(answers) === JSON.stringify(round.answers)) next();
        else context.reject(methods);
      });
    };
    next();
  }
}

type Method = 'publickey' | 'password' | 'keyboard-interactive';

function methodsOf(door: Doorkeeper, hasKey: boolean): Method[] {
  if (hasKey && door.secondFactor !== undefined) return [door.secondFactor];
  const methods: Method[] = [];
  if (door.keys !== undefined) methods.push('publickey');
  if (door.secondFactor !== undefined) return methods;
  if (door.password !== undefined) methods.push('password');
  if (door.dialogue !== undefined) methods.push('keyboard-interactive');
  return methods;
}

/** A new key pair in OpenSSH's format. With a passphrase it is encrypted as `ssh-keygen` does. */
export function generateKey(options: { type?: HostKeyType; passphrase?: string } = {}): {
  privateKey: string;
  publicKey: string;
} {
  const { type = 'ed25519', passphrase } = options;
  const locked = passphrase === undefined ? {} : { passphrase, cipher: 'aes256-ctr', rounds: 16 };
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync(type as 'ed25519', { bits: 2048, ...locked } as never);
    // ssh2 writes one key in some hundreds in a form that it cannot read itself.
    if (!(ssh2.utils.parseKey(pair.private, passphrase) instanceof Error)) {
      return { privateKey: pair.private, publicKey: pair.public };
    }
  }
}

function publicKeyOf(privateKey: string): { line: string; fingerprint: string } {
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  const blob: Buffer = key.getPublicSSH();
  return {
    line: `${key.type} ${blob.toString('base64')}`,
    fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`,
  };
}

function join(one: Duplex, other: Duplex): void {
  one.on('error', () => other.destroy());
  other.on('error', () => one.destroy());
  other.on('close', () => one.end());
  one.on('close', () => other.destroy());
  one.pipe(other).pipe(one);
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGHUP');
  } catch {
    // It has ended by itself.
  }
}
