import { lifeFunction } from './job-process.ts';
import { frameFiles, groundFunction } from './server-scripts.ts';
import { overrideNames } from './stack-files.ts';

// What 0.1.0 left of a stack that it adopted, read as text. Everything here is the server's, and may say anything.

/**
 * Prints what lies in a stack's folder, framed: of each adopted service its settings, who has the traffic, its watch, its entry
 * point's configuration and the releases that its roles name; the override; the jobs that have not ended. Regular files of a
 * bounded size only, and no link but those of the roles. Argument: the stack's folder. The last line is the end.
 */
export const takeInReadScript = `
${lifeFunction}${groundFunction}
folder=$1 root=$1/.switchyard
plain_name() { case $1 in '' | .* | *[!A-Za-z0-9_.-]*) return 1 ;; esac; }
ground "$root" "$folder" || { printf '\\001unsafe %s\\n\\001end\\n' "$why"; exit 0; }
[ -d /proc/self/fd ] && printf '\\001seen\\n'
count=0
set --
for service in "$root"/*/service.json; do
  [ -f "$service" ] && [ ! -L "$service" ] || continue
  adopted=\${service%/*} slug=\${service%/*} slug=\${slug##*/}
  plain_name "$slug" && [ "$count" -lt 64 ] || continue
  count=$((count + 1))
  printf '\\001service %s\\n' "$slug"
  set -- "$@" "$service" "$adopted/watch"
  [ -L "$adopted/entry" ] || set -- "$@" "$adopted/entry/live.map" "$adopted/entry/haproxy.cfg"
  for role in current next previous; do
    number=$(readlink "$adopted/$role" 2>/dev/null) || continue
    case $number in releases/*[!0-9]* | releases/) continue ;; releases/*) number=\${number#releases/} ;; *) continue ;; esac
    [ "\${#number}" -le 9 ] && [ ! -L "$adopted/releases/$number" ] || continue
    printf '\\001role %s %s %s\\n' "$slug" "$role" "$number"
    set -- "$@" "$adopted/releases/$number/release.json" "$adopted/releases/$number/compose.yaml"
  done
  if [ -f "$adopted/watch" ] && [ ! -L "$adopted/watch" ]; then
    job=
    read -r _ _ _ _ job _ <"$adopted/watch"
    plain_name "$job" && [ -d "$root/jobs/$job" ] && [ ! -L "$root/jobs/$job" ] && set -- "$@" "$root/jobs/$job/job.sh"
  fi
done
for job in "$root"/jobs/*; do
  named=\${job##*/}
  plain_name "$named" && [ -d "$job" ] && [ ! -L "$job" ] && [ -f "$job/run.sh" ] && [ ! -e "$job/exit" ] && [ ! -L "$job/exit" ] && [ "$count" -lt 128 ] || continue
  count=$((count + 1))
  who=$job/pid
  [ -f "$who" ] && [ ! -L "$who" ] || who=$job/receiver
  life=no
  if [ -f "$who" ] && [ ! -L "$who" ]; then life "$who"; fi
  printf '\\001job %s %s\\n' "$named" "$life"
  set -- "$@" "$job/job.sh"
done
[ $# -eq 0 ] || find "$@" -maxdepth 0 -type f -size -1025 -exec awk '${frameFiles}' {} + 2>/dev/null
for override in ${overrideNames.map((name) => `"$folder"/${name}`).join(' ')}; do
  [ -e "$override" ] || continue
  before=$(find -L "$override" -maxdepth 0 -type f -size -513 -exec sha256sum {} + 2>/dev/null)
  printf '\\001override %s %s\\n' "\${before%% *}" "$override"
  find -L "$override" -maxdepth 0 -type f -size -513 -exec awk '${frameFiles}' {} + 2>/dev/null
  after=$(find -L "$override" -maxdepth 0 -type f -size -513 -exec sha256sum {} + 2>/dev/null)
  # Written to meanwhile, it is read again with the next look.
  [ "$before" = "$after" ] || exit 0
  break
done
printf '\\001end\\n'
`;

/** What is found of one service, nothing of it believed. Texts are null where there is no such file. */
export type FoundService = {
  slug: string;
  record: string | null;
  liveMap: string | null;
  watch: string | null;
  entryConfig: string | null;
  roles: Partial<Record<'current' | 'next' | 'previous', string>>;
  /** release.json and compose.yaml by the name of the release's folder. */
  releases: ReadonlyMap<string, { record: string; compose: string }>;
};

/** A job that wrote no end. `life`: whether the process that it names can be seen to live. */
export type FoundJob = { id: string; life: 'yes' | 'no' | 'unknown' };

export type FoundStack = {
  folder: string;
  root: string;
  /** The server tells what processes run where. */
  seesProcesses: boolean;
  services: FoundService[];
  jobs: FoundJob[];
  /** job.sh of those, and of the flips that are watched, by their ids. */
  jobTexts: ReadonlyMap<string, string>;
  override: { path: string; sha256: string; text: string } | null;
};

/** Reads what `takeInReadScript` printed of a folder. Null where the answer was cut short, or the state folder is not the operator's alone. */
export function parseFoundStack(output: string, folder: string): FoundStack | null {
  if (!output.endsWith('\u0001end\n')) return null;
  const root = `${folder}/.switchyard`;
  const files = new Map<string, string[]>();
  const services: { slug: string; roles: FoundService['roles'] }[] = [];
  const jobs: FoundJob[] = [];
  let override: { path: string; sha256: string } | null = null;
  let seesProcesses = false;
  let lines: string[] | null = null;
  for (const line of output.split('\n')) {
    if (line.startsWith('\u0002')) {
      lines?.push(line.slice(1));
      continue;
    }
    lines = null;
    const [, word = '', rest = ''] = /^\u0001([a-z]+) ?(.*)$/.exec(line) ?? [];
    const [first = '', second = '', third = ''] = rest.split(' ');
    if (word === 'unsafe') return null;
    if (word === 'seen') seesProcesses = true;
    else if (word === 'service') services.push({ slug: first, roles: {} });
    else if (word === 'role') {
      const service = services.find(({ slug }) => slug === first);
      if (service !== undefined && (second === 'current' || second === 'next' || second === 'previous'))
        service.roles[second] = third;
    } else if (word === 'job') jobs.push({ id: first, life: second === 'no' || second === 'yes' ? second : 'unknown' });
    else if (word === 'override') override = { sha256: first, path: rest.slice(first.length + 1) };
    else if (word === 'file') {
      lines = [];
      files.set(rest, lines);
    }
  }
  const text = (path: string): string | null => {
    const found = files.get(path);
    return found === undefined ? null : found.map((line) => `${line}\n`).join('');
  };
  const jobTexts = [...files.keys()].flatMap((path) => {
    const id = path.startsWith(`${root}/jobs/`)
      ? /^([^/]+)\/job\.sh$/.exec(path.slice(root.length + 6))?.[1]
      : undefined;
    return id === undefined ? [] : [[id, text(path) ?? ''] as const];
  });
  return {
    folder,
    root,
    seesProcesses,
    services: services.map(({ slug, roles }) => ({
      slug,
      record: text(`${root}/${slug}/service.json`),
      liveMap: text(`${root}/${slug}/entry/live.map`),
      watch: text(`${root}/${slug}/watch`),
      entryConfig: text(`${root}/${slug}/entry/haproxy.cfg`),
      roles,
      releases: new Map(
        [...new Set(Object.values(roles))].map((number) => [
          number,
          {
            record: text(`${root}/${slug}/releases/${number}/release.json`) ?? '',
            compose: text(`${root}/${slug}/releases/${number}/compose.yaml`) ?? '',
          },
        ]),
      ),
    })),
    jobs,
    jobTexts: new Map(jobTexts),
    override: override === null || override.sha256 === '' ? null : { ...override, text: text(override.path) ?? '' },
  };
}
