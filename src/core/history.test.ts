import { describe, expect, it } from 'vitest';
import { digest, release, serviceState } from '../testkit/engine/facts.ts';
import { foldHistory, type JournalRecord, parseJournalRecord } from './history.ts';

let seq = 0;
const record = (more: Partial<JournalRecord>): JournalRecord => {
  seq += 1;
  return { seq, job: 'j', verb: 'flip', by: 'ada@laptop', step: 'move', phase: 'done', at: seq * 1000, ...more };
};

describe('history', () => {
  it('JN6 is a fold of the journal: when each had the traffic, and for how long', () => {
    const journal = [
      record({ verb: 'adopt', step: 'confirm', release: '0001', at: 1_000 }),
      record({ verb: 'deploy', step: 'ready', release: '0002', ms: 4_200, at: 2_000 }),
      record({ step: 'move', release: '0002', left: '0001', at: 5_000 }),
      record({ verb: 'rollback', step: 'move', release: '0001', left: '0002', at: 9_000 }),
      record({ step: 'move', release: '0002', left: '0001', at: 10_000 }),
      record({ verb: 'deploy', step: 'ready', release: '0003', ms: 100, at: 11_000 }),
    ];
    const state = serviceState({
      live: 'green-settled',
      current: release(2, 'green'),
      next: release(3, 'blue'),
    });
    const releases = [release(1, 'blue'), release(2, 'green'), release(3, 'blue')];
    const expected = [
      {
        number: 3,
        role: 'next',
        slot: 'blue',
        deployMs: 100,
        liveSinceMs: null,
        liveForMs: null,
        leftAtMs: null,
        outcome: 'ready',
        pruned: null,
        warm: true,
      },
      {
        number: 2,
        role: 'current',
        slot: 'green',
        deployMs: 4_200,
        liveSinceMs: 10_000,
        liveForMs: null,
        leftAtMs: null,
        outcome: 'live',
        pruned: null,
        warm: false,
      },
      {
        number: 1,
        role: 'old',
        slot: 'blue',
        deployMs: null,
        liveSinceMs: null,
        liveForMs: 5_000,
        leftAtMs: 10_000,
        outcome: 'left',
        pruned: null,
        warm: false,
      },
    ].map((each) => ({
      ...each,
      image: `registry.lan/shop/frontend:1.${each.number - 1}.0`,
      version: `1.${each.number - 1}.0`,
      digest: digest(String(each.number)),
      by: 'ada@laptop',
      createdAtMs: each.number * 1_000_000,
      reason: null,
    }));
    expect(foldHistory(releases, journal, state)).toEqual(expected);
    // The order in which files were found does not matter.
    expect(foldHistory([...releases].reverse(), [...journal].reverse(), state)).toEqual(expected);
  });

  it('JN6 a watch that went back moved the traffic, one that settled did not', () => {
    const journal = [
      record({ step: 'move', release: '0002', left: '0001', at: 5_000 }),
      record({ verb: 'rollback', step: 'watch', release: '0001', left: '0002', at: 6_500 }),
      record({ step: 'move', release: '0003', left: '0001', at: 8_000 }),
      record({ verb: 'rollback', step: 'watch', release: '0003', at: 9_000 }),
    ];
    const state = serviceState({ live: 'green-settled', current: release(3, 'green') });
    const [third, second] = foldHistory([release(2, 'green'), release(3, 'green')], journal, state);
    expect([third?.liveSinceMs, second?.liveForMs, second?.leftAtMs]).toEqual([8_000, 1_500, 6_500]);
  });

  it.each([
    [release(2, 'green', { word: 'not-ready', reason: 'HTTP 500' }), { outcome: 'not-ready', reason: 'HTTP 500' }],
    [release(2, 'green', { word: 'retired' }), { outcome: 'retired', reason: null }],
    [release(2, 'green', { word: 'preparing' }), { outcome: 'not-ready', reason: null }],
    [release(2, 'green', { word: 'ready' }), { outcome: 'retired', reason: null }],
  ])('what became of an old release: %j', (old, expected) => {
    expect(foldHistory([old], [], serviceState())[0]).toMatchObject({ role: 'old', ...expected });
  });

  it('RE9 of a release whose image and environment were removed it says when and why, of others nothing', () => {
    const at = Date.UTC(2026, 10, 21, 12);
    const releases = [release(1, 'blue'), release(2, 'green'), release(3, 'blue')];
    const state = serviceState({ current: release(3, 'blue'), previous: null, next: null });
    const told = foldHistory(
      releases,
      [],
      state,
      new Map([
        [1, at],
        [2, null],
      ]),
    ).map(({ pruned }) => pruned);
    expect(told).toEqual([
      null,
      'Release 2: image and environment removed; only the last ten and those with a role are kept.',
      'Release 1: image and environment removed on 21 Nov; only the last ten and those with a role are kept.',
    ]);
  });

  it('intents and failures are no moves', () => {
    const journal = [
      record({ phase: 'begin', release: '0002', left: '0001' }),
      record({ phase: 'fail', release: '0002', left: '0001' }),
      record({ step: 'gate', release: '0002' }),
    ];
    const state = serviceState({ next: release(2, 'green') });
    expect(foldHistory([release(2, 'green')], journal, state)[0]).toMatchObject({ outcome: 'ready', liveForMs: null });
  });

  it('a record that is damaged or of another kind is none', () => {
    const whole = JSON.stringify({ ...record({}), epoch: 3, uptime: 100 });
    expect(parseJournalRecord(whole)).toEqual(
      record({ seq: seq, at: seq * 1000 }) &&
        JSON.parse(whole, (key, value) => (key === 'epoch' || key === 'uptime' ? undefined : value)),
    );
    expect([parseJournalRecord(whole.slice(0, -3)), parseJournalRecord('[]'), parseJournalRecord('')]).toEqual([
      null,
      null,
      null,
    ]);
  });
});
