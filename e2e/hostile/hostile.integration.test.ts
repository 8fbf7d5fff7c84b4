import { beforeAll, describe, expect, test } from 'vitest';
import { theLab } from '../journeys/the-lab.ts';
import { hostileCases } from './cases.ts';
import { type Played, playCorpus } from './play.ts';
import { sampleCases } from './sample.ts';

// SWITCHYARD_HOSTILE=all plays every case, as main.ts does; otherwise so many by a seed, that this stays short.
const seed = Number(process.env.SWITCHYARD_SEED ?? 1);
const cases = process.env.SWITCHYARD_HOSTILE === 'all' ? hostileCases : sampleCases(hostileCases, 15, seed);

let played: Played;

beforeAll(async () => {
  played = await playCorpus(await theLab('feather-a'), 'feather-a', cases, () => {});
}, 900_000);

describe(`what is planted on a server is data (${cases.length} of ${hostileCases.length} cases, seed ${seed})`, () => {
  test.each(cases.map(({ id, about }) => [id, about]))('%s: %s', (id) => {
    const verdict = played.verdicts.find((each) => each.id === id);
    expect(verdict?.complaints).toEqual([]);
    expect(verdict?.control).not.toBe(false);
  });

  test('the honest neighbour is shown, answers, and can go back', () => {
    expect(played.honest).toEqual([]);
  });
});
