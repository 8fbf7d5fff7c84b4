import { BrowserWindow, ipcMain, type WebFrameMain } from 'electron';
import type { EventName, Events } from '../../contract/channels.ts';
import { failure } from '../../core/failure.ts';
import { failed } from '../../core/result.ts';
import type { Log } from '../log/log.ts';
import { isOurs } from '../window/asset-path.ts';
import { answerCall, type Handlers } from './answer.ts';

// The preload spells the same two names: it is a bundle of its own and shares types only.
const callChannel = 'switchyard:call';
const eventChannel = 'switchyard:event';

/**
 * Listens for the window's calls, the only channel there is. Answered are the main frame of our own page in the
 * window that `mainWindow` names; anybody else is refused and logged.
 */
export function receiveCalls(handlers: Handlers, mainWindow: () => BrowserWindow | null, log: Log): void {
  // electron-store listens here for a renderer of its own, which there is none of.
  ipcMain.removeAllListeners('electron-store-get-data');

  ipcMain.handle(callChannel, async (event, name: unknown, input: unknown) => {
    const sender = BrowserWindow.fromWebContents(event.sender);
    if (sender === null || sender !== mainWindow() || !isMainPage(event.senderFrame)) {
      log.error(`refused a call from ${event.senderFrame?.url ?? 'a frame that is gone'}`);
      return failed(failure('input-invalid', 'Only Switchyard’s own window may ask this.'));
    }
    const reply = await answerCall(handlers, name, input);
    if (!reply.ok && reply.failure.code === 'bug') log.error(`${String(name)}: ${reply.failure.detail ?? ''}`);
    return reply;
  });
}

const isMainPage = (frame: WebFrameMain | null): boolean =>
  frame !== null && frame.parent === null && isOurs(frame.url);

/** Tells the window what happened. Nobody there is nobody told: a page that loads asks for everything first. */
export function tellWindow<Name extends EventName>(
  window: BrowserWindow | null,
  name: Name,
  payload: Events[Name],
): void {
  if (window === null || window.isDestroyed()) return;
  window.webContents.send(eventChannel, name, JSON.stringify(payload));
}
