import type { ServiceView, SlotView } from '../../contract/views.ts';
import { unreachable } from '../../core/result.ts';
import type { Mend } from '../../core/trouble.ts';
import { mendWords } from '../../core/trouble-words.ts';
import { oneLine, tagOf } from '../ui/format.ts';

/** What the window may offer for a service now. `logs` and `details` only show; the others ask the server. */
export const offerNames = [
  'go',
  'mend',
  'adopt',
  'deploy',
  'flip',
  'arm',
  'confirm',
  'rollback',
  'preview',
  'retire',
  'retire-previous',
  'retry',
  'logs',
  'details',
  'follow',
  'stop',
  'dismiss',
  'eject',
] as const;
export type Offer = (typeof offerNames)[number];

export type OnOffer = (offer: Offer, service: ServiceView) => void;

/** The words of the offers that are the same for every service; those of the others name a release: `labelOf`. */
const offerLabels = {
  adopt: 'Adopt…',
  deploy: 'Deploy next…',
  confirm: 'Keep',
  preview: 'Preview',
  retry: 'Retry',
  logs: 'Logs',
  details: 'Details',
  follow: 'Follow',
  stop: 'Stop',
  dismiss: 'Dismiss',
  eject: 'Eject…',
} as const;

/** Whether a next is ready that would be thrown away; any other is nothing to lose. */
export const asksToRetire = (service: ServiceView): boolean => slotIn(service, 'next')?.ready === true;

/** Whether the verb that failed is asked about by a sheet. */
function asksAgain(service: ServiceView): boolean {
  if (service.switch.kind !== 'failed') return false;
  const { verb } = service.switch;
  if (verb === 'retire') return asksToRetire(service) || slotIn(service, 'next') === null;
  return verb === 'adopt' || verb === 'deploy' || verb === 'eject';
}

/** The most of a version that a button says; a build's tag may be as long as its hash. */
const longestVersion = 20;

/** What a release of a service is called on a button: its version, or its number where two are called the same. */
function nameOf(service: ServiceView, at: Pick<SlotView, 'slot' | 'release' | 'version' | 'image'>): string {
  const version = versionOf(at);
  const other = at.slot === 'blue' ? service.slots.green : service.slots.blue;
  return version === null || (other !== null && versionOf(other) === version) ? `release ${at.release}` : version;
}

function versionOf(at: Pick<SlotView, 'version' | 'image'>): string | null {
  const version = oneLine(at.version ?? tagOf(at.image) ?? '');
  if (version === '') return null;
  return version.length > longestVersion ? `${version.slice(0, longestVersion - 1)}…` : version;
}

/** `Flip` or `Flip back` with where to, for as long as that is known. */
function towards(verb: string, service: ServiceView, at: SlotView | null): string {
  return at === null ? verb : `${verb} to ${nameOf(service, at)}`;
}

function retires(role: 'next' | 'previous', service: ServiceView): string {
  const at = slotIn(service, role);
  return at === null ? `Retire ${role}` : `Retire ${role} (${nameOf(service, at)})`;
}

/** The button that mends what is wrong. */
function mends(mend: Mend | null, service: ServiceView): string {
  if (mend?.kind !== 'go') return mendWords(mend ?? { kind: 'put-back' });
  const at = service.slots[mend.to];
  return mendWords({ ...mend, version: at === null ? oneLine(mend.version) : nameOf(service, at) });
}

/** The words of an offer: what it does, with the version, and an ellipsis where a sheet asks before anything begins. */
export function labelOf(offer: Offer, service: ServiceView): string {
  switch (offer) {
    case 'go':
    case 'mend':
      return mends(mendOf(offer, service), service);
    case 'flip':
      return towards('Flip', service, slotIn(service, 'next'));
    case 'arm':
      return `${towards('Flip', service, slotIn(service, 'next'))}, and choose how it is watched…`;
    case 'rollback':
      return towards('Flip back', service, slotIn(service, 'previous'));
    case 'retire':
      return `${retires('next', service)}${asksToRetire(service) ? '…' : ''}`;
    case 'retire-previous':
      return `${retires('previous', service)}…`;
    case 'retry':
      return `Retry${asksAgain(service) ? '…' : ''}`;
    default:
      return offerLabels[offer];
  }
}

/** The offer that mends something so: `go` moves the traffic, `mend` puts back or starts. */
export const offerOf = ({ kind }: Mend): 'go' | 'mend' => (kind === 'go' ? 'go' : 'mend');

/** Every way to mend what is wrong with a service, the likeliest of the worst first. */
const waysOf = (service: ServiceView): Mend[] =>
  service.troubles.flatMap(({ mend, orElse }) => [mend, orElse].filter((each) => each !== null));

/** What an offer does to mend the worst that can be mended by it. */
const mendOf = (offer: 'go' | 'mend', service: ServiceView): Mend | null =>
  waysOf(service).find((mend) => offerOf(mend) === offer) ?? null;

/** What `go` asks for: a flip that mends is still a flip. */
export const verbOfGo = (service: ServiceView): 'flip' | 'rollback' | null => {
  const mend = mendOf('go', service);
  return mend?.kind === 'go' ? mend.verb : null;
};

/** Whether who asks for the service gets no answer. */
export const isDown = (service: ServiceView): boolean => service.troubles[0]?.level === 'down';

/**
 * The offers of a service, the likeliest first: in trouble what mends it. The same on card, list, panel and palette. An
 * old map only shows: with `connected` false there is nothing that asks the server.
 */
export function offersOf(service: ServiceView, connected = true): Offer[] {
  if (!connected) return [];
  const mending = mendsIn(service);
  const gone = verbOfGo(service);
  const offers = [
    ...mending,
    ...offersIn(service).filter(
      (offer) =>
        !(mending.includes('go') && offer === gone) &&
        // A mend that failed is tried again by its own button.
        !(
          mending.length > 0 &&
          offer === 'retry' &&
          service.switch.kind === 'failed' &&
          service.switch.verb === 'mend'
        ),
    ),
  ];
  const isAtRest = service.switch.kind !== 'unknown' && !offers.includes('stop');
  return service.adopted && isAtRest ? [...offers, 'eject'] : offers;
}

/** Nothing is mended while a job is at it: it may be just that. */
function mendsIn(service: ServiceView): Offer[] {
  if (['preparing', 'flipping', 'locked', 'unknown'].includes(service.switch.kind)) return [];
  return [...new Set(waysOf(service).map(offerOf))];
}

/** A previous that is ill is no way back, whatever else it says. */
const isSick = (service: ServiceView): boolean => service.troubles.some(({ cause }) => cause === 'previous-sick');

function offersIn(service: ServiceView): Offer[] {
  const state = service.switch;
  const back: Offer[] = service.canFlipBack && !isSick(service) ? ['rollback'] : [];
  switch (state.kind) {
    case 'not-adopted':
      return state.adoptable ? ['adopt'] : ['details'];
    case 'idle':
      return ['deploy'];
    case 'preparing':
    case 'flipping':
    case 'waiting':
    case 'locked':
      return ['follow', ...back, 'stop'];
    case 'held':
      return ['follow'];
    case 'next-ready':
      return ['flip', ...(service.flipKind === 'swap' ? [] : (['arm'] as const)), 'preview', 'retire', 'deploy'];
    case 'not-ready':
      // Flip is not what helps: pressed all the same, on the lever or by its key, it says why not.
      return ['deploy', 'logs', 'retire', 'preview', 'flip'];
    case 'watching':
      return [
        ...(state.mustConfirm && !isDown(service) ? (['confirm'] as const) : []),
        ...back,
        // What is watched and answers nobody need not be waited for.
        ...(isDown(service) ? (['deploy'] as const) : []),
        'follow',
      ];
    case 'settled':
      return [...(isSick(service) ? [] : (['rollback'] as const)), 'deploy', 'retire-previous'];
    case 'went-back':
      return ['details', 'deploy', 'dismiss'];
    case 'failed':
      return ['retry', ...back, 'dismiss', 'details'];
    case 'unknown':
      return [];
    default:
      return unreachable(state);
  }
}

/** Why an offer cannot be taken now, in one line; asked for all the same, it is said with what to do. Null when nothing is in its way. */
export const reservationOf = (offer: Offer, service: ServiceView): string | null =>
  offer === 'flip' && service.switch.kind === 'not-ready' ? `Next is not ready: ${service.switch.reason}` : null;

/** What stands in a role of a service. */
export const slotIn = (service: ServiceView, role: SlotView['role']): SlotView | null =>
  [service.slots.blue, service.slots.green].find((slot) => slot?.role === role) ?? null;

/** Whether an offer stands out: it is what one would press now. */
export const isMain = (offer: Offer, service: ServiceView): boolean =>
  offer === 'confirm' ||
  (offer === 'flip' && reservationOf(offer, service) === null) ||
  ((offer === 'go' || offer === 'mend') && service.troubles[0]?.level !== 'at-risk');
