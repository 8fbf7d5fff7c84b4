import { describe, expect, it } from 'vitest';
import { digest } from '../testkit/engine/facts.ts';
import { brokeBefore, brokeFinding, explainBroke } from './broke-before.ts';
import type { ReleaseRecord } from './plan.ts';

const image = 'registry.lan/shop/web:1.1.0';

const record = (number: number, more: Partial<ReleaseRecord> = {}): ReleaseRecord => ({
  number,
  slot: 'green',
  role: 'old',
  image,
  version: '1.1.0',
  digest: digest('a'),
  by: 'ada@laptop',
  createdAtMs: 1_000,
  deployMs: null,
  liveSinceMs: null,
  liveForMs: null,
  leftAtMs: null,
  outcome: 'left',
  reason: null,
  pruned: null,
  warm: false,
  ...more,
});

const went = record(3, {
  outcome: 'went-back',
  leftAtMs: new Date(2026, 10, 22, 21, 7).getTime(),
  reason: 'went back by itself: 10 wrong answers in a row',
});
const never = record(2, {
  outcome: 'not-ready',
  createdAtMs: new Date(2026, 10, 22, 9, 5).getTime(),
  reason: 'It exited with code 1: SESSION_KEY is not set',
});

describe('TO8 what is to be deployed broke before', () => {
  it('where it went back by itself, told with when and why', () => {
    const broke = brokeBefore([went], { image });
    expect(broke).toEqual({
      release: 3,
      image,
      how: 'went-back',
      atMs: went.leftAtMs,
      reason: '10 wrong answers in a row',
    });
    if (broke === null) return;
    expect(explainBroke(broke)).toBe(
      `${image} was release 3, and went back by itself at 2026-11-22 21:07: 10 wrong answers in a row.`,
    );
    expect(brokeFinding(broke)).toEqual({
      level: 'warning',
      title: 'It went back by itself before',
      text: `${explainBroke(broke)} Deployed again, it may do the same.`,
      answer: 'again',
    });
  });

  it('where it did not get ready by its own fault', () => {
    const broke = brokeBefore([never], { image });
    expect(broke === null ? null : explainBroke(broke)).toBe(
      `${image} was release 2, and did not get ready when it was deployed at 2026-11-22 09:05: It exited with code 1: SESSION_KEY is not set.`,
    );
    for (const reason of [
      'it was stopped before it was ready',
      'its job ended before it was ready',
      'another job holds the compose files',
      null,
    ])
      expect(brokeBefore([{ ...never, reason }], { image }), String(reason)).toBeNull();
  });

  it('but not where it did well since, or is another one', () => {
    expect(brokeBefore([went, record(4)], { image })).toBeNull();
    expect(brokeBefore([went, record(4, { outcome: 'live', role: 'current' })], { image })).toBeNull();
    expect(brokeBefore([went], { image: 'registry.lan/shop/web:1.2.0' })).toBeNull();
    expect(brokeBefore([record(1, { outcome: 'left' })], { image })).toBeNull();
    expect(brokeBefore([], { image })).toBeNull();
  });

  it('also where it was retired, or stopped by hand, since', () => {
    expect(brokeBefore([went, record(4, { outcome: 'retired' })], { image })?.release).toBe(3);
    expect(
      brokeBefore([went, record(4, { outcome: 'not-ready', reason: 'it was stopped before it was ready' })], { image })
        ?.release,
    ).toBe(3);
  });

  it('by its digest where that is known, whatever its name', () => {
    const renamed = `other/name@${digest('a')}`;
    expect(brokeBefore([went], { image: renamed })?.release).toBe(3);
    expect(brokeBefore([went], { image: `${image}@${digest('b')}` })).toBeNull();
    const older = record(1, { digest: digest('c'), outcome: 'left' });
    expect(brokeBefore([went, older], { image, release: 1 })).toBeNull();
    expect(brokeBefore([went, older], { image, release: 3 })?.release).toBe(3);
  });

  it('is said without a time where nobody wrote one down', () => {
    const broke = brokeBefore([{ ...went, leftAtMs: null, reason: null }], { image });
    expect(broke === null ? null : explainBroke(broke)).toBe(`${image} was release 3, and went back by itself.`);
  });
});
