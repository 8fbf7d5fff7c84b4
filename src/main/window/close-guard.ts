import { app, type BrowserWindow, dialog } from 'electron';
import type { HostView } from '../../contract/views.ts';
import type { Log } from '../log/log.ts';
import { explainFarewell } from './farewell.ts';

export type CloseGuardOptions = {
  views(): HostView[];
  log: Log;
  /** Nobody is there to answer: it is said in the log alone. */
  unattended: boolean;
};

/**
 * Decides whether a window may close now. While a job runs, the operator is told first that it goes on; then the
 * window closes, or the app quits, whichever was asked for.
 */
export function createCloseGuard(options: CloseGuardOptions): (window: BrowserWindow) => boolean {
  let quitting = false;
  let agreed = false;
  app.on('before-quit', () => {
    quitting = true;
  });

  return (window) => {
    const words = agreed ? null : explainFarewell(options.views());
    agreed = false;
    if (words === null) return true;
    options.log.info(`closing: ${words.message} ${words.detail.replaceAll('\n', ' ')}`);
    if (options.unattended) return true;

    const box = { type: 'info', title: 'Switchyard', ...words, buttons: ['Close', 'Keep open'], cancelId: 1 } as const;
    void dialog.showMessageBox(window, { ...box, buttons: [...box.buttons] }).then(({ response }) => {
      const wasQuitting = quitting;
      quitting = false;
      if (response !== 0) return;
      agreed = true;
      if (wasQuitting) app.quit();
      else window.close();
    });
    return false;
  };
}
