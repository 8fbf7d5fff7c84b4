import { create } from 'zustand';
import type { SettingsView } from '../../contract/views.ts';
import type { VerbOptions } from '../../core/job.ts';
import type { Slot } from '../../core/slot.ts';
import { call, on } from './client.ts';

export const panelTabs = ['overview', 'releases', 'checks', 'logs', 'boundaries'] as const;
export type PanelTab = (typeof panelTabs)[number];

/**
 * A sheet asks before something that has a price, or says what has no room elsewhere; it stands over the window until
 * answered. `options` are filled in.
 */
export type Sheet =
  | { kind: 'adopt' | 'arm' | 'deploy' | 'gate' | 'retire' | 'eject'; service: string; options?: VerbOptions }
  | { kind: 'findings'; stack: string };

/** One job on one host. */
export type JobRef = { host: string; id: string };

/** What this window shows of it all: nothing here is known to the server. */
export type WindowState = {
  host: string | null;
  /** The connect screen stands in front although there are hosts. */
  adding: boolean;
  /** The service the keyboard is at. */
  service: string | null;
  panelOpen: boolean;
  panelTab: PanelTab;
  /** The slot whose logs are shown; null: both. */
  logSlot: Slot | null;
  /** Long lines of the logs are broken. */
  logWrap: boolean;
  panelWidth: number;
  view: 'map' | 'list';
  blast: boolean;
  palette: boolean;
  keys: boolean;
  activity: boolean;
  activityHeight: number;
  /** The job that activity shows whole. */
  job: JobRef | null;
  sheet: Sheet | null;
  theme: SettingsView['theme'];
  dark: boolean;
  settings: SettingsView | null;
};

const remembered = (name: string): string | null => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
};

const remember = (name: string, value: string): void => {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A window that cannot remember still works.
  }
};

export const minimumPanelWidth = 320;
export const minimumActivityHeight = 140;
const usualActivityHeight = Math.round(Math.min(320, (globalThis.innerHeight || 800) * 0.45));

export const useWindow = create<WindowState>(() => ({
  host: null,
  adding: false,
  service: null,
  panelOpen: false,
  panelTab: 'overview',
  logSlot: null,
  logWrap: true,
  panelWidth: Math.max(minimumPanelWidth, Number(remembered('panel-width')) || 400),
  view: remembered('view') === 'list' ? 'list' : 'map',
  blast: false,
  palette: false,
  keys: false,
  activity: false,
  activityHeight: Math.max(minimumActivityHeight, Number(remembered('activity-height')) || usualActivityHeight),
  job: null,
  sheet: null,
  theme: 'system',
  dark: false,
  settings: null,
}));

const set = useWindow.setState;

export const showHost = (host: string): void =>
  set((state) =>
    state.host === host && !state.adding
      ? state
      : { host, adding: false, service: null, logSlot: null, panelOpen: false, blast: false, sheet: null },
  );
export const showConnect = (): void => set({ adding: true });
export const hideConnect = (): void => set({ adding: false });

export const select = (service: string | null): void =>
  set((state) => ({
    ...(service === null ? { panelOpen: false, blast: false } : {}),
    ...(service === state.service ? {} : { service, logSlot: null }),
  }));
export const openPanel = (service: string, tab?: PanelTab): void => {
  select(service);
  set((state) => ({ panelOpen: true, panelTab: tab ?? state.panelTab }));
};
export const closePanel = (): void => set({ panelOpen: false, blast: false });
export const showTab = (panelTab: PanelTab): void => set({ panelTab });
/** The logs of what stands in a slot of the service; null: of both. */
export const showLogs = (service: string, logSlot: Slot | null): void => {
  openPanel(service, 'logs');
  set({ logSlot });
};
export const showLogSlot = (logSlot: Slot | null): void => set({ logSlot });
export const wrapLogs = (logWrap: boolean): void => set({ logWrap });
export const toggleBlast = (): void => set((state) => ({ blast: !state.blast && state.service !== null }));
/** In a narrow window the map keeps more of it; panel.css says the same. */
const mostPanelWidth = (): number => window.innerWidth * (window.innerWidth < 1100 ? 0.4 : 0.62);

export function resizePanel(width: number): void {
  const panelWidth = Math.round(Math.max(minimumPanelWidth, Math.min(width, mostPanelWidth())));
  remember('panel-width', String(panelWidth));
  set({ panelWidth });
}

export function resizeActivity(height: number): void {
  const activityHeight = Math.round(Math.max(minimumActivityHeight, Math.min(height, window.innerHeight * 0.7)));
  remember('activity-height', String(activityHeight));
  set({ activityHeight });
}

export const toggleView = (): void =>
  set((state) => {
    const view = state.view === 'map' ? 'list' : 'map';
    remember('view', view);
    return { view };
  });

export const showPalette = (palette: boolean): void => set({ palette });
export const showKeys = (keys: boolean): void => set({ keys });
export const showActivity = (activity: boolean, job: JobRef | null = null): void => set({ activity, job });
export const showSheet = (sheet: Sheet | null): void => set({ sheet });

const systemDark = (): MediaQueryList => window.matchMedia('(prefers-color-scheme: dark)');

function applyTheme(dark: boolean): void {
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  set({ dark });
}

const darkOf = (theme: SettingsView['theme']): boolean =>
  theme === 'system' ? systemDark().matches : theme === 'dark';

/** Light or dark as settings say, and as the system says where they leave it to it. */
export function startTheme(): void {
  applyTheme(systemDark().matches);
  systemDark().addEventListener('change', () => applyTheme(darkOf(useWindow.getState().theme)));
  on('theme', ({ dark }) => applyTheme(dark));
  void call('settings.get', undefined).then((reply) => {
    if (!reply.ok) return;
    set({ theme: reply.value.theme, settings: reply.value });
    applyTheme(darkOf(reply.value.theme));
  });
}

export function setTheme(theme: SettingsView['theme']): void {
  set({ theme });
  applyTheme(darkOf(theme));
  void call('settings.set', { theme });
}

export const toggleTheme = (): void => setTheme(useWindow.getState().dark ? 'light' : 'dark');
