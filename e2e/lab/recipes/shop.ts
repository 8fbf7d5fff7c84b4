import { shopImages } from '../images.ts';
import { loadStack, type Recipe } from '../recipe.ts';

/** A web shop in three services, with a published port. */
export const shop: Recipe = {
  name: 'shop',
  host: 'home',
  http: { frontend: 8080 },
  images: shopImages,
  aliases: {},
  stacks: async () => [await loadStack('shop', 'shop')],
  keptByReset: [],
  keepsUnchanged: false,
  startedAtOnce: 1,
};
