import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright';
import { ensureBuilt } from '../../build/electron/built.ts';
import { ensureElectron } from '../../build/setup/electron.ts';
import type { Lab } from '../lab/lab.ts';
import { wallClockOffsetMs } from '../load/wall-clock.ts';
import { type App, appUser, launchApp } from '../window/app.ts';
import { openScreen } from '../window/screen.ts';
import { SwitchyardWindow } from '../window/switchyard-window.ts';
import type { Setting } from './setting.ts';

export type BenchWindow = { app: App; window: SwitchyardWindow; electron: string; close(): Promise<void> };

/** The built app in a window of 1600 x 1000, connected to a server of the lab, its map drawn. The caller closes it. */
export async function openWindow({ log }: Setting, lab: Lab, host: string): Promise<BenchWindow> {
  await ensureBuilt(log);
  const { version, source } = await ensureElectron(log);
  await appUser(log);
  const screen = await openScreen();
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'switchyard-bench-window-'));
  try {
    const app = await launchApp({
      dataFolder,
      sshConfigPath: lab.sshConfigPath,
      size: { width: 1600, height: 1000 },
      theme: 'light',
      env: screen.env,
    });
    const close = async () => {
      await app.close();
      await screen.close();
      await rm(dataFolder, { recursive: true, force: true });
    };
    const window = new SwitchyardWindow(app.page);
    try {
      await window.connect(host);
    } catch (caught) {
      await close();
      throw caught;
    }
    return { app, window, electron: `${version} (${source})`, close };
  } catch (caught) {
    await screen.close();
    throw caught;
  }
}

/** What the page's `performance.now()` needs to be this machine's wall clock. */
export const pageClockOffsetMs = (page: Page): Promise<number> => page.evaluate(wallClockOffsetMs);
