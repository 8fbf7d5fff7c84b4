import { z } from 'zod';
import { liveSlotOf } from './entry.ts';
import { tagOf } from './image-kind.ts';
import { verbs } from './job.ts';
import type { ReleaseRecord } from './plan.ts';
import { decidePruning, explainRemains } from './prune-releases.ts';
import type { ReleaseOnServer, ServiceState } from './server-state.ts';
import { digestOf } from './service-record.ts';

/** A journal record, narrowed to what history is made of. */
const journalRecordSchema = z.object({
  seq: z.number(),
  job: z.string(),
  verb: z.enum(verbs),
  by: z.string(),
  step: z.string(),
  phase: z.enum(['begin', 'done', 'fail', 'undone']),
  at: z.number(),
  release: z.string().optional(),
  left: z.string().optional(),
  ms: z.number().optional(),
});

export type JournalRecord = z.infer<typeof journalRecordSchema>;

export function parseJournalRecord(text: string): JournalRecord | null {
  try {
    const parsed = journalRecordSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/**
 * A service's releases, newest first: when each had the traffic and for how long, from the journal's moves in their
 * order. A release that was live several times counts all of it.
 */
export function foldHistory(
  releases: ReleaseOnServer[],
  journal: JournalRecord[],
  state: ServiceState,
  /** When image and environment of a release were removed, by its number; null where that was not written down. */
  removedAtMs: ReadonlyMap<number, number | null> = new Map(),
): ReleaseRecord[] {
  const live = new Map<number, { since: number | null; totalMs: number; leftAt: number | null }>();
  const deployMs = new Map<number, number>();
  const retired = new Set<number>();
  const leave = (number: number, at: number) => {
    const entry = live.get(number);
    if (entry?.since != null)
      live.set(number, { since: null, totalMs: entry.totalMs + Math.max(0, at - entry.since), leftAt: at });
  };
  for (const record of [...journal].sort((a, b) => a.seq - b.seq)) {
    if (record.phase !== 'done' || record.release === undefined) continue;
    // Adopted anew after an eject, a service counts its releases from one again: what had those numbers before is not theirs.
    if (record.verb === 'adopt') for (const before of [live, deployMs, retired]) before.clear();
    const number = Number(record.release);
    const moves =
      record.step === 'move' || record.step === 'confirm' || (record.step === 'watch' && record.left !== undefined);
    if (record.step === 'ready' && record.ms !== undefined) deployMs.set(number, record.ms);
    if (record.step === 'stop') retired.add(number);
    if (moves) {
      if (record.left !== undefined) leave(Number(record.left), record.at);
      live.set(number, { since: record.at, totalMs: live.get(number)?.totalMs ?? 0, leftAt: null });
    }
  }
  const slot = liveSlotOf(state.live);
  const roleOf = (release: ReleaseOnServer | null) => release?.file.number ?? null;
  const pruned = new Map(
    decidePruning(
      releases.map(({ file: { number } }) => ({ number, removedAtMs: removedAtMs.get(number) })),
      { current: roleOf(state.current), next: roleOf(state.next), previous: roleOf(state.previous) },
    ).flatMap((each) => (each.kind === 'removed' ? [[each.number, explainRemains(each, dayOf)]] : [])),
  );
  return [...releases]
    .sort((a, b) => b.file.number - a.file.number)
    .map(({ file, state: written }): ReleaseRecord => {
      const { number } = file;
      const role =
        (
          [
            ['current', state.current],
            ['next', state.next],
            ['previous', state.previous],
          ] as const
        ).find(([, release]) => release?.file.number === number)?.[0] ?? 'old';
      const had = live.get(number);
      const isLive = role === 'current' && file.slot === slot;
      return {
        number,
        slot: file.slot,
        role,
        image: file.reference,
        version: file.imageVersion || tagOf(file.reference),
        digest: digestOf(file.image) ?? file.imageId,
        by: file.by,
        createdAtMs: file.at,
        deployMs: deployMs.get(number) ?? null,
        liveSinceMs: isLive ? (had?.since ?? null) : null,
        liveForMs: had === undefined || isLive ? null : had.totalMs,
        leftAtMs: isLive ? null : (had?.leftAt ?? null),
        outcome: isLive ? 'live' : outcomeOf(written.word, had !== undefined, role, retired.has(number)),
        reason: written.word === 'not-ready' ? written.reason : null,
        pruned: pruned.get(number) ?? null,
        warm: role === 'previous' || (role === 'next' && written.word === 'ready'),
      };
    });
}

/** A time as a day, e.g. `21 Nov`. */
const dayOf = (atMs: number): string =>
  new Date(atMs).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

function outcomeOf(
  word: ReleaseOnServer['state']['word'],
  wasLive: boolean,
  role: ReleaseRecord['role'],
  retired: boolean,
): ReleaseRecord['outcome'] {
  // The watch says so of one that it took the traffic from.
  if (word === 'not-ready') return wasLive ? 'went-back' : 'not-ready';
  if (wasLive) return 'left';
  if (word === 'retired' || retired || role === 'old') return word === 'preparing' ? 'not-ready' : 'retired';
  return word === 'ready' ? 'ready' : 'preparing';
}
