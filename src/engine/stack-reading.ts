import { type ComposeConfig, composeConfigSchema } from '../core/compose-config.ts';
import { tellComposeError } from '../core/compose-error.ts';
import { failure } from '../core/failure.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { parseJson } from '../core/service-record.ts';
import type { Shell } from './ports/shell.ts';
import type { VerbFacts } from './verbs.ts';
import { readWhole } from './whole-answer.ts';

/** A stack's own files, read in one go, as the operator wrote them: our override's blocks are left out of `config`. */
export type StackReading = {
  config: ComposeConfig;
  /** The compose file that names the services, absolute, with its text. */
  composePath: string;
  composeText: string;
  overridePath: string;
  /** The override as it is, ours and theirs; null when there is none. */
  overrideText: string | null;
  /** One hash over all files that make the stack; a job refuses when it differs. */
  hash: string;
  /** The files of that hash, absolute. */
  hashedFiles: string[];
  /** `uid:gid` of the operator on the server. */
  user: string;
  folderWritable: boolean;
  /** TCP ports the container's image exposes. */
  exposedPorts: number[];
  /** Files of the folder and the crontab that name the container. */
  mentions: string[];
};

// Arguments: project folder, stack, container, then the compose files the stack was started from.
const readScript = `
cd "$1" 2>/dev/null || { printf '\\001nofolder\\n'; exit 0; }
# As in a job (kit/10-words.sh): what .env sets for compose itself counts for nothing here.
unset COMPOSE_FILE COMPOSE_PROJECT_NAME COMPOSE_PROFILES
COMPOSE_EXPERIMENTAL_GIT_REMOTE=0 COMPOSE_EXPERIMENTAL_OCI_REMOTE=0 DOCKER_HOST=\${DOCKER_HOST-} DOCKER_CONTEXT=\${DOCKER_CONTEXT-}
[ -n "\${DOCKER_CONFIG:-}" ] || DOCKER_CONFIG=\${HOME:-}/.docker
export COMPOSE_EXPERIMENTAL_GIT_REMOTE COMPOSE_EXPERIMENTAL_OCI_REMOTE DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG
folder=$1 stack=$2 container=$3
shift 3
mark() { printf '\\001%s\\n' "$1"; }
mark user; printf '%s:%s\\n' "$(id -u)" "$(id -g)"
override=
for each in compose.override.yml compose.override.yaml docker-compose.override.yml docker-compose.override.yaml; do
  [ -e "$each" ] && { override=$folder/$each; break; }
done
if [ $# -eq 0 ]; then
  for each in compose.yaml compose.yml docker-compose.yml docker-compose.yaml; do
    [ -e "$each" ] && { set -- "$folder/$each"; break; }
  done
fi
# Behind a link it is the folder of the file itself that has to be written.
behind=$(readlink -f "\${override:-$folder/compose.override.yaml}") || behind=
mark writable; [ -w . ] && { [ -z "$behind" ] || [ -w "\${behind%/*}/" ]; } && echo yes
compose=$1
mark compose; printf '%s\\n' "$compose"
if ! [ -e "$compose" ]; then mark absent; exit 0; fi
# Files of at most 1 MiB: what a link leads to may be a pipe that nobody fills, or have no end.
odd=
for each in "$@" \${override:+"$override"} "$folder/.env"; do
  [ -e "$each" ] || continue
  [ -f "$each" ] && [ -r "$each" ] && [ -n "$(find -L "$each" -maxdepth 0 -size -2049 2>/dev/null)" ] || { odd=$each; break; }
done
if [ -n "$odd" ]; then mark compose; printf '%s\\n' "$odd"; mark unreadable; exit 0; fi
mark text; cat "$compose"; echo .
mark override; printf '%s\\n' "$override"
[ -n "$override" ] && { mark override-text; cat "$override"; echo .; }
hashed="$compose
\${override:-$folder/compose.override.yaml}
$folder/.env"
mark hashed; printf '%s\\n' "$hashed"
mark hash; printf '%s\\n' "$hashed" | while IFS= read -r file; do if [ -e "$file" ]; then sha256sum <"$file"; else echo absent; fi; done | sha256sum | cut -d' ' -f1
part=$(mktemp -d) || exit 1
trap 'rm -rf "$part"' EXIT
first=1 seen=
for file in "$@" "$override"; do
  [ -n "$first" ] && set -- && first=
  [ -n "$file" ] || continue
  case " $seen " in *" $file "*) continue ;; esac
  seen="$seen $file"
  if grep -q '^ *# switchyard begin ' "$file"; then
    sed '/^ *# switchyard begin /,/^ *# switchyard end /d' "$file" >"$part/$(basename "$file")"
    grep -v '^ *#' "$part/$(basename "$file")" | grep -v '^ *$' | grep -qv '^services: *$' || continue
    file=$part/$(basename "$file")
  fi
  set -- "$@" -f "$file"
done
mark config
timeout 25 docker compose -p "$stack" --project-directory "$folder" "$@" config --format json 2>"$part/error" || { mark broken; cat "$part/error"; [ -r .env ] && { mark env; cat .env; }; exit 0; }
echo
mark exposed; docker inspect --format '{{range $port, $none := .Config.ExposedPorts}}{{println $port}}{{end}}' "$container" 2>/dev/null
mark mentions
[ -n "$container" ] && find -L . -maxdepth 1 -type f \\( -name '*.sh' -o -name '*.bash' \\) -size -2049 -exec grep -lsF -- "$container" {} + 2>/dev/null
[ -n "$container" ] && crontab -l 2>/dev/null | grep -qF -- "$container" && echo 'your crontab'
`;

/** Has compose fetch nothing from anywhere for files that include what lies elsewhere: it says that it cannot. */
const unattended =
  'COMPOSE_EXPERIMENTAL_GIT_REMOTE=0 COMPOSE_EXPERIMENTAL_OCI_REMOTE=0\nexport COMPOSE_EXPERIMENTAL_GIT_REMOTE COMPOSE_EXPERIMENTAL_OCI_REMOTE\n';

/**
 * Reads a stack's files. `container` is the service's own container, or empty. Failures are `compose-*` with the telling line.
 * Where nobody asked for it, nothing is fetched.
 */
export async function readStack(
  shell: Shell,
  stack: { name: string; folder: string; files: string[] },
  container: string,
  isAskedFor = true,
): Promise<Result<StackReading>> {
  const answer = await readWhole(
    shell,
    `${isAskedFor ? '' : unattended}${readScript}`,
    [stack.folder, stack.name, container, ...stack.files],
    {
      timeoutMs: 30_000,
      what: `the stack ${stack.name}`,
    },
  );
  if (!answer.ok) return answer;
  const { stdout, stderr } = answer.value;
  const sections = new Map<string, string>();
  let name = '';
  for (const line of stdout.replace(/\n$/, '').split('\n')) {
    if (line.startsWith('\u0001')) {
      name = line.slice(1);
      sections.set(name, '');
    } else {
      sections.set(name, `${sections.get(name) ?? ''}${line}\n`);
    }
  }
  const word = (section: string): string => (sections.get(section) ?? '').trim();
  // A dot was printed behind the text, so that its own end of line is known.
  const whole = (section: string): string | null => sections.get(section)?.replace(/\.\n$/, '') ?? null;
  if (sections.has('nofolder'))
    return failed(
      failure('compose-unreadable', `The folder of ${stack.name}, ${stack.folder}, cannot be entered by this user.`),
    );
  if (sections.has('absent'))
    return failed(
      failure(
        'compose-unreadable',
        `${word('compose') || 'The compose file'} of ${stack.name} is gone from the server.`,
        { running: 'The stack runs on.' },
      ),
    );
  if (sections.has('unreadable'))
    return failed(
      failure(
        'compose-unreadable',
        `${word('compose')} of ${stack.name} cannot be read: it is no file of at most 1 MiB that this user may read.`,
        {
          running: 'The stack runs on.',
        },
      ),
    );
  if (sections.has('broken')) {
    const files = ['text', 'override-text', 'env'].map((name) => whole(name) ?? '');
    const detail = tellComposeError(word('broken'), files);
    return failed(
      failure('compose-broken', `The compose files of ${stack.name} are not valid.`, {
        detail,
        running: 'The stack runs on as before.',
      }),
    );
  }
  const config = parseJson(composeConfigSchema, sections.get('config') ?? '');
  if (config === null) {
    return failed(
      failure('compose-broken', `What compose says about ${stack.name} cannot be read.`, {
        detail: stderr.trim().split('\n').pop() ?? null,
      }),
    );
  }
  return ok({
    config,
    composePath: word('compose'),
    composeText: whole('text') ?? '',
    overridePath: word('override') || `${stack.folder}/compose.override.yaml`,
    overrideText: whole('override-text'),
    hash: word('hash'),
    hashedFiles: word('hashed').split('\n'),
    user: word('user'),
    folderWritable: word('writable') === 'yes',
    exposedPorts: word('exposed')
      .split('\n')
      .filter((line) => line.endsWith('/tcp'))
      .map((line) => Number.parseInt(line, 10)),
    mentions: word('mentions')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace(/^\.\//, '')),
  });
}

/** The compose files a stack was started from, told by the labels of any of its containers. */
export const configFiles = (labels: Record<string, string>): string[] =>
  (labels['com.docker.compose.project.config_files'] ?? '').split(',').filter((file) => file.startsWith('/'));

export const isOverride = (file: string): boolean => /(?:^|\/)(?:docker-)?compose\.override\.ya?ml$/.test(file);

/** The stack of an adopted service, whose container is the entry point. */
export function readAdoptedStack({ docker, service, shell, stack, folder }: VerbFacts): Promise<Result<StackReading>> {
  const entry = docker.containers.find((each) => each.id === service.containers[0]?.id);
  const files = configFiles(entry?.labels ?? {}).filter((file) => !isOverride(file));
  return readStack(shell, { name: stack.name, folder, files }, '');
}
