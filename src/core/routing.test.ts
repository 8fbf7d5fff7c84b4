import { describe, expect, it } from 'vitest';
import { askedProxies, type Routed, routedBy } from './routing.ts';

const service = (more: Partial<Routed>): Routed => ({
  id: 'shop/frontend',
  image: 'frontend:1',
  tier: 'service',
  networks: ['edge'],
  labels: {},
  ...more,
});
const traefik = service({ id: 'proxy/traefik', image: 'traefik:v3', tier: 'proxy' });

describe('who routes to a service', () => {
  it('reads the families of labels that proxies look for', () => {
    expect(askedProxies({ 'traefik.enable': 'true' })).toEqual(['traefik']);
    expect(askedProxies({ 'traefik.http.routers.shop.rule': 'Host(`x`)', caddy: 'x' })).toEqual(['traefik', 'caddy']);
    expect(askedProxies({ 'traefik.enable': 'false', 'traefik.http.routers.shop.rule': 'x' })).toEqual([]);
    expect(askedProxies({ 'caddyshack.theme': 'dark' })).toEqual([]);
  });

  it('names the proxy of that kind that shares a network, and no other', () => {
    const asks = service({ labels: { 'traefik.enable': 'true' } });
    expect(routedBy(asks, [asks, traefik])).toEqual(['proxy/traefik']);
    expect(routedBy(asks, [asks, { ...traefik, networks: ['other'] }])).toEqual([]);
    expect(routedBy(service({}), [traefik])).toEqual([]);
  });
});
