import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { app, type BrowserWindow, dialog, nativeTheme, powerMonitor, session, shell } from 'electron';
import type { EventName, Events } from '../contract/channels.ts';
import { listAliases } from '../wiring/aliases.ts';
import { createSession } from '../wiring/session.ts';
import { readEnvironment } from './environment.ts';
import { createFollows } from './hosts/follows.ts';
import { createHosts, type Hosts } from './hosts/hosts.ts';
import { createHandlers } from './ipc/handlers.ts';
import { receiveCalls, tellWindow } from './ipc/ipc.ts';
import { createLog } from './log/log.ts';
import { createNotifier } from './notify/notifier.ts';
import { createShow } from './notify/show.ts';
import { hasKeyring } from './secrets/keyring.ts';
import { openSettings } from './settings/open.ts';
import { createTray } from './tray/tray.ts';
import { declareScheme, serveContent } from './window/content.ts';
import { explainFarewell } from './window/farewell.ts';
import { setMenu } from './window/menu.ts';
import { openMainWindow, restrictContents, restrictSession, reveal } from './window/window.ts';

const environment = readEnvironment(process.env);

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

if (app.requestSingleInstanceLock()) run();
else app.quit();

function run(): void {
  const userData = app.getPath('userData');
  const log = createLog(join(userData, 'logs'));
  process.on('uncaughtException', (caught) => log.error('uncaught', caught));
  process.on('unhandledRejection', (caught) => log.error('unhandled', caught));
  app.on('web-contents-created', (_event, contents) => restrictContents(contents));

  let window: BrowserWindow | null = null;
  const tell = <Name extends EventName>(name: Name, payload: Events[Name]): void => tellWindow(window, name, payload);

  void app.whenReady().then(() => {
    const settings = openSettings(userData);
    if (settings.damagedFile !== null) log.error(`the settings were damaged; moved to ${settings.damagedFile}`);
    nativeTheme.themeSource = settings.get().theme;
    nativeTheme.on('updated', () => tell('theme', { dark: nativeTheme.shouldUseDarkColors }));

    const notifier = createNotifier(createShow(iconPath, ({ host, service }) => show(host, service)));
    const by = `${userInfo().username}@${hostname()}`;
    const hosts = createHosts({
      settings,
      createSession: (target) =>
        createSession({
          target,
          by,
          kitFolder: paths.kit,
          sshConfigPath: environment.sshConfigPath ?? undefined,
        }),
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

    receiveCalls(
      createHandlers({
        hosts,
        follows,
        settings,
        damagedFile: settings.damagedFile,
        hasKeyring: () => hasKeyring(process.platform),
        listAliases: () => listAliases(environment.sshConfigPath ?? undefined),
        applyTheme(theme) {
          nativeTheme.themeSource = theme;
        },
        browse(url) {
          shell.openExternal(url).catch((caught: unknown) => log.error(`no browser for ${url}`, caught));
        },
      }),
      () => window,
      log,
    );

    restrictSession(session.defaultSession);
    serveContent(session.defaultSession, paths.renderer);
    setMenu(process.platform);

    const open = (): BrowserWindow => {
      const farewell = createFarewell(hosts, () => window?.close());
      const opened = openMainWindow({
        preloadPath: paths.preload,
        iconPath,
        remembered: settings.get().window,
        onBounds(bounds) {
          try {
            settings.change({ window: bounds });
          } catch (caught) {
            log.error('the window’s place', caught);
          }
        },
        onAttention: (attentive) => hosts.setAttention(attentive),
        mayClose: farewell,
        onClosed() {
          window = null;
          follows.stopAll();
        },
      });
      // A page that loads again has forgotten what it followed.
      opened.webContents.on('did-start-navigation', (details) => {
        if (details.isMainFrame && !details.isSameDocument) follows.stopAll();
      });
      opened.webContents.on('render-process-gone', (_event, details) => {
        log.error(`the window’s page is gone: ${details.reason}`);
        if (details.reason !== 'clean-exit') opened.webContents.reload();
      });
      window = opened;
      return opened;
    };

    const show = (host: string | null, service: string | null): void => {
      const shown = window ?? open();
      const tellHost = () => host !== null && tell('reveal', { host, service });
      if (shown.webContents.isLoading()) shown.webContents.once('did-finish-load', tellHost);
      else tellHost();
      reveal(shown);
    };

    const tray = openTray();
    function openTray() {
      try {
        return createTray({
          iconFolder: paths.icons,
          onReveal: show,
          onMute: () => notifier.muteUntil(Date.now() + 3_600_000),
          onQuit: () => app.quit(),
        });
      } catch (caught) {
        log.error('no tray', caught);
        return null;
      }
    }

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

    open();
    hosts.begin();
    log.info(`started ${app.getVersion()} on Electron ${process.versions.electron}`);
  });

  /** Says once, before the window closes, that running jobs go on. Answers whether it may close now. */
  function createFarewell(hosts: Hosts, close: () => void): (asked: BrowserWindow) => boolean {
    let said = false;
    let quitting = false;
    app.once('before-quit', () => {
      quitting = true;
    });
    return (asked) => {
      const words = said ? null : explainFarewell(hosts.views());
      if (words === null) return true;
      log.info(`closing: ${words.message} ${words.detail.replaceAll('\n', ' ')}`);
      if (environment.unattended) return true;
      const box = {
        type: 'info' as const,
        title: 'Switchyard',
        ...words,
        buttons: ['Close', 'Keep open'],
        cancelId: 1,
      };
      void dialog.showMessageBox(asked, box).then(({ response }) => {
        if (response !== 0) {
          quitting = false;
          return;
        }
        said = true;
        if (quitting) app.quit();
        else close();
      });
      return false;
    };
  }
}
