import { ActivityIcon, Command, List, Moon, Sun, Workflow } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import type { HostView, ServiceView } from '../../contract/views.ts';
import { isKnown } from '../bridge/as-known.ts';
import { on } from '../bridge/client.ts';
import type { Offer } from '../bridge/offers.ts';
import { useHost, useServer, useService, useStack } from '../bridge/store.ts';
import {
  openPanel,
  showActivity,
  showHost,
  showPalette,
  toggleTheme,
  toggleView,
  useWindow,
} from '../bridge/window-state.ts';
import { ActivityDrawer } from '../features/activity/activity.tsx';
import { ConnectedCard } from '../features/card/card.tsx';
import { ContactSheet } from '../features/card/contact-sheet.tsx';
import { ConnectScreen } from '../features/connect/connect.tsx';
import { LadderScreen } from '../features/connect/ladder.tsx';
import { Headline } from '../features/headline/headline.tsx';
import { AwayBanner, HostTabs } from '../features/hosts/host-bar.tsx';
import { ListScreen } from '../features/list/list.tsx';
import { warmUp } from '../features/map/elk.ts';
import { MapScreen } from '../features/map/map.tsx';
import { KeysSheet } from '../features/palette/keys-sheet.tsx';
import { Palette } from '../features/palette/palette.tsx';
import { Panel } from '../features/panel/panel.tsx';
import { AdoptSheet } from '../features/sheets/adopt-sheet.tsx';
import { ArmSheet } from '../features/sheets/arm-sheet.tsx';
import { DeploySheet } from '../features/sheets/deploy-sheet.tsx';
import { FindingsSheet } from '../features/sheets/findings-sheet.tsx';
import { EjectSheet, GateSheet, RetireSheet } from '../features/sheets/gate-sheets.tsx';
import { doOffer } from './do-offer.ts';
import { useKeys } from './keys.ts';
import './app.css';

export function App() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const moved = () => setHash(location.hash);
    window.addEventListener('hashchange', moved);
    return () => window.removeEventListener('hashchange', moved);
  }, []);
  return hash === '#contact-sheet' ? <ContactSheet /> : <Main />;
}

function Main() {
  const ready = useServer((state) => state.ready);
  const hosts = useServer((state) => state.hosts);
  const wanted = useWindow((state) => state.host);
  const adding = useWindow((state) => state.adding);
  const activity = useWindow((state) => state.activity);
  const current = hosts.find((host) => host.id === wanted) ?? hosts[0];
  useEffect(() => {
    if (current !== undefined && current.id !== wanted) showHost(current.id);
  }, [current, wanted]);
  useEffect(
    () =>
      on('reveal', ({ host, service }) => {
        showHost(host);
        if (service !== null) openPanel(service, 'overview');
      }),
    [],
  );
  useEffect(warmUp, []);
  useKeys(current);
  if (!ready) return null;
  const connecting = current === undefined || adding;
  return (
    <div className="window" data-platform={window.switchyard.platform}>
      <TopBar hosts={hosts} current={connecting ? null : current.id} />
      <Damaged />
      {connecting ? <ConnectScreen hosts={hosts} /> : <HostScreen host={current} />}
      {!connecting && activity && <ActivityDrawer hosts={hosts} />}
      {!connecting && <Overlays host={current} />}
    </div>
  );
}

function TopBar({ hosts, current }: { hosts: HostView[]; current: string | null }) {
  const view = useWindow((state) => state.view);
  const dark = useWindow((state) => state.dark);
  const activity = useWindow((state) => state.activity);
  const host = useHost(current);
  const hasMap = host !== undefined && showsMap(host);
  const running = hosts.flatMap((each) => each.jobs).filter((job) => job.state === 'running').length;
  return (
    <header className="topbar">
      {hosts.length === 0 ? <span className="brand">Switchyard</span> : <HostTabs hosts={hosts} current={current} />}
      <div className="topbar-tools">
        {hasMap && (
          <>
            <button
              type="button"
              className="button plain"
              data-testid="list-view"
              title={view === 'map' ? 'Show as a list (L)' : 'Show as a map (L)'}
              onClick={toggleView}
            >
              {view === 'map' ? <List size={15} /> : <Workflow size={15} />}
              {view === 'map' ? 'List' : 'Map'}
            </button>
            <button
              type="button"
              className="button plain"
              data-testid="activity-toggle"
              aria-pressed={activity}
              title="Activity (J)"
              onClick={() => showActivity(!activity)}
            >
              <ActivityIcon size={15} />
              Activity
              {running > 0 && <span className="badge number">{running}</span>}
            </button>
            <button
              type="button"
              className="button plain icon"
              data-testid="palette-open"
              aria-label="Find anything"
              title={`Find anything (${window.switchyard.platform === 'darwin' ? '⌘' : 'Ctrl+'}K)`}
              onClick={() => showPalette(true)}
            >
              <Command size={15} />
            </button>
          </>
        )}
        <button
          type="button"
          className="button plain icon"
          data-testid="theme-toggle"
          aria-label={dark ? 'Light theme' : 'Dark theme'}
          title={dark ? 'Light theme' : 'Dark theme'}
          onClick={toggleTheme}
        >
          {dark ? <Sun size={15} /> : <Moon size={15} />}
        </button>
      </div>
    </header>
  );
}

function Damaged() {
  const file = useWindow((state) => state.settings?.damagedFile ?? null);
  const [seen, setSeen] = useState(false);
  if (file === null || seen) return null;
  return (
    <div className="banner" role="status" data-testid="banner-damaged">
      <p>
        The settings file was damaged and was set aside as <code className="mono selectable">{file}</code>. Switchyard
        started with fresh settings.
      </p>
      <button type="button" className="button small" onClick={() => setSeen(true)}>
        Dismiss
      </button>
    </div>
  );
}

type FaceProps = { host: string; id: string; detail: 'near' | 'mid' | 'far'; selected: boolean };

function Face(props: FaceProps) {
  const { host } = props;
  const onOffer = useCallback((offer: Offer, of: ServiceView) => doOffer(host, offer, of), [host]);
  return <ConnectedCard {...props} onOffer={onOffer} />;
}

function HostScreen({ host }: { host: HostView }) {
  const view = useWindow((state) => state.view);
  const panelOpen = useWindow((state) => state.panelOpen);
  const service = useWindow((state) => state.service);
  const onOffer = useCallback((offer: Offer, of: ServiceView) => doOffer(host.id, offer, of), [host.id]);
  if (host.map === null || !showsMap(host)) return <LadderScreen host={host} />;
  return (
    <div className="stage">
      <div className="stage-main" data-view={view}>
        <div className="headline-place">
          <AwayBanner host={host} />
          {isKnown(host) && <Headline key={host.id} host={host} map={host.map} onOffer={onOffer} />}
        </div>
        {view === 'map' ? (
          <MapScreen key={host.id} host={host} map={host.map} face={Face} />
        ) : (
          <ListScreen host={host} map={host.map} onOffer={onOffer} />
        )}
        {view === 'map' && <Footing host={host} />}
      </div>
      {panelOpen && service !== null && <Panel host={host.id} service={service} onOffer={onOffer} />}
    </div>
  );
}

/** What stops connecting stands in front of an old map: it is what the operator has to look at. */
const showsMap = (host: HostView): boolean =>
  host.map !== null && host.connection.kind !== 'failed' && host.connection.kind !== 'asking';

function Footing({ host }: { host: HostView }) {
  const engine = host.map?.engine;
  if (engine === undefined) return null;
  return (
    <p className="footing">
      {engine.os} · Docker {engine.docker}
      {engine.compose !== null && ` · Compose ${engine.compose}`}
    </p>
  );
}

function Overlays({ host }: { host: HostView }) {
  const sheet = useWindow((state) => state.sheet);
  const palette = useWindow((state) => state.palette);
  const keys = useWindow((state) => state.keys);
  const service = useService(host.id, sheet === null || sheet.kind === 'findings' ? null : sheet.service);
  const stack = useStack(host.id, sheet?.kind === 'findings' ? sheet.stack : null);
  const onOffer = useCallback((offer: Offer, of: ServiceView) => doOffer(host.id, offer, of), [host.id]);
  return (
    <>
      {sheet?.kind === 'adopt' && service !== undefined && (
        <AdoptSheet host={host.id} service={service} asked={sheet.options ?? {}} />
      )}
      {sheet?.kind === 'deploy' && service !== undefined && (
        <DeploySheet host={host.id} service={service} asked={sheet.options ?? {}} />
      )}
      {sheet?.kind === 'arm' && service !== undefined && <ArmSheet host={host.id} service={service} />}
      {sheet?.kind === 'gate' && service !== undefined && <GateSheet service={service} onOffer={onOffer} />}
      {sheet?.kind === 'retire' && service !== undefined && (
        <RetireSheet host={host.id} service={service} role={sheet.options?.role ?? 'previous'} />
      )}
      {sheet?.kind === 'eject' && service !== undefined && <EjectSheet host={host.id} service={service} />}
      {stack !== undefined && <FindingsSheet stack={stack} />}
      {palette && <Palette host={host} onOffer={onOffer} />}
      {keys && <KeysSheet />}
    </>
  );
}
