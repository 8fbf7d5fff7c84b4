import { acts } from '../cases.ts';
import { feather, type Look } from '../look.ts';
import type { Evidence, Invariant } from './verdict.ts';

/**
 * I4: what was told is what is so. A job told as completed has done what it is for, any other has left the roles as they were:
 * a lost previous, or traffic that moved under a job told as undone, is no end that anybody may be told of. A flip that its watch
 * took back is where it was before it, and only where the client was told that it went back.
 */
export const toldTruly: Invariant = (evidence) => {
  const { act, before, after, told, watchTold } = evidence;
  if (told === null) return [];
  const expected = expectedRoles(evidence, told);
  const is = rolesOf(after);
  if (expected.includes(is)) return [];
  const watch = watchTold === null ? '' : `, its watch ${watchTold}`;
  return [
    `told ${told}${watch}, but ${acts[act].verb} from ${rolesOf(before)} came to ${is}; that would be ${expected.join(' or ')}`,
  ];
};

function expectedRoles(evidence: Evidence, told: string): string[] {
  const { act, before, watchTold } = evidence;
  const { current, next, previous } = before.roles;
  const wentBack = watchTold === 'rolled-back';
  switch (act) {
    // A flip that is watched: done, and taken back by its watch where that was told.
    case 'watch':
    case 'back':
      if (told !== 'completed') return wentBack ? [written(current, undefined, next)] : [rolesOf(before)];
      return [wentBack ? written(current, undefined, next) : written(next, undefined, current)];
    // Kept where that was told; where it was not, its time runs out, and it goes back.
    case 'confirm':
      return [told === 'completed' && !wentBack ? rolesOf(before) : written(previous, undefined, current)];
    default:
      return told === 'completed' ? doneRoles(evidence) : undoneRoles(evidence);
  }
}

const rolesOf = ({ adopted, roles: { current, next, previous } }: Look): string =>
  adopted ? `current ${current ?? '-'} next ${next ?? '-'} previous ${previous ?? '-'}` : 'plain';

const written = (current?: string, next?: string, previous?: string): string =>
  `current ${current ?? '-'} next ${next ?? '-'} previous ${previous ?? '-'}`;

function doneRoles({ act, before, after }: Evidence): string[] {
  const { current, next, previous } = before.roles;
  switch (act) {
    case 'adopt':
      return [written('0001')];
    case 'deploy':
      // Its number is the highest; what was in the slot is gone.
      return [written(current, after.releases.at(-1)?.number)];
    case 'flip':
      return [written(next, undefined, current)];
    case 'rollback':
      return [written(previous, undefined, current)];
    case 'retire':
      return [written(current, undefined, next === undefined ? undefined : previous)];
    case 'eject':
      return ['plain'];
    default:
      return [];
  }
}

function undoneRoles(evidence: Evidence): string[] {
  const { act, before, after } = evidence;
  const { current, next, previous } = before.roles;
  if (act !== 'deploy') return [rolesOf(before)];
  // Stopped before its slot was freed, it leaves what is there; afterwards what was there is gone. A next that did not get ready
  // may stay, so that its logs can be read.
  const failed = after.releases.at(-1)?.number;
  return freed(evidence) ? [written(current), written(current, failed)] : [written(current, next, previous)];
}

/** Whether nothing is in the free slot any more of what was there: its container is another one now, or none, or there was none. */
function freed({ before, after }: Evidence): boolean {
  const { current } = before.roles;
  const live = before.releases.find(({ number }) => number === current)?.slot;
  const old = before.containers.find(({ name }) => name === `${feather.prefix}--${live === 'blue' ? 'green' : 'blue'}`);
  return !after.containers.some(({ id }) => id === old?.id);
}
