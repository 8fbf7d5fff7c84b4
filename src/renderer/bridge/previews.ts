import { create } from 'zustand';
import type { HostView, PreviewView, ServiceView } from '../../contract/views.ts';
import { call } from './client.ts';
import { slotIn } from './offers.ts';
import { refOf, serviceKey, serviceNow, useServer } from './store.ts';

/** A preview that is open. `linkSinceMs`: the link that it goes through, by when that began. */
type Open = { host: string; id: string; linkSinceMs: number; preview: PreviewView };

/** By `serviceKey`: two servers may each have a service of the same name. */
export const usePreviews = create<Record<string, Open>>(() => ({}));

export const usePreview = (host: string, id: string): PreviewView | undefined =>
  usePreviews((state) => state[serviceKey(host, id)]?.preview);

const linkOf = (host: HostView | undefined): number | null =>
  host?.connection.kind === 'connected' ? host.connection.sinceMs : null;

const hostNow = (host: string): HostView | undefined => useServer.getState().hosts.find((each) => each.id === host);

/** Whether it still shows the next of its service. */
const showsNext = (service: ServiceView | undefined, { slot, release }: PreviewView): boolean => {
  const next = service === undefined ? null : slotIn(service, 'next');
  return next !== null && next.slot === slot && next.release === release;
};

const forget = (key: string): void => {
  const { [key]: _gone, ...rest } = usePreviews.getState();
  usePreviews.setState(rest, true);
};

/** Remembers a preview that was opened, in the place of the service's before. */
export function notePreview(host: string, id: string, preview: PreviewView): void {
  const linkSinceMs = linkOf(hostNow(host));
  if (linkSinceMs !== null) usePreviews.setState({ [serviceKey(host, id)]: { host, id, linkSinceMs, preview } });
}

export function closePreview(host: string, service: ServiceView): void {
  forget(serviceKey(host, service.id));
  void call('preview.close', { ref: refOf(host, service) });
}

/** Forgets what is no preview of next any more: its link is another, or its release was flipped to, retired or replaced. */
function dropOld(): void {
  for (const [key, { host, id, linkSinceMs, preview }] of Object.entries(usePreviews.getState())) {
    // With its link it has ended by itself.
    if (linkOf(hostNow(host)) !== linkSinceMs) forget(key);
    else {
      const service = serviceNow(host, id);
      if (showsNext(service, preview)) continue;
      if (service === undefined) forget(key);
      else closePreview(host, service);
    }
  }
}

/** Keeps previews true for as long as the window lives. */
export const watchPreviews = (): (() => void) =>
  useServer.subscribe((state, before) => {
    if (state.hosts !== before.hosts) dropOld();
  });
