import { type LiveState, liveSlotOf } from './entry.ts';
import type { ReleaseFile } from './service-record.ts';

/**
 * When the last move of the traffic became final, by what the file `settled` says (`unix-ms slot`); null where it does not say so of
 * that move (SPEC TO3). One that is older than a release that moved, or of the other slot, is of a move before.
 */
export function settledAtMs(
  text: string | null,
  live: LiveState | null,
  moved: { current: ReleaseFile | null; previous: ReleaseFile | null },
): number | null {
  const [at = '', slot] = (text ?? '').trim().split(' ');
  const atMs = /^\d+$/.test(at) ? Number(at) : null;
  if (atMs === null || slot !== liveSlotOf(live) || live !== `${slot}-settled`) return null;
  return atMs < Math.max(moved.current?.at ?? 0, moved.previous?.at ?? 0) ? null : atMs;
}
