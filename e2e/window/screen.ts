import { ensureVirtualDisplay } from '../../build/setup/display.ts';

/** Where windows are shown. `env` is for the programs that show them; `isSeen` says that somebody may look. */
export interface Screen {
  env: Record<string, string>;
  isSeen: boolean;
  close(): Promise<void>;
}

/** The screen of this machine where it has one, else one that nobody sees. The caller closes it. */
export async function openScreen(): Promise<Screen> {
  if (process.platform !== 'linux' || process.env.WAYLAND_DISPLAY) {
    return { env: {}, isSeen: true, close: async () => {} };
  }
  const display = await ensureVirtualDisplay();
  return { env: display.env, isSeen: display.source === 'existing', close: () => display.close() };
}
