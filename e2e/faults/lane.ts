import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Session } from '../../src/engine/session.ts';
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
        host: lab.host(host).address,
        port: 8080,
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

/** Ends a session without a word of it to anybody. */
export const closeQuietly = (session: Session | null): void => session?.close();
