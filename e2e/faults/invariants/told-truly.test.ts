import { describe, expect, it } from 'vitest';
import type { ActName } from '../cases.ts';
import type { Look } from '../look.ts';
import { toldTruly } from './told-truly.ts';
import type { Evidence } from './verdict.ts';

const releases = [
  { number: '0001', slot: 'blue' },
  { number: '0002', slot: 'green' },
];
const look = (roles: Look['roles'], green = 'g1') =>
  ({
    adopted: true,
    roles,
    releases,
    containers: [
      { name: 'feather--web--blue', id: 'b1' },
      { name: 'feather--web--green', id: green },
    ],
  }) as unknown as Look;

const judged = (
  act: ActName,
  told: Evidence['told'],
  before: Look,
  after: Look,
  watchTold: Evidence['watchTold'] = null,
) => toldTruly({ act, kind: 'runner', told, watchTold, before, after } as Evidence);

const ready = look({ current: '0001', next: '0002' });
const moved = look({ current: '0002', previous: '0001' });
const flipped = look({ current: '0001', previous: '0002' });

describe('what a client was told', () => {
  it('is so when the roles say the same', () => {
    expect(judged('flip', 'completed', ready, moved)).toEqual([]);
    expect(judged('flip', 'aborted', ready, ready)).toEqual([]);
    expect(judged('deploy', 'aborted', flipped, flipped)).toEqual([]);
    expect(judged('deploy', 'aborted', flipped, look({ current: '0001' }, 'g2'))).toEqual([]);
  });

  it('is not so when the traffic moved under a job told as undone, or did not under one told as done', () => {
    expect(judged('flip', 'aborted', ready, moved)).toHaveLength(1);
    expect(judged('flip', 'completed', ready, ready)).toHaveLength(1);
  });

  it('is not so when a previous is lost that nobody touched', () => {
    expect(judged('deploy', 'aborted', flipped, look({ current: '0001' }))).toHaveLength(1);
    expect(judged('flip', 'completed', ready, look({ current: '0002' }))).toHaveLength(1);
  });

  it('of a flip that is watched says by the end of its watch where the traffic is', () => {
    const back = look({ current: '0001', previous: '0002' });
    expect(judged('watch', 'completed', ready, moved)).toEqual([]);
    expect(judged('watch', 'completed', ready, back)).toHaveLength(1);
    expect(judged('back', 'completed', ready, back, 'rolled-back')).toEqual([]);
    expect(judged('back', 'completed', ready, moved, 'rolled-back')).toHaveLength(1);
    expect(judged('back', 'aborted', ready, ready)).toEqual([]);
  });

  it('of a flip to be confirmed is so when it was kept, or went back where nobody was told that it is', () => {
    const kept = look({ current: '0002', previous: '0001' });
    const gone = look({ current: '0001', previous: '0002' });
    expect(judged('confirm', 'completed', kept, kept)).toEqual([]);
    expect(judged('confirm', 'completed', kept, gone)).toHaveLength(1);
    expect(judged('confirm', 'refused', kept, gone, 'rolled-back')).toEqual([]);
    expect(judged('confirm', 'aborted', kept, kept)).toHaveLength(1);
  });

  it('of a job that the server never had is that nothing changed', () => {
    expect(judged('flip', 'refused', ready, ready)).toEqual([]);
    expect(judged('flip', 'refused', ready, moved)).toHaveLength(1);
  });
});
