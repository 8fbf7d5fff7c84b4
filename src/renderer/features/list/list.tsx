import { Fragment, useEffect, useRef, useState } from 'react';
import type { HostView, MapView, ServiceView, StackView } from '../../../contract/views.ts';
import { endingOfDeclined } from '../../../core/ending.ts';
import { isKnown } from '../../bridge/as-known.ts';
import {
  isDown,
  isMain,
  labelOf,
  type Offer,
  type OnOffer,
  offerNames,
  offersOf,
  reservationOf,
} from '../../bridge/offers.ts';
import { useAsked, useConnected, useDeclined, useService, useTraffic } from '../../bridge/store.ts';
import { openPanel, select, showSheet, useWindow } from '../../bridge/window-state.ts';
import { ArmButton } from '../../ui/arm-button.tsx';
import { useSeconds } from '../../ui/clock.ts';
import { FindingsButton } from '../../ui/findings-button.tsx';
import { count, formatPort, formatRate, oneLine, shortImage, tagOf } from '../../ui/format.ts';
import { HealthMark, ServiceMark, SwitchMark, TroubleMark, worstOf } from '../../ui/marks.tsx';
import { explainStop } from '../../ui/stop-words.ts';
import { explainDeclined, explainSwitch, inOneLine, ticks } from '../../ui/switch-words.ts';
import { explainAbsence, explainTrouble, loudTrouble } from '../../ui/trouble-words.ts';
import './list.css';

/** The map's twin: the same services and the same actions as a table. */
export function ListScreen({ host, map, onOffer }: { host: HostView; map: MapView; onOffer: OnOffer }) {
  const [search, setSearch] = useState('');
  const wanted = search.trim().toLowerCase();
  const table = useRef<HTMLTableElement>(null);
  const away = !isKnown(host);
  const stacks = map.stacks
    .map((stack) => ({
      stack,
      services: stack.services.filter(
        (service) => wanted === '' || `${service.id} ${service.image}`.toLowerCase().includes(wanted),
      ),
    }))
    .filter(({ services }) => services.length > 0);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector('dialog[open]') !== null) return;
      if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
      if ((event.target as HTMLElement).closest('input, aside, [role="tablist"]') !== null) return;
      const rows = [...(table.current?.querySelectorAll<HTMLElement>('tr[data-service]') ?? [])];
      if (rows.length === 0) return;
      event.preventDefault();
      const at = rows.findIndex((row) => row.dataset.service === useWindow.getState().service);
      const next = rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === 'ArrowDown' ? 1 : -1)))];
      select(next?.dataset.service ?? null);
      next?.focus();
      next?.scrollIntoView({ block: 'nearest' });
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);

  return (
    <section className="list" data-testid="list" data-away={away || undefined}>
      <div className="list-tools">
        <input
          className="field"
          type="search"
          placeholder="Filter services"
          aria-label="Filter services"
          data-testid="list-filter"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <p className="quiet">
          {count(
            map.stacks.reduce((sum, stack) => sum + stack.services.length, 0),
            'service',
          )}{' '}
          in {count(map.stacks.length, 'stack')}
        </p>
      </div>
      <table ref={table}>
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col">Version</th>
            <th scope="col">Traffic to</th>
            <th scope="col">State</th>
            <th scope="col" className="list-number">
              Requests
            </th>
            <th scope="col">Ports</th>
            <th scope="col">
              <span className="only-read">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {stacks.map(({ stack, services }) => (
            <Fragment key={stack.name}>
              <StackRow stack={stack} known={!away} />
              {services.map((service) => (
                <Row key={service.id} host={host.id} id={service.id} onOffer={onOffer} />
              ))}
            </Fragment>
          ))}
          {map.loose.length > 0 && wanted === '' && (
            <>
              <tr className="list-stack">
                <th colSpan={7} scope="rowgroup">
                  Outside of any stack <span className="quiet">{count(map.loose.length, 'container')}</span>
                </th>
              </tr>
              {map.loose.map((container) => (
                <tr key={container.id}>
                  <th scope="row">
                    <span className="list-name">
                      <HealthMark health={container.health} />
                      <span className="clip">{oneLine(container.name)}</span>
                    </span>
                  </th>
                  <td className="clip">{oneLine(shortImage(container.image))}</td>
                  <td />
                  <td colSpan={4}>{oneLine(container.status)}</td>
                </tr>
              ))}
            </>
          )}
        </tbody>
      </table>
      {stacks.length === 0 && map.loose.length === 0 && !away && (
        <p className="quiet list-empty">{wanted === '' ? 'Nothing runs here yet.' : 'No service is called that.'}</p>
      )}
    </section>
  );
}

function StackRow({ stack, known }: { stack: StackView; known: boolean }) {
  const down = known ? stack.services.filter(isDown).length : 0;
  const others = known ? stack.services.filter((service) => worstOf(service) !== 'fine').length - down : 0;
  return (
    <tr className="list-stack" data-testid={`list-stack-${stack.name}`}>
      <th colSpan={7} scope="rowgroup" title={stack.folder ?? undefined}>
        {oneLine(stack.name)} <span className="quiet">{count(stack.services.length, 'service')}</span>
        {down > 0 && (
          <span className="list-down">
            {' '}
            {down} {down === 1 ? 'is' : 'are'} down
          </span>
        )}
        {others > 0 && (
          <span className="list-trouble">
            {' '}
            {others} {others === 1 ? 'needs' : 'need'} a look
          </span>
        )}{' '}
        <FindingsButton
          stack={stack.name}
          findings={stack.findings}
          onOpen={() => showSheet({ kind: 'findings', stack: stack.name })}
        />
      </th>
    </tr>
  );
}

function Row({ host, id, onOffer }: { host: string; id: string; onOffer: OnOffer }) {
  const service = useService(host, id);
  if (service === undefined) return null;
  return ticks(service.switch.kind) ? (
    <TickingRow host={host} service={service} onOffer={onOffer} />
  ) : (
    <RowAt host={host} service={service} onOffer={onOffer} nowMs={Date.now()} />
  );
}

function TickingRow(props: { host: string; service: ServiceView; onOffer: OnOffer }) {
  return <RowAt {...props} nowMs={useSeconds()} />;
}

const listOffers = new Set<Offer>(
  offerNames.filter((offer) => !['logs', 'details', 'follow', 'eject'].includes(offer)),
);

function RowAt({
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
  const selected = useWindow((state) => state.service === service.id);
  const traffic = useTraffic(host, service);
  const connected = useConnected(host);
  const asked = useAsked(host, service.id);
  const declined = useDeclined(host, service.id);
  const trouble = declined === undefined ? loudTrouble(service) : null;
  const words =
    declined !== undefined
      ? explainDeclined(declined.verb, declined.failure)
      : trouble !== null
        ? explainTrouble(trouble)
        : service.absence === null
          ? explainSwitch(service.switch, nowMs)
          : explainAbsence(service.absence);
  const live = service.live === null ? null : service.slots[service.live];
  const next = Object.values(service.slots).find((slot) => slot?.role === 'next');
  const offers = offersOf(service, connected).filter((offer) => listOffers.has(offer));
  return (
    <tr
      data-service={service.id}
      data-testid={`row-${service.id}`}
      data-tone={words.tone}
      data-absent={service.absence !== null || undefined}
      data-trouble={trouble?.cause}
      data-selected={selected || undefined}
      tabIndex={selected ? 0 : -1}
      aria-selected={selected}
      onFocus={() => select(service.id)}
      onClick={() => openPanel(service.id)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.target === event.currentTarget) openPanel(service.id);
      }}
    >
      <th scope="row">
        <span className="list-name">
          <ServiceMark service={service} />
          <span className="clip" title={service.name}>
            {oneLine(service.name)}
          </span>
        </span>
      </th>
      <td>
        <span className="clip list-version" title={live?.image ?? service.image}>
          {oneLine(live?.version ?? service.version ?? tagOf(service.image) ?? shortImage(service.image))}
          {next != null && <span className="quiet"> then {oneLine(next.version ?? tagOf(next.image) ?? '')}</span>}
        </span>
      </td>
      <td>
        {service.live === null ? (
          <span className="quiet">{service.adopted ? 'nobody' : ''}</span>
        ) : (
          <span className="list-slot" data-slot={service.live}>
            {service.live}
          </span>
        )}
      </td>
      <td className="list-state" data-state={service.switch.kind}>
        <span>
          {trouble === null ? (
            <SwitchMark
              state={service.switch}
              declined={declined === undefined ? undefined : endingOfDeclined(declined.failure)}
            />
          ) : (
            <TroubleMark level={trouble.level} />
          )}
          <span className="clip" title={[words.word, words.more, words.why].filter(Boolean).join(' · ')}>
            <b>{words.word}</b> {inOneLine(words)}
          </span>
        </span>
      </td>
      <td className="list-number number">
        {traffic === null ? '' : `${formatRate(traffic.requestsPerSecond)}/s`}
        {traffic !== null && traffic.errorsPerSecond > 0 && (
          <span className="list-errors"> {formatRate(traffic.errorsPerSecond)} err</span>
        )}
      </td>
      <td className="number">
        <span className="clip list-ports">{service.ports.map(formatPort).join(', ')}</span>
      </td>
      <td className="list-actions">
        {offers.map((offer) =>
          offer === 'arm' ? (
            <ArmButton
              key={offer}
              small
              name={service.name}
              tabIndex={selected ? 0 : -1}
              disabled={asked !== undefined}
              onClick={() => onOffer('arm', service)}
            />
          ) : (
            <button
              key={offer}
              type="button"
              tabIndex={selected ? 0 : -1}
              className={`button small ${isMain(offer, service) ? 'primary' : offer === offers[0] ? '' : 'plain'}`}
              data-testid={`action-${offer}`}
              data-reserved={reservationOf(offer, service) !== null || undefined}
              title={offer === 'stop' ? explainStop(service) : (reservationOf(offer, service) ?? undefined)}
              disabled={asked !== undefined}
              onClick={(event) => {
                event.stopPropagation();
                onOffer(offer, service);
              }}
            >
              {labelOf(offer, service)}
            </button>
          ),
        )}
      </td>
    </tr>
  );
}
