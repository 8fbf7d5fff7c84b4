import type { ReleaseView } from '../../contract/views.ts';
import type { BrokeBefore } from '../../core/broke-before.ts';
import { formatClock, oneLine, tagOf } from './format.ts';
import { tellingOf } from './telling.ts';

/** What an image is called in a sentence: its tag, else the number of its release. */
export const brokeName = ({ image, release }: Pick<BrokeBefore, 'image' | 'release'>): string =>
  oneLine(tagOf(image) ?? `Release ${release}`);

/** `1.2.0 went back by itself at 21:07: 10 wrong answers in a row`. */
export function explainBroken(broke: BrokeBefore, nowMs: number): string {
  const { how, atMs, reason } = broke;
  const what = how === 'went-back' ? 'went back by itself' : 'did not get ready';
  const at = atMs === null ? '' : `${how === 'went-back' ? '' : ', deployed'} at ${formatClock(atMs, nowMs)}`;
  return `${brokeName(broke)} ${what}${at}${reason === null ? '' : `: ${tellingOf(reason)}`}`;
}

/** The same of a release in the list of them. */
export const explainWentBack = ({ number, image, leftAtMs, reason }: ReleaseView, nowMs: number): string =>
  explainBroken(
    {
      release: number,
      image,
      how: 'went-back',
      atMs: leftAtMs,
      reason: reason?.replace(/^went back by itself: /, '') ?? null,
    },
    nowMs,
  );
