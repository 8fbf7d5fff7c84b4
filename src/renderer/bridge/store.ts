import { create } from 'zustand';
import type { ServiceRef } from '../../contract/channels.ts';
import type { HostView, ServiceView, StackView, TrafficView } from '../../contract/views.ts';
import type { Failure } from '../../core/failure.ts';
import type { Verb, VerbOptions } from '../../core/job.ts';
import { asKnown, isKnown } from './as-known.ts';
import { call, on } from './client.ts';
import { keepSame } from './keep-same.ts';

/** What can be refused: a verb, or a preview, which is no job. `standing`: how the service stood then. */
export type Declined = { verb: Verb | 'preview'; failure: Failure; standing: string };

/** What the server side says, and nothing the window made up. */
type ServerState = {
  ready: boolean;
  hosts: HostView[];
  /** The newest traffic by `serviceKey`; it comes more often than views do. */
  traffic: Record<string, TrafficView>;
  /** Verbs that were asked for and not answered yet, by `serviceKey`. */
  asked: Record<string, Verb>;
  /** Why the last verb did not begin, by `serviceKey`; stays until dismissed, another one begins, or the service stands otherwise. */
  declined: Record<string, Declined>;
};

export const serviceKey = (host: string, id: string): string => `${host}\n${id}`;

export const useServer = create<ServerState>(() => ({ ready: false, hosts: [], traffic: {}, asked: {}, declined: {} }));

function takeHost(told: HostView): void {
  const view = asKnown(told);
  useServer.setState((state) => {
    const index = state.hosts.findIndex((host) => host.id === view.id);
    if (index < 0) return { hosts: [...state.hosts, view] };
    const kept = keepSame(state.hosts[index], view);
    if (kept === state.hosts[index]) return state;
    return { hosts: state.hosts.with(index, kept), declined: stillDeclined(state.declined, view) };
  });
}

/** How a service stands: what was refused because of it is moot once it stands otherwise. */
const standingOf = (service: ServiceView): string =>
  [service.switch.kind, service.live, ...Object.values(service.slots).map((at) => `${at?.role} ${at?.release}`)].join();

/** Without the refusals that a change of the map has made moot. A host that is away tells of no change. */
function stillDeclined(declined: Record<string, Declined>, view: HostView): Record<string, Declined> {
  const now = new Map(
    (view.map?.stacks ?? []).flatMap((stack) => stack.services).map((each) => [serviceKey(view.id, each.id), each]),
  );
  const kept = Object.entries(declined).filter(([key, { standing }]) => {
    const service = now.get(key);
    return service === undefined || service.switch.kind === 'unknown' || standingOf(service) === standing;
  });
  return kept.length === Object.keys(declined).length ? declined : Object.fromEntries(kept);
}

/** Listens to the main process for as long as the window lives. */
export function listen(): void {
  on('host', takeHost);
  on('host-removed', ({ host }) =>
    useServer.setState((state) => ({ hosts: state.hosts.filter((each) => each.id !== host) })),
  );
  on('traffic', ({ host, services }) =>
    useServer.setState((state) => {
      const traffic = { ...state.traffic };
      for (const [id, value] of Object.entries(services)) {
        const key = serviceKey(host, id);
        traffic[key] = keepSame(traffic[key], value);
      }
      return { traffic };
    }),
  );
  void call('hosts.list', undefined).then((reply) => {
    if (reply.ok) for (const host of reply.value) takeHost(host);
    useServer.setState({ ready: true });
  });
}

export const useHost = (host: string | null): HostView | undefined =>
  useServer((state) => state.hosts.find((each) => each.id === host));

const findService = (state: ServerState, host: string, id: string): ServiceView | undefined => {
  const map = state.hosts.find((each) => each.id === host)?.map;
  for (const stack of map?.stacks ?? []) {
    const found = stack.services.find((service) => service.id === id);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** One service; its subscriber is called again only when that service changed. */
export const useService = (host: string, id: string | null): ServiceView | undefined =>
  useServer((state) => (id === null ? undefined : findService(state, host, id)));

export const serviceNow = (host: string, id: string): ServiceView | undefined =>
  findService(useServer.getState(), host, id);

export const useStack = (host: string, name: string | null): StackView | undefined =>
  useServer((state) => state.hosts.find((each) => each.id === host)?.map?.stacks.find((stack) => stack.name === name));

/** Whether verbs can be asked for at all. */
export const useConnected = (host: string): boolean =>
  useServer((state) => state.hosts.some((each) => each.id === host && isKnown(each)));

/** The newest traffic of a service, or null where nothing measures it. */
export const useTraffic = (host: string, service: ServiceView): TrafficView | null =>
  useServer((state) => state.traffic[serviceKey(host, service.id)] ?? service.traffic);

export const useAsked = (host: string, id: string): Verb | undefined =>
  useServer((state) => state.asked[serviceKey(host, id)]);

export const useDeclined = (host: string, id: string): Declined | undefined =>
  useServer((state) => state.declined[serviceKey(host, id)]);

export const refOf = (host: string, service: { stack: string; name: string }): ServiceRef => ({
  host,
  stack: service.stack,
  service: service.name,
});

const lastAsked = new Map<string, { verb: Verb; options: VerbOptions }>();

/** How a verb was asked for here the last time a verb was, so that it can be asked for the same way again. */
export function lastOptionsOf(host: string, service: ServiceView, verb: Verb): VerbOptions | null {
  const last = lastAsked.get(serviceKey(host, service.id));
  return last?.verb === verb ? last.options : null;
}

const without = <Value>(record: Record<string, Value>, key: string): Record<string, Value> => {
  const { [key]: _gone, ...rest } = record;
  return rest;
};

/** Asks for a verb. What moves is seen in the host's view; why it did not begin stays on the card. */
export async function startVerb(
  host: string,
  service: ServiceView,
  verb: Verb,
  options: VerbOptions = {},
): Promise<boolean> {
  const key = serviceKey(host, service.id);
  if (useServer.getState().asked[key] !== undefined) return false;
  lastAsked.set(key, { verb, options });
  useServer.setState((state) => ({
    asked: { ...state.asked, [key]: verb },
    declined: without(state.declined, key),
  }));
  const reply = await call('verbs.start', { ref: refOf(host, service), verb, options });
  useServer.setState((state) => ({
    asked: without(state.asked, key),
    declined: reply.ok ? state.declined : withDeclined(state, host, service.id, verb, reply.failure),
  }));
  return reply.ok;
}

function withDeclined(
  state: ServerState,
  host: string,
  id: string,
  verb: Declined['verb'],
  failure: Failure,
): ServerState['declined'] {
  const service = findService(state, host, id);
  if (service === undefined) return state.declined;
  return { ...state.declined, [serviceKey(host, id)]: { verb, failure, standing: standingOf(service) } };
}

/** Puts why a preview did not open on the card. */
export function declinePreview(host: string, id: string, failure: Failure): void {
  useServer.setState((state) => ({ declined: withDeclined(state, host, id, 'preview', failure) }));
}

/** Puts away what the card says about the past. */
export function dismiss(host: string, service: ServiceView): void {
  const key = serviceKey(host, service.id);
  if (useServer.getState().declined[key] !== undefined) {
    useServer.setState((state) => ({ declined: without(state.declined, key) }));
    return;
  }
  void call('cards.dismiss', { ref: refOf(host, service) });
}
