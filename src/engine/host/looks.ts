import { renderScript } from '../../core/command.ts';
import type { LostService } from '../../core/draw-map.ts';
import { foldDeath, foldEnd } from '../../core/feed.ts';
import { labels, stateFolder } from '../../core/server-layout.ts';
import {
  observeScript,
  recoverScript,
  releaseScript,
  removeScript,
  resumeWatchesScript,
  setAsideScript,
} from '../../core/server-scripts.ts';
import {
  parseServerStates,
  type ServerState,
  serverAheadMs,
  staleLocks,
  tornUploads,
  unwatchedJobs,
} from '../../core/server-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { Link } from '../ports/link.ts';
import type { HostNow } from './host-now.ts';
import type { Inspections } from './inspections.ts';
import type { Presence } from './presence.ts';

/** Reads of the host: what Docker says, and what the state files say. */
export type Looks = {
  observeDocker(link: Link): Promise<void>;
  observeStates(link: Link): Promise<void>;
  /** Reads the state files soon, then draws. Asked for again meanwhile, it reads once more, not once each. Never throws. */
  lookAtStates(): void;
  /** The same for Docker and the state files. */
  lookAtAll(): void;
};

const againMs = 2_000;
const laterMs = 5_000;
const lastLineMs = 1_500;
const triesBeforeDeath = 2;
const triesBeforeRest = 10;

export function createLooks(
  now: HostNow,
  clock: Clock,
  parts: { presence: Presence; inspections: Inspections },
  onStates: () => void,
  redraw: () => void,
): Looks {
  const observeDocker = async (link: Link): Promise<void> => {
    try {
      now.docker = await link.docker.observe();
    } catch (caught) {
      parts.presence.note(caught);
      throw caught;
    }
    now.asOfMs = clock.nowMs();
    parts.presence.answered();
    void parts.inspections.look(link);
  };

  const observeStates = async (link: Link): Promise<void> => {
    const folders = stateFolders(now);
    if (folders.length === 0) return;
    const outcome = await link.shell.run(renderScript(observeScript, folders), { timeoutMs: 20_000 });
    const before = now.states;
    now.states = parseServerStates(outcome.stdout, clock.nowMs());
    now.aheadMs = serverAheadMs(outcome.stdout, clock.nowMs());
    now.lost = stillLost(
      [...now.lost, ...before.flatMap((server) => server.services.map((state) => ({ server, state })))],
      now.states,
    );
    void parts.inspections.look(link);
    now.asOfMs = clock.nowMs();
    const dead = new Set(now.states.flatMap((state) => state.deadJobs));
    now.recoveries = new Map([...now.recoveries].filter(([id]) => dead.has(id)));
    const due = now.states.flatMap((state) =>
      state.deadJobs.filter(isDue).map((id) => ({ id, folder: `${state.root}/jobs/${id}` })),
    );
    for (const { id } of due) {
      const before = now.recoveries.get(id);
      now.recoveries.set(id, { tries: (before?.tries ?? 0) + 1, atMs: clock.nowMs() });
    }
    // Said to be dead only when it could not be recovered at once.
    now.dead = new Set([...dead].filter((id) => (now.recoveries.get(id)?.tries ?? 0) > triesBeforeDeath));
    now.jobs = new Map([...now.jobs].map(([id, job]) => [id, now.dead.has(id) ? foldDeath(job, clock.nowMs()) : job]));
    foldLostEnds();
    onStates();
    const script = async (text: string, args: string[]): Promise<void> => {
      if (args.length > 0) await link.shell.run(renderScript(text, args), { timeoutMs: 20_000 });
    };
    // What a reboot or a kill ended would stay half done for ever; whoever looks next takes it up.
    await script(
      recoverScript,
      due.map(({ folder }) => folder),
    );
    await script(resumeWatchesScript, unwatchedJobs(outcome.stdout));
    await script(releaseScript, staleLocks(outcome.stdout, now.states));
    await script(removeScript, tornUploads(outcome.stdout));
    if ([...now.recoveries.values()].some(({ tries }) => tries <= triesBeforeRest)) lookAgain();
    if (endedSinceMs.size > 0) lookAgain();
    if (now.states.some(({ unseenJobs }) => unseenJobs.length > 0)) lookLater();
    void setAside(link);
  };

  /** Since when jobs are known to have ended that the feed still says run. */
  const endedSinceMs = new Map<string, number>();
  const foldLostEnds = (): void => {
    const ended = new Map(now.states.flatMap(({ endedJobs }) => [...endedJobs]));
    now.jobs = new Map(
      [...now.jobs].map(([id, job]) => {
        const outcome = ended.get(id);
        const since = endedSinceMs.get(id) ?? clock.nowMs();
        endedSinceMs.delete(id);
        if (outcome === undefined || job.state !== 'running') return [id, job];
        // Its last line is written right after; it says more than this.
        if (clock.nowMs() - since >= lastLineMs) return [id, foldEnd(job, outcome, clock.nowMs())];
        endedSinceMs.set(id, since);
        return [id, job];
      }),
    );
  };

  /** Once a link, behind the map: what cannot be read is moved out of the way, and told with the next look (SPEC JN11). */
  const searched = new WeakSet<Link>();
  const setAside = async (link: Link): Promise<void> => {
    if (searched.has(link)) return;
    searched.add(link);
    try {
      const roots = now.states.map(({ root }) => root);
      const outcome = await link.shell.run(renderScript(setAsideScript, roots), { timeoutMs: 60_000 });
      if (outcome.stdout.includes('aside')) looks.lookAtStates();
    } catch {
      // The next link looks again.
    }
  };

  const isDue = (id: string): boolean => {
    const last = now.recoveries.get(id);
    return last === undefined || clock.nowMs() - last.atMs >= againMs;
  };

  const coalesced = (effect: (link: Link) => Promise<void>, delayMs: number) => {
    let running = false;
    let again = false;
    let waiting = false;
    const run = async (): Promise<void> => {
      if (running) {
        again = true;
        return;
      }
      running = true;
      try {
        if (now.open !== null) await effect(now.open.link);
        redraw();
      } catch {
        // The link tells by itself when it is gone; a single read that failed is repeated by the next event.
      } finally {
        running = false;
        if (again) {
          again = false;
          void run();
        }
      }
    };
    return () => {
      if (waiting) return;
      waiting = true;
      setTimeout(() => {
        waiting = false;
        void run();
      }, delayMs);
    };
  };

  // One that waits for the service, or for Docker, is tried again; after a while only when something else makes it look.
  const lookAgain = coalesced(observeStates, againMs);
  // The lease of a job that nobody here can see runs out without a word.
  const lookLater = coalesced(observeStates, laterMs);

  const looks: Looks = {
    observeDocker,
    observeStates,
    lookAtStates: coalesced(observeStates, 20),
    lookAtAll: coalesced(async (link) => {
      await observeDocker(link);
      await observeStates(link);
    }, 150),
  };
  return looks;
}

/** Of services that were read before, those that are not there any more; the newest of each that was read. */
function stillLost(known: readonly LostService[], states: readonly ServerState[]): LostService[] {
  const lost = new Map<string, LostService>();
  for (const each of known) {
    const { stack, service } = each.state.record;
    const isThere = states.some(({ services }) =>
      services.some(({ record }) => record.stack === stack && record.service === service),
    );
    if (!isThere) lost.set(`${stack}/${service}`, each);
  }
  return [...lost.values()];
}

/** Where a state folder may be: beside each stack's compose file, where an entry point says, and where one was before. */
function stateFolders({ docker, states, lost }: HostNow): string[] {
  const folders = new Set<string>([...states.map(({ root }) => root), ...lost.map(({ server }) => server.root)]);
  for (const container of docker?.containers ?? []) {
    const folder = container.labels['com.docker.compose.project.working_dir'];
    if (folder?.startsWith('/') && container.labels[labels.slot] === undefined) folders.add(stateFolder(folder));
    const root = container.labels[labels.root];
    if (root?.startsWith('/')) folders.add(root);
  }
  return [...folders].sort();
}
