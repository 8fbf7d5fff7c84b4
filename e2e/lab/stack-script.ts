import { createHash } from 'node:crypto';
import path from 'node:path';
import { renderHealScript } from './fault-script.ts';
import type { Recipe, StackFiles } from './recipe.ts';

/**
 * A bash script, for root on the server, that leaves nothing but pristine stacks: containers, networks, volumes, folders,
 * faults and images of whatever was there are gone, but for the stacks that are kept. With fromRegistry the images are pulled even where
 * a tag is there: it may be of an older lab, whose engine this one inherited.
 */
export function renderResetScript(
  stacks: readonly StackFiles[],
  recipe: Pick<Recipe, 'keptByReset' | 'keepsUnchanged' | 'startedAtOnce'>,
  { fromRegistry }: { fromRegistry: boolean },
): string {
  // What comes anew from the registry is started anew: nothing is kept then.
  const kept = fromRegistry ? [] : recipe.keptByReset;
  const others = stacks.filter((stack) => !kept.includes(stack.name));
  const unchanged = recipe.keepsUnchanged && !fromRegistry ? others.map(renderKeepUnchanged).join('') : '';
  const pull = fromRegistry ? '--pull always ' : '';
  return `set -euo pipefail
# What a killed test left wrong: first the jobs that still run, which would write into what is about to go, and keep a disk busy.
ls -l /proc/[0-9]*/cwd 2>/dev/null | sed -n 's|.* /proc/\\([0-9]*\\)/cwd -> /home/home/.*|\\1|p' | xargs -r kill -9 2>/dev/null || true
pkill -9 -u home -f '[.]switchyard|[.]local/state/switchyard|[.]/(run|watch)[.]sh' || true
${renderHealScript(stacks.map((stack) => `/home/home/${stack.name}`))}# The small disk of the fault suite holds the home state too.
for each in /home/home/.local/state/switchyard /home/home/small; do while umount "$each" 2>/dev/null || umount -l "$each" 2>/dev/null; do :; done; done
for _ in $(seq 600); do docker version >/dev/null 2>&1 && break; sleep 0.1; done

keep=' ${kept.join(' ')} '
${unchanged}docker ps -a --format '{{.ID}} {{.Label "com.docker.compose.project"}}' | while read -r id project; do
  case "$keep" in *" $project "*) ;; *) echo "$id" ;; esac
done >/tmp/reset-containers
[ ! -s /tmp/reset-containers ] || xargs docker rm -f -v </tmp/reset-containers >/dev/null
docker network prune -f >/dev/null
docker volume prune -a -f >/dev/null
rm -rf /home/home/.local/state/switchyard
${stacks.map(renderFolder).join('')}
# Versions that were pulled since: a deploy shall pull again.
keep_images=$(cat ${stacks.map((stack) => `${folderOf(stack)}/compose.yaml`).join(' ')} | sed -n 's/^ *image: *\\([^ #]*\\).*/\\1/p' | sort -u)
keep_ids=$(docker image inspect -f '{{.Id}}' $keep_images 2>/dev/null || true)
docker image ls --no-trunc --format '{{.ID}} {{.Repository}}' | sort -u | while read -r id repository; do
  case "$repository" in registry.lab:5000/*) ;; *) continue ;; esac
  case "$keep_ids" in *"$id"*) ;; *) docker image rm -f "$id" >/dev/null 2>&1 || true ;; esac
done

start() {
  cd "/home/home/$1"
  setpriv --reuid=home --regid=home --init-groups -- env HOME=/home/home USER=home \\
    docker compose up -d ${pull}--wait --wait-timeout 180 --quiet-pull >"/tmp/start-$1.log" 2>&1 && return
  cat "/tmp/start-$1.log" >&2
  return 255
}
export -f start
${kept.map((name) => `start ${name}\n`).join('')}printf '%s\\n' ${others.map((stack) => stack.name).join(' ')} | xargs -P ${recipe.startedAtOnce} -I{} bash -c 'start {}'
`;
}

function folderOf(stack: StackFiles): string {
  return `/home/home/${stack.name}`;
}

/** Shell that adds a stack to what is kept when its folder holds its files and nothing else. */
function renderKeepUnchanged(stack: StackFiles): string {
  const sums = Object.entries(stack.files)
    .map(([name, content]) => `${createHash('sha256').update(content).digest('hex')}  ./${name}\n`)
    .sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1))
    .join('');
  const expected = createHash('sha256').update(sums).digest('hex');
  const found = `cd ${folderOf(stack)} 2>/dev/null && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum`;
  return `case "$(${found})" in ${expected}*) keep="\${keep}${stack.name} " ;; esac\n`;
}

/** Shell that writes a stack's folder as user `home`, unless the stack is kept and there. */
function renderFolder(stack: StackFiles): string {
  const folder = folderOf(stack);
  const lines: string[] = [];
  for (const [name, content] of Object.entries(stack.files)) {
    const parent = path.posix.dirname(`${folder}/${name}`);
    if (parent !== folder) lines.push(`  install -d -o home -g home ${parent}`);
    lines.push(`  base64 -d >${folder}/${name} <<<'${Buffer.from(content).toString('base64')}'`);
  }
  return `kept=no
case "$keep" in *" ${stack.name} "*) [ ! -f ${folder}/compose.yaml ] || kept=yes ;; esac
if [ $kept = no ]; then
  rm -rf ${folder}
  install -d -o home -g home ${folder}
${lines.join('\n')}
  chown -R home:home ${folder}
fi
`;
}
