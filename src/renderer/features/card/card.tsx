import {
  Archive,
  ArrowUpDown,
  ExternalLink,
  Info,
  ListTree,
  type LucideIcon,
  PackagePlus,
  RotateCcw,
  ScrollText,
  Square,
  TriangleAlert,
  Undo2,
  Wrench,
  X,
} from 'lucide-react';
import { memo, type ReactNode } from 'react';
import type { ServiceView, SlotView, SwitchView, TrafficView } from '../../../contract/views.ts';
import { endingOfDeclined } from '../../../core/ending.ts';
import { isTrouble } from '../../../core/health.ts';
import type { Verb } from '../../../core/job.ts';
import { otherSlot, type Slot, slots } from '../../../core/slot.ts';
import type { Trouble } from '../../../core/trouble.ts';
import { isMain, labelOf, type Offer, offersOf, reservationOf } from '../../bridge/offers.ts';
import { type Declined, useAsked, useConnected, useDeclined, useService, useTraffic } from '../../bridge/store.ts';
import { ArmButton } from '../../ui/arm-button.tsx';
import { useHalfMinutes, useSeconds } from '../../ui/clock.ts';
import {
  count,
  formatAbsolute,
  formatAge,
  formatClock,
  formatRate,
  oneLine,
  shortDigest,
  shortImage,
  tagOf,
} from '../../ui/format.ts';
import { ServiceMark, SwitchMark, TroubleMark } from '../../ui/marks.tsx';
import { explainStop } from '../../ui/stop-words.ts';
import { explainDeclined, explainSwitch, type SwitchWords, ticks } from '../../ui/switch-words.ts';
import { explainAbsence, explainTrouble, loudTrouble } from '../../ui/trouble-words.ts';
import { Lever } from './lever.tsx';
import { Sparkline } from './sparkline.tsx';
import './card.css';

/** How much a card says, by how near it is. */
export type Detail = 'near' | 'mid' | 'far';

const icons: Partial<Record<Offer, LucideIcon>> = {
  go: ArrowUpDown,
  mend: Wrench,
  deploy: PackagePlus,
  rollback: Undo2,
  preview: ExternalLink,
  retire: Archive,
  'retire-previous': Archive,
  retry: RotateCcw,
  logs: ScrollText,
  details: Info,
  follow: ListTree,
  stop: Square,
  dismiss: X,
};

const versionOf = (version: string | null, image: string): string =>
  oneLine(version ?? tagOf(image) ?? shortImage(image));

export type CardProps = {
  host: string;
  id: string;
  detail: Detail;
  selected: boolean;
  onOffer: (offer: Offer, service: ServiceView) => void;
};

/** One service: two tracks, the lever between them, and what can be done now. Renders only when its own service changed. */
export const ConnectedCard = memo(function ConnectedCard({ host, id, detail, selected, onOffer }: CardProps) {
  const service = useService(host, id);
  if (service === undefined) return null;
  return <LiveCard host={host} service={service} detail={detail} selected={selected} onOffer={onOffer} />;
});

function LiveCard({ host, service, ...rest }: Omit<CardProps, 'id'> & { service: ServiceView }) {
  const traffic = useTraffic(host, service);
  const connected = useConnected(host);
  const asked = useAsked(host, service.id);
  const declined = useDeclined(host, service.id);
  return <Card service={service} traffic={traffic} connected={connected} asked={asked} declined={declined} {...rest} />;
}

type FaceProps = {
  service: ServiceView;
  traffic: TrafficView | null;
  connected: boolean;
  asked: Verb | undefined;
  declined: Declined | undefined;
  detail: Detail;
  selected: boolean;
  onOffer: (offer: Offer, service: ServiceView) => void;
};

/** The card as drawn from what it is given. */
export function Card(props: FaceProps) {
  return ticks(props.service.switch.kind) ? <TickingFace {...props} /> : <Face {...props} nowMs={Date.now()} />;
}

function TickingFace(props: FaceProps) {
  const nowMs = useSeconds();
  return <Face {...props} nowMs={nowMs} />;
}

function Face({
  service,
  traffic,
  connected,
  asked,
  declined,
  detail,
  selected,
  onOffer,
  nowMs,
}: FaceProps & { nowMs: number }) {
  const state = service.switch;
  const said = loudTrouble(service);
  // That it did not work is told in a track; that it is still down, in the foot.
  const trouble = declined === undefined || said?.level === 'down' ? said : null;
  const words = wordsOf(service, trouble, declined, nowMs);
  const why = declined === undefined ? words : explainDeclined(declined.verb, declined.failure);
  const switched = explainSwitch(state, nowMs);
  const offers: Offer[] =
    declined === undefined || trouble !== null
      ? offersOf(service, connected)
      : ['details', 'dismiss', ...offersOf(service, connected).filter(isVerbOffer)];
  const name = oneLine(service.name);
  return (
    <article
      className="card"
      data-testid={`card-${service.id}`}
      data-tone={words.tone}
      data-detail={detail}
      data-selected={selected || undefined}
      data-adopted={service.adopted}
      data-absent={service.absence !== null || undefined}
      data-trouble={trouble?.cause}
      data-away={state.kind === 'unknown' || undefined}
      aria-label={`${name}: ${words.word}${words.more === null ? '' : `, ${words.more}`}`}
    >
      <header className="card-head">
        <ServiceMark service={service} size={detail === 'far' ? 24 : 14} />
        <h3 className="clip" title={service.name}>
          {name}
        </h3>
        {detail === 'near' && <Load service={service} traffic={traffic} />}
      </header>
      <Lever service={service} offers={offersOf(service, connected)} busy={asked !== undefined} onOffer={onOffer} />
      {service.adopted ? (
        slots.map((slot) => (
          <Track
            key={slot}
            service={service}
            slot={slot}
            words={why}
            switched={switched}
            declined={declined !== undefined}
            nowMs={nowMs}
          />
        ))
      ) : (
        <PlainTracks service={service} words={words} />
      )}
      <footer className="card-foot">
        {trouble === null ? (
          <SwitchMark
            state={state}
            declined={declined === undefined ? undefined : endingOfDeclined(declined.failure)}
            size={footMarkSize[detail]}
          />
        ) : (
          <TroubleMark level={trouble.level} size={footMarkSize[detail]} />
        )}
        <p className="card-words" title={[words.word, words.more, words.why].filter(Boolean).join(' · ')}>
          <b className="clip">{asked === undefined ? words.word : 'Asking the server'}</b>{' '}
          {words.more !== null && asked === undefined && <span>{words.more}</span>}
        </p>
        {detail !== 'far' && (
          <Actions
            offers={isHopeless(trouble, offers) ? ['details'] : offers}
            service={service}
            disabled={asked !== undefined}
            detail={detail}
            onOffer={onOffer}
          />
        )}
      </footer>
      {state.kind === 'preparing' && state.progress?.total != null && (
        <i
          className="card-progress"
          style={{ width: `${Math.min(100, (state.progress.done / Math.max(1, state.progress.total)) * 100)}%` }}
        />
      )}
    </article>
  );
}

/** No click mends it: what does stands in the panel. */
const isHopeless = (trouble: Trouble | null, offers: Offer[]): boolean =>
  trouble !== null && trouble.level !== 'at-risk' && offers.length > 0 && offers[0] !== 'go' && offers[0] !== 'mend';

const footMarkSize: Record<Detail, number> = { near: 14, mid: 17, far: 26 };

const isVerbOffer = (offer: Offer): boolean => ['go', 'mend', 'flip', 'rollback', 'adopt'].includes(offer);

/** What a card says in its foot: what is wrong, what was refused just now, why there is nothing, else the switch. */
function wordsOf(
  service: ServiceView,
  trouble: Trouble | null,
  declined: Declined | undefined,
  nowMs: number,
): SwitchWords {
  if (trouble !== null) return explainTrouble(trouble);
  if (declined !== undefined) return explainDeclined(declined.verb, declined.failure);
  return service.absence === null ? explainSwitch(service.switch, nowMs) : explainAbsence(service.absence);
}

function Load({ service, traffic }: { service: ServiceView; traffic: TrafficView | null }) {
  if (service.switch.kind === 'unknown') return null;
  const trouble = loudTrouble(service);
  if (trouble !== null && trouble.level === 'down' && trouble.sinceMs !== null)
    return (
      <span className="card-health number" data-down title={formatAbsolute(trouble.sinceMs)}>
        down since {formatClock(trouble.sinceMs, Date.now())}
      </span>
    );
  // What rests on purpose says so, in grey; that it never started says the foot.
  if (isTrouble(service.health) || service.health === 'ended' || service.health === 'stopped')
    return (
      <span className="card-health" data-loud={isTrouble(service.health) || undefined}>
        {service.health}
      </span>
    );
  if (traffic === null) return null;
  const errors = traffic.errorsPerSecond;
  return (
    <span
      className="card-load number"
      title={`${formatRate(traffic.requestsPerSecond)} requests per second, ${formatRate(errors)} errors per second; the last 5 minutes`}
    >
      {errors > 0 ? (
        <span className="card-errors">
          <TriangleAlert size={11} aria-hidden /> {formatRate(errors)} err/s
        </span>
      ) : (
        <span>{formatRate(traffic.requestsPerSecond)} req/s</span>
      )}
      <Sparkline history={traffic.history} />
    </span>
  );
}

const isDeploying = (state: SwitchView): boolean => state.kind === 'preparing' && state.verb === 'deploy';

/** What stands at the end of a track: for the live one what it is, for the other why it may or may not take over. */
function tailOf(
  service: ServiceView,
  at: SlotView,
  words: SwitchWords,
  nowMs: number,
): { text: ReactNode; loud: boolean } {
  const state = service.switch;
  if (at.slot === service.live) {
    if (state.kind === 'watching') return { text: words.why, loud: state.errors > 0 };
    return { text: <Identity digest={at.digest} sinceMs={at.startedAtMs} nowMs={nowMs} />, loud: false };
  }
  if (state.kind === 'not-ready') return { text: words.why, loud: true };
  if (state.kind === 'locked') return { text: words.why, loud: false };
  if (isDeploying(state)) return { text: 'preparing', loud: false };
  if (at.role === 'previous') return previousWords(service, at);
  if (at.role === 'next') {
    const checks = at.checks;
    if (state.kind === 'next-ready')
      return { text: state.checks === 0 ? 'ready, unverified' : `ready, ${count(state.checks, 'check')}`, loud: false };
    return { text: checks === null ? 'next' : `next, ${checks.passed} of ${checks.total} checks`, loud: false };
  }
  return { text: at.role === 'current' ? 'current' : 'stopped', loud: false };
}

/** How the way back stands: warm, stopped, or ill, which is none. */
function previousWords(service: ServiceView, { health }: SlotView): { text: string; loud: boolean } {
  if (service.switch.kind === 'unknown') return { text: 'previous', loud: false };
  const isSick = service.troubles.some(({ cause }) => cause === 'previous-sick');
  if (isSick) return { text: `previous, ${health ?? 'gone'}`, loud: true };
  return { text: service.canFlipBack ? 'previous, warm' : 'previous, stopped', loud: false };
}

function Track({
  service,
  slot,
  words,
  switched,
  declined,
  nowMs,
}: {
  service: ServiceView;
  slot: Slot;
  words: SwitchWords;
  /** What the switch alone says, whatever is said before it. */
  switched: SwitchWords;
  declined: boolean;
  nowMs: number;
}) {
  const at = service.slots[slot];
  const live = service.live === slot;
  const state = service.switch;
  // What went wrong, what is waited for, or who is at work, is told in the track that does not have the traffic: the other says what runs now.
  const isTheirs = 'holder' in state && state.holder !== null;
  const isTrouble =
    state.kind === 'failed' ||
    state.kind === 'went-back' ||
    state.kind === 'waiting' ||
    (state.kind === 'held' && state.reason !== null);
  // A release that waits there is worth more than the sentence, which the headline says.
  const isTold = at === null && loudTrouble(service) !== null;
  const telling =
    slot === (service.live === null ? 'green' : otherSlot(service.live)) &&
    (declined || isTheirs || isTrouble || isTold);
  if (telling) {
    return (
      <div className="track" data-slot={slot} data-telling>
        <span className="track-slot">{slot}</span>
        <span className="track-why two-lines" title={words.why ?? undefined}>
          {words.why}
        </span>
      </div>
    );
  }
  if (at === null) {
    return (
      <div className="track" data-slot={slot} data-empty>
        <span className="track-slot">{slot}</span>
        <span className="track-tail two-lines">{words.why ?? (isDeploying(state) ? 'preparing' : 'empty')}</span>
      </div>
    );
  }
  const tail = tailOf(service, at, switched, nowMs);
  return (
    <div className="track" data-slot={slot} data-live={live || undefined}>
      <span className="track-slot">{slot}</span>
      <span className="track-version clip" title={`${at.image}\nrelease ${at.release}`}>
        {versionOf(at.version, at.image)}
      </span>
      <span
        className={`track-tail ${tail.loud ? 'two-lines' : 'clip'}`}
        data-loud={tail.loud || undefined}
        title={typeof tail.text === 'string' ? tail.text : undefined}
      >
        {tail.text}
      </span>
    </div>
  );
}

function PlainTracks({ service, words }: { service: ServiceView; words: SwitchWords }) {
  return (
    <>
      <div className="track" data-slot="plain" data-live>
        <span className="track-version clip" title={service.image}>
          {versionOf(service.version, service.image)}
        </span>
        <span className="track-tail clip">
          <Identity digest={service.digest} sinceMs={service.createdAtMs} nowMs={Date.now()} />
        </span>
      </div>
      <div className="track" data-slot="none" data-empty>
        <span className="track-tail two-lines" title={words.why ?? undefined}>
          {words.why}
        </span>
      </div>
    </>
  );
}

function Identity({ digest, sinceMs, nowMs }: { digest: string | null; sinceMs: number | null; nowMs: number }) {
  const tick = useHalfMinutes();
  const short = shortDigest(digest);
  return (
    <>
      {short !== null && (
        <span className="mono" title={digest ?? undefined}>
          {short}
        </span>
      )}
      {sinceMs !== null && (
        <time className="number" title={`since ${formatAbsolute(sinceMs)}`}>
          {formatAge(Math.max(0, Math.max(nowMs, tick) - sinceMs))}
        </time>
      )}
    </>
  );
}

/** More do not fit beside the words; the panel has all of them. */
const mostActions = 3;
const alwaysIcon = new Set<Offer>(['details', 'logs', 'follow']);

/** The buttons of a card: the first with its word, the others as icons. */
export function Actions({
  offers,
  service,
  disabled,
  detail,
  onOffer,
}: {
  offers: Offer[];
  service: ServiceView;
  disabled: boolean;
  detail: Detail;
  onOffer: (offer: Offer, service: ServiceView) => void;
}) {
  // Beside what mends stand the words that say what is wrong.
  const most = offers[0] === 'mend' ? 1 : offers[0] === 'go' ? 2 : mostActions;
  const shown = offers.filter((offer) => offer !== 'arm' && offer !== 'eject').slice(0, detail === 'mid' ? 1 : most);
  const worded = shown[0];
  const ordered = [...shown.filter((offer) => offer !== worded), ...(worded === undefined ? [] : [worded])];
  return (
    <span className="card-actions nodrag nopan">
      {ordered.map((offer) => {
        const isWorded = offer === worded && (!alwaysIcon.has(offer) || loudTrouble(service) !== null);
        const Icon = isWorded ? undefined : icons[offer];
        return (
          <button
            key={offer}
            type="button"
            tabIndex={-1}
            disabled={disabled}
            className={`button small ${Icon === undefined ? `worded ${isMain(offer, service) ? 'primary' : ''}` : 'plain icon'}`}
            data-testid={`action-${offer}`}
            aria-label={`${labelOf(offer, service)}: ${oneLine(service.name)}`}
            data-reserved={reservationOf(offer, service) !== null || undefined}
            aria-description={offer === 'stop' ? explainStop(service) : undefined}
            title={offer === 'stop' ? explainStop(service) : (reservationOf(offer, service) ?? labelOf(offer, service))}
            onClick={(event) => {
              event.stopPropagation();
              onOffer(offer, service);
            }}
          >
            {Icon === undefined ? <span className="clip">{labelOf(offer, service)}</span> : <Icon size={14} />}
          </button>
        );
      })}
      {worded === 'flip' && offers.includes('arm') && detail === 'near' && (
        <ArmButton
          small
          name={service.name}
          tabIndex={-1}
          disabled={disabled}
          onClick={() => onOffer('arm', service)}
        />
      )}
    </span>
  );
}
