import { describe, expect, it } from 'vitest';
import type { Kit } from '../../src/engine/job-upload.ts';
import { functionText, replaceFunction, replaceInFunction } from './proofs/planting.ts';
import { clockFindings, killedFindings, takenOverFindings, undoTwiceFindings, zombieFindings } from './proofs/stops.ts';
import { fsyncOrderOf } from './proofs/traced-job.ts';
import { kit } from './server.ts';

const timeout = 120_000;

describe('the kit as it is shipped', () => {
  it('JN4 acts no more when its epoch was taken while it slept', { timeout }, async () => {
    expect(await takenOverFindings(kit)).toEqual([]);
  });

  it('JN2 FL9 killed at each of its points tells one story, and is recovered to one', { timeout }, async () => {
    expect(await killedFindings(kit)).toEqual([]);
  });

  it('JN5 leases and records go by the uptime under any clock', { timeout }, async () => {
    expect(await clockFindings(kit)).toEqual([]);
  });

  it('JN5 goes to the next from a process that nobody reaped', { timeout }, async () => {
    expect(await zombieFindings(kit)).toEqual([]);
  });

  it('FL7 undone twice is undone once', { timeout }, async () => {
    expect(await undoTwiceFindings(kit)).toEqual([]);
  });
});

type Planted = { bug: string; plant(kit: Kit): Kit; proof(kit: Kit): Promise<string[]>; finds: RegExp };

/** Each is a mistake that somebody might make, and the proof that finds it: the same that the shipped kit passes. */
const planted: Planted[] = [
  {
    bug: 'a fsync is left out',
    plant: (whole) => replaceInFunction(whole, 'put_line', 'sync_path "$1.$JOB.tmp" && ', ''),
    proof: async (whole) => (await fsyncOrderOf(whole)).findings,
    finds: /live\.map: not fsynced between its last write and the rename/,
  },
  {
    bug: 'the epoch is not checked',
    plant: (whole) => replaceFunction(whole, 'kit.sh', 'still_mine', 'still_mine() { :; }'),
    proof: takenOverFindings,
    finds: /whose epoch was taken moved live\.map to green-settled/,
  },
  {
    bug: 'a step is recorded before it is done',
    plant: (whole) => {
      const feedLine = String.raw`feed "\"kind\":\"done\",\"step\":\"$step\""`;
      const early = replaceFunction(whole, 'kit.sh', 'finish', `finish() { at effect; at record; ${feedLine}; }`);
      return replaceInFunction(early, 'begin', '  at before\n', `  journal "$step" "done" "\${2:-}"\n  at before\n`);
    },
    proof: (whole) => killedFindings(whole, ['move:before']),
    finds: /killed at move:before: the journal says that the move is done, and live\.map was not moved/,
  },
  {
    bug: 'the lock goes by the wall clock',
    plant: (whole) => replaceFunction(whole, 'kit.sh', 'uptime_s', 'uptime_s() { date +%s; }'),
    proof: clockFindings,
    finds: /with a clock -86400 s off the lease is over at/,
  },
  {
    bug: 'undo turns back what it finds, done or not',
    plant: (whole) =>
      replaceFunction(
        whole,
        'flip.sh',
        'undo',
        'undo() {\n  turned=$(other_slot "$(live_slot)")-settled\n  put_line "$service_dir/entry/live.map" "live $turned"\n  tell_entry "$turned"\n}',
      ),
    proof: undoTwiceFindings,
    finds: /undone twice, live\.map says green-settled/,
  },
];

describe('the tests are able to fail', () => {
  it.each(planted)('when $bug', { timeout }, async ({ plant, proof, finds }) => {
    expect((await proof(plant(kit))).join('\n')).toMatch(finds);
  });

  it('and a plant that finds no soil says so', () => {
    expect(() => functionText(kit, 'kit.sh', 'no_such_function')).toThrow('has 0 functions no_such_function, not one');
  });
});
