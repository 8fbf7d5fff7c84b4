import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import type { Session } from '../../src/engine/session.ts';
import type { Lab, LabHost } from '../lab/lab.ts';
import { startLinkProxy } from '../lab/link-proxy.ts';
import { figuresOf } from './figures.ts';
import { type Benchmark, connected, sessionTo } from './setting.ts';

const containersOfCrowd = 100;

/** From `connect()` to a map with all containers of the crowd: name, key, login, Docker, compose, everything listed, the map drawn. */
export const connect: Benchmark = async (setting) => {
  const lab = await setting.lab('crowd');
  const times = setting.number('times', 20);
  const host = lab.host('crowd');

  setting.log(`Connecting ${times} times on loopback ...`);
  const loopback = await measured(times, () => connectOnce(lab.sshConfigPath));

  const proxy = await startLinkProxy({ targetPort: host.sshPort, roundTripMs: 40 });
  try {
    setting.log(`Connecting ${times} times with 40 ms of round trip ...`);
    const distantConfig = await configThrough(lab, host, proxy.port);
    const distant = await measured(times, () => connectOnce(distantConfig));
    const dockerodeTimes = Math.min(5, times);
    setting.log(`The same facts by dockerode's own ssh mode, ${dockerodeTimes} times ...`);
    const dockerode = await measured(dockerodeTimes, () => dockerodeOnce(host), 0);
    return {
      loopbackMs: figuresOf(loopback),
      rtt40Ms: figuresOf(distant),
      dockerodeSshMs: figuresOf(dockerode),
      times,
      dockerodeTimes,
      containers: containersOfCrowd,
    };
  } finally {
    await proxy.close();
  }
};

/** The lab's ssh config and known hosts, for the same server at another port. */
async function configThrough(lab: Lab, host: LabHost, port: number): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'switchyard-bench-'));
  const knownHosts = path.join(folder, 'known_hosts');
  const config = path.join(folder, 'ssh_config');
  const moved = (text: string) => text.replaceAll(String(host.sshPort), String(port));
  await writeFile(knownHosts, moved(await readFile(host.knownHostsPath, 'utf8')));
  await writeFile(config, moved(await readFile(lab.sshConfigPath, 'utf8')).replaceAll(host.knownHostsPath, knownHosts));
  return config;
}

async function measured(times: number, once: () => Promise<number>, unmeasured = 2): Promise<number[]> {
  const taken: number[] = [];
  for (let turn = -unmeasured; turn < times; turn += 1) {
    const ms = await once();
    // The first ones warm this process up, as an app that is open is warm.
    if (turn >= 0) taken.push(ms);
  }
  return taken;
}

async function connectOnce(sshConfigPath: string): Promise<number> {
  const session = sessionTo('crowd', sshConfigPath);
  try {
    const begunMs = performance.now();
    await connected(session);
    // The map is drawn as it is asked for.
    const found = containersOn(session);
    const tookMs = performance.now() - begunMs;
    if (found !== containersOfCrowd) throw new Error(`the map has ${found} containers, not ${containersOfCrowd}`);
    return tookMs;
  } finally {
    session.close();
  }
}

function containersOn(session: Session): number {
  const map = session.map();
  const services = map?.stacks.flatMap((stack) => stack.services) ?? [];
  return new Set([...services.flatMap((service) => service.containers), ...(map?.loose ?? [])].map(({ id }) => id))
    .size;
}

/** The same six questions that our map is drawn from, at once; each takes an ssh connection of its own there. */
async function dockerodeOnce(host: LabHost): Promise<number> {
  const docker = new Docker({
    protocol: 'ssh',
    host: '127.0.0.1',
    port: host.sshPort,
    username: host.user,
    sshOptions: { privateKey: await readFile(host.keyPath) },
  });
  const begunMs = performance.now();
  const [containers] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.version(),
    docker.info(),
    docker.listImages(),
    docker.listNetworks(),
    docker.listVolumes(),
  ]);
  if (containers.length !== containersOfCrowd) throw new Error(`dockerode lists ${containers.length} containers`);
  return performance.now() - begunMs;
}
