import { featherImages } from '../images.ts';
import { loadStack, type Recipe, type RecipeName } from '../recipe.ts';

/** One service that starts in no time, for suites that need it a thousand times over. */
const feather = (name: RecipeName): Recipe => ({
  name,
  host: name,
  http: { web: 8080 },
  images: featherImages,
  aliases: {},
  stacks: async () => [await loadStack('feather', 'feather')],
  keptByReset: [],
  keepsUnchanged: false,
  startedAtOnce: 1,
});

/** Two servers of the same kind, so that what is done to one server is done on two at once. */
export const featherA = feather('feather-a');
export const featherB = feather('feather-b');
