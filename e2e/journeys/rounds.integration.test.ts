import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/engine/session.ts';
import type { Lab } from '../lab/lab.ts';
import { completes, connectTo, frontendOf, oneIsLive } from './journey.ts';
import { deployAndFlip } from './rounds.ts';
import { theLab } from './the-lab.ts';

/** 5 in the normal run; SWITCHYARD_ROUNDS=50 is the official figure. */
const rounds = Number(process.env.SWITCHYARD_ROUNDS ?? 5);

describe('round after round', () => {
  let lab: Lab;
  let session: Session;
  const name = { stack: 'shop', service: 'frontend' };

  beforeAll(async () => {
    lab = await theLab('shop');
    await lab.reset('shop');
    session = await connectTo(lab, 'home');
    await completes(session, name, 'adopt', { checkPath: '/healthz' });
  });
  afterAll(() => session?.close());

  test(
    `${rounds} deploys and flips in a row lose no request, touch no neighbour and fill no disk`,
    async () => {
      const place = frontendOf(lab);
      const report = await deployAndFlip(place, session, { rounds, neighbours: ['shop-backend-1', 'shop-db-1'] });
      if (process.env.SWITCHYARD_ROUNDS !== undefined) console.log(JSON.stringify(report));
      expect(report.samples).toEqual([]);
      expect(report.failed).toBe(0);
      expect(report.requests).toBeGreaterThan(rounds * 100);
      expect(report.neighbours.after).toBe(report.neighbours.before);
      const { first, tenth, last } = report.held;
      expect(last.containers).toBe(first.containers);
      expect(last.images).toBe(tenth.images);
      // One name for each of the ten releases that are kept at hand, and for the roles.
      expect(last.releaseTags).toBeLessThanOrEqual(13);
      expect(last.jobs).toBeLessThanOrEqual(52);
      expect(last.engineMiB).toBeLessThanOrEqual(tenth.engineMiB + 25);
      // What grows is the journal and the releases' own files, a few KiB each.
      expect((last.stateKiB - first.stateKiB) / Math.max(1, rounds - 1)).toBeLessThan(300);
      await oneIsLive(place);
    },
    180_000 + rounds * 60_000,
  );
});
