import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderCommand } from '../core/command.ts';
import type { Link, Linker } from '../engine/ports/link.ts';
import type { Shell } from '../engine/ports/shell.ts';
import { type ContainerSpec, describeDockerEngine } from '../testkit/contracts/docker-engine.contract.ts';
import { describeLinker } from '../testkit/contracts/linker.contract.ts';
import { describeShell } from '../testkit/contracts/shell.contract.ts';
import { describeTunnel } from '../testkit/contracts/tunnel.contract.ts';
import { createLinker } from './linker.ts';

// The lab's home server (`npm run lab -- up`) and this machine's own engine. Where one is missing these fail.
const sshConfigPath = process.env.SWITCHYARD_SSH_CONFIG ?? join(import.meta.dirname, '../../out/lab/ssh_config');

const overSsh = (): Linker => createLinker({ target: 'home', sshConfigPath });
const here = (): Linker => createLinker({ target: 'this machine' });

const open = (linker: Linker): Promise<Link> =>
  linker.open({ onRung: () => {}, onShell: () => {}, ask: async () => null, signal: new AbortController().signal });

for (const [name, create] of [
  ['the lab’s home server over ssh', overSsh],
  ['this machine', here],
] as const) {
  describe(name, () => {
    describeLinker(name, async () => create());

    describeShell(name, async () => open(create()));

    describeDockerEngine(name, async () => {
      const link = await open(create());
      return { engine: link.docker, close: link.close, ...containersBy(link.shell) };
    });
  });
}

describeTunnel('the lab’s home server over ssh', async () => {
  const link = await open(overSsh());
  return {
    tunnel: link.tunnel,
    web: { address: '127.0.0.1', port: 8080, get: '/version', says: /^HTTP\/1\.1 200 / },
    socket: { path: '/var/run/docker.sock', get: '/_ping', says: /OK$/ },
    close: link.close,
  };
});

describeTunnel('this machine', async () => {
  const link = await open(here());
  const web = createServer((_request, answer) => answer.end('HELLO\n'));
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  return {
    tunnel: link.tunnel,
    web: { address: '127.0.0.1', port: (web.address() as { port: number }).port, get: '/', says: /HELLO/ },
    socket: { path: '/var/run/docker.sock', get: '/_ping', says: /OK$/ },
    close: () => {
      link.close();
      web.close();
    },
  };
});

describe('the lab’s home server, as a user who is not in group docker', () => {
  it('says so, with the user and the socket', async () => {
    const linker = createLinker({ target: 'guest@home', sshConfigPath });
    const failure = await open(linker).then(
      () => null,
      (error) => error.failure,
    );
    expect(failure).toMatchObject({ code: 'docker-forbidden', detail: '/var/run/docker.sock', transient: false });
    expect(failure.message).toMatch(/^The user guest may not use Docker’s socket \/var\/run\/docker.sock on home/);
  });
});

/** Containers by the docker command of a host, of whichever image is there. */
function containersBy(shell: Shell) {
  const run = async (argv: string[]): Promise<string> => {
    const outcome = await shell.run(renderCommand(argv));
    if (outcome.code !== 0) throw new Error(`${argv.join(' ')}: ${outcome.stderr}`);
    return outcome.stdout.trim();
  };
  let image: Promise<string> | null = null;
  return {
    start: async (spec: ContainerSpec): Promise<string> => {
      image ??= run([
        'docker',
        'image',
        'ls',
        '--filter',
        'dangling=false',
        '--format',
        '{{.Repository}}:{{.Tag}}',
      ]).then((text) => text.split('\n').find((each) => !each.includes('<none>')) ?? '');
      const labels = Object.entries(spec.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
      const terminal = spec.terminal ? ['--tty'] : [];
      const argv = ['docker', 'run', '--detach', '--name', spec.name, ...labels, ...terminal];
      return run([...argv, '--no-healthcheck', '--entrypoint', 'sh', await image, '-c', spec.script]);
    },
    stop: async (id: string): Promise<void> => {
      await run(['docker', 'stop', '--time', '1', id]);
    },
    remove: async (id: string): Promise<void> => {
      await run(['docker', 'rm', '--force', '--volumes', id]);
    },
  };
}
