import { BrowserWindow, type Session as ElectronSession, nativeTheme, screen } from 'electron';
import type { Log } from '../log/log.ts';
import type { WindowBounds } from '../settings/settings.ts';
import { isOurs, origin } from './asset-path.ts';
import { decideAttention } from './attention.ts';
import { minimumSize, placeWindow } from './place.ts';

export type MainWindowOptions = {
  preloadPath: string;
  iconPath: string;
  remembered: WindowBounds | null;
  log: Log;
  /** Called when size or place settled. */
  onBounds(bounds: WindowBounds): void;
  onAttention(attentive: boolean): void;
  /** Called when the page begins to load, the first time and again. */
  onPage(): void;
  /** Asked at each try to close; false keeps the window open. */
  mayClose(window: BrowserWindow): boolean;
  onClosed(): void;
};

/** The colour behind the page until it is drawn: that of the window's own theme. */
const backgroundColour = (): string => (nativeTheme.shouldUseDarkColors ? '#15171a' : '#f7f7f5');

/** Opens the one window, locked to its own origin. It is shown when its first frame is ready. */
export function openMainWindow(options: MainWindowOptions): BrowserWindow {
  const primary = screen.getPrimaryDisplay();
  const others = screen.getAllDisplays().filter((display) => display.id !== primary.id);
  const { maximized, ...bounds } = placeWindow(
    options.remembered,
    [primary, ...others].map((display) => display.workArea),
  );

  const window = new BrowserWindow({
    ...bounds,
    minWidth: minimumSize.width,
    minHeight: minimumSize.height,
    show: false,
    title: 'Switchyard',
    icon: options.iconPath,
    backgroundColor: backgroundColour(),
    autoHideMenuBar: true,
    webPreferences: {
      preload: options.preloadPath,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  });

  window.once('ready-to-show', () => {
    if (maximized) window.maximize();
    window.show();
  });
  const repaint = () => window.setBackgroundColor(backgroundColour());
  nativeTheme.on('updated', repaint);

  rememberBounds(window, options.onBounds);
  const stopWatching = watchAttention(window, options.onAttention);
  window.on('close', (event) => {
    if (!options.mayClose(window)) event.preventDefault();
  });
  window.once('closed', () => {
    nativeTheme.off('updated', repaint);
    stopWatching();
    options.onClosed();
  });

  watchPage(window, options);

  void window.loadURL(`${origin}/index.html`);
  return window;
}

/** A page that crashes this soon after it was loaded again would crash for ever. */
const reloadAgainAfterMs = 10_000;

function watchPage(window: BrowserWindow, { log, onPage }: MainWindowOptions): void {
  let reloadedAtMs = Number.NEGATIVE_INFINITY;
  const contents = window.webContents;
  contents.on('did-start-navigation', (details) => {
    if (details.isMainFrame && !details.isSameDocument) onPage();
  });
  contents.on('did-fail-load', (_event, code, description) =>
    log.error(`the page did not load: ${code} ${description}`),
  );
  contents.on('preload-error', (_event, _path, error) => log.error('preload', error));
  contents.on('render-process-gone', (_event, { reason }) => {
    log.error(`the page is gone: ${reason}`);
    if (reason === 'clean-exit' || Date.now() - reloadedAtMs < reloadAgainAfterMs) return;
    reloadedAtMs = Date.now();
    contents.reload();
  });
}

function rememberBounds(window: BrowserWindow, remember: (bounds: WindowBounds) => void): void {
  let timer: NodeJS.Timeout | undefined;
  const now = () => {
    clearTimeout(timer);
    remember({ ...window.getNormalBounds(), maximized: window.isMaximized() });
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(now, 500);
  };
  window.on('resize', soon);
  window.on('move', soon);
  window.on('maximize', soon);
  window.on('unmaximize', soon);
  window.on('close', now);
  window.once('closed', () => clearTimeout(timer));
}

function watchAttention(window: BrowserWindow, tell: (attentive: boolean) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let blurredAtMs: number | null = null;
  let told: boolean | null = null;

  const look = () => {
    clearTimeout(timer);
    const state = {
      visible: window.isVisible(),
      minimized: window.isMinimized(),
      focused: window.isFocused(),
      blurredAtMs,
    };
    const { attentive, againMs } = decideAttention(state, Date.now());
    if (againMs !== null) timer = setTimeout(look, againMs);
    if (attentive !== told) tell(attentive);
    told = attentive;
  };
  window.on('blur', () => {
    blurredAtMs = Date.now();
    look();
  });
  window.on('focus', () => {
    blurredAtMs = null;
    look();
  });
  window.on('show', look);
  window.on('hide', look);
  window.on('minimize', look);
  window.on('restore', look);
  return () => {
    clearTimeout(timer);
    if (told !== false) tell(false);
  };
}

/** Brings the window in front, from wherever it is. */
export function reveal(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

/**
 * Denies what a page could ask of the system. Writing to the clipboard is all that is left: commands to type on the
 * server are copied from the window.
 */
export function restrictSession(session: ElectronSession): void {
  session.setPermissionRequestHandler((_contents, permission, answer) => answer(isGranted(permission)));
  session.setPermissionCheckHandler((_contents, permission, asking) => isGranted(permission) && isOurs(asking));
  session.setDevicePermissionHandler(() => false);
  session.on('will-download', (event) => event.preventDefault());
}

/** Keeps a page where it is: no way out of the origin, no second window, no page within the page. */
export function restrictContents(contents: Electron.WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
}

const isGranted = (permission: string): boolean => permission === 'clipboard-sanitized-write';
