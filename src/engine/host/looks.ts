import { renderScript } from '../../core/command.ts';
import type { DockerFacts } from '../../core/docker-facts.ts';
import { FailureError, failure } from '../../core/failure.ts';
import { foldDeath, foldEnd } from '../../core/feed.ts';
import { findHomeMounts } from '../../core/home-mounts.ts';
import { serviceFile } from '../../core/server-layout.ts';
import {
  observeScript,
  recoverScript,
  releaseScript,
  removeScript,
  resumeWatchesScript,
  setAsideScript,
} from '../../core/server-scripts.ts';
import {
  foundFolders,
  parseHomeState,
  parseServerStates,
  type ServerState,
  type ServiceState,
  serverAheadMs,
  staleLocks,
  tornUploads,
  unwatchedJobs,
} from '../../core/server-state.ts';
import type { ServiceRecord } from '../../core/service-record.ts';
import { trustLabels } from '../../core/trusted-labels.ts';
import type { Clock } from '../ports/clock.ts';
import type { Link } from '../ports/link.ts';
import type { HostNow } from './host-now.ts';
import type { Inspections } from './inspections.ts';
import type { Presence } from './presence.ts';
import { type TakeInParts, takeIn } from './take-in.ts';

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
const takenAtOnce = 3;
const takeInWaitMs = 10_000;

export function createLooks(
  now: HostNow,
  clock: Clock,
  parts: { presence: Presence; inspections: Inspections; takeIn: TakeInParts },
  onStates: () => void,
  redraw: () => void,
): Looks {
  const observeDocker = async (link: Link): Promise<void> => {
    const { heard } = now;
    try {
      now.docker = trustLabels(await link.docker.observe());
      // Its parts are answered one after the other: what was told meanwhile may be missing in it.
      if (now.heard !== heard) looks.lookAtAll();
    } catch (caught) {
      parts.presence.note(caught);
      throw caught;
    }
    now.asOfMs = clock.nowMs();
    parts.presence.answered();
    void parts.inspections.look(link);
  };

  /** What each service.json said when it was last whole, by its path (SPEC TO5). */
  const lastGood = new Map<string, ServiceRecord>();
  /** What the files of each service said when all of them were there, by its home. */
  const lastWhole = new Map<string, ServiceState>();

  const observeStates = async (link: Link): Promise<void> => {
    await readStates(link);
    if (await foundTaken(link)) await readStates(link);
  };

  /** Of a link: when a found folder was last tried, and what its containers were. */
  const tried = new WeakMap<Link, Map<string, { key: string; atMs: number; soon: boolean }>>();
  /**
   * Takes in what an earlier version adopted (SPEC HS6), and says whether there is something new to read. Not waited for longer than a
   * connection may take; what comes later is looked at when it comes.
   */
  const foundTaken = async (link: Link): Promise<boolean> => {
    const { docker, homeState } = now;
    if (docker === null || (homeState?.word !== 'closed' && homeState?.word !== 'none')) return false;
    if (findHomeMounts(docker, homeState.path).length > 0) return false;
    const before = tried.get(link) ?? new Map();
    tried.set(link, before);
    const due = now.found.filter(({ folder, why }) => {
      if (why !== '' || now.states.some((state) => state.folder === folder)) return false;
      const key = containersKey(docker, folder);
      const last = before.get(folder);
      if (last?.key === key && !(last.soon && clock.nowMs() - last.atMs >= laterMs)) return false;
      before.set(folder, { key, atMs: clock.nowMs(), soon: false });
      return true;
    });
    if (due.length === 0) return false;
    let news = false;
    const queue = [...due];
    const work = async (): Promise<void> => {
      for (let each = queue.shift(); each !== undefined; each = queue.shift()) {
        const { folder } = each;
        const answer = await takeIn(link.shell, docker, homeState.path, folder, parts.takeIn, now.states);
        if (answer === null || now.open?.link !== link) continue;
        const { soon, ...told } = answer;
        now.takeIns = new Map(now.takeIns).set(folder, { ...told, atMs: clock.nowMs() });
        const last = before.get(folder);
        if (last !== undefined) last.soon = soon;
        if (soon) lookLater();
        news ||= told.word === 'taken-in';
      }
    };
    const all = Promise.all(Array.from({ length: Math.min(takenAtOnce, queue.length) }, work));
    let late = false;
    let giveUp: () => void = () => {};
    const tooLate = new Promise<void>((resolve) => {
      giveUp = resolve;
    });
    const timer = setTimeout(() => {
      late = true;
      giveUp();
    }, takeInWaitMs);
    void all.then(() => {
      clearTimeout(timer);
      if (late && news) looks.lookAtStates();
      else if (late) redraw();
    });
    await Promise.race([all, tooLate]);
    return !late && news;
  };

  const readStates = async (link: Link): Promise<void> => {
    const endedBefore = now.unsettled;
    const outcome = await link.shell.run(renderScript(observeScript, stackFolders(now.docker)), { timeoutMs: 20_000 });
    const homeState = parseHomeState(outcome.stdout);
    // Cut short, it says less than is there: what was known before stays until the next look.
    if (homeState === null)
      throw new FailureError(
        failure('no-answer', 'What the server says of its stacks was cut short.', { transient: true }),
      );
    now.homeState = homeState;
    now.states = withLast(parseServerStates(outcome.stdout, clock.nowMs(), lastGood), lastWhole);
    now.unsettled = new Set([...now.unsettled].filter((id) => !endedBefore.has(id)));
    now.aheadMs = serverAheadMs(outcome.stdout, clock.nowMs());
    for (const { root, services } of now.states)
      for (const { record, recordDamage } of services)
        if (recordDamage === null) lastGood.set(serviceFile(root, record.service), record);
    now.found = foundFolders(outcome.stdout);
    void parts.inspections.look(link);
    now.asOfMs = clock.nowMs();
    const isOpen = now.docker !== null && findHomeMounts(now.docker, homeState.path).length > 0;
    // Of a later version, on ground that is not the operator's alone, or from a home that a container may write to, nothing is
    // run that nobody asked for (SPEC HS2, HS5).
    const left = (state: ServerState): boolean =>
      isOpen || state.newerFormat || state.shownOnly || state.ground.kind !== 'safe';
    const mine = now.states.filter((state) => !left(state));
    const isMine = (path: string): boolean =>
      mine.some(({ home, root }) => path.startsWith(`${home}/`) || path.startsWith(`${root}/`));
    const dead = new Set(now.states.flatMap((state) => state.deadJobs));
    now.recoveries = new Map([...now.recoveries].filter(([id]) => dead.has(id)));
    const due = mine.flatMap((state) =>
      state.deadJobs.filter(isDue).map((id) => ({ id, folder: `${state.home}/jobs/${id}` })),
    );
    for (const { id } of due) {
      const before = now.recoveries.get(id);
      now.recoveries.set(id, { tries: (before?.tries ?? 0) + 1, atMs: clock.nowMs() });
    }
    // Said to be dead only when it could not be recovered at once.
    const waiting = new Set(mine.flatMap((state) => state.deadJobs));
    now.dead = new Set(
      [...dead].filter((id) => !waiting.has(id) || (now.recoveries.get(id)?.tries ?? 0) > triesBeforeDeath),
    );
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
    await script(resumeWatchesScript, unwatchedJobs(outcome.stdout).filter(isMine));
    await script(releaseScript, staleLocks(outcome.stdout, now.states).filter(isMine));
    await script(removeScript, tornUploads(outcome.stdout).filter(isMine));
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
      const roots = now.states.filter(({ ground }) => ground.kind === 'safe').map(({ root }) => root);
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

/** Of services whose files are gone, what those said when they were whole: a folder that is deleted goes in parts, and may be read meanwhile. */
function withLast(states: ServerState[], lastWhole: Map<string, ServiceState>): ServerState[] {
  return states.map((server) => ({
    ...server,
    services: server.services.map((state) => {
      const key = `${server.home}\n${state.record.service}`;
      if (state.live !== null && state.current !== null) lastWhole.set(key, state);
      return state.filesGone ? { ...(lastWhole.get(key) ?? state), filesGone: true } : state;
    }),
  }));
}

/**
 * Folders of stacks by their containers, where those agree on one: whether an earlier version adopted something there is looked
 * at. What they say of a state folder counts for nothing (SPEC HS1).
 */
function stackFolders(docker: DockerFacts | null): string[] {
  const folders = new Map<string, Set<string>>();
  for (const { labels } of docker?.containers ?? []) {
    const project = labels['com.docker.compose.project'];
    const folder = labels['com.docker.compose.project.working_dir'];
    if (project === undefined || folder === undefined || !isPlainPath(folder)) continue;
    folders.set(project, (folders.get(project) ?? new Set()).add(folder));
  }
  return [...new Set([...folders.values()].flatMap((each) => (each.size === 1 ? [...each] : [])))].sort();
}

/** What the containers are that may decide whether a found folder is taken in: tried once more only when that is another. */
const containersKey = (docker: DockerFacts, folder: string): string =>
  docker.containers
    .filter(({ labels }) => labels['com.docker.compose.project.working_dir'] === folder)
    .map(({ id, state, name }) => `${id} ${name} ${state}`)
    .sort()
    .join('\n');

const isPlainPath = (path: string): boolean => /^\/[^\u0000-\u001f]*$/.test(path);
