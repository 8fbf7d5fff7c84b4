import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright';
import { type AppUser, chooseAppUser } from '../../build/setup/app-user.ts';
import { renderArgv, run } from '../../build/setup/command.ts';
import { ensureElectron } from '../../build/setup/electron.ts';
import { outFolder, repositoryFolder } from '../../build/setup/folders.ts';
import type { Log } from '../../build/setup/progress.ts';
import type { Settings } from '../../src/main/settings/settings.ts';
import { wordsOf } from './switchyard-window.ts';

export interface LaunchOptions {
  /** Settings, logs and Chromium's own data: one folder, one app. What an earlier start left there is kept. */
  dataFolder: string;
  sshConfigPath: string;
  /** Of the window, when the folder has no settings yet. 1280 x 820 when absent. */
  size?: { width: number; height: number };
  theme?: 'light' | 'dark';
  /** Added to the environment of this process. */
  env?: Record<string, string>;
}

/** The real app in its real window. */
export interface App {
  electron: ElectronApplication;
  page: Page;
  dataFolder: string;
  /** What the page said wrongly since it opened: uncaught errors, and errors on its console. */
  complaints: string[];
  /** The addresses that were given to the operator's browser, which is left closed. */
  browsed(): Promise<string[]>;
  /** Starts the app a second time on the same data, and waits for that process to end by itself. */
  startAgain(): Promise<void>;
  /** Quits as the operator does. May be called again. */
  close(): Promise<void>;
}

/** As whom the app is started; chosen once a process. Needs the build and Electron. */
export function appUser(log: Log = () => {}): Promise<AppUser> {
  chosen ??= ensureElectron(() => {}).then(({ executablePath }) =>
    chooseAppUser([executablePath, path.join(outFolder, 'app', 'main', 'index.cjs')], log),
  );
  return chosen;
}
let chosen: Promise<AppUser> | undefined;

/** Starts the built app (see ensureBuilt) with a data folder of its own. The caller closes it. */
export async function launchApp(options: LaunchOptions): Promise<App> {
  // Which one it is was said when it was looked for first.
  const { executablePath } = await ensureElectron(() => {});
  await mkdir(options.dataFolder, { recursive: true });
  const settingsPath = path.join(options.dataFolder, 'settings.json');
  const isFresh = (await readFile(settingsPath, 'utf8').catch(() => null)) === null;
  const { size } = options;
  if (isFresh && (size !== undefined || options.theme !== undefined)) {
    const settings: Settings = {
      version: 1,
      hosts: [],
      positions: {},
      window: size === undefined ? null : { x: 0, y: 0, ...size, maximized: false },
      theme: options.theme ?? 'light',
    };
    await writeFile(settingsPath, JSON.stringify(settings));
  }
  const user = await appUser();
  const homeFolder = path.join(options.dataFolder, 'home');
  await mkdir(homeFolder, { recursive: true });
  const command = await commandOf(user, executablePath, options.dataFolder);
  // The keys and the known hosts of an ssh config lie beside it.
  await user.handOver([options.dataFolder, path.dirname(options.sshConfigPath)]);
  // No GPU is asked for: pictures come out the same everywhere.
  const args = [...(user.hasSandbox ? [] : ['--no-sandbox']), '--disable-gpu', repositoryFolder];
  const env = definedOnly({
    ...process.env,
    ...user.env(homeFolder),
    ...options.env,
    SWITCHYARD_USER_DATA: options.dataFolder,
    SWITCHYARD_SSH_CONFIG: options.sshConfigPath,
    SWITCHYARD_E2E: '1',
  });
  const electron = await _electron.launch({
    executablePath: command,
    args,
    chromiumSandbox: user.hasSandbox,
    cwd: repositoryFolder,
    env,
  });
  await electron.evaluate(({ shell }) => {
    const seen: string[] = [];
    Object.assign(globalThis, { browsedAddresses: seen });
    shell.openExternal = async (url) => {
      seen.push(url);
    };
  });
  const page = await electron.firstWindow();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.waitForLoadState();
  let closing: Promise<void> | undefined;
  return {
    electron,
    page,
    dataFolder: options.dataFolder,
    complaints,
    browsed: () => electron.evaluate(() => (globalThis as unknown as { browsedAddresses: string[] }).browsedAddresses),
    startAgain: async () => {
      await run([command, ...args], { cwd: repositoryFolder, env, timeoutMs: 20_000 });
    },
    close: () => {
      closing ??= electron.close();
      return closing;
    },
  };
}

/** What a web page looks like in a browser: a picture of an address, taken with the Chromium that is there anyway. Returns the page's text. */
export async function photograph(
  app: App,
  url: string,
  file: string,
  size = { width: 1200, height: 800 },
): Promise<string> {
  const opening = app.electron.waitForEvent('window');
  await app.electron.evaluate(
    ({ BrowserWindow }, { url, size }) => {
      // Sees nothing of the app: another session, no preload.
      const window = new BrowserWindow({ ...size, useContentSize: true, webPreferences: { partition: 'visitor' } });
      void window.loadURL(url);
    },
    { url, size },
  );
  const page = await opening;
  await page.waitForURL((at) => at.href.startsWith(url));
  await page.waitForLoadState('load');
  await page.screenshot({ path: file });
  const text = await wordsOf(page.locator('body'));
  await page.close();
  return text;
}

/** One program that starts Electron as the user: Playwright puts its own words first. */
async function commandOf({ prefix }: AppUser, executablePath: string, folder: string): Promise<string> {
  if (prefix.length === 0) return executablePath;
  const file = path.join(folder, 'start-electron');
  await writeFile(file, `#!/bin/sh\nexec ${renderArgv([...prefix, executablePath])} "$@"\n`);
  await chmod(file, 0o755);
  return file;
}

function definedOnly(variables: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
