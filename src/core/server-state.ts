import { explainEntryConfig, type LiveState, liveSlotOf, parseLiveMap } from './entry.ts';
import { type Outcome, outcomes } from './job.ts';
import { stateFormat } from './server-layout.ts';
import {
  mergeRecord,
  parseJson,
  type RecordDamage,
  type ReleaseFile,
  releaseRecordSchema,
  type ServiceRecord,
  serviceRecordSchema,
  withSettings,
} from './service-record.ts';
import { settledAtMs } from './settled.ts';
import { blockIn } from './stack-files.ts';

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
  /** What of its service.json does not count, so that what was known before does; null when all of it does. */
  recordDamage: RecordDamage | null;
  live: LiveState | null;
  current: ReleaseOnServer | null;
  next: ReleaseOnServer | null;
  previous: ReleaseOnServer | null;
  /** The watch that runs: when it ends, unix milliseconds on the server's clock. */
  watchUntilMs: number | null;
  /** That watch ends with the traffic back on previous, unless somebody confirms the flip before. */
  mustConfirm: boolean;
  /** When the last move became final, unix milliseconds on the server's clock; null where nobody wrote that down. */
  settledAtMs: number | null;
  wentBack: { atMs: number; reason: string } | null;
  /** Its entry point was set up by an earlier version, which let a client choose its address (SPEC EN8). */
  entryIsOld: boolean;
  /** The way to its entry point’s socket goes through a link: it is not asked for its counters. */
  socketIsLinked: boolean;
  /** The home state knows it, and its files in the stack's folder are gone; then the rest is what they said last, where that is known. */
  filesGone: boolean;
  /** Who holds the service's lock, in the server's words, or null. */
  holder: string | null;
};

/**
 * Whether a stack's state folder is the operator's alone. `gone`: it, or the stack's folder, is not there. `moved`: a link leads
 * to it that was not there at its adoption. `unsafe`: a link is in it, or somebody else may write there. But for `safe`
 * nothing in it is read, and nothing is recovered (SPEC HS2).
 */
export type Ground = { kind: 'safe' } | { kind: 'gone' } | { kind: 'moved' } | { kind: 'unsafe'; path: string | null };

/**
 * A file that dockerd or compose load by themselves and that is not as our last job left it. `override`: its text beyond our
 * lines; `override-block`: our own lines for `service`.
 */
export type Drift = {
  service: string | null;
  file: 'entry-config' | 'override' | 'override-block';
  path: string;
  found: 'changed' | 'gone';
};

/** One stack that the home state knows: its part there, and its `.switchyard` folder. */
export type ServerState = {
  /** The stack's folder, as compose names it. */
  folder: string;
  /** The compose project's name. */
  project: string;
  /** The stack's part of the home state. */
  home: string;
  /** A later version of the app laid it out: this one mends nothing there. */
  newerFormat: boolean;
  /** Its home state is not the operator's alone: it is shown, and nothing is run from there. */
  shownOnly: boolean;
  ground: Ground;
  drift: Drift[];
  root: string;
  services: ServiceState[];
  /** Jobs that wrote no end, whatever became of them: no other of this stack runs (SPEC JN13). */
  openJobs: string[];
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

/** Where the home state is, and whether it is closed to everybody else; null where the answer was cut short. */
export type HomeState = { word: 'closed' | 'none' | 'none-possible' | 'unsafe'; path: string };

export function parseHomeState(output: string): HomeState | null {
  const [, word, path = ''] = /^\u0001home (closed|none|none-possible|unsafe) (.*)$/m.exec(output) ?? [];
  return word === undefined || !isWhole(output) ? null : { word: word as HomeState['word'], path };
}

/** Whether an answer of `observeScript` came to its end. */
export const isWhole = (output: string): boolean => output.endsWith('\u0001end\n');

/** Stacks' folders with what an earlier version adopted there, that the home state does not know; `why` it is not taken in, or empty. */
export const foundFolders = (output: string): { folder: string; why: string }[] =>
  output.split('\n').flatMap((line) => {
    const [, folder, why] = /^\u0001found (\/[^\u0001]*)\u0001(.*)$/.exec(line) ?? [];
    return folder === undefined || why === undefined ? [] : [{ folder, why }];
  });

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
 * With `nowMs` (this machine's clock), the end of a watch is told on this clock, however wrong the server's is. `lastGood`: the
 * records that counted before, by the path of their service.json.
 */
export function parseServerStates(
  output: string,
  nowMs: number | null = null,
  lastGood: ReadonlyMap<string, ServiceRecord> = new Map(),
): ServerState[] {
  const aheadMs = nowMs === null ? 0 : serverAheadMs(output, nowMs);
  const states = output
    .split(/^\u0001root /m)
    .slice(1)
    .map((text) => parseState(text, lastGood));
  return aheadMs === 0
    ? states
    : states.map((state) => ({ ...state, services: state.services.map((service) => onOurClock(service, aheadMs)) }));
}

/** What the script says of one stack: the root's path, then its lines. */
function parseState(text: string, lastGood: ReadonlyMap<string, ServiceRecord>): ServerState {
  const [root = '', ...lines] = text.split('\n');
  const files = new Map<string, string>();
  const roles = new Map<string, string>();
  const sums = new Map<string, string>();
  const unreadable: string[] = [];
  const oldEntries = new Set<string>();
  const linked = new Set<string>();
  const endedJobs = new Map<string, Outcome>();
  const state = {
    folder: root.replace(/\/\.switchyard$/, ''),
    project: '',
    home: '',
    newerFormat: false,
    shownOnly: false,
    ground: { kind: 'safe' } as Ground,
    openJobs: [] as string[],
    deadJobs: [] as string[],
    unseenJobs: [] as string[],
    setAside: [] as string[],
  };
  let path: string | null = null;
  let override: { path: string; found: Drift['found'] } | null = null;
  for (const line of lines) {
    if (line.startsWith('\u0002')) {
      if (path !== null) files.set(path, `${files.get(path) ?? ''}${line.slice(1)}\n`);
      continue;
    }
    const [, word = '', rest = ''] = /^\u0001([a-z-]+) ?(.*)$/.exec(line) ?? [];
    const [first = '', second = '', third = ''] = rest.split(' ');
    if (word === 'stack') state.home = rest;
    else if (word === 'project') state.project = rest;
    else if (word === 'format') state.newerFormat = !(Number(rest) <= stateFormat);
    else if (word === 'shown') state.shownOnly = true;
    else if (word === 'ground') state.ground = parseGround(first, rest);
    else if (word === 'job') state.openJobs.push(rest);
    else if (word === 'dead') state.deadJobs.push(rest);
    else if (word === 'unseen') state.unseenJobs.push(rest);
    else if (word === 'aside') state.setAside.push(rest);
    else if (word === 'unreadable') unreadable.push(rest);
    else if (word === 'linked') linked.add(first);
    else if (word === 'forwards') {
      if (explainEntryConfig(rest.slice(first.length + 1)).length > 0) oldEntries.add(first);
    } else if (word === 'role') roles.set(`${first}/${second}`, third);
    else if (word === 'sum') sums.set(rest.slice(rest.indexOf('  ') + 2), first);
    else if (word === 'override')
      override = { path: rest.slice(first.length + 1), found: first === 'changed' ? 'changed' : 'gone' };
    else if (word === 'ended') {
      const outcome = outcomes.find((each) => each === second);
      if (outcome !== undefined) endedJobs.set(first, outcome);
    } else if (word === 'file') {
      path = rest;
      files.set(path, '');
    }
  }
  const { services, damaged } = readFiles(root, state.home, roles, files, lastGood);
  return {
    ...state,
    root,
    services: services.map(({ slug, service }) => ({
      ...service,
      entryIsOld: oldEntries.has(slug),
      socketIsLinked: linked.has(slug),
    })),
    endedJobs,
    damaged: [...unreadable, ...damaged],
    drift: state.ground.kind === 'safe' ? findDrift(root, state.home, services, files, sums, override) : [],
  };
}

function parseGround(word: string, rest: string): Ground {
  if (word === 'gone' || word === 'moved') return { kind: word };
  return { kind: 'unsafe', path: rest.slice(word.length + 1) || null };
}

type NamedService = { slug: string; service: ServiceState };

function findDrift(
  root: string,
  home: string,
  services: readonly NamedService[],
  files: ReadonlyMap<string, string>,
  sums: ReadonlyMap<string, string>,
  override: { path: string; found: Drift['found'] } | null,
): Drift[] {
  const drift: Drift[] = [];
  for (const { slug, service } of services) {
    const path = `${root}/${slug}/entry/haproxy.cfg`;
    const ours = sums.get(`${home}/${slug}/haproxy.cfg`);
    const found = sums.get(path);
    const name = service.record.service;
    if (ours !== undefined && found !== ours)
      drift.push({ service: name, file: 'entry-config', path, found: found === undefined ? 'gone' : 'changed' });
    const block = files.get(`${home}/${slug}/override.block`);
    const text = override === null ? '' : (files.get(override.path) ?? '');
    if (override !== null && block !== undefined && !text.includes(block))
      drift.push({
        service: name,
        file: 'override-block',
        path: override.path,
        found: blockIn(text, name) === null ? 'gone' : 'changed',
      });
  }
  if (override !== null && !drift.some(({ file }) => file === 'override-block'))
    drift.push({ service: null, file: 'override', path: override.path, found: override.found });
  return drift;
}

const onOurClock = (service: ServiceState, aheadMs: number): ServiceState =>
  service.watchUntilMs === null ? service : { ...service, watchUntilMs: service.watchUntilMs - aheadMs };

/** The services that the home state knows, each with what the state folder says of it. */
function readFiles(
  root: string,
  home: string,
  roles: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, string>,
  lastGood: ReadonlyMap<string, ServiceRecord>,
): { services: NamedService[]; damaged: string[] } {
  const damaged: string[] = [];
  const services: NamedService[] = [];
  for (const [path, text] of files) {
    const slug = path.startsWith(`${home}/`)
      ? /^([^/]+)\/service\.json$/.exec(path.slice(home.length + 1))?.[1]
      : undefined;
    if (slug === undefined) continue;
    const kept = parseJson(serviceRecordSchema, text);
    if (kept === null) {
      damaged.push(path);
      continue;
    }
    const known = withSettings(kept, lastGood.get(`${root}/${slug}/service.json`) ?? kept);
    services.push({ slug, service: readService(root, slug, known, roles, files, damaged) });
  }
  return { services, damaged };
}

function readService(
  root: string,
  slug: string,
  kept: ServiceRecord,
  roles: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, string>,
  damaged: string[],
): ServiceState {
  const folder = `${root}/${slug}`;
  /** An empty file says as much as none; where that matters, it is named. */
  const text = (name: string): string | null => files.get(`${folder}/${name}`) || null;
  const words = (name: string): string[] => text(name)?.trim().split(' ') ?? [];
  const release = (role: string): ReleaseOnServer | null => {
    const number = roles.get(`${slug}/${role}`);
    const path = `releases/${number}/release.json`;
    const json = files.get(`${folder}/${path}`);
    if (number === undefined || json === undefined) return null;
    const file = parseJson(releaseRecordSchema, json);
    if (file === null) {
      damaged.push(`${folder}/${path}`);
      return null;
    }
    return { file, state: parseReleaseState(text(`releases/${number}/state`) ?? '') };
  };
  const [wentBackAt, ...why] = words('went-back');
  const number = (value: string | undefined): number | null =>
    value === undefined || !Number.isFinite(Number(value)) ? null : Number(value);
  const live = parseLiveMap(text('entry/live.map') ?? '');
  if (live === null && files.has(`${folder}/entry/live.map`)) damaged.push(`${folder}/entry/live.map`);
  const { record, damage } = mergeRecord(kept, text('service.json'), `${folder}/service.json`);
  const byLive = rolesByLive(live, {
    current: release('current'),
    next: release('next'),
    previous: release('previous'),
  });
  const moved = { current: byLive.current?.file ?? null, previous: byLive.previous?.file ?? null };
  return {
    record,
    recordDamage: damage,
    filesGone: live === null && roles.size === 0 && !files.has(`${folder}/service.json`),
    live,
    ...byLive,
    watchUntilMs: number(words('watch')[0]),
    mustConfirm: words('watch')[5] === 'confirm',
    settledAtMs: settledAtMs(text('settled'), live, moved),
    wentBack: wentBackAt === undefined ? null : { atMs: number(wentBackAt) ?? 0, reason: why.join(' ') },
    entryIsOld: false,
    socketIsLinked: false,
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
function holderOf(folder: string, files: ReadonlyMap<string, string>): string | null {
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
