/** The kind of proxy that a label's name speaks to, or null. */
export const proxySignOf = (key: string): 'traefik' | 'caddy' | null =>
  key.startsWith('traefik.') ? 'traefik' : /^caddy(?:_\d+)?(?:\.|$)/.test(key) ? 'caddy' : null;

/** Which kinds of proxy a container's labels ask for. */
export function askedProxies(labels: Record<string, string>): ('traefik' | 'caddy')[] {
  const keys = Object.keys(labels);
  const traefik =
    labels['traefik.enable'] !== 'false' &&
    keys.some((key) => /^traefik\.(?:http|tcp|udp)\.(?:routers|services)\.|^traefik\.enable$/.test(key));
  const caddy = keys.some((key) => proxySignOf(key) === 'caddy');
  return [...(traefik ? (['traefik'] as const) : []), ...(caddy ? (['caddy'] as const) : [])];
}

/** What is needed of a service to tell who routes to it. */
export type Routed = { id: string; image: string; tier: string; networks: string[]; labels: Record<string, string> };

/** Ids of the proxies that route to `service` by its labels: of the kind it asks for, and in reach of it. */
export function routedBy(service: Routed, all: Routed[]): string[] {
  const kinds = askedProxies(service.labels);
  return all
    .filter((proxy) => proxy.tier === 'proxy' && proxy.id !== service.id)
    .filter((proxy) => kinds.some((kind) => proxy.image.includes(kind)))
    .filter((proxy) => proxy.networks.some((network) => service.networks.includes(network)))
    .map((proxy) => proxy.id)
    .sort();
}
