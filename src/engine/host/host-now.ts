import type { Connection } from '../../core/connection.ts';
import type { ContainerHistory, ContainerInspection, DockerFacts } from '../../core/docker-facts.ts';
import type { LostService } from '../../core/draw-map.ts';
import type { Job } from '../../core/job.ts';
import type { ServerState } from '../../core/server-state.ts';
import type { OutlinedService, StackFiles } from '../../core/stack-files.ts';
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
  jobs: ReadonlyMap<string, Job>;
  /** Jobs without a process, as last read: a feed that is told again must not bring them back to life. */
  dead: ReadonlySet<string>;
  /** How often jobs without a process were started to be recovered, and when last, by id; on this machine's clock. */
  recoveries: Map<string, { tries: number; atMs: number }>;
  /** What was asked of containers in trouble, by id, and what was heard of containers, by name. */
  inspections: ReadonlyMap<string, ContainerInspection>;
  histories: ReadonlyMap<string, ContainerHistory>;
  /** By project folder. */
  files: ReadonlyMap<string, StackFiles>;
  outlines: ReadonlyMap<string, readonly OutlinedService[]>;
  /** Services that were adopted when last read, and that no state file tells of any more. */
  lost: readonly LostService[];
  /** By how much the server's clock is ahead of this machine's, as last read. */
  aheadMs: number;
  /** Docker has not answered since, while the link stands. */
  dockerAwaySinceMs: number | null;
  /** When `docker` or `states` was last read, on this machine's clock. */
  asOfMs: number;
};

export const nothingKnown = (): HostNow => ({
  connection: { kind: 'idle' },
  open: null,
  docker: null,
  compose: null,
  states: [],
  jobs: new Map(),
  dead: new Set(),
  recoveries: new Map(),
  inspections: new Map(),
  histories: new Map(),
  files: new Map(),
  outlines: new Map(),
  lost: [],
  aheadMs: 0,
  dockerAwaySinceMs: null,
  asOfMs: 0,
});

/** Running first, then newest first, at most 50. */
export const jobList = (now: HostNow): Job[] =>
  [...now.jobs.values()]
    .sort((a, b) => Number(b.state === 'running') - Number(a.state === 'running') || b.startedAt - a.startedAt)
    .slice(0, 50);
