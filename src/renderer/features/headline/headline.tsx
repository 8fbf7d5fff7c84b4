import { ChevronDown, ChevronUp } from 'lucide-react';
import { useId, useState } from 'react';
import type { HostView, MapView, ServiceView } from '../../../contract/views.ts';
import { headlinesOf, type Headline as Told } from '../../../core/headline.ts';
import type { Trouble } from '../../../core/trouble.ts';
import { labelOf, type Offer, type OnOffer, offerOf, offersOf } from '../../bridge/offers.ts';
import { type Declined, serviceNow, useAsked, useDeclined, useService } from '../../bridge/store.ts';
import { openPanel } from '../../bridge/window-state.ts';
import { oneLine } from '../../ui/format.ts';
import { TroubleMark } from '../../ui/marks.tsx';
import { Since } from '../../ui/since.tsx';
import { explainSwitch, verbNames } from '../../ui/switch-words.ts';
import { tellingOf } from '../../ui/telling.ts';
import { levelWords } from '../../ui/trouble-words.ts';
import './headline.css';

/**
 * What is down, before anything else: what, since when, why, and the button that mends it. One place for map and list.
 * It stands over the map and moves nothing on it. Nothing is shown while nothing is wrong.
 */
export function Headline({ host, map, onOffer }: { host: HostView; map: MapView; onOffer: OnOffer }) {
  const [open, setOpen] = useState(false);
  const list = useId();
  const [first, ...others] = headlinesOf(map);
  if (first === undefined) return null;
  return (
    <section
      className="headline"
      data-testid="headline"
      data-level={first.trouble.level}
      data-cause={first.trouble.cause}
      aria-label="What is wrong"
    >
      {/* Said once, and not again with every minute that passes. */}
      <p className="only-read" role="alert">
        {levelWords[first.trouble.level]}: {oneLine(first.trouble.title)}
      </p>
      <Entry host={host.id} told={first} onOffer={onOffer} />
      {others.length > 0 && (
        <button
          type="button"
          className="headline-more"
          data-testid="headline-more"
          aria-expanded={open}
          aria-controls={list}
          onClick={() => setOpen(!open)}
        >
          {open ? <ChevronUp size={14} aria-hidden /> : <ChevronDown size={14} aria-hidden />}
          {open ? `Hide the other ${others.length}` : `and ${others.length} more`}
        </button>
      )}
      {open && others.length > 0 && (
        <ol id={list} className="headline-others" data-testid="headline-others">
          {others.map((told) => (
            <li key={`${told.trouble.cause} ${told.services.join()}`} data-level={told.trouble.level}>
              <Entry host={host.id} told={told} onOffer={onOffer} small />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function Entry({
  host,
  told,
  onOffer,
  small = false,
}: {
  host: string;
  told: Told;
  onOffer: OnOffer;
  small?: boolean;
}) {
  const { trouble, services } = told;
  const [id = ''] = services;
  const service = useService(host, id);
  const asked = useAsked(host, id);
  const declined = useDeclined(host, id);
  if (service === undefined) return null;
  const offers = offersFor(trouble, offersOf(service));
  const work = workOf(service, asked !== undefined);
  // A stack that is down is put back whole: those that need the same files wait for each other.
  const press = (offer: Offer) => {
    const all = offer === 'mend' && trouble.cause === 'stack-down' ? services : [id];
    for (const each of all.map((other) => serviceNow(host, other)))
      if (each !== undefined && offersOf(each).includes(offer)) onOffer(offer, each);
  };
  return (
    <div className="headline-entry">
      <TroubleMark level={trouble.level} size={small ? 16 : 22} />
      <div className="headline-words">
        <h2>
          <span className="headline-level">{levelWords[trouble.level]}</span> {oneLine(trouble.title)}{' '}
          <Since atMs={trouble.sinceMs} />
        </h2>
        <p>{oneLine(trouble.text)}</p>
        {trouble.quote !== null && <p className="mono">{oneLine(trouble.quote)}</p>}
        {trouble.byHand !== null && (
          <p>
            <b>What to do:</b> {oneLine(trouble.byHand)}
          </p>
        )}
        {work !== null && <p data-testid="headline-work">{work}</p>}
        {work === null && <Tried service={service} declined={declined} />}
      </div>
      <div className="headline-actions">
        {offers.map((offer, index) => (
          <button
            key={offer}
            type="button"
            className={`button ${small ? 'small' : ''} ${index === 0 && offer !== 'follow' ? 'primary' : ''}`}
            data-testid={`headline-${offer}`}
            aria-label={`${labelOf(offer, service)}: ${oneLine(service.name)}`}
            title={index === 0 && offer !== 'follow' ? `${labelOf(offer, service)} (M)` : undefined}
            disabled={asked !== undefined}
            onClick={() => press(offer)}
          >
            {labelOf(offer, service)}
          </button>
        ))}
        <button
          type="button"
          className={`button ${small ? 'small' : ''}`}
          data-testid="headline-details"
          aria-label={`Details: ${oneLine(service.name)}`}
          onClick={() => openPanel(service.id, 'overview')}
        >
          Details
        </button>
      </div>
    </div>
  );
}

/** The buttons that mend just this trouble, or that show the job which may be doing so. */
function offersFor({ mend, orElse }: Trouble, offers: Offer[]): Offer[] {
  const ways = [mend, orElse].filter((each) => each !== null).map(offerOf);
  const mending = ways.filter((offer) => offers.includes(offer));
  return mending.length === 0 && offers[0] === 'follow' ? ['follow'] : mending;
}

/** What is being done about it. */
function workOf(service: ServiceView, isAsked: boolean): string | null {
  if (isAsked) return 'Asking the server.';
  const { kind } = service.switch;
  if (kind !== 'preparing' && kind !== 'flipping' && kind !== 'locked') return null;
  const { word, more, why } = explainSwitch(service.switch, Date.now());
  return `${[word, more ?? why].filter(Boolean).join(': ')}.`;
}

/** That it was tried, and what came of it: where it was pressed, until it is mended. */
function Tried({ service, declined }: { service: ServiceView; declined: Declined | undefined }) {
  const state = service.switch;
  const failure = declined?.failure ?? (state.kind === 'failed' && state.verb === 'mend' ? state.failure : null);
  if (failure === null) return null;
  const verb = declined?.verb ?? 'mend';
  return (
    <p className="headline-tried" data-testid="headline-tried" title={failure.detail ?? undefined}>
      <b>{verbNames[verb]} did not work:</b> {oneLine(failure.message)}{' '}
      {failure.detail === null ? '' : tellingOf(failure.detail.split('\n')[0] ?? '')}
    </p>
  );
}
