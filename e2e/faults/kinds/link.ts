import type { Harm } from './harm.ts';

/** The link is cut and nothing gets through until the job went on. */
export const cutLink: Harm = async ({ proxy, release }) => {
  proxy.refuse();
  await release();
  proxy.allow();
  return null;
};
