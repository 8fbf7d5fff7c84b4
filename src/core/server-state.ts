import { type LiveState, liveSlotOf, parseLiveMap } from './entry.ts';
import { lifeFunction } from './job-process.ts';
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
  /** Files that could not be read, by path; they are where they were. */
  damaged: string[];
  /** Journal records that could not be read, by the path to which each was moved (SPEC JN11). */
  setAside: string[];
};

/**
 * awk: prints the files given as arguments, framed. Each is opened by itself: one that is gone since the shell saw it, or may
 * not be read, must not cost those behind it, as it does with a plain awk of some makes.
 */
export const frameFiles = `BEGIN {
  for (i = 1; i < ARGC; i++) {
    opened = getline line < ARGV[i]
    if (opened < 0) continue
    print "\\001file " ARGV[i]
    while (opened > 0) { print "\\002" line; opened = getline line < ARGV[i] }
    close(ARGV[i])
  }
}`;

/** Reads every state folder given as arguments, framed by control characters that our own files never hold. */
export const observeScript = `
printf '\\001now %s\\n' "$(date +%s)"
${lifeFunction}for root in "$@"; do
  [ -d "$root" ] || continue
  printf '\\001root %s\\n' "$root"
  for job in "$root"/jobs/*; do
    [ -e "$job/run.sh" ] && ! [ -e "$job/exit" ] || continue
    # Before a job says who it is, who took it in stands for it.
    who=$job/pid
    [ -s "$who" ] || who=$job/receiver
    life "$who"
    [ "$life" = no ] && ! [ -e "$job/exit" ] && printf '\\001dead %s\\n' "\${job##*/}"
  done
  for aside in "$root"/damaged/*.json; do
    [ -e "$aside" ] && printf '\\001aside %s\\n' "$aside"
  done
  for part in "$root"/jobs/.*.part; do
    [ -d "$part" ] || continue
    life "$part/receiver"
    [ "$life" = no ] && printf '\\001torn %s\\n' "$part"
  done
  for watch in "$root"/*/watch; do
    [ -e "$watch" ] && read -r _ _ _ _ job _ <"$watch" && [ -e "$root/jobs/$job/exit" ] && [ -e "$root/jobs/$job/watch.sh" ] || continue
    life=no
    [ -e "$root/jobs/$job/watch-pid" ] && life "$root/jobs/$job/watch-pid"
    [ "$life" != no ] || printf '\\001unwatched %s\\n' "$root/jobs/$job"
  done
  set --
  for file in "$root"/*/service.json "$root"/*/entry/live.map "$root"/*/watch "$root"/*/settled "$root"/*/went-back \\
    "$root"/*/current/release.json "$root"/*/next/release.json "$root"/*/previous/release.json \\
    "$root"/*/current/state "$root"/*/next/state "$root"/*/previous/state; do
    [ -e "$file" ] || continue
    if [ -r "$file" ]; then set -- "$@" "$file"; else printf '\\001unreadable %s\\n' "$file"; fi
  done
  for who in "$root"/lock/*/*/who; do
    [ -e "$who" ] && ! [ -e "\${who%/who}/released" ] && set -- "$@" "$who"
  done
  [ $# -gt 0 ] && awk '${frameFiles}' "$@"
done
printf '\\001end\\n'
`;

/** Folders of flips whose watch still has to end, and whose process is gone: after a reboot, or killed (SPEC WA3). */
export const unwatchedJobs = (output: string): string[] =>
  output.split('\n').flatMap((line) => (line.startsWith('\u0001unwatched /') ? [line.slice(11)] : []));

/** Uploads that were cut off and whose receiver is gone: nothing of them ever began. */
export const tornUploads = (output: string): string[] =>
  output.split('\n').flatMap((line) => (/^\u0001torn \/.*\/jobs\/\.[\w-]+\.part$/.test(line) ? [line.slice(6)] : []));

const tornRecords = `BEGIN {
  for (i = 1; i < ARGC; i++) {
    if ((getline line < ARGV[i]) > 0 && line !~ /^[{]"seq":.*[}]$/) print ARGV[i]
    close(ARGV[i])
  }
}`;

/**
 * Sets journal records that are not whole aside, in `damaged/`: of the state folders given as arguments. Prints a line for each.
 * It looks at the first line of each only, as the kit does (`record_whole`). Empty ones of steps whose records are not synced
 * are what a power cut leaves, say nothing, and are removed.
 */
export const setAsideScript = `
for root in "$@"; do
  cd "$root/journal" 2>/dev/null || continue
  find . -maxdepth 1 -type f \\( -name '*-gate-*.json' -o -name '*-drain-*.json' \\) -size 0 -exec rm -f {} +
  { find . -maxdepth 1 -type f -name '*.json' -size 0; find . -maxdepth 1 -type f -name '*.json' -exec awk '${tornRecords}' {} +; } |
    while IFS= read -r file; do
      mkdir -p ../damaged && mv -f "$file" ../damaged/ && echo aside
    done
done
`;

/** The same for one state folder and records of it that are known by name, and read as whole only by the shell. */
export const setAsideNamedScript = `
cd "$1/journal" || exit 0
shift
mkdir -p ../damaged && mv -f -- "$@" ../damaged/
`;

/** Removes the folders given as arguments. */
export const removeScript = 'exec rm -rf -- "$@"';

/**
 * Has the jobs in the folders given as arguments finished or undone (SPEC JN8). Each by its own scripts, as they were sent:
 * those of before there was a recovery know no such word, and would begin anew.
 */
export const recoverScript = `
for job in "$@"; do
  cd "$job" && grep -q '^recover_job()' kit.sh || continue
  if command -v setsid >/dev/null 2>&1; then
    setsid sh ./run.sh recover </dev/null >>output 2>&1 &
  else
    nohup sh ./run.sh recover </dev/null >>output 2>&1 &
  fi
done
`;

/** Takes up the watches in the folders given as arguments. Twice is harmless: only one ends it, under the lock. */
export const resumeWatchesScript = `
for job in "$@"; do
  cd "$job" || continue
  if command -v setsid >/dev/null 2>&1; then
    setsid sh ./watch.sh </dev/null >>watch.output 2>&1 &
  else
    nohup sh ./watch.sh </dev/null >>watch.output 2>&1 &
  fi
done
`;

/**
 * Reads what `observeScript` printed. Untrusted: what does not parse is named in `damaged` and everything else works.
 * With `nowMs` (this machine's clock), the end of a watch is told on this clock, however wrong the server's is.
 */
export function parseServerStates(output: string, nowMs: number | null = null): ServerState[] {
  const server = /^\u0001now (\d+)$/m.exec(output)?.[1];
  const aheadMs = nowMs === null || server === undefined ? 0 : Number(server) * 1000 - nowMs;
  const states: ServerState[] = [];
  let files = new Map<string, string>();
  let current: Pick<ServerState, 'root' | 'deadJobs' | 'setAside'> | null = null;
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
      current = { root: line.slice(6), deadJobs: [], setAside: [] };
    } else if (line.startsWith('\u0001dead ')) {
      current?.deadJobs.push(line.slice(6));
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
