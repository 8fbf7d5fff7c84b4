import { describe, expect, it } from 'vitest';
import { Recorder } from '../../load/records.ts';
import type { Look } from '../look.ts';
import { nothingLost } from './nothing-lost.ts';
import type { Evidence } from './verdict.ts';

/** One request every 25 ms for 2 s, of which those that began in [fromMs, toMs) were lost. */
function load(fromMs: number, toMs: number) {
  const recorder = new Recorder();
  for (let at = 0; at < 2_000; at += 25) {
    const lost = at >= fromMs && at < toMs;
    const failure = { kind: 'reset', atMs: at, afterMs: 2, reused: true, what: '' } as const;
    recorder.add(at, at + 2, lost ? 0 : 200, '1.0.0', lost ? failure : null);
  }
  return recorder.seal();
}

const look = (journal: Look['journal'] = []) => ({ journal }) as Look;
const evidence = (more: Partial<Evidence>): Evidence => ({
  ...{ act: 'flip', kind: 'runner', before: look(), after: look(), again: null, load: load(0, 0), outage: null },
  ...{ toldAtMs: 2_000, secretSeen: [], byHand: null, told: null, watchTold: null },
  ...more,
});

describe('what a load may lose', () => {
  it('is nothing when nothing that served it was killed', () => {
    expect(nothingLost(evidence({}))).toEqual([]);
    expect(nothingLost(evidence({ load: load(500, 600) }))).toEqual(['4 of 80 requests lost; the first: reset']);
  });

  it('is what a killed process had, and no more', () => {
    const outage = { fromMs: 500, toMs: 600 };
    expect(nothingLost(evidence({ kind: 'entry', outage, load: load(500, 600) }))).toEqual([]);
    expect(nothingLost(evidence({ kind: 'entry', outage, load: load(500, 900) }))).toHaveLength(1);
  });

  it('is what fell into the gap that adoption announces', () => {
    const record = { seq: 1, job: 'a', epoch: 1, service: 'web', step: 'switch', phase: 'begin', at: 500 };
    const ended = { ...record, seq: 2, step: 'confirm', phase: 'done', at: 1_500 };
    expect(nothingLost(evidence({ act: 'adopt', after: look([record, ended]), load: load(600, 1_500) }))).toEqual([]);
    expect(nothingLost(evidence({ act: 'adopt', after: look([record, ended]), load: load(600, 1_800) }))).toHaveLength(
      1,
    );
    expect(nothingLost(evidence({ act: 'adopt', after: look([record]), load: load(200, 300) }))).toHaveLength(1);
    expect(nothingLost(evidence({ act: 'deploy', after: look([record]), load: load(600, 1_500) }))).toHaveLength(1);
  });
});
