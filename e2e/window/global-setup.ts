import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ensureBuilt } from '../../build/electron/built.ts';
import { ensureElectron } from '../../build/setup/electron.ts';
import { logToStderr } from '../../build/setup/progress.ts';
import { upLab } from '../lab/lab.ts';
import { appUser } from './app.ts';
import { labOptions, picturesFolder } from './fixture.ts';
import { openScreen } from './screen.ts';

/** Before all tests: the app is built, there is an Electron and a screen, and the servers are up. Returns what ends the screen. */
export default async function setUp(): Promise<() => Promise<void>> {
  await ensureBuilt();
  await ensureElectron();
  const user = await appUser(logToStderr);
  const lab = await upLab(['shop', 'crowd'], labOptions);
  await user.handOver([path.dirname(lab.sshConfigPath)]);
  await mkdir(picturesFolder, { recursive: true });
  const screen = await openScreen();
  // The workers inherit it.
  Object.assign(process.env, screen.env);
  return () => screen.close();
}
