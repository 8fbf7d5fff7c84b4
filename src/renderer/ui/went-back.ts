import type { ReleaseView } from '../../contract/views.ts';
import { formatClock, oneLine, tagOf } from './format.ts';
import { tellingOf } from './telling.ts';

/**
 * The release that deploying this image, or this release again, would bring back although it went back by itself the last
 * time it had the traffic. Null where none did, or where it did well since.
 */
export function wentBackOf(
  releases: ReleaseView[],
  asked: { image: string } | { release: number },
): ReleaseView | null {
  const served = releases
    .filter((each) => ('release' in asked ? each.number === asked.release : bare(each.image) === bare(asked.image)))
    .filter(({ outcome }) => outcome === 'went-back' || outcome === 'left' || outcome === 'live')
    .sort((a, b) => b.number - a.number);
  return served[0]?.outcome === 'went-back' ? served[0] : null;
}

const bare = (image: string): string => image.replace(/@.*$/, '');

/** `1.2.0 went back by itself at 21:07: 10 wrong answers in a row`. */
export function explainWentBack({ version, image, number, leftAtMs, reason }: ReleaseView, nowMs: number): string {
  const name = oneLine(version ?? tagOf(image) ?? `Release ${number}`);
  const at = leftAtMs === null ? '' : ` at ${formatClock(leftAtMs, nowMs)}`;
  return `${name} went back by itself${at}${reason === null ? '' : `: ${tellingOf(reason)}`}`;
}
