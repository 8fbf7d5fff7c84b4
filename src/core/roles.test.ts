import { describe, expect, it } from 'vitest';
import { release } from '../testkit/engine/facts.ts';
import { rolesByLive } from './server-state.ts';

const [one, two] = [release(1, 'blue'), release(2, 'green')];

describe('FL9 the roles follow live.map', () => {
  it('FL9 a flip that died after the move has made next current', () => {
    expect(rolesByLive('green-watching', { current: one, next: two, previous: null })).toEqual({
      current: two,
      next: null,
      previous: one,
    });
  });

  it('FL9 a rollback that died after the move has swapped current and previous', () => {
    expect(rolesByLive('blue-settled', { current: two, next: null, previous: one })).toEqual({
      current: one,
      next: null,
      previous: two,
    });
  });

  it('FL9 what agrees, or cannot be told, stays', () => {
    const agreed = { current: one, next: two, previous: null };
    expect(rolesByLive('blue-settled', agreed)).toBe(agreed);
    expect(rolesByLive(null, agreed)).toBe(agreed);
    const lost = { current: one, next: null, previous: null };
    expect(rolesByLive('green-settled', lost)).toBe(lost);
  });
});
