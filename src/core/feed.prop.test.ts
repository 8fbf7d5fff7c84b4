import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FeedLine, foldFeed, parseFeedLine } from './feed.ts';
import { type Job, outcomes, verbs } from './job.ts';

const stepName = fc.constantFrom('gate', 'move', 'drain', 'elsewhere');
const job = fc.constantFrom('j1', 'j2');
const at = fc.nat(100_000);
const text = fc.string({ unit: 'grapheme', maxLength: 10 });

const line: fc.Arbitrary<FeedLine> = fc.oneof(
  fc.record({
    kind: fc.constant('job' as const),
    job,
    at,
    verb: fc.constantFrom(...verbs),
    stack: text,
    service: text,
    by: text,
    steps: fc.constantFrom('gate,move,drain', 'gate', ''),
  }),
  fc.record({ kind: fc.constantFrom('begin' as const, 'done' as const, 'fail' as const), job, at, step: stepName }),
  fc.record({ kind: fc.constant('text' as const), job, at, step: stepName, text }),
  fc.record({
    kind: fc.constant('progress' as const),
    job,
    at,
    step: stepName,
    done: fc.nat(),
    total: fc.option(fc.nat()),
    unit: fc.constantFrom('bytes' as const, 'requests' as const),
  }),
  fc.record({
    kind: fc.constant('figure' as const),
    job,
    at,
    name: fc.constantFrom('switchMs', 'gapMs', 'release'),
    value: fc.nat(),
  }),
  fc.record({
    kind: fc.constant('end' as const),
    job,
    at,
    outcome: fc.constantFrom(...outcomes),
    code: text,
    message: text,
    running: text,
    detail: text,
  }),
  fc.record({ kind: fc.constantFrom('settled' as const, 'moved' as const), job, at }),
);

const foldTexts = (texts: readonly string[], jobs: ReadonlyMap<string, Job> = new Map()): ReadonlyMap<string, Job> =>
  texts.reduce((sofar, each) => {
    const parsed = parseFeedLine(each);
    return parsed === null ? sofar : foldFeed(sofar, parsed);
  }, jobs);

/** A feed as `tail` shows it again after a cut: from the first line of its jobs. */
const wholeFeed = fc.array(line, { maxLength: 30 }).map((lines) => {
  const begun = new Set<string>();
  return lines.filter((each) => {
    if (each.kind === 'job') {
      if (begun.has(each.job)) return false;
      begun.add(each.job);
      return true;
    }
    return begun.has(each.job);
  });
});

const sure = { verbose: fc.VerbosityLevel.Verbose } as const;

describe('folding a feed', () => {
  it('JN3 twice gives the same jobs as once', () => {
    fc.assert(
      fc.property(wholeFeed, (lines) => {
        const texts = lines.map((each) => JSON.stringify(each));
        const once = foldTexts(texts);
        expect(foldTexts(texts, once)).toEqual(once);
      }),
      sure,
    );
  });

  it('JN3 with torn and foreign lines in between gives the same jobs as without', () => {
    fc.assert(
      fc.property(wholeFeed, fc.array(fc.tuple(fc.nat(), fc.nat(), fc.string({ unit: 'binary' }))), (lines, noise) => {
        const texts = lines.map((each) => JSON.stringify(each));
        const noisy = [...texts];
        for (const [where, cut, foreign] of noise) {
          const whole = texts[cut % Math.max(1, texts.length)] ?? '{}';
          noisy.splice(
            where % (noisy.length + 1),
            0,
            whole.slice(0, cut % whole.length),
            foreign.startsWith('{') ? '' : foreign,
          );
        }
        expect(foldTexts(noisy)).toEqual(foldTexts(texts));
      }),
      sure,
    );
  });

  it('never changes what it was given, and one job’s lines never touch another', () => {
    fc.assert(
      fc.property(wholeFeed, line, (lines, next) => {
        const before = foldTexts(lines.map((each) => JSON.stringify(each)));
        const kept = structuredClone(before);
        const after = foldFeed(before, next);
        expect(before).toEqual(kept);
        for (const [id, each] of before) if (id !== next.job) expect(after.get(id)).toBe(each);
      }),
      sure,
    );
  });
});
