import { feather, type Look } from '../look.ts';
import type { Invariant } from './verdict.ts';

/** I5: nothing that a rollback needs was touched: volumes, images by their tags, release folders, the warm container. */
export const wayBack: Invariant = ({ before, after }) => {
  const found = before.volumes.filter((each) => !after.volumes.includes(each)).map((each) => `volume ${each} is gone`);
  if (!after.adopted) return found;
  for (const role of ['current', 'previous'] as const) found.push(...ofRole(role, before, after));
  return found;
};

function ofRole(role: 'current' | 'previous', before: Look, after: Look): string[] {
  const number = after.roles[role];
  if (number === undefined) return [];
  const release = after.releases.find((each) => each.number === number);
  if (release === undefined) return [`${role} is release ${number}, whose folder is gone`];
  const found: string[] = [];
  const known = before.releases.find((each) => each.number === number);
  if (known !== undefined && known.print !== release.print) found.push(`the folder of release ${number} was changed`);
  const tag = `switchyard/${feather.prefix}:r${number}`;
  if (after.images[tag] !== release.imageId)
    found.push(`${tag} is ${after.images[tag] ?? 'gone'}, release ${number} was made of ${release.imageId}`);
  const container = after.containers.find(({ name }) => name === `${feather.prefix}--${release.slot}`);
  if (container?.state !== 'running') found.push(`the container of ${role} is ${container?.state ?? 'gone'}`);
  return found;
}
