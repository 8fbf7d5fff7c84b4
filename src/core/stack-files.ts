import { failure } from './failure.ts';
import { failed, ok, type Result } from './result.ts';
import { frameFiles } from './server-scripts.ts';

/** A service as compose.yaml and the override name it: as written, nothing interpolated. Untrusted text. */
export type OutlinedService = { name: string; image: string | null; profiles: string[]; dependsOn: string[] };

/** The text of the files that make a stack, of regular files of at most 1 MiB; null where there is none. Untrusted. */
export type StackFiles = {
  folder: string;
  compose: { path: string; text: string } | null;
  override: { path: string; text: string } | null;
};

/** In the order in which compose looks for them. */
export const composeNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'] as const;
export const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
] as const;

const perStack = [...composeNames, ...overrideNames].map((name) => `"$folder"/${name}`).join(' ');

/**
 * Prints the files of the project folders given as arguments, framed. Regular files of at most 1 MiB only: a compose file may be
 * a link, and where it leads may be anything.
 */
export const stackFilesScript = `
for folder in "$@"; do
  [ -d "$folder" ] || continue
  printf '\\001folder %s\\n' "$folder"
  find -L ${perStack} -maxdepth 0 -type f -size -2049 -exec awk '${frameFiles}' {} + 2>/dev/null
done
printf '\\001end\\n'
`;

/**
 * Looks at the files of the project folders given as arguments every three seconds, by one process, and prints a line when
 * something about them changed: of compose.yaml, the override, what we wrote, and whether it is there. Once a minute it prints an
 * empty line, for a loop that nobody reads any more ends by that alone.
 */
export const followFilesScript = `
look() {
  for folder in "$@"; do
    set -- "$@" ${perStack} "$folder"/.switchyard "$folder"/.switchyard/*/service.json "$folder"/.switchyard/*/entry "$folder"/.switchyard/*/entry/haproxy.cfg "$folder"/.switchyard/*/entry/live.map
    shift
  done
  if [ -n "$by_stat" ]; then stat -L -c '%n %i %s %y %z' -- "$@" 2>/dev/null; else ls -dliLn -- "$@" 2>/dev/null; fi
}
by_stat=
stat -L -c '%n %i %s %y %z' -- / >/dev/null 2>&1 && by_stat=1
seen= quiet=0
while :; do
  now=$(look "$@")
  if [ "$now" != "$seen" ]; then
    seen=$now quiet=0
    printf 'changed\\n' || exit
  elif [ "$quiet" -ge 20 ]; then
    quiet=0
    printf '\\n' || exit
  fi
  quiet=$((quiet + 1))
  sleep 3
done
`;

/** Reads what `stackFilesScript` printed, by folder. */
export function parseStackFiles(output: string): Map<string, StackFiles> {
  const found = new Map<string, StackFiles>();
  let folder: string | null = null;
  let files = new Map<string, string>();
  let path: string | null = null;
  const close = () => {
    if (folder !== null) found.set(folder, filesOf(folder, files));
    files = new Map();
    path = null;
  };
  for (const line of output.split('\n')) {
    if (line.startsWith('\u0001folder ')) {
      close();
      folder = line.slice(8);
    } else if (line.startsWith('\u0001file ')) {
      path = line.slice(6);
      files.set(path, '');
    } else if (line.startsWith('\u0002') && path !== null) {
      files.set(path, `${files.get(path) ?? ''}${line.slice(1)}\n`);
    } else if (line === '\u0001end') {
      close();
      folder = null;
    }
  }
  return found;
}

function filesOf(folder: string, files: ReadonlyMap<string, string>): StackFiles {
  const first = (names: readonly string[]) => {
    const path = names.map((name) => `${folder}/${name}`).find((each) => files.has(each));
    return path === undefined ? null : { path, text: files.get(path) ?? '' };
  };
  return {
    folder,
    compose: first(composeNames),
    override: first(overrideNames),
  };
}

const beginMark = (service: string): string => `# switchyard begin ${service}`;
const endMark = (service: string): string => `# switchyard end ${service}`;

/** Our lines for a service in an override, marks and all, without what they are indented by; null where the marks are not there. */
export function blockIn(override: string, service: string): string | null {
  const lines = override.split('\n');
  const begin = lines.findIndex((line) => line.trim() === beginMark(service));
  const end = lines.findIndex((line) => line.trim() === endMark(service));
  if (begin === -1 || end < begin) return null;
  const indent = (lines[begin] ?? '').search(/\S/);
  return lines
    .slice(begin, end + 1)
    .map((line) => `${line.slice(0, indent).trim()}${line.slice(indent)}`.trimEnd())
    .join('\n');
}

/** The same as they stand in the file, indented, each with its end of line, as the server's `our_block` prints them. */
export function linesOfBlock(override: string, service: string): string | null {
  const lines = override.split('\n');
  const begin = lines.findIndex((line) => line.trim() === beginMark(service));
  const end = lines.findIndex((line) => line.trim() === endMark(service));
  if (begin === -1 || end < begin) return null;
  return lines
    .slice(begin, end + 1)
    .map((line) => `${line}\n`)
    .join('');
}

/**
 * Our lines for a service put where they belong in an override: in the place of those between its marks, where the marks are. Every
 * other byte stays. Fails where there are no marks.
 */
export function replaceBlock(override: string, service: string, block: string): Result<string> {
  const lines = override.split('\n');
  const begin = lines.findIndex((line) => line.trim() === beginMark(service));
  const end = lines.findIndex((line) => line.trim() === endMark(service));
  if (begin === -1 || end < begin) return failed(failure('input-invalid', `The override has no marks of ${service}.`));
  const indent = ' '.repeat((lines[begin] ?? '').search(/\S/));
  const written = block
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => (line === '' ? '' : `${indent}${line}`));
  return ok([...lines.slice(0, begin), ...written, ...lines.slice(end + 1)].join('\n'));
}
