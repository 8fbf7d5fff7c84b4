import { describe, expect, it } from 'vitest';
import { serverState } from '../testkit/engine/facts.ts';
import type { TakeIn } from './take-in.ts';
import { trustFindings } from './trust-findings.ts';

const folder = '/srv/shop';
const takeIn = (word: TakeIn['word'], why: string[]) =>
  new Map([[folder, { folder, project: 'shop', word, why, atMs: 0 }]]);
const facts = (word: TakeIn['word'], why: string[]) => ({
  homeMounts: [],
  found: [{ folder, why: '' }],
  takeIns: takeIn(word, why),
});

describe('a stack that an earlier version adopted', () => {
  it('HS6 that was taken in is told so, with what was left out', () => {
    const state = serverState([]);
    expect(trustFindings(facts('taken-in', []), state, folder).map(({ level, title }) => [level, title])).toEqual([
      ['note', 'Taken in from an earlier version'],
    ]);
    const [left] = trustFindings(facts('taken-in', ['A check was left out.']), state, folder);
    expect(left).toMatchObject({ level: 'warning', text: expect.stringMatching(/A check was left out\.$/) });
  });

  it('HS6 that is not, is told with what it waits for, or why it never is', () => {
    const [waits] = trustFindings(facts('waits', ['Start it.']), undefined, folder);
    const [left] = trustFindings(facts('left', ['It is another’s.']), undefined, folder);
    expect(waits?.text).toContain('as soon as this holds no more: Start it.');
    expect(left?.text).toContain('It is not taken over: It is another’s.');
  });
});
