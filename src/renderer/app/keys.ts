import { useEffect } from 'react';
import type { HostView } from '../../contract/views.ts';
import { headlinesOf } from '../../core/headline.ts';
import { isKnown } from '../bridge/as-known.ts';
import { type Offer, offersOf } from '../bridge/offers.ts';
import { serviceNow, useServer } from '../bridge/store.ts';
import {
  closePanel,
  openPanel,
  select,
  showActivity,
  showConnect,
  showHost,
  showKeys,
  showPalette,
  toggleBlast,
  toggleView,
  useWindow,
} from '../bridge/window-state.ts';
import { doOffer } from './do-offer.ts';

/** What a key asks for, by what is offered; the first that is. */
const offerKeys: Record<string, Offer[]> = {
  m: ['go', 'mend'],
  'shift f': ['arm'],
  f: ['flip', 'rollback'],
  d: ['deploy'],
  a: ['adopt'],
  p: ['preview'],
  r: ['retire'],
  t: ['retry'],
  e: ['eject'],
  x: ['dismiss'],
  k: ['confirm'],
  s: ['stop'],
};

export const offerOfKey = (key: string, offers: Offer[]): Offer | undefined =>
  offerKeys[key]?.find((each) => offers.includes(each));

/** The keys of the window; those of the map's arrows live with the map. */
export function useKeys(host: HostView | undefined): void {
  const id = host?.id;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const state = useWindow.getState();
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        if (id !== undefined) showPalette(!state.palette);
        return;
      }
      if (event.altKey && /^[1-9]$/.test(event.key)) {
        const other = useServer.getState().hosts[Number(event.key) - 1];
        if (other !== undefined) showHost(other.id);
        return;
      }
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || id === undefined) return;
      if (document.querySelector('dialog[open]') !== null || state.adding) return;
      const target = event.target as HTMLElement;
      if (target.closest('input, textarea, select') !== null) return;
      if (event.key === 'Escape') {
        if (state.panelOpen) {
          closePanel();
          document.querySelector<HTMLElement>(`[data-service="${CSS.escape(state.service ?? '')}"]`)?.focus();
        } else if (state.activity) showActivity(false);
        else select(null);
        return;
      }
      if (event.key === '?') return showKeys(true);
      const key = event.key.toLowerCase();
      if (key === 'l') return toggleView();
      if (key === 'j') return showActivity(!state.activity);
      if (key === 'n') return showConnect();
      const view = useServer.getState().hosts.find((each) => each.id === id);
      const connected = view !== undefined && isKnown(view);
      // The button of the headline, where what is selected has none of its own.
      if (key === 'm' && view?.map != null) {
        const ids = [state.service, ...headlinesOf(view.map).map(({ services }) => services[0])];
        for (const each of ids) {
          const ill = each == null ? undefined : serviceNow(id, each);
          const mend = ill === undefined ? undefined : offerOfKey(key, offersOf(ill, connected));
          if (ill === undefined || mend === undefined) continue;
          event.preventDefault();
          return doOffer(id, mend, ill);
        }
        return;
      }
      const service = state.service === null ? undefined : serviceNow(id, state.service);
      if (service === undefined) return;
      if (key === 'b') return toggleBlast();
      // Any release of before can be deployed again, from the list of them.
      if (key === 'd' && event.shiftKey && service.adopted) return openPanel(service.id, 'releases');
      if (event.key === 'Enter' && target.closest('button, a, [role="row"]') === null) return openPanel(service.id);
      const offers = offersOf(service, connected);
      const offer = offerOfKey(event.shiftKey ? `shift ${key}` : key, offers);
      if (offer !== undefined) {
        event.preventDefault();
        doOffer(id, offer, service);
      }
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [id]);
}
