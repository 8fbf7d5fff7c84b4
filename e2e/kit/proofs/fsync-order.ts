import { type Call, pathOfDescriptor, pathOfName, textOf } from './trace.ts';

/** A file or a folder that must survive a power cut as soon as the job acts on it. */
export type Durable = { what: string; path: string; kind: 'file' | 'folder' };

export type FsyncReport = { durables: Durable[]; findings: string[] };

/**
 * What of a job's state must be on the disk, by the rename that gives it its name. Not among them, for a power cut may take
 * them: the roles (symlinks; live.map decides, and who comes next writes them by it, FL9), lock files (after a power cut
 * the boot is another and nobody holds anything, JN5), the feed, and records of steps without an effect.
 */
/** `roots`: the stack's state folder, and its part of the home state. */
export function durableOf(roots: readonly string[], to: string): Durable | null {
  const root = roots.find((each) => to.startsWith(`${each}/`));
  if (root === undefined) return null;
  const inside = to.slice(root.length + 1);
  const record = /^journal\/\d+-.+-([a-z-]+)-(?:begin|done|fail|undone)\.json$/.exec(inside);
  if (record !== null) {
    return ['gate', 'drain'].includes(record[1] ?? '') ? null : { what: inside, path: to, kind: 'file' };
  }
  if (/^[^/]+\/entry\/live\.map$/.test(inside)) return { what: inside, path: to, kind: 'file' };
  if (/^jobs\/[^/.][^/]*$/.test(inside)) return { what: inside, path: to, kind: 'folder' };
  if (/^[^/]+\/releases\/[^/.][^/]*$/.test(inside)) return { what: inside, path: to, kind: 'folder' };
  return null;
}

const writers = ['write', 'writev', 'pwrite64', 'ftruncate', 'sendfile'];
const syncers = ['fsync', 'fdatasync'];
const renames = ['rename', 'renameat', 'renameat2'];
const makers = ['mkdir', 'mkdirat', 'symlink', 'symlinkat', 'link', 'linkat'];
const dockerEffects = /^(compose|restart|start|stop|rm|run|tag|update|pull)$/;

/**
 * Proves the order of a traced job: what is durable was fsynced after its last write and before its rename, and the folder
 * that it lands in after the rename and before the next effect. An effect is the next name, a command to the entry point or
 * to Docker, and the start of the job.
 */
export function proveFsyncOrder(calls: readonly Call[], roots: readonly string[]): FsyncReport {
  const written = new Map<string, number>();
  const synced = new Map<string, { began: number; ended: number }>();
  const durables: Durable[] = [];
  const findings: string[] = [];
  const unsettled: { what: string; folder: string; renamed: number }[] = [];
  const isSafe = (path: string, before: number): boolean => {
    const sync = synced.get(path);
    return sync !== undefined && sync.began >= (written.get(path) ?? 0) && sync.ended <= before;
  };
  const effect = (words: string, at: number): void => {
    for (const { what, folder, renamed } of unsettled.splice(0)) {
      const sync = synced.get(folder);
      if (sync === undefined || sync.began < renamed || sync.ended > at) {
        findings.push(`${what}: its folder was not fsynced between the rename and ${words}`);
      }
    }
  };
  for (const call of calls) {
    const first = pathOfDescriptor(call.words[0]);
    if (writers.includes(call.name) && first !== null) {
      written.set(first, call.ended);
      if (/\/ask\.\d+$/.test(first) && textOf(call.words[1])?.includes('set map')) {
        effect('the command to the entry point', call.began);
      }
    } else if (call.name === 'copy_file_range') {
      const target = pathOfDescriptor(call.words[2]);
      if (target !== null) written.set(target, call.ended);
    } else if (call.name === 'openat' && /O_CREAT|O_TRUNC/.test(call.words[2] ?? '')) {
      const path = pathOfName(call.words[1], first);
      if (path !== null) made(path, call);
    } else if (call.name === 'creat') {
      const path = pathOfName(call.words[0], null);
      if (path !== null) made(path, call);
    } else if (makers.includes(call.name)) {
      const path = lastPath(call);
      if (path !== null) made(path, call);
    } else if (syncers.includes(call.name) && first !== null) {
      synced.set(first, { began: call.began, ended: call.ended });
    } else if (call.name === 'sync' || call.name === 'syncfs') {
      for (const path of [...written.keys(), ...unsettled.map(({ folder }) => folder)]) {
        synced.set(path, { began: call.began, ended: call.ended });
      }
    } else if (renames.includes(call.name)) {
      renamed(call);
    } else if (call.name === 'execve') {
      const said = argumentsOf(call);
      if (said[0] === 'docker' && dockerEffects.test(said[1] ?? '')) effect(`docker ${said[1]}`, call.began);
      else if (said[0] === 'sh' && said[1] === './run.sh') effect('the start of the job', call.began);
    }
  }
  effect('the end of the job', Number.POSITIVE_INFINITY);
  return { durables, findings };

  function made(path: string, call: Call): void {
    written.set(path, call.ended);
    written.set(folderOf(path), call.ended);
  }

  function renamed(call: Call): void {
    const [from, to] = pathsOfRename(call);
    if (from === null || to === null) return;
    const durable = durableOf(roots, to);
    if (durable !== null) {
      effect(`the rename of ${durable.what}`, call.began);
      durables.push(durable);
      const parts = durable.kind === 'file' ? [from] : [...written.keys()].filter((path) => isIn(path, from));
      for (const part of parts) {
        if (isSafe(part, call.began)) continue;
        const name = part === from ? durable.what : `${durable.what}${part.slice(from.length)}`;
        findings.push(`${name}: not fsynced between its last write and the rename`);
      }
      unsettled.push({ what: durable.what, folder: folderOf(to), renamed: call.ended });
    }
    for (const path of [...written.keys()].filter((each) => isIn(each, from))) {
      written.set(to + path.slice(from.length), written.get(path) ?? 0);
      written.delete(path);
      const sync = synced.get(path);
      synced.delete(path);
      if (sync !== undefined) synced.set(to + path.slice(from.length), sync);
    }
    written.set(folderOf(from), call.ended);
    written.set(folderOf(to), call.ended);
  }
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
const isIn = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

function pathsOfRename({ name, words }: Call): [string | null, string | null] {
  if (name === 'rename') return [pathOfName(words[0], null), pathOfName(words[1], null)];
  return [pathOfName(words[1], pathOfDescriptor(words[0])), pathOfName(words[3], pathOfDescriptor(words[2]))];
}

/** What a call that makes a name makes. */
function lastPath({ name, words }: Call): string | null {
  if (name === 'mkdir') return pathOfName(words[0], null);
  if (name === 'mkdirat') return pathOfName(words[1], pathOfDescriptor(words[0]));
  if (name === 'linkat') return pathOfName(words[3], pathOfDescriptor(words[2]));
  if (name === 'symlinkat') return pathOfName(words[2], pathOfDescriptor(words[1]));
  return pathOfName(words[1], null);
}

/** The arguments of a program that was started, its name without folders. */
function argumentsOf({ words }: Call): string[] {
  const list = /^\[(.*)\]$/s.exec(words[1] ?? '')?.[1] ?? '';
  const said = [...list.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word]) => word ?? '');
  // A script is started by its interpreter: sh /…/docker restart.
  if (/\/docker$/.test(said[0] ?? '')) return ['docker', ...said.slice(1)];
  return said;
}
