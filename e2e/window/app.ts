import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright';
import { ensureElectron } from '../../build/setup/electron.ts';
import { repositoryFolder } from '../../build/setup/folders.ts';
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
  /** Quits as the operator does. May be called again. */
  close(): Promise<void>;
}

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
  const electron = await _electron.launch({
    executablePath,
    // Root, as in a container, can start Chromium only without its sandbox. No GPU is asked for: pictures come out the same everywhere.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-gpu', repositoryFolder],
    cwd: repositoryFolder,
    env: {
      ...definedOnly(process.env),
      ...options.env,
      SWITCHYARD_USER_DATA: options.dataFolder,
      SWITCHYARD_SSH_CONFIG: options.sshConfigPath,
      SWITCHYARD_E2E: '1',
    },
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

function definedOnly(variables: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
