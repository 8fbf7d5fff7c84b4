import { describe, expect, it } from 'vitest';
import { releaseFile } from '../testkit/engine/facts.ts';
import type { LiveState } from './entry.ts';
import { settledAtMs } from './settled.ts';

const moved = {
  current: releaseFile(2, 'green', { at: 2_000 }),
  previous: releaseFile(1, 'blue', { at: 1_000 }),
};

describe('TO3 when a move became final', () => {
  it.each<[string, string | null, LiveState | null, number | null]>([
    ['is what its file says', '2500 green\n', 'green-settled', 2_500],
    ['is not known without one', null, 'green-settled', null],
    ['is not that of a move before the release was there', '1500 green\n', 'green-settled', null],
    ['is not that of a move to the other slot', '2500 blue\n', 'green-settled', null],
    ['is not known while it is watched', '2500 green\n', 'green-watching', null],
    ['is not known where nobody has the traffic', '2500 green\n', 'hold', null],
    ['is not known of a file that says something else', 'soon green\n', 'green-settled', null],
    ['is not known of an empty file', '\n', 'green-settled', null],
  ])('%s', (_name, text, live, atMs) => {
    expect(settledAtMs(text, live, moved)).toBe(atMs);
  });

  it('back on the older release, what it left tells how old it can be at most', () => {
    const back = { current: moved.previous, previous: moved.current };
    expect([settledAtMs('1500 blue', 'blue-settled', back), settledAtMs('2600 blue', 'blue-settled', back)]).toEqual([
      null,
      2_600,
    ]);
  });
});
