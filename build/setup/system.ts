import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, lastLines, run, succeeds } from './command.ts';
import { outFolder } from './folders.ts';
import { withLock } from './lock.mjs';
import { type Log, logToStderr, timed } from './progress.ts';

/** Something this machine lacks and that could not be put there. The message ends with what to type. */
export class SetupError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SetupError';
  }
}

/**
 * Makes sure that Debian (or Ubuntu) packages are installed. A package may be a list of alternatives, `a|b`: any installed
 * one will do, and else the first that the system knows is installed.
 * Quick and without rights when all are there. Throws SetupError where it may not or cannot install.
 */
export async function ensureSystemPackages(packages: readonly string[], log: Log = logToStderr): Promise<void> {
  if (!(await succeeds(['dpkg-query', '--version']))) {
    throw new SetupError(
      `This system is not Debian or Ubuntu. Install what provides these packages, then try again: ${packages.join(' ')}`,
    );
  }
  if ((await missingPackages(packages)).length === 0) return;
  await withLock(
    'apt',
    () => log('Another process is installing system packages; waiting for it ...'),
    async () => {
      const missing = await missingPackages(packages);
      if (missing.length === 0) return;
      const asRoot = await rootPrefix();
      if (asRoot === undefined) {
        throw new SetupError(
          `These system packages are missing, and installing them needs root. Type:\n  sudo apt-get install ${((await chooseKnown(missing)) ?? missing.map(firstChoice)).join(' ')}`,
        );
      }
      let names = await chooseKnown(missing);
      let updated = false;
      if (names === undefined) {
        await timed(log, 'Package lists updated', () =>
          run([...asRoot, 'apt-get', 'update', '-q'], { timeoutMs: 300_000 }),
        );
        updated = true;
        names = (await chooseKnown(missing)) ?? missing.map(firstChoice);
      }
      const install = [
        ...asRoot,
        'env',
        'DEBIAN_FRONTEND=noninteractive',
        'apt-get',
        'install',
        '-y',
        '-q',
        '--no-install-recommends',
        '-o',
        'DPkg::Lock::Timeout=300',
        ...names,
      ];
      const attempt = () => timed(log, `Installed ${names.join(' ')}`, () => run(install, { timeoutMs: 1_200_000 }));
      log(`Installing system packages: ${names.join(' ')} ...`);
      try {
        await attempt();
      } catch (error) {
        // Lists that are there may still be too old: the files they name are gone from the mirrors.
        if (updated) throw packagesFailed(names, error);
        try {
          await timed(log, 'Package lists updated', () =>
            run([...asRoot, 'apt-get', 'update', '-q'], { timeoutMs: 300_000 }),
          );
          await attempt();
        } catch (secondError) {
          throw packagesFailed(names, secondError);
        }
      }
    },
  );
}

function firstChoice(name: string): string {
  return name.split('|')[0] ?? name;
}

function packagesFailed(names: readonly string[], error: unknown): SetupError {
  const words = error instanceof Error ? error.message : String(error);
  return new SetupError(
    `${words}\n\nThe system packages could not be installed. Look at the lines above, then type:\n  sudo apt-get update && sudo apt-get install ${names.join(' ')}`,
  );
}

async function missingPackages(packages: readonly string[]): Promise<string[]> {
  const names = packages.flatMap((name) => name.split('|'));
  const { stdout } = await run(
    ['dpkg-query', '-W', '-f', `\${db:Status-Abbrev} \${Package} \${Provides}\n`, ...names],
    {
      okCodes: [0, 1],
    },
  );
  const installed = new Set<string>();
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('ii ')) continue;
    for (const word of line.slice(3).split(/[\s,]+/)) installed.add(word);
  }
  return packages.filter((name) => !name.split('|').some((alternative) => installed.has(alternative)));
}

/** For each package the first alternative that apt knows a version of; undefined when one has none (lists absent or old). */
async function chooseKnown(packages: readonly string[]): Promise<string[] | undefined> {
  const { stdout } = await run(['apt-cache', 'policy', ...packages.flatMap((name) => name.split('|'))], {
    okCodes: [0, 100],
  });
  const known = new Set<string>();
  for (const [, name, candidate] of stdout.matchAll(/^(\S+):\n(?:.*\n)?\s+Candidate: (\S+)/gm)) {
    if (name !== undefined && candidate !== '(none)') known.add(name);
  }
  const chosen = packages.map((name) => name.split('|').find((alternative) => known.has(alternative)));
  return chosen.every((name) => name !== undefined) ? chosen : undefined;
}

/** How to run a command as root: nothing for root, sudo when it asks for no password, undefined when neither. */
async function rootPrefix(): Promise<readonly string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  return (await succeeds(['sudo', '-n', 'true'])) ? ['sudo', '-n'] : undefined;
}

/**
 * Makes sure that `docker` reaches a running engine: one that answers is taken as it is; otherwise it is installed
 * from the system's packages and started, by the service manager where there is one, else as a detached `dockerd`
 * whose log is out/logs/dockerd.log. May be called at any time, by several processes at once.
 */
export async function ensureDockerEngine(log: Log = logToStderr): Promise<void> {
  if (await engineAnswers()) return;
  await withLock(
    'docker engine',
    () => log('Another process is starting the Docker engine; waiting for it ...'),
    async () => {
      if (await engineAnswers()) return;
      if (process.platform !== 'linux') {
        throw new SetupError(
          'No Docker engine answers (`docker version`). Start Docker Desktop or another engine, then try again.',
        );
      }
      if (
        !(await succeeds([
          'sh',
          '-c',
          'command -v dockerd && command -v docker && command -v iptables && command -v ip',
        ]))
      ) {
        await ensureSystemPackages(
          ['docker.io', 'docker-cli|docker.io', 'iptables', 'iproute2', 'ca-certificates'],
          log,
        );
        if (await engineAnswers()) return;
      }
      await timed(log, 'Docker engine started', () => startEngine());
    },
  );
}

async function engineAnswers(): Promise<boolean> {
  try {
    // Not `docker info`: with a format, newer clients end well without a server.
    await run(['docker', 'version', '--format', '{{.Server.Version}}'], { timeoutMs: 20_000 });
    return true;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (!/permission denied/i.test(error.result.stderr)) return false;
    throw new SetupError(
      'A Docker engine runs here, but you may not use it. Type this, log out and in again, and try again:\n  sudo usermod -aG docker "$USER"',
    );
  }
}

async function startEngine(): Promise<void> {
  const asRoot = await rootPrefix();
  if (asRoot === undefined) {
    throw new SetupError(
      'No Docker engine answers (`docker version`), and starting one needs root. Type:\n  sudo systemctl start docker',
    );
  }
  if (existsSync('/run/systemd/system')) {
    await run([...asRoot, 'systemctl', 'start', 'docker'], { timeoutMs: 90_000 });
    await waitForEngine(() => 'See: journalctl -u docker');
    return;
  }
  const logFile = path.join(outFolder, 'logs', 'dockerd.log');
  await mkdir(path.dirname(logFile), { recursive: true });
  const output = await open(logFile, 'a');
  const startedAt = (await output.stat()).size;
  // In a session of its own, so that it outlives this process and its terminal.
  const [program = 'dockerd', ...args] = [...asRoot, 'dockerd'];
  const child = spawn(program, args, { detached: true, stdio: ['ignore', output.fd, output.fd] });
  let ended: string | undefined;
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, signal) => {
    ended = `dockerd ended with ${signal ?? code}`;
  });
  child.unref();
  await output.close();
  await waitForEngine(
    async () =>
      `${ended ?? 'dockerd does not answer'}. The last lines of ${logFile}:\n${lastLines((await readFile(logFile, 'utf8')).slice(startedAt).trim(), 15)}`,
    () => ended !== undefined,
  );
}

async function waitForEngine(
  explain: () => string | Promise<string>,
  hasEnded: () => boolean = () => false,
): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while (performance.now() < deadlineMs && !hasEnded()) {
    if (await engineAnswers()) return;
    await sleep(250);
  }
  throw new SetupError(`The Docker engine did not start. ${await explain()}`);
}
