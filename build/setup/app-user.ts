import { stat } from 'node:fs/promises';
import { CommandError, lastLines, read, renderArgv, run, succeeds } from './command.ts';
import { type Log, logToStderr } from './progress.ts';

/** As whom tests, benchmarks and the demo start the app, so that it is what people have: a plain user's, in Chromium's sandbox. */
export interface AppUser {
  /** Put before the app's command. It keeps its process id. */
  prefix: readonly string[];
  hasSandbox: boolean;
  /** What differs in the environment from this process. */
  env(homeFolder: string): Record<string, string | undefined>;
  /** Gives folders, with all that is in them, to that user. What root puts there later, it gives again. */
  handOver(folders: readonly string[]): Promise<void>;
}

/** Chromium makes these namespaces for its pages. Whoever may not make them has no sandbox. */
const namespaces = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--net', 'true'];

const itself: AppUser = { prefix: [], hasSandbox: true, env: () => ({}), handOver: async () => {} };

/**
 * Chooses, and says what it chose where that is not this user in the sandbox. `paths` are the files that the app must read.
 * Root takes the first that works: the user nobody; nobody in a user namespace, who outside of it has root's files but none of
 * its rights, for clones that lie where only root may look; and at last root without the sandbox, because Chromium refuses both.
 */
export async function chooseAppUser(paths: readonly string[], log: Log = logToStderr): Promise<AppUser> {
  if (process.platform !== 'linux') return itself;
  if (process.getuid?.() !== 0) {
    const why = await trouble([], paths);
    if (why === null) return itself;
    log(`The window runs without Chromium's sandbox, which does not start here: ${why}`);
    return { ...itself, hasSandbox: false };
  }
  const nobody = await idsOf('nobody');
  const whys: string[] = [];
  if (nobody !== null) {
    const [uid, gid] = nobody;
    const plain = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, ...(await dockerGroup()), '--'];
    const why = await trouble(plain, paths);
    if (why === null) {
      log("The window runs as the user nobody, in Chromium's sandbox");
      return {
        prefix: plain,
        hasSandbox: true,
        env: (home) => ({
          HOME: home,
          USER: 'nobody',
          LOGNAME: 'nobody',
          XDG_RUNTIME_DIR: undefined,
          XDG_CONFIG_HOME: undefined,
          XDG_CACHE_HOME: undefined,
          XDG_DATA_HOME: undefined,
          SSH_AUTH_SOCK: undefined,
          DBUS_SESSION_BUS_ADDRESS: undefined,
        }),
        handOver: (folders) => give(folders, uid, gid),
      };
    }
    whys.push(`as nobody: ${why}`);
    const mapped = ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
    const whyMapped = await trouble(mapped, paths);
    if (whyMapped === null) {
      log(`The window runs in Chromium's sandbox, as nobody in a user namespace of root's (${whys[0]})`);
      return { ...itself, prefix: mapped, handOver: (folders) => give(folders, 0, 0) };
    }
    whys.push(`in a user namespace: ${whyMapped}`);
  }
  log(`The window runs as root, without Chromium's sandbox (${whys.join('; ') || 'there is no user nobody'})`);
  return { ...itself, hasSandbox: false };
}

/** Why the app cannot be started so; null when it can. */
async function trouble(prefix: readonly string[], paths: readonly string[]): Promise<string | null> {
  try {
    await run([...prefix, ...namespaces], { cwd: '/', timeoutMs: 10_000 });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const said = lastLines(error.result.stderr.trim(), 1);
    return said === '' ? `${renderArgv(error.argv)} failed` : said;
  }
  for (const file of paths) {
    if (!(await succeeds([...prefix, 'test', '-r', file]))) return `${file} cannot be read`;
  }
  return null;
}

/** Who works with a server's Docker is in the group of its socket, on this machine too. */
async function dockerGroup(): Promise<string[]> {
  const socket = await stat('/var/run/docker.sock').catch(() => null);
  return socket === null ? ['--clear-groups'] : [`--groups=${socket.gid}`];
}

async function give(folders: readonly string[], uid: number, gid: number): Promise<void> {
  await run(['chown', '-R', '--no-dereference', `${uid}:${gid}`, '--', ...folders]);
}

async function idsOf(name: string): Promise<[number, number] | null> {
  try {
    return [Number(await read(['id', '-u', name])), Number(await read(['id', '-g', name]))];
  } catch (error) {
    if (error instanceof CommandError) return null;
    throw error;
  }
}
