import type { Connection } from '../../core/connection.ts';
import type { ContainerHistory, ContainerInspection, DockerFacts } from '../../core/docker-facts.ts';
import type { Job } from '../../core/job.ts';
import { maskShapes } from '../../core/mask.ts';
import { plainText } from '../../core/plain-text.ts';
import type { HomeState, ServerState } from '../../core/server-state.ts';
import type { OutlinedService } from '../../core/stack-files.ts';
import type { TakeIn } from '../../core/take-in.ts';
import type { Link } from '../ports/link.ts';

/** A link in use. `abort` ends every follower on it; what comes in for a link that is no longer `HostNow.open` is dropped. */
export type OpenLink = { link: Link; abort: AbortController };

/**
 * What is known of one host. The one record that the files of this folder share: each writes what it reads from the
 * host and then asks for the map to be drawn anew. All but `open` outlives a lost link, so that the last map stays.
 */
export type HostNow = {
  connection: Connection;
  open: OpenLink | null;
  docker: DockerFacts | null;
  /** Version of the compose plugin. */
  compose: string | null;
  states: ServerState[];
  /** Folders in which an earlier version adopted something that the home state does not know, and why it is not taken in. */
  found: { folder: string; why: string }[];
  /** How taking those in ended, by folder; of this session. */
  takeIns: ReadonlyMap<string, TakeIn>;
  /** As last read; null before. */
  homeState: HomeState | null;
  jobs: ReadonlyMap<string, Job>;
  /** Jobs whose end was told, until a look that began after it has read what they left. */
  unsettled: ReadonlySet<string>;
  /** The state folders of jobs that were sent from here, by id: known before the next look tells of them. */
  sent: Map<string, string>;
  /** Of a job that was tried again: the ids that it had before. Those are not shown. */
  insteadOf: ReadonlyMap<string, readonly string[]>;
  /** Jobs without a process, as last read: a feed that is told again must not bring them back to life. */
  dead: ReadonlySet<string>;
  /** How often jobs without a process were started to be recovered, and when last, by id; on this machine's clock. */
  recoveries: Map<string, { tries: number; atMs: number }>;
  /** What was asked of containers in trouble, by id, and what was heard of containers, by name. */
  inspections: ReadonlyMap<string, ContainerInspection>;
  histories: ReadonlyMap<string, ContainerHistory>;
  /** What compose.yaml and the override name, by project folder. */
  outlines: ReadonlyMap<string, readonly OutlinedService[]>;
  /** By how much the server's clock is ahead of this machine's, as last read. */
  aheadMs: number;
  /** How many events of containers were heard: what was read while one came may be from before it. */
  heard: number;
  /** Docker has not answered since, while the link stands. */
  dockerAwaySinceMs: number | null;
  /** When `docker` or `states` was last read, on this machine's clock. */
  asOfMs: number;
  /** Free text of the server without what is not seen or acted on; hides in it what is shaped like a secret, and the values of the environments that were read (SPEC SE3 SE4). */
  mask: (text: string) => string;
};

export const nothingKnown = (): HostNow => ({
  connection: { kind: 'idle' },
  open: null,
  docker: null,
  compose: null,
  states: [],
  found: [],
  takeIns: new Map(),
  homeState: null,
  jobs: new Map(),
  unsettled: new Set(),
  sent: new Map(),
  insteadOf: new Map(),
  dead: new Set(),
  recoveries: new Map(),
  inspections: new Map(),
  histories: new Map(),
  outlines: new Map(),
  aheadMs: 0,
  heard: 0,
  dockerAwaySinceMs: null,
  asOfMs: 0,
  mask: (text) => maskShapes(plainText(text)),
});

/** Those that run, then those that wait, then the newest, at most 50. */
export function jobList(now: HostNow): Job[] {
  const before = new Set([...now.insteadOf.values()].flat());
  const rank = ({ state }: Job): number => (state === 'running' ? 0 : state === 'waiting' ? 1 : 2);
  return [...now.jobs.values()]
    .filter(({ id }) => !before.has(id))
    .sort(
      (a, b) => rank(a) - rank(b) || (a.state === 'waiting' ? a.startedAt - b.startedAt : b.startedAt - a.startedAt),
    )
    .slice(0, 50)
    .map((job) => {
      const insteadOf = now.insteadOf.get(job.id);
      return insteadOf === undefined ? job : { ...job, insteadOf };
    });
}

/** The id that a job has now. */
export const currentId = (now: HostNow, id: string): string =>
  [...now.insteadOf].find(([, before]) => before.includes(id))?.[0] ?? id;
