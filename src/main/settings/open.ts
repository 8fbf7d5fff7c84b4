import { join } from 'node:path';
import ElectronStore from 'electron-store';
import { setAsideDamaged } from './file.ts';
import { createSettingsKeeper, type SettingsKeeper } from './keeper.ts';
import type { Settings } from './settings.ts';

/** Opens `settings.json` in `folder`. `damagedFile` is where a damaged one was moved to, for the window to tell. */
export function openSettings(folder: string): SettingsKeeper & { damagedFile: string | null } {
  const damagedFile = setAsideDamaged(join(folder, 'settings.json'), Date.now());
  const store = new ElectronStore<Settings>({ name: 'settings', cwd: folder, configFileMode: 0o600 });
  const keeper = createSettingsKeeper({
    read: () => store.store,
    write: (settings) => {
      store.store = settings;
    },
  });
  return { ...keeper, damagedFile };
}
