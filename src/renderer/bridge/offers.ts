import type { ServiceView } from '../../contract/views.ts';
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
  'retry',
  'logs',
  'details',
  'follow',
  'stop',
  'dismiss',
] as const;
export type Offer = (typeof offerNames)[number];

export type OnOffer = (offer: Offer, service: ServiceView) => void;

export const offerLabels: Record<Offer, string> = {
  adopt: 'Adopt…',
  deploy: 'Deploy next…',
  flip: 'Flip',
  arm: 'Flip, and go back unless I confirm…',
  confirm: 'Keep',
  rollback: 'Flip back',
  preview: 'Preview',
  retire: 'Retire',
  retry: 'Retry',
  logs: 'Logs',
  details: 'Details',
  follow: 'Follow',
  stop: 'Stop',
  dismiss: 'Dismiss',
};

/**
 * The offers of a service, the likeliest first. The same on card, list, panel and palette. An old map only shows:
 * with `connected` false there is nothing that asks the server.
 */
export function offersOf(service: ServiceView, connected = true): Offer[] {
  if (!connected) return [];
  const state = service.switch;
  const back: Offer[] = service.canFlipBack ? ['rollback'] : [];
  switch (state.kind) {
    case 'not-adopted':
      return state.adoptable ? ['adopt'] : ['details'];
    case 'idle':
      return ['deploy'];
    case 'preparing':
    case 'flipping':
    case 'locked':
      return ['follow', 'stop'];
    case 'held':
      return ['follow'];
    case 'next-ready':
      return ['flip', ...(service.flipKind === 'swap' ? [] : (['arm'] as const)), 'preview', 'retire'];
    case 'not-ready':
      return ['flip', 'logs', 'retire', 'preview'];
    case 'watching':
      return [...(state.mustConfirm ? (['confirm'] as const) : []), ...back, 'follow'];
    case 'settled':
      return ['rollback', 'deploy', 'retire'];
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

/** Why an offer is not advised now, in one line; it may be asked for all the same. Null when nothing is in its way. */
export const reservationOf = (offer: Offer, service: ServiceView): string | null =>
  offer === 'flip' && service.switch.kind === 'not-ready' ? `Next is not ready: ${service.switch.reason}` : null;

/** Which slot a retire would stop: next while there is one, else previous. */
export function retireRole(service: ServiceView): 'next' | 'previous' {
  const roles = [service.slots.blue?.role, service.slots.green?.role];
  return roles.includes('next') ? 'next' : 'previous';
}
