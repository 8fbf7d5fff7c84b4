import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { docker, inputsLabel, inspectContainers, labLabel, type OuterContainer, readDocker } from './engine.ts';
import { fingerprint } from './fingerprint.ts';
import { chooseFreePort } from './ports.ts';
import type { LabPlace, LabState } from './state.ts';

/** What makes a nested engine with overlay2 work, also where a host withholds CAP_SYS_RESOURCE and with it --privileged. */
const nestedEngineArgs = [
  ...['--cap-add', 'ALL', '--cap-drop', 'SYS_RESOURCE'],
  ...[
    '--security-opt',
    'seccomp=unconfined',
    '--security-opt',
    'apparmor=unconfined',
    '--security-opt',
    'systempaths=unconfined',
  ],
  ...['--cgroupns', 'host', '-v', '/sys/fs/cgroup:/sys/fs/cgroup:rw'],
  ...['--tmpfs', '/run', '--stop-timeout', '40'],
];

/** The container of a server. */
export function containerOf(place: LabPlace, host: string): string {
  return `${place.prefix}-${host}`;
}

/** The volume that keeps a server's engine: images outlive the container. */
export function volumeOf(place: LabPlace, host: string): string {
  return `${place.prefix}-${host}-docker`;
}

/**
 * Makes sure that a container of these inputs runs: one that is there is started or left alone, one of other inputs is
 * replaced. Its ports are those it had before where they are free.
 */
export async function ensureContainer(
  place: LabPlace,
  state: LabState,
  spec: {
    host: string;
    image: string;
    inputs: string;
    ports: readonly number[];
    args: readonly string[];
    command: readonly string[];
  },
): Promise<OuterContainer> {
  const name = containerOf(place, spec.host);
  const inputs = fingerprint(spec.inputs, JSON.stringify([spec.ports, spec.args, spec.command]));
  const existing = (await inspectContainers([name])).get(name);
  // One of a clone that was removed, and made again in the same folder: nobody knows its ports and keys any more.
  const isOurs = existing?.inputs === inputs && spec.ports.every((port) => state.ports[`${spec.host}:${port}`]);
  if (isOurs && existing.running) return existing;
  if (isOurs) {
    // Paused is not stopped: unpausing first makes the start a no-op then.
    await docker(['unpause', name], { okCodes: [0, 1] });
    await docker(['start', name]);
  } else {
    if (existing !== undefined) await docker(['rm', '-f', '-v', name]);
    const published: string[] = [];
    for (const port of spec.ports) {
      const key = `${spec.host}:${port}`;
      const hostPort = await chooseFreePort(state.ports[key]);
      state.ports[key] = hostPort;
      published.push('-p', `127.0.0.1:${hostPort}:${port}`);
    }
    await docker([
      ...['run', '-d', '--name', name, '--hostname', spec.host, '--network', place.prefix],
      ...['--label', `${labLabel}=${place.id}`, '--label', `${inputsLabel}=${inputs}`],
      ...published,
      ...spec.args,
      spec.image,
      ...spec.command,
    ]);
  }
  const started = (await inspectContainers([name])).get(name);
  if (started === undefined || !started.running) {
    throw new Error(`${name} does not stay up:\n${(await docker(['logs', '--tail', '20', name])).stderr}`);
  }
  return started;
}

/** The arguments of a home server's container. */
export function homeServerArgs(place: LabPlace, host: string): readonly string[] {
  return [...nestedEngineArgs, '-v', `${volumeOf(place, host)}:/var/lib/docker`];
}

/** Waits until the server's engine answers and its sshd greets. */
export async function waitForServer(container: string, sshPort: number, timeoutMs = 60_000): Promise<void> {
  const script =
    'for i in $(seq 600); do docker version >/dev/null 2>&1 && exit 0; sleep 0.1; done; tail -n 15 /var/log/docker.log >&2; exit 1';
  await docker(['exec', container, 'sh', '-c', script], { timeoutMs: timeoutMs + 5_000 });
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await greets(sshPort))) {
    if (performance.now() > deadlineMs) throw new Error(`${container}: sshd does not answer on 127.0.0.1:${sshPort}`);
    await sleep(50);
  }
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.once('data', (chunk) => end(chunk.toString('latin1').startsWith('SSH-2.0')));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}

/** Lets the holders of these keys log in as `home` and as `guest`, sets their password, and returns the server's public key. */
export async function admitUsers(
  container: string,
  publicKeyFiles: readonly string[],
  password: string,
): Promise<string> {
  const keys = (await Promise.all(publicKeyFiles.map((file) => readFile(file, 'utf8')))).join('');
  const script = `set -e
    for user in home guest; do
      install -d -m 700 -o $user -g $user /home/$user/.ssh
      printf '%s' "$1" >/home/$user/.ssh/authorized_keys
      chown $user:$user /home/$user/.ssh/authorized_keys
      chmod 600 /home/$user/.ssh/authorized_keys
      echo "$user:$2" | chpasswd
    done
    cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub`;
  return readDocker(['exec', container, 'bash', '-c', script, 'bash', keys, password]);
}
