import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { app, type BrowserWindow, nativeTheme, powerMonitor, session, shell } from 'electron';
import type { EventName, Events } from '../contract/channels.ts';
import { listAliases } from '../wiring/aliases.ts';
import { createSession } from '../wiring/session.ts';
import { readEnvironment } from './environment.ts';
import { createFollows } from './hosts/follows.ts';
import { createHosts } from './hosts/hosts.ts';
import { createHandlers } from './ipc/handlers.ts';
import { receiveCalls, tellWindow } from './ipc/ipc.ts';
import { createLog } from './log/log.ts';
import { createNotifier } from './notify/notifier.ts';
import { createShow } from './notify/show.ts';
import { hasKeyring } from './secrets/keyring.ts';
import { openSettings } from './settings/open.ts';
import { createTray } from './tray/tray.ts';
import { createCloseGuard } from './window/close-guard.ts';
import { declareScheme, serveContent } from './window/content.ts';
import { setMenu } from './window/menu.ts';
import { openMainWindow, restrictContents, restrictSession, reveal } from './window/window.ts';

const environment = readEnvironment(process.env);
const sshConfigPath = environment.sshConfigPath ?? undefined;

// Before anything asks for a path: the lock of the single instance lies in this folder too.
if (environment.userData !== null) app.setPath('userData', environment.userData);

const installed = join(__dirname, '../../..');
const paths = {
  preload: join(__dirname, '../preload/index.cjs'),
  renderer: join(__dirname, '../renderer'),
  kit: join(installed, 'resources/server'),
  icons: join(installed, 'resources/icons'),
};
const iconPath = join(paths.icons, 'icon-256.png');

declareScheme();
// Root, as in a container, can only start Chromium without its sandbox; asking for it then ends every process.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();

if (app.requestSingleInstanceLock()) {
  const log = createLog(join(app.getPath('userData'), 'logs'));
  process.on('uncaughtException', (caught) => log.error('uncaught', caught));
  process.on('unhandledRejection', (caught) => log.error('unhandled', caught));
  app.on('web-contents-created', (_event, contents) => restrictContents(contents));
  void app.whenReady().then(() => run(log));
} else {
  app.quit();
}

function run(log: ReturnType<typeof createLog>): void {
  const settings = openSettings(app.getPath('userData'));
  if (settings.damagedFile !== null) log.error(`the settings were damaged; moved to ${settings.damagedFile}`);
  nativeTheme.themeSource = settings.get().theme;

  let window: BrowserWindow | null = null;
  const tell = <Name extends EventName>(name: Name, payload: Events[Name]): void => tellWindow(window, name, payload);

  const notifier = createNotifier(createShow(iconPath, ({ host, service }) => show(host, service)));
  const tray = openTray();
  const by = `${userInfo().username}@${hostname()}`;
  const hosts = createHosts({
    settings,
    createSession: (target) => createSession({ target, by, kitFolder: paths.kit, sshConfigPath }),
    createId: randomUUID,
    onHost(view) {
      tell('host', view);
      notifier.look(view);
      tray?.show(hosts.views());
    },
    onRemoved(host) {
      tell('host-removed', { host });
      notifier.forget(host);
      tray?.show(hosts.views());
    },
    onTraffic: (host, services) => tell('traffic', { host, services }),
  });
  const follows = createFollows(randomUUID, (payload) => tell('log', payload));
  const mayClose = createCloseGuard({ views: hosts.views, log, unattended: environment.unattended });

  const handlers = createHandlers({
    hosts,
    follows,
    settings,
    damagedFile: settings.damagedFile,
    hasKeyring: () => hasKeyring(process.platform),
    listAliases: () => listAliases(sshConfigPath),
    applyTheme(theme) {
      nativeTheme.themeSource = theme;
    },
    browse(url) {
      shell.openExternal(url).catch((caught: unknown) => log.error(`no browser for ${url}`, caught));
    },
  });
  receiveCalls(handlers, () => window, log);

  restrictSession(session.defaultSession);
  serveContent(session.defaultSession, paths.renderer);
  setMenu(process.platform);

  nativeTheme.on('updated', () => tell('theme', { dark: nativeTheme.shouldUseDarkColors }));
  powerMonitor.on('resume', () => hosts.wake());
  app.on('second-instance', () => show(null, null));
  app.on('activate', () => show(null, null));
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  app.on('will-quit', () => {
    notifier.close();
    follows.stopAll();
    hosts.close();
    tray?.close();
  });

  window = open();
  hosts.begin();
  log.info(`started ${app.getVersion()} on Electron ${process.versions.electron}`);

  function open(): BrowserWindow {
    return openMainWindow({
      preloadPath: paths.preload,
      iconPath,
      remembered: settings.get().window,
      log,
      onBounds(bounds) {
        try {
          settings.change({ window: bounds });
        } catch (caught) {
          log.error('the window’s place could not be kept', caught);
        }
      },
      onAttention: (attentive) => hosts.setAttention(attentive),
      // A page that loads again has forgotten what it followed.
      onPage: () => follows.stopAll(),
      mayClose,
      onClosed() {
        window = null;
        follows.stopAll();
      },
    });
  }

  function show(host: string | null, service: string | null): void {
    window ??= open();
    const shown = window;
    const tellHost = (): void => {
      if (host !== null) tellWindow(shown, 'reveal', { host, service });
    };
    if (shown.webContents.isLoading()) shown.webContents.once('did-finish-load', tellHost);
    else tellHost();
    reveal(shown);
  }

  function openTray(): ReturnType<typeof createTray> | null {
    try {
      return createTray({
        iconFolder: paths.icons,
        onReveal: show,
        onMute: () => notifier.muteUntil(Date.now() + 3_600_000),
        onQuit: () => app.quit(),
      });
    } catch (caught) {
      log.error('this desktop has no tray', caught);
      return null;
    }
  }
}
