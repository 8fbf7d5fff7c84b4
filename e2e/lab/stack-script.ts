import { renderHealScript } from './fault-script.ts';
import type { Recipe, StackFiles } from './recipe.ts';

/**
 * A bash script, for root on the server, that leaves nothing but pristine stacks: containers, networks, volumes, folders,
 * faults and images of whatever was there are gone, but for the stacks that are kept. With fromRegistry the images are pulled even where
 * a tag is there: it may be of an older lab, whose engine this one inherited.
 */
export function renderResetScript(
  stacks: readonly StackFiles[],
  recipe: Pick<Recipe, 'keptByReset' | 'startedAtOnce'>,
  { fromRegistry }: { fromRegistry: boolean },
): string {
  // What comes anew from the registry is started anew: nothing is kept then.
  const kept = fromRegistry ? [] : recipe.keptByReset;
  const fresh = stacks.filter((stack) => !kept.includes(stack.name));
  return `set -euo pipefail
# What a killed test left wrong.
${renderHealScript(stacks.map((stack) => `/home/home/${stack.name}`))}for _ in $(seq 600); do docker info >/dev/null 2>&1 && break; sleep 0.1; done
keep=' ${kept.join(' ')} '
# Jobs that still run would write into what is about to go.
pkill -9 -u home -f '[.]switchyard' || true
docker ps -a --format '{{.ID}} {{.Label "com.docker.compose.project"}}' | while read -r id project; do
  case "$keep" in *" $project "*) ;; *) echo "$id" ;; esac
done >/tmp/reset-containers
[ ! -s /tmp/reset-containers ] || xargs docker rm -f -v </tmp/reset-containers >/dev/null
docker network prune -f >/dev/null
docker volume prune -a -f >/dev/null
${stacks
  .map((stack) =>
    kept.includes(stack.name)
      ? `[ -f /home/home/${stack.name}/compose.yaml ] || {\n${renderFiles(stack)}}\n`
      : `rm -rf /home/home/${stack.name}\n${renderFiles(stack)}`,
  )
  .join('')}rm -rf /home/home/.local/state/switchyard
# Versions that were pulled since: a deploy shall pull again.
keep_images=$(cat ${stacks.map((stack) => `/home/home/${stack.name}/compose.yaml`).join(' ')} | sed -n 's/^ *image: *\\([^ #]*\\).*/\\1/p' | sort -u)
keep_ids=$(for image in $keep_images; do docker image inspect -f '{{.Id}}' "$image" 2>/dev/null || true; done)
docker image ls --no-trunc --format '{{.ID}} {{.Repository}}' | sort -u | while read -r id repository; do
  case "$repository" in registry.lab:5000/*) ;; *) continue ;; esac
  case "$keep_ids" in *"$id"*) ;; *) docker image rm -f "$id" >/dev/null 2>&1 || true ;; esac
done
start() { cd "/home/home/$1" && setpriv --reuid=home --regid=home --init-groups -- env HOME=/home/home USER=home docker compose up -d ${fromRegistry ? '--pull always ' : ''}--wait --wait-timeout 180 --quiet-pull >"/tmp/start-$1.log" 2>&1 || { cat "/tmp/start-$1.log" >&2; return 255; }; }
export -f start
${kept.map((name) => `start ${name}\n`).join('')}printf '%s\\n' ${fresh.map((stack) => stack.name).join(' ')} | xargs -P ${recipe.startedAtOnce} -I{} bash -c 'start {}'
`;
}

/** Shell that writes a stack's folder as user \`home\`. */
function renderFiles(stack: StackFiles): string {
  const folder = `/home/home/${stack.name}`;
  const lines: string[] = [`install -d -o home -g home ${folder}`];
  for (const [name, content] of Object.entries(stack.files)) {
    const parent = name.includes('/') ? `${folder}/${name.slice(0, name.lastIndexOf('/'))}` : folder;
    if (parent !== folder) lines.push(`install -d -o home -g home ${parent}`);
    lines.push(`base64 -d >${folder}/${name} <<<'${Buffer.from(content).toString('base64')}'`);
  }
  lines.push(`chown -R home:home ${folder}`);
  return `${lines.join('\n')}\n`;
}
