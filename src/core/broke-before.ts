import type { ReleaseRecord } from './plan.ts';
import type { Finding } from './stack-map.ts';

/** A release that had the image which is to be deployed, and broke: it went back by itself, or did not get ready. */
export type BrokeBefore = {
  release: number;
  image: string;
  how: 'went-back' | 'not-ready';
  /** When it went back, or was deployed; unix milliseconds on the server's clock, null where nobody wrote that down. */
  atMs: number | null;
  /** One line of why, untrusted text. */
  reason: string | null;
};

/** What a release itself did, and not whoever stopped it, or what else kept it from getting ready. As the server's scripts say it. */
const ownFault =
  /^(?:\d+ of \d+ checks? passed|It (?:exited|keeps exiting|was restarted)|the entry point does not see it)/;

const bareReference = (image: string): string => image.replace(/@.*$/, '');
const digestIn = (image: string): string | null => /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? null;

/**
 * Whether what is to be deployed broke before: the last release of the same digest, or of the same name where no digest is known,
 * that got as far as to be tried. One that did well since is well. Pure.
 */
export function brokeBefore(
  releases: readonly ReleaseRecord[],
  asked: { image: string; release?: number | undefined },
): BrokeBefore | null {
  const named = releases.find(({ number }) => number === asked.release);
  const digest = named?.digest ?? digestIn(asked.image);
  const isSame = (each: ReleaseRecord): boolean =>
    digest === null ? bareReference(each.image) === bareReference(asked.image) : each.digest === digest;
  const [last] = releases
    .filter((each) => isSame(each) && (each.outcome !== 'not-ready' || ownFault.test(each.reason ?? '')))
    .filter(({ outcome }) => outcome !== 'preparing' && outcome !== 'retired')
    .sort((a, b) => b.number - a.number);
  if (last === undefined || (last.outcome !== 'went-back' && last.outcome !== 'not-ready')) return null;
  const how = last.outcome;
  return {
    release: last.number,
    image: last.image,
    how,
    atMs: how === 'went-back' ? last.leftAtMs : last.createdAtMs,
    reason: last.reason?.replace(/^went back by itself: /, '') ?? null,
  };
}

/** What is said of it before it is deployed again: in the plan, and where it is refused. */
export function explainBroke({ release, image, how, atMs, reason }: BrokeBefore): string {
  const what = how === 'went-back' ? 'went back by itself' : 'did not get ready';
  const when = atMs === null ? '' : `${how === 'went-back' ? '' : ' when it was deployed'} at ${localTime(atMs)}`;
  return `${image} was release ${release}, and ${what}${when}${reason === null ? '' : `: ${reason.replace(/\.$/, '')}`}.`;
}

export const brokeFinding = (broke: BrokeBefore): Finding => ({
  level: 'warning',
  title: broke.how === 'went-back' ? 'It went back by itself before' : 'It did not get ready before',
  text: `${explainBroke(broke)} Deployed again, it may do the same.`,
  answer: 'again',
});

/** `2026-11-22 21:07`, by the clock of whoever reads it. */
export function localTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
