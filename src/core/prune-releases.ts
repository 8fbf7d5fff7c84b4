/** How many releases keep what they were started from, counted from the newest. */
export const keptReleases = 10;

export type ReleaseRole = 'current' | 'next' | 'previous';

/**
 * What is left of a release: its folder stays for the history, its image and its resolved environment do not for ever.
 *
 *   kept ──▶ due ──▶ removed
 *     ▲       │          a role that is given back before the next deploy keeps it again
 *     └───────┘
 */
export type ReleaseRemains =
  | { kind: 'kept'; number: number; because: ReleaseRole | 'recent' }
  | { kind: 'due'; number: number }
  /** `atMs` null where it was not written down. */
  | { kind: 'removed'; number: number; atMs: number | null; role: ReleaseRole | null };

export type PrunedRelease = {
  number: number;
  /** When its image and environment were removed, by what its folder says; undefined while they are there. */
  removedAtMs?: number | null | undefined;
};

/**
 * Decides what keeps image and environment: the last ten releases, and whatever a role names (SPEC RE9). Whatever became of
 * a release, ready or not, it counts as one of the ten. Answers for each, the newest first; the order given does not matter.
 */
export function decidePruning(
  releases: readonly PrunedRelease[],
  roles: Readonly<Partial<Record<ReleaseRole, number | null>>>,
): ReleaseRemains[] {
  const roleOf = (number: number): ReleaseRole | null =>
    (['current', 'next', 'previous'] as const).find((role) => roles[role] === number) ?? null;
  return [...releases]
    .sort((a, b) => b.number - a.number)
    .map(({ number, removedAtMs }, place): ReleaseRemains => {
      const role = roleOf(number);
      if (removedAtMs !== undefined) return { kind: 'removed', number, atMs: removedAtMs, role };
      if (role !== null) return { kind: 'kept', number, because: role };
      return place < keptReleases ? { kind: 'kept', number, because: 'recent' } : { kind: 'due', number };
    });
}

/** Numbers of the releases whose image and environment go now. */
export const dueReleases = (remains: readonly ReleaseRemains[]): number[] =>
  remains.flatMap((each) => (each.kind === 'due' ? [each.number] : []));

/** The reason in words. `day` writes a time as a day, e.g. `21 Nov`, for whoever reads it. */
export function explainRemains(remains: ReleaseRemains, day: (atMs: number) => string): string {
  const what = `Release ${remains.number}: image and environment`;
  const rule = `only the last ${inWords(keptReleases)} and those with a role are kept`;
  switch (remains.kind) {
    case 'kept':
      return remains.because === 'recent'
        ? `${what} kept; it is one of the last ${inWords(keptReleases)}.`
        : `${what} kept; it is ${remains.because}.`;
    case 'due':
      return `${what} go at the end of the next deploy; ${rule}.`;
    case 'removed': {
      const when = remains.atMs === null ? '' : ` on ${day(remains.atMs)}`;
      // Its role came later, or somebody cleaned up by hand: the way back then has to pull what it needs.
      return remains.role === null
        ? `${what} removed${when}; ${rule}.`
        : `${what} removed${when}, though it is ${remains.role}: its image has to be pulled again before it can start.`;
    }
  }
}

const inWords = (count: number): string => (count === 10 ? 'ten' : String(count));
