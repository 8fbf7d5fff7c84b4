import { type LiveState, liveSlotOf, parseLiveMap } from './entry.ts';
import { type Outcome, outcomes } from './job.ts';
import {
  parseJson,
  type ReleaseFile,
  releaseRecordSchema,
  type ServiceRecord,
  serviceRecordSchema,
} from './service-record.ts';

/** What a release's `state` file says: the word, the checks that passed of those asked, and why not. */
export type ReleaseState = {
  word: 'preparing' | 'ready' | 'not-ready' | 'retired';
  passed: number;
  total: number;
  reason: string | null;
};

export type ReleaseOnServer = { file: ReleaseFile; state: ReleaseState };

/** One adopted service as its files on the server tell. */
export type ServiceState = {
  record: ServiceRecord;
  live: LiveState | null;
  current: ReleaseOnServer | null;
  next: ReleaseOnServer | null;
  previous: ReleaseOnServer | null;
  /** The watch that runs: when it ends, unix milliseconds on the server's clock. */
  watchUntilMs: number | null;
  /** That watch ends with the traffic back on previous, unless somebody confirms the flip before. */
  mustConfirm: boolean;
  settledAtMs: number | null;
  wentBack: { atMs: number; reason: string } | null;
  /** Who holds the service's lock, in the server's words, or null. */
  holder: string | null;
};

/** One stack's `.switchyard` folder. */
export type ServerState = {
  root: string;
  services: ServiceState[];
  /** Jobs that wrote no end and whose process is gone. */
  deadJobs: string[];
  /** Jobs that wrote no end and whose process cannot be seen from here: their lease decides, so that they are looked at again. */
  unseenJobs: string[];
  /** Jobs that ended, with how: their last line in the feed may have been lost. */
  endedJobs: ReadonlyMap<string, Outcome>;
  /** Files that could not be read, by path; they are where they were. */
  damaged: string[];
  /** Journal records that could not be read, by the path to which each was moved (SPEC JN11). */
  setAside: string[];
};

/** Folders of flips whose watch still has to end, and whose process is gone: after a reboot, or killed (SPEC WA3). */
export const unwatchedJobs = (output: string): string[] =>
  output.split('\n').flatMap((line) => (line.startsWith('\u0001unwatched /') ? [line.slice(11)] : []));

/** Uploads that were cut off and whose receiver is gone: nothing of them ever began. */
export const tornUploads = (output: string): string[] =>
  output.split('\n').flatMap((line) => (/^\u0001torn \/.*\/jobs\/\.[\w-]+\.part$/.test(line) ? [line.slice(6)] : []));

/**
 * Locks whose holder is gone, where no job is left to be recovered, which would take them over: of one that died behind its
 * end, before it let go.
 */
export function staleLocks(output: string, states: readonly ServerState[]): string[] {
  const busy = states.filter(({ deadJobs, unseenJobs }) => deadJobs.length + unseenJobs.length > 0);
  return output
    .split('\n')
    .flatMap((line) => (/^\u0001stale \/.*\/lock\/[^/]+\/\d+$/.test(line) ? [line.slice(7)] : []))
    .filter((lock) => !busy.some(({ root }) => lock.startsWith(`${root}/`)));
}

/** By how much the server's clock is ahead of this machine's, from what `observeScript` printed; 0 where it does not tell. */
export function serverAheadMs(output: string, nowMs: number): number {
  const server = /^\u0001now (\d+)$/m.exec(output)?.[1];
  return server === undefined ? 0 : Number(server) - nowMs;
}

/**
 * Reads what `observeScript` printed. Untrusted: what does not parse is named in `damaged` and everything else works.
 * With `nowMs` (this machine's clock), the end of a watch is told on this clock, however wrong the server's is.
 */
export function parseServerStates(output: string, nowMs: number | null = null): ServerState[] {
  const aheadMs = nowMs === null ? 0 : serverAheadMs(output, nowMs);
  const states: ServerState[] = [];
  let files = new Map<string, string>();
  let current:
    | (Pick<ServerState, 'root' | 'deadJobs' | 'unseenJobs' | 'setAside'> & { endedJobs: Map<string, Outcome> })
    | null = null;
  let unreadable: string[] = [];
  let path: string | null = null;
  const close = () => {
    if (current !== null) {
      const { services, damaged } = readFiles(current.root, files);
      states.push({ ...current, services, damaged: [...unreadable, ...damaged] });
    }
    files = new Map();
    unreadable = [];
    path = null;
  };
  for (const line of output.split('\n')) {
    if (line.startsWith('\u0001root ')) {
      close();
      current = { root: line.slice(6), deadJobs: [], unseenJobs: [], endedJobs: new Map(), setAside: [] };
    } else if (line.startsWith('\u0001dead ')) {
      current?.deadJobs.push(line.slice(6));
    } else if (line.startsWith('\u0001unseen ')) {
      current?.unseenJobs.push(line.slice(8));
    } else if (line.startsWith('\u0001ended ')) {
      const [id = '', word] = line.slice(7).split(' ');
      const outcome = outcomes.find((each) => each === word);
      if (outcome !== undefined) current?.endedJobs.set(id, outcome);
    } else if (line.startsWith('\u0001aside ')) {
      current?.setAside.push(line.slice(7));
    } else if (line.startsWith('\u0001unreadable ')) {
      unreadable.push(line.slice(12));
    } else if (line.startsWith('\u0001file ')) {
      path = line.slice(6);
      files.set(path, '');
    } else if (line.startsWith('\u0002') && path !== null) {
      files.set(path, `${files.get(path) ?? ''}${line.slice(1)}\n`);
    } else if (line === '\u0001end') {
      close();
      current = null;
    }
  }
  close();
  return aheadMs === 0
    ? states
    : states.map((state) => ({ ...state, services: state.services.map((service) => onOurClock(service, aheadMs)) }));
}

const onOurClock = (service: ServiceState, aheadMs: number): ServiceState =>
  service.watchUntilMs === null ? service : { ...service, watchUntilMs: service.watchUntilMs - aheadMs };

function readFiles(root: string, files: Map<string, string>): Pick<ServerState, 'services' | 'damaged'> {
  const damaged: string[] = [];
  const services: ServiceState[] = [];
  for (const [path, text] of files) {
    const inside = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
    const slug = /^([^/]+)\/service\.json$/.exec(inside)?.[1];
    if (slug === undefined) continue;
    const record = parseJson(serviceRecordSchema, text);
    if (record === null) {
      damaged.push(path);
      continue;
    }
    services.push(readService(`${root}/${slug}`, record, files, damaged));
  }
  return { services, damaged };
}

function readService(
  folder: string,
  record: ServiceRecord,
  files: Map<string, string>,
  damaged: string[],
): ServiceState {
  /** An empty file says as much as none; where that matters, it is named. */
  const text = (name: string): string | null => files.get(`${folder}/${name}`) || null;
  const words = (name: string): string[] => text(name)?.trim().split(' ') ?? [];
  const release = (role: string): ReleaseOnServer | null => {
    const json = files.get(`${folder}/${role}/release.json`);
    if (json === undefined) return null;
    const file = parseJson(releaseRecordSchema, json);
    if (file === null) {
      damaged.push(`${folder}/${role}/release.json`);
      return null;
    }
    return { file, state: parseReleaseState(text(`${role}/state`) ?? '') };
  };
  const [wentBackAt, ...why] = words('went-back');
  const number = (value: string | undefined): number | null =>
    value === undefined || !Number.isFinite(Number(value)) ? null : Number(value);
  const live = parseLiveMap(text('entry/live.map') ?? '');
  if (live === null && files.has(`${folder}/entry/live.map`)) damaged.push(`${folder}/entry/live.map`);
  return {
    record,
    live,
    ...rolesByLive(live, { current: release('current'), next: release('next'), previous: release('previous') }),
    watchUntilMs: number(words('watch')[0]),
    mustConfirm: words('watch')[5] === 'confirm',
    settledAtMs: number(words('settled')[0]),
    wentBack: wentBackAt === undefined ? null : { atMs: number(wentBackAt) ?? 0, reason: why.join(' ') },
    holder: holderOf(folder, files),
  };
}

type Roles = Pick<ServiceState, 'current' | 'next' | 'previous'>;

/** live.map alone says who has the traffic: when a job died between the move and the roles, the roles follow it. */
export function rolesByLive(live: LiveState | null, roles: Roles): Roles {
  const slot = liveSlotOf(live);
  if (slot === null || roles.current === null) return roles;
  if (roles.current.file.slot === slot)
    return roles.next?.file.number === roles.current.file.number ? { ...roles, next: null } : roles;
  if (roles.next?.file.slot === slot) return { current: roles.next, next: null, previous: roles.current };
  if (roles.previous?.file.slot === slot) return { current: roles.previous, next: roles.next, previous: roles.current };
  return roles;
}

/** The highest epoch that was not let go of; `observeScript` leaves the others out. */
function holderOf(folder: string, files: Map<string, string>): string | null {
  const cut = folder.lastIndexOf('/');
  const locks = `${folder.slice(0, cut)}/lock/${folder.slice(cut + 1)}/`;
  const epoch = (path: string) => Number(path.slice(locks.length).split('/')[0]);
  const [top] = [...files].filter(([path]) => path.startsWith(locks)).sort(([a], [b]) => epoch(b) - epoch(a));
  return top?.[1].trim() ?? null;
}

export function parseReleaseState(text: string): ReleaseState {
  const [word, passed, total, ...reason] = text.trim().split(' ');
  const known = word === 'preparing' || word === 'ready' || word === 'not-ready' || word === 'retired';
  return {
    word: known ? word : 'not-ready',
    passed: Number(passed) || 0,
    total: Number(total) || 0,
    reason: reason.join(' ') || null,
  };
}
