import { mkdir } from 'node:fs/promises';
import { ensureBuilt } from '../../build/electron/built.ts';
import { ensureElectron } from '../../build/setup/electron.ts';
import { upLab } from '../lab/lab.ts';
import { labOptions, picturesFolder } from './fixture.ts';
import { openScreen } from './screen.ts';

/** Before all tests: the app is built, there is an Electron and a screen, and the servers are up. Returns what ends the screen. */
export default async function setUp(): Promise<() => Promise<void>> {
  await ensureBuilt();
  await ensureElectron();
  await upLab(['shop', 'crowd'], labOptions);
  await mkdir(picturesFolder, { recursive: true });
  const screen = await openScreen();
  // The workers inherit it.
  Object.assign(process.env, screen.env);
  return () => screen.close();
}
