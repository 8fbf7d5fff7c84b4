import type { Session } from '../../src/engine/session.ts';
import { startLoad } from '../load/load.ts';
import { completes, frontendImage, identities, oneIsLive, type Place } from './journey.ts';

/** What a server has after some rounds. */
export type Held = {
  containers: number;
  images: number;
  releaseTags: number;
  engineMiB: number;
  stateKiB: number;
  jobs: number;
};

export type RoundsReport = {
  rounds: number;
  requests: number;
  failed: number;
  samples: unknown[];
  /** After the first round, the tenth (or half), and the last. */
  held: { first: Held; tenth: Held; last: Held };
  neighbours: { before: string; after: string };
};

/**
 * Deploys and flips one service that many times in a row under load, between two versions. The service is adopted; neighbours are
 * containers that must stay the same. Nothing is asserted here: the report says it.
 */
export async function deployAndFlip(
  place: Place,
  session: Session,
  options: { rounds: number; neighbours: string[]; perSecond?: number; onRound?: (round: number) => void },
): Promise<RoundsReport> {
  const { lab, host, name } = place;
  const before = await identities(lab, host, ...options.neighbours);
  const load = await startLoad({
    ...place.at(),
    clients: 24,
    perSecond: options.perSecond ?? 300,
    maxRequests: 5_000_000,
    maxMs: 3_500_000,
  });
  const held: Partial<RoundsReport['held']> = {};
  const tenth = options.rounds > 10 ? 10 : Math.ceil(options.rounds / 2);
  try {
    for (let round = 1; round <= options.rounds; round += 1) {
      const version = round % 2 === 1 ? '1.1.0' : '1.0.0';
      await completes(session, name, 'deploy', { image: frontendImage(version) });
      await completes(session, name, 'flip', { watchMinutes: round % 3 === 0 ? 1 : 0 });
      await oneIsLive(place, version);
      options.onRound?.(round);
      if (round === 1) held.first = await heldBy(place);
      if (round === tenth) held.tenth = await heldBy(place);
    }
  } finally {
    await load.stop();
  }
  const report = await load.stop();
  const last = await heldBy(place);
  return {
    rounds: options.rounds,
    requests: report.requests,
    failed: report.failed,
    samples: report.samples,
    held: { first: held.first ?? last, tenth: held.tenth ?? last, last },
    neighbours: { before, after: await identities(lab, host, ...options.neighbours) },
  };
}

async function heldBy({ lab, host, folder }: Place): Promise<Held> {
  const script = `docker ps -aq | wc -l
docker images -q | sort -u | wc -l
docker images --format '{{.Repository}}' | grep -c '^switchyard/' || true
du -sm --exclude=volumes /var/lib/docker | cut -f1
du -skc ${folder}/.switchyard /home/home/.local/state/switchyard | tail -n 1 | cut -f1
ls /home/home/.local/state/switchyard/stacks/*/jobs | wc -l`;
  const { stdout } = await lab.exec(host, script, { user: 'root' });
  const [containers = 0, images = 0, releaseTags = 0, engineMiB = 0, stateKiB = 0, jobs = 0] = stdout
    .trim()
    .split('\n')
    .map(Number);
  return { containers, images, releaseTags, engineMiB, stateKiB, jobs };
}
