import { FailureError, failure } from '../../core/failure.ts';
import { freshSettings, readSettings, type Settings } from './settings.ts';

/** Where the settings lie; `write` replaces the whole and is durable when it returns. */
export type SettingsFile = { read(): unknown; write(settings: Settings): void };

export type SettingsKeeper = {
  /** A value that is never mutated. */
  get(): Settings;
  /** Writes before it returns. Rejects by throwing FailureError, and keeps the old value, when the file cannot be written. */
  change(changes: Partial<Omit<Settings, 'version'>>): Settings;
};

/** Keeps the settings in memory and on disk alike. What the file says is checked once, here. */
export function createSettingsKeeper(file: SettingsFile): SettingsKeeper {
  const read = readSettings(file.read());
  let current = read.ok ? read.value : freshSettings();

  return {
    get: () => current,
    change(changes) {
      const next = { ...current, ...changes };
      try {
        file.write(next);
      } catch (caught) {
        const detail = caught instanceof Error ? caught.message : String(caught);
        throw new FailureError(
          failure('bug', 'The settings could not be written on this machine. They are as they were.', { detail }),
          { cause: caught },
        );
      }
      current = next;
      return current;
    },
  };
}
