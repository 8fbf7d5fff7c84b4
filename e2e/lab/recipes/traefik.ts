import { shopImages } from '../images.ts';
import { loadStack, type Recipe } from '../recipe.ts';

/** The same shop without a port of its own, behind a Traefik that is a stack by itself. */
export const traefik: Recipe = {
  name: 'traefik',
  host: 'edge',
  http: { frontend: 80, dashboard: 8080 },
  images: [...shopImages, 'traefik'],
  aliases: {},
  stacks: async () => {
    const shop = await loadStack('shop', 'shop', 'traefik/shop');
    return [await loadStack('proxy', 'traefik/proxy'), shop];
  },
  keptByReset: ['proxy'],
  keepsUnchanged: false,
  startedAtOnce: 1,
};
