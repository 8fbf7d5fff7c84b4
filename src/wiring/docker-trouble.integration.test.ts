import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Rung } from '../core/connection.ts';
import { type Failure, FailureError } from '../core/failure.ts';
import type { Link } from '../engine/ports/link.ts';
import { createSshFolder, type SshFolder } from '../testkit/ssh/ssh-folder.ts';
import { generateKey, type SshServerOptions, startSshServer } from '../testkit/ssh/ssh-server.ts';
import { createLinker } from './linker.ts';

// An ssh server inside the test runs commands on this machine, which has an engine at the usual place.

const key = generateKey();
let folder: SshFolder;
let ends: (() => unknown)[];

beforeEach(async () => {
  folder = await createSshFolder();
  ends = [() => folder.remove()];
});
afterEach(async () => {
  for (const end of ends.reverse()) await end();
});

type Opened = { link: Link | null; failure: Failure | null; rungs: Rung[] };

async function open(options: Omit<SshServerOptions, 'door'>): Promise<Opened> {
  const server = await startSshServer({ door: { keys: [key.publicKey] }, ...options });
  ends.push(() => server.close());
  await folder.writeKnownHosts(server.knownHosts);
  await folder.writeConfig(
    [
      `Host home\n  HostName 127.0.0.1\n  Port ${server.port}\n  User ada\n  IdentityAgent none`,
      `  IdentityFile ${await folder.addKey('id', key.privateKey)}\n  UserKnownHostsFile ${folder.knownHostsPath}`,
    ].join('\n'),
  );
  const opened: Opened = { link: null, failure: null, rungs: [] };
  try {
    const link = await createLinker({ target: 'home', sshConfigPath: folder.configPath }).open({
      onRung: (rung) => opened.rungs.push(rung),
      onShell: () => {},
      ask: async () => null,
      signal: new AbortController().signal,
    });
    ends.push(() => link.close());
    opened.link = link;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    opened.failure = error.failure;
    expect(opened.rungs.at(-1)).toMatchObject({ name: 'docker', state: 'failed' });
  }
  return opened;
}

describe('Docker that is not where or as it should be', () => {
  it('goes through the docker command where sshd opens no sockets', async () => {
    const { link, failure } = await open({ forwardsSockets: false });
    expect(failure).toBeNull();
    const facts = await link?.docker.observe();
    expect(facts?.engine.version).toMatch(/^\d+\.\d+/);
    const many = await Promise.all(Array.from({ length: 20 }, () => link?.docker.container('none')));
    expect(many.every((each) => each === null)).toBe(true);
    const abort = new AbortController();
    await link?.docker.events({ signal: abort.signal, onOpen: () => abort.abort(), onEvent: () => {} });
    expect((await link?.shell.run('echo still'))?.stdout).toBe('still\n');
  });

  it('goes where DOCKER_HOST says', async () => {
    const { link } = await open({ env: { DOCKER_HOST: 'unix:///run/docker.sock' } });
    expect((await link?.docker.observe())?.engine.version).toMatch(/^\d+\.\d+/);
  });

  it('tells a socket that is not there', async () => {
    const path = join(folder.path, 'none.sock');
    const { failure } = await open({ env: { DOCKER_HOST: `unix://${path}` } });
    expect(failure).toMatchObject({ code: 'docker-stopped', transient: true });
    expect(failure?.message).toContain(`is configured to be at ${path}, but there is no socket.`);
  });

  it('tells a socket that nobody listens on any more', async () => {
    const path = join(folder.path, 'stale.sock');
    const child = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen('${path}',()=>console.log('up'))`,
    ]);
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await chmod(path, 0o666);
    const { failure } = await open({ env: { DOCKER_HOST: `unix://${path}` } });
    expect(failure).toMatchObject({ code: 'docker-stopped', transient: true });
    expect(failure?.message).toContain('no engine answers on it');
  });

  it('tells a Docker that is somewhere else', async () => {
    const { failure } = await open({ env: { DOCKER_HOST: 'ssh://elsewhere' } });
    expect(failure?.code).toBe('docker-missing');
  });

  it('tells a user who has no shell', async () => {
    const { failure } = await open({ loginShell: 'echo This account is currently not available.; exit 1' });
    expect(failure).toMatchObject({
      code: 'shell-missing',
      detail: 'This account is currently not available.',
    });
  });
});
