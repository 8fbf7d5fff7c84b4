import { join } from 'node:path';
import { Menu, nativeImage, Tray } from 'electron';
import type { HostView } from '../../contract/views.ts';
import { describeTray, type TrayState } from './describe.ts';

export type TrayOptions = {
  /** Folder with `tray-well.png`, `tray-attention.png`, `tray-trouble.png`. */
  iconFolder: string;
  onReveal(host: string | null, service: string | null): void;
  onMute(): void;
  onQuit(): void;
};

/** Shows the worst state in the system's tray. Redrawn only when what it says changed. */
export function createTray(options: TrayOptions): { show(hosts: readonly HostView[]): void; close(): void } {
  const image = (level: TrayState['level']) =>
    nativeImage.createFromPath(join(options.iconFolder, `tray-${level}.png`));
  const tray = new Tray(image('well'));
  let shown = '';

  const show = (hosts: readonly HostView[]): void => {
    const state = describeTray(hosts);
    const key = JSON.stringify(state);
    if (key === shown) return;
    shown = key;
    tray.setImage(image(state.level));
    tray.setToolTip(state.tooltip.slice(0, 120));
    tray.setContextMenu(
      Menu.buildFromTemplate([
        ...state.items.slice(0, 12).map(({ label, host, service }) => ({
          label,
          click: () => options.onReveal(host, service),
        })),
        ...(state.items.length > 0 ? [{ type: 'separator' as const }] : []),
        { label: 'Open Switchyard', click: () => options.onReveal(null, null) },
        { label: 'Mute notifications for 1 hour', click: () => options.onMute() },
        { type: 'separator' },
        { label: 'Quit', click: () => options.onQuit() },
      ]),
    );
  };
  tray.on('click', () => options.onReveal(null, null));
  show([]);
  return { show, close: () => tray.destroy() };
}
