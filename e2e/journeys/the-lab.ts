import { type Lab, upLab } from '../lab/lab.ts';
import type { RecipeName } from '../lab/recipe.ts';

/**
 * The lab that journeys run on: this clone's, or the one of the folder that SWITCHYARD_LAB names, for whoever works on
 * journeys while others use the clone's.
 */
export function theLab(...recipes: RecipeName[]): Promise<Lab> {
  const folder = process.env.SWITCHYARD_LAB;
  return upLab(recipes, { log: () => {}, ...(folder === undefined || folder === '' ? {} : { folder }) });
}
