import { X } from 'lucide-react';
import type { KeyboardEvent as ReactKeyboardEvent } from 'react';
import type { ServiceView } from '../../../contract/views.ts';
import { isMain, labelOf, type Offer, type OnOffer, offerNames, offersOf, reservationOf } from '../../bridge/offers.ts';
import { useAsked, useConnected, useService } from '../../bridge/store.ts';
import {
  closePanel,
  minimumPanelWidth,
  type PanelTab,
  panelTabs,
  resizePanel,
  showTab,
  useWindow,
} from '../../bridge/window-state.ts';
import { ArmButton } from '../../ui/arm-button.tsx';
import { useSeconds } from '../../ui/clock.ts';
import { oneLine } from '../../ui/format.ts';
import { Grip } from '../../ui/grip.tsx';
import { ServiceMark, SwitchMark, TroubleMark } from '../../ui/marks.tsx';
import { Since } from '../../ui/since.tsx';
import { explainStop } from '../../ui/stop-words.ts';
import { explainSwitch, ticks } from '../../ui/switch-words.ts';
import { explainAbsence, toneOf } from '../../ui/trouble-words.ts';
import { BoundariesTab } from './boundaries-tab.tsx';
import { ChecksTab } from './checks-tab.tsx';
import { LogsTab } from './logs-tab.tsx';
import { OverviewTab } from './overview-tab.tsx';
import { ReleasesTab } from './releases-tab.tsx';
import './panel.css';

const tabWords: Record<PanelTab, string> = {
  overview: 'Overview',
  releases: 'Releases',
  checks: 'Checks',
  logs: 'Logs',
  boundaries: 'Boundaries',
};

/** All about one service, beside the map. */
export function Panel({ host, service: id, onOffer }: { host: string; service: string; onOffer: OnOffer }) {
  const service = useService(host, id);
  const width = useWindow((state) => state.panelWidth);
  const tab = useWindow((state) => state.panelTab);
  if (service === undefined) return null;
  return (
    <aside className="panel" style={{ width }} data-testid="panel" aria-label={`Service ${oneLine(service.name)}`}>
      <Grip edge="left" label="Width of the panel" size={width} least={minimumPanelWidth} onResize={resizePanel} />
      <header className="panel-head">
        <ServiceMark service={service} size={16} />
        <h2 className="clip" title={service.name}>
          {oneLine(service.name)}
        </h2>
        <span className="quiet clip">{oneLine(service.stack)}</span>
        <button
          type="button"
          className="button plain icon"
          aria-label="Close the panel"
          title="Close (Esc)"
          data-testid="panel-close"
          onClick={closePanel}
        >
          <X size={16} />
        </button>
      </header>
      <Standing host={host} service={service} onOffer={onOffer} />
      <Tabs tab={tab} />
      <div
        className="panel-body"
        role="tabpanel"
        id="panel-body"
        aria-label={tabWords[tab]}
        data-tab={tab}
        key={`${id} ${tab}`}
      >
        {tab === 'overview' && <OverviewTab host={host} service={service} onOffer={onOffer} />}
        {tab === 'releases' && <ReleasesTab host={host} service={service} onOffer={onOffer} />}
        {tab === 'checks' && <ChecksTab host={host} service={service} />}
        {tab === 'logs' && <LogsTab host={host} service={service} />}
        {tab === 'boundaries' && <BoundariesTab host={host} service={service} />}
      </div>
    </aside>
  );
}

const panelOffers = new Set<Offer>(offerNames.filter((offer) => !['logs', 'details', 'eject'].includes(offer)));

function Standing({ host, service, onOffer }: { host: string; service: ServiceView; onOffer: OnOffer }) {
  return ticks(service.switch.kind) ? (
    <TickingStanding host={host} service={service} onOffer={onOffer} />
  ) : (
    <StandingAt host={host} service={service} onOffer={onOffer} nowMs={Date.now()} />
  );
}

function TickingStanding(props: { host: string; service: ServiceView; onOffer: OnOffer }) {
  return <StandingAt {...props} nowMs={useSeconds()} />;
}

function StandingAt({
  host,
  service,
  onOffer,
  nowMs,
}: {
  host: string;
  service: ServiceView;
  onOffer: OnOffer;
  nowMs: number;
}) {
  const connected = useConnected(host);
  const asked = useAsked(host, service.id);
  const words = service.absence === null ? explainSwitch(service.switch, nowMs) : explainAbsence(service.absence);
  const offers = offersOf(service, connected).filter((offer) => panelOffers.has(offer));
  const [trouble] = service.troubles;
  return (
    <div className="standing">
      {trouble !== undefined && (
        <p data-tone={toneOf[trouble.level]} data-testid="panel-trouble">
          <TroubleMark level={trouble.level} size={15} />
          <span>
            <b>{oneLine(trouble.title)}</b> <Since atMs={trouble.sinceMs} />
          </span>
        </p>
      )}
      <p data-tone={words.tone}>
        <SwitchMark state={service.switch} size={15} />
        <b>{words.word}</b>
        {words.more !== null && <span>{words.more}</span>}
        {(('holder' in service.switch && service.switch.holder !== null) ||
          service.switch.kind === 'held' ||
          service.switch.kind === 'waiting') && <span className="quiet">{words.why}</span>}
      </p>
      {offers.length > 0 && (
        <div className="standing-actions">
          {offers.map((offer, index) =>
            offer === 'arm' ? (
              <ArmButton
                key={offer}
                name={service.name}
                disabled={asked !== undefined}
                onClick={() => onOffer('arm', service)}
              />
            ) : (
              <button
                key={offer}
                type="button"
                className={`button ${index === 0 && (offer === 'adopt' || isMain(offer, service)) ? 'primary' : ''}`}
                data-reserved={reservationOf(offer, service) !== null || undefined}
                title={reservationOf(offer, service) ?? undefined}
                data-testid={`action-${offer}`}
                disabled={asked !== undefined}
                onClick={() => onOffer(offer, service)}
              >
                {labelOf(offer, service)}
              </button>
            ),
          )}
        </div>
      )}
      {offers.includes('stop') && <p className="quiet">{explainStop(service)}</p>}
    </div>
  );
}

function Tabs({ tab }: { tab: PanelTab }) {
  const move = (event: ReactKeyboardEvent<HTMLDivElement>) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = panelTabs[(panelTabs.indexOf(tab) + step + panelTabs.length) % panelTabs.length];
    if (next === undefined) return;
    showTab(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-testid="panel-tab-${next}"]`)?.focus();
  };
  return (
    <div className="panel-tabs" role="tablist" tabIndex={-1} aria-label="About this service" onKeyDown={move}>
      {panelTabs.map((each) => (
        <button
          key={each}
          type="button"
          role="tab"
          aria-selected={each === tab}
          aria-controls="panel-body"
          tabIndex={each === tab ? 0 : -1}
          data-testid={`panel-tab-${each}`}
          onClick={() => showTab(each)}
        >
          {tabWords[each]}
        </button>
      ))}
    </div>
  );
}
