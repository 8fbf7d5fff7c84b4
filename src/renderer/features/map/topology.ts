import type { MapView, StackView } from '../../../contract/views.ts';
import { type Health, isServing } from '../../../core/health.ts';
import { formatPort } from '../../ui/format.ts';

/** The size of every card, in the map's own units. */
export const cardSize = { width: 280, height: 132 } as const;
/** Where lines meet a card: between its two tracks. */
export const portY = 61;
/** From `portY` to the middle of a track, up for blue, down for green. */
export const trackOffset = 13;

/** Stacks with more services than this open collapsed, unless there is only one. */
export const collapseAbove = 12;

export type Door = { id: string; label: string; service: string };
export type Store = { id: string; name: string; services: string[] };
export type Tint = { name: string; services: string[]; internal: boolean };

/** What of a stack decides where things stand. Health, versions and traffic are not in here. */
export type StackTopology = {
  name: string;
  collapsed: boolean;
  services: { id: string; tier: string }[];
  doors: Door[];
  stores: Store[];
  tints: Tint[];
  depends: { from: string; to: string }[];
  /** From a proxy of the stack to what it routes to. */
  routes: { from: string; to: string }[];
};

export type Topology = {
  stacks: StackTopology[];
  /** From a proxy to a service of another stack. */
  routes: { from: string; to: string }[];
  loose: number;
};

/** References inside a stack come as `stack/service` or as the bare name. */
const idIn = (stack: string, reference: string): string =>
  reference.startsWith(`${stack}/`) ? reference : `${stack}/${reference}`;

function stackTopology(stack: StackView, expanded: Record<string, boolean>, alone: boolean): StackTopology {
  const ids = new Set(stack.services.map((service) => service.id));
  const known = (references: string[]): string[] => {
    const found = references.map((each) => (ids.has(each) ? each : idIn(stack.name, each)));
    return [...new Set(found)].filter((id) => ids.has(id));
  };
  const doors: Door[] = [];
  for (const service of stack.services) {
    const labels = new Set(service.ports.map(formatPort));
    const all = [...labels].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    // A service with a whole range of ports gets one door, not twenty.
    if (all.length > 3) {
      doors.push({ id: `${service.id}#many`, label: `${all[0]} +${all.length - 1}`, service: service.id });
    } else {
      for (const label of all) doors.push({ id: `${service.id}#${label}`, label, service: service.id });
    }
  }
  const networks = stack.networks
    .map((network) => ({ name: network.name, internal: network.internal, services: known(network.services) }))
    .filter((network) => network.services.length > 1);
  return {
    name: stack.name,
    collapsed: !(expanded[stack.name] ?? (alone || stack.services.length <= collapseAbove)),
    services: stack.services.map((service) => ({ id: service.id, tier: service.tier })),
    doors,
    stores: stack.volumes
      .map((volume) => ({ id: `${stack.name}$${volume.name}`, name: volume.name, services: known(volume.services) }))
      .filter((store) => store.services.length > 0),
    // A network that holds everybody separates nobody: no tint.
    routes: routesInside(stack),
    tints: networks.filter((network) => networks.length > 1 && network.services.length < stack.services.length),
    depends: stack.services.flatMap((service) =>
      known(service.dependsOn)
        .filter((to) => to !== service.id)
        .map((to) => ({ from: service.id, to })),
    ),
  };
}

/**
 * What the proxies of a stack route to. Where nobody told, those that share a network with the proxy and that nothing
 * else reaches: no port of their own, and nobody who depends on them.
 */
function routesInside(stack: StackView): { from: string; to: string }[] {
  const reached = new Set(
    stack.services
      .filter((service) => service.tier !== 'proxy')
      .flatMap((service) => service.dependsOn.map((each) => idIn(stack.name, each))),
  );
  const routes: { from: string; to: string }[] = [];
  for (const proxy of stack.services.filter((service) => service.tier === 'proxy')) {
    for (const service of stack.services) {
      if (service.tier === 'proxy' || proxy.dependsOn.some((each) => idIn(stack.name, each) === service.id)) continue;
      const shares = service.networks.some((network) => proxy.networks.includes(network));
      const routed =
        service.routedBy === undefined
          ? service.tier === 'service' && shares && service.ports.length === 0 && !reached.has(service.id)
          : service.routedBy.includes(proxy.id);
      if (routed) routes.push({ from: proxy.id, to: service.id });
    }
  }
  return routes;
}

/** What of a map decides where things stand. */
export function topologyOf(map: MapView, expanded: Record<string, boolean>): Topology {
  const services = map.stacks.flatMap((stack) => stack.services);
  const homeOf = new Map(
    map.stacks.flatMap((stack) => stack.networks.map((network) => [network.name, network.stack] as const)),
  );
  const routes: Topology['routes'] = [];
  for (const proxy of services.filter((service) => service.tier === 'proxy')) {
    const shared = new Set(proxy.networks);
    for (const service of services) {
      if (service.stack === proxy.stack) continue;
      if (service.routedBy?.includes(proxy.id)) {
        routes.push({ from: proxy.id, to: service.id });
        continue;
      }
      // Not told by anybody: a network that a proxy and a foreign service share is there for this.
      if (service.routedBy !== undefined || service.tier === 'proxy') continue;
      const joined = service.networks.some((network) => shared.has(network) && homeOf.get(network) !== service.stack);
      if (joined) routes.push({ from: proxy.id, to: service.id });
    }
  }
  const stacks = map.stacks.map((stack) => stackTopology(stack, expanded, map.stacks.length === 1));
  const hidden = new Set(
    stacks.filter((stack) => stack.collapsed).flatMap((stack) => stack.services.map((service) => service.id)),
  );
  return {
    stacks,
    routes: routes.filter((route) => !hidden.has(route.from) && !hidden.has(route.to)),
    loose: map.loose.length,
  };
}

/** What Docker tells the ports and networks of. */
const isThere = ({ health }: { health: Health }): boolean =>
  isServing(health) || health === 'starting' || health === 'unhealthy' || health === 'paused';

/**
 * The topology as it was, for as long as services of it do not run: what is removed or stopped by hand takes its ports,
 * volumes and networks along, and a map that closes the gap would move while somebody looks for what is down. A stack with
 * other services than before is laid out anew.
 */
export function keepPlaces(before: Topology | null, after: Topology, map: MapView): Topology {
  if (before === null) return after;
  const services = map.stacks.flatMap((stack) => stack.services);
  const gone = new Set(services.filter(({ containers }) => !containers.some(isThere)).map(({ id }) => id));
  if (gone.size === 0) return after;
  const idsOf = (stack: StackTopology): string => JSON.stringify(stack.services.map(({ id }) => id));
  const stacks = after.stacks.map((stack) => {
    const old = before.stacks.find(({ name }) => name === stack.name);
    const isSame = old !== undefined && idsOf(old) === idsOf(stack) && stack.services.some(({ id }) => gone.has(id));
    return isSame ? { ...old, collapsed: stack.collapsed } : stack;
  });
  const isIn = (routes: Topology['routes'], route: { from: string; to: string }): boolean =>
    routes.some(({ from, to }) => from === route.from && to === route.to);
  const isKept =
    after.routes.every((route) => isIn(before.routes, route)) &&
    before.routes.every((route) => isIn(after.routes, route) || gone.has(route.from) || gone.has(route.to));
  return { ...after, stacks, routes: isKept ? before.routes : after.routes };
}
