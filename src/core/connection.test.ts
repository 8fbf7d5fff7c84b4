import { describe, expect, it } from 'vitest';
import { freshLadder, mayRetry, reconnectDelayMs, withRung } from './connection.ts';
import { failure, failureCodes } from './failure.ts';

describe('reconnecting', () => {
  it('waits twice as long each time, from 250 ms to a minute', () => {
    expect([0, 1, 2, 3, 7, 8, 9, 1000].map((attempt) => reconnectDelayMs(attempt, 1))).toEqual([
      250, 500, 1000, 2000, 32_000, 60_000, 60_000, 60_000,
    ]);
  });

  it('is spread by jitter down to half', () => {
    expect([reconnectDelayMs(3, 0.5), reconnectDelayMs(3, 0.75), reconnectDelayMs(99, 0.5)]).toEqual([
      1000, 1500, 30_000,
    ]);
  });

  it('is tried alone only where nothing was refused', () => {
    expect(failureCodes.filter((code) => mayRetry(failure(code, '')))).toEqual([
      'name-unknown',
      'port-closed',
      'host-unreachable',
      'no-answer',
      'link-lost',
      'docker-stopped',
    ]);
  });
});

describe('the ladder', () => {
  it('has its rungs in order, all waiting, and one is replaced without a change to the others', () => {
    const ladder = freshLadder();
    expect(ladder.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'name waiting',
      'reachable waiting',
      'host-key waiting',
      'login waiting',
      'docker waiting',
      'compose waiting',
      'rights waiting',
    ]);
    const after = withRung(ladder, { name: 'login', state: 'passed', detail: 'ada by key' });
    expect(after[3]).toEqual({ name: 'login', state: 'passed', detail: 'ada by key' });
    expect(after.filter((_, index) => index !== 3)).toEqual(ladder.filter((_, index) => index !== 3));
    expect(ladder[3]?.state).toBe('waiting');
  });
});
