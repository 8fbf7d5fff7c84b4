import type { ServiceView, SlotView } from '../../contract/views.ts';
import { unreachable } from '../../core/result.ts';

/** What the window may offer for a service now. `logs` and `details` only show; the others ask the server. */
export const offerNames = [
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

/** The words of an offer; those of what is asked about first depend on the service, and have an ellipsis then: `labelOf`. */
const offerLabels: Record<Offer, string> = {
  adopt: 'Adopt…',
  deploy: 'Deploy next…',
  flip: 'Flip',
  arm: 'Flip, and choose how it is watched…',
  confirm: 'Keep',
  rollback: 'Flip back',
  preview: 'Preview',
  retire: 'Retire next',
  'retire-previous': 'Retire previous…',
  retry: 'Retry',
  logs: 'Logs',
  details: 'Details',
  follow: 'Follow',
  stop: 'Stop',
  dismiss: 'Dismiss',
  eject: 'Eject…',
};

/** Whether a next is ready that would be thrown away; any other is nothing to lose. */
export const asksToRetire = (service: ServiceView): boolean => slotIn(service, 'next')?.ready === true;

/** Whether the verb that failed is asked about by a sheet. */
function asksAgain(service: ServiceView): boolean {
  if (service.switch.kind !== 'failed') return false;
  const { verb } = service.switch;
  if (verb === 'retire') return asksToRetire(service) || slotIn(service, 'next') === null;
  return verb === 'adopt' || verb === 'deploy' || verb === 'eject';
}

/** The words of an offer, with an ellipsis where a sheet asks before anything begins. */
export function labelOf(offer: Offer, service: ServiceView): string {
  const asks = (offer === 'retire' && asksToRetire(service)) || (offer === 'retry' && asksAgain(service));
  return `${offerLabels[offer]}${asks ? '…' : ''}`;
}

/**
 * The offers of a service, the likeliest first. The same on card, list, panel and palette. An old map only shows:
 * with `connected` false there is nothing that asks the server.
 */
export function offersOf(service: ServiceView, connected = true): Offer[] {
  if (!connected) return [];
  const offers = offersIn(service);
  const isAtRest = service.switch.kind !== 'unknown' && !offers.includes('stop');
  return service.adopted && isAtRest ? [...offers, 'eject'] : offers;
}

function offersIn(service: ServiceView): Offer[] {
  const state = service.switch;
  const back: Offer[] = service.canFlipBack ? ['rollback'] : [];
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
      return [...(state.mustConfirm ? (['confirm'] as const) : []), ...back, 'follow'];
    case 'settled':
      return ['rollback', 'deploy', 'retire-previous'];
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
