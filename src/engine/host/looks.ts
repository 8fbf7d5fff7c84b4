import { renderScript } from '../../core/command.ts';
import type { DockerFacts } from '../../core/docker-facts.ts';
import { foldDeath } from '../../core/feed.ts';
import { labels, stateFolder } from '../../core/server-layout.ts';
import { observeScript, parseServerStates, resumeWatchesScript, unwatchedJobs } from '../../core/server-state.ts';
import type { Clock } from '../ports/clock.ts';
import type { Link } from '../ports/link.ts';
import type { HostNow } from './host-now.ts';

/** Reads of the host: what Docker says, and what the state files say. */
export type Looks = {
  observeDocker(link: Link): Promise<void>;
  observeStates(link: Link): Promise<void>;
  /** Reads the state files soon, then draws. Asked for again meanwhile, it reads once more, not once each. Never throws. */
  lookAtStates(): void;
  /** The same for Docker and the state files. */
  lookAtAll(): void;
};

export function createLooks(now: HostNow, clock: Clock, onStates: () => void, redraw: () => void): Looks {
  const observeDocker = async (link: Link): Promise<void> => {
    now.docker = await link.docker.observe();
    now.asOfMs = clock.nowMs();
  };

  const observeStates = async (link: Link): Promise<void> => {
    const folders = stateFolders(now.docker);
    if (folders.length === 0) return;
    const outcome = await link.shell.run(renderScript(observeScript, folders), { timeoutMs: 20_000 });
    now.states = parseServerStates(outcome.stdout, clock.nowMs());
    now.asOfMs = clock.nowMs();
    const dead = new Set(now.states.flatMap((state) => state.deadJobs));
    now.dead = dead;
    now.jobs = new Map([...now.jobs].map(([id, job]) => [id, dead.has(id) ? foldDeath(job, clock.nowMs()) : job]));
    onStates();
    // A watch that a reboot ended would leave previous armed for ever; whoever looks next takes it up.
    const unwatched = unwatchedJobs(outcome.stdout);
    if (unwatched.length > 0) await link.shell.run(renderScript(resumeWatchesScript, unwatched), { timeoutMs: 20_000 });
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

  return {
    observeDocker,
    observeStates,
    lookAtStates: coalesced(observeStates, 20),
    lookAtAll: coalesced(async (link) => {
      await observeDocker(link);
      await observeStates(link);
    }, 150),
  };
}

/** Where a state folder may be: beside each stack's compose file, and where an entry point says. */
function stateFolders(docker: DockerFacts | null): string[] {
  const folders = new Set<string>();
  for (const container of docker?.containers ?? []) {
    const folder = container.labels['com.docker.compose.project.working_dir'];
    if (folder?.startsWith('/') && container.labels[labels.slot] === undefined) folders.add(stateFolder(folder));
    const root = container.labels[labels.root];
    if (root?.startsWith('/')) folders.add(root);
  }
  return [...folders].sort();
}
