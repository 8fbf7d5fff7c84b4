import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { acts, allCases, caseName, kinds, parseCase, pointsOf, sampleCases } from './cases.ts';

const kitFolder = path.resolve(import.meta.dirname, '../../resources/server');

const names = (cases: ReturnType<typeof allCases>) => cases.map(caseName);

describe('the cases of the fault suite', () => {
  it('are 500 and more, each with a name of its own that leads back to it', () => {
    const all = names(allCases());
    expect(all.length).toBeGreaterThanOrEqual(500);
    expect(new Set(all).size).toBe(all.length);
    expect(parseCase('flip:move:mapped:runner')).toEqual({
      act: 'flip',
      step: 'move',
      phase: 'mapped',
      kind: 'runner',
    });
    expect(parseCase('flip:move:during:runner')).toBeNull();
  });

  it('come to every step of every act with every kind', () => {
    const all = allCases();
    for (const act of Object.keys(acts) as (keyof typeof acts)[]) {
      for (const { step, phase } of pointsOf(act)) {
        const found = all.filter((each) => each.act === act && each.step === step && each.phase === phase);
        expect(found.map(({ kind }) => kind)).toEqual(expect.arrayContaining(kinds.filter((kind) => kind !== 'entry')));
      }
    }
  });

  it('come to every point that a script names, but those behind a second fault', async () => {
    const named = await Promise.all(
      (await readdir(kitFolder)).map(async (file) => {
        const text = file.endsWith('.sh') ? await readFile(path.join(kitFolder, file), 'utf8') : '';
        return [...text.matchAll(/^\s*at ([a-z-]+)$/gm)].map(([, point]) => point ?? '');
      }),
    );
    const known = new Set(
      Object.keys(acts).flatMap((act) => pointsOf(act as keyof typeof acts).map(({ phase }) => phase)),
    );
    // put-back: of an undo, after a step that failed.
    expect(named.flat().filter((point) => !known.has(point) && point !== 'put-back')).toEqual([]);
  });

  it('kill the entry point only where there is one', () => {
    const all = names(allCases());
    expect(all).not.toContain('adopt:switch:before:entry');
    expect(all).toContain('adopt:switch:effect:entry');
    expect(all).toContain('eject:replace:before:entry');
    expect(all).not.toContain('eject:replace:effect:entry');
    expect(all).toContain('flip:gate:before:entry');
  });

  it('are the same for the same seed, others for another, and all when more are asked for', () => {
    expect(names(sampleCases(100, 7))).toEqual(names(sampleCases(100, 7)));
    expect(names(sampleCases(100, 7))).not.toEqual(names(sampleCases(100, 8)));
    expect(sampleCases(10_000, 1)).toHaveLength(allCases().length);
    expect(new Set(names(sampleCases(10_000, 1))).size).toBe(allCases().length);
  });

  it('are spread evenly over steps and kinds', () => {
    const steps = new Set(allCases().map(({ act, step }) => `${act}:${step}`));
    for (const seed of [1, 2, 3]) {
      const sample = sampleCases(72, seed);
      const counted = (key: (each: (typeof sample)[number]) => string) => {
        const counts = new Map<string, number>();
        for (const each of sample) counts.set(key(each), (counts.get(key(each)) ?? 0) + 1);
        return counts;
      };
      const byStep = counted(({ act, step }) => `${act}:${step}`);
      expect(byStep.size).toBe(steps.size);
      expect(Math.min(...byStep.values())).toBeGreaterThanOrEqual(2);
      const byKind = [...counted(({ kind }) => kind).values()];
      expect(byKind).toHaveLength(kinds.length);
      expect(Math.max(...byKind) - Math.min(...byKind)).toBeLessThanOrEqual(4);
    }
  });
});
