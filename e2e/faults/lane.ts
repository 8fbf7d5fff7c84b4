import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { type LinkProxy, startLinkProxy } from '../lab/link-proxy.ts';
import { type Load, startLoad } from '../load/load.ts';
import { openStage, type Stage } from './stage.ts';

/** One server with its stack, and everything that a fault needs to come to it. Lanes know nothing of each other. */
export type Lane = {
  lab: Lab;
  host: string;
  stage: Stage;
  /** What an app's link goes through when it takes `proxiedConfig`. */
  proxy: LinkProxy;
  proxiedConfig: string;
  /** A steady small load, without a retry: two clients that keep their connection, one that does not, 40 requests a second. */
  startLoad(): Promise<Load>;
  close(): Promise<void>;
};

export async function openLane(lab: Lab, host: string, disk: 'small' | 'own'): Promise<Lane> {
  const stage = await openStage(lab, host, disk);
  const { sshPort, keyPath, knownHostsPath, user } = lab.host(host);
  const proxy = await startLinkProxy({ targetPort: sshPort });
  const folder = await mkdtemp(path.join(tmpdir(), 'switchyard-faults-'));
  const proxiedConfig = path.join(folder, 'ssh_config');
  const lines = [
    ...[`Host ${host}`, 'HostName 127.0.0.1', `Port ${proxy.port}`, `User ${user}`, `IdentityFile ${keyPath}`],
    ...[`UserKnownHostsFile ${knownHostsPath}`, `HostKeyAlias [127.0.0.1]:${sshPort}`, 'StrictHostKeyChecking yes'],
  ];
  await writeFile(proxiedConfig, `${lines.join('\n')}\n`);
  return {
    lab,
    host,
    stage,
    proxy,
    proxiedConfig,
    startLoad: () =>
      startLoad({
        // Past the outer engine's forwarder, but for power cuts: after one the server has another address.
        ...(disk === 'small'
          ? { host: lab.host(host).address, port: 8080 }
          : { host: '127.0.0.1', port: lab.host(host).http.web ?? 0 }),
        clients: 3,
        keepAliveShare: 2 / 3,
        perSecond: 40,
        timeoutMs: 8_000,
        maxRequests: 100_000,
        maxMs: 600_000,
        isolate: false,
      }),
    async close() {
      stage.server.drop();
      await proxy.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** The app as a process of its own, and how it ended. */
export function spawnApp(play: object, fault: string): { child: ChildProcess; ended: Promise<string> } {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'app.ts'), JSON.stringify(play)], {
    env: { ...process.env, SWITCHYARD_FAULT: fault },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk;
    });
  return { child, ended: once(child, 'close').then(() => printed.trim()) };
}

/** Opens a lane on each of these servers, runs the same on all at once, and closes them. */
export async function onLanes(
  lab: Lab,
  hosts: readonly string[],
  disk: 'small' | 'own',
  run: (lane: Lane, index: number) => Promise<void>,
): Promise<void> {
  const ended = await Promise.allSettled(
    hosts.map(async (host, index) => {
      const lane = await openLane(lab, host, disk);
      try {
        await run(lane, index);
      } finally {
        await lane.close();
      }
    }),
  );
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}
