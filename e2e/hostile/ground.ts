import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryFolder } from '../../build/setup/folders.ts';
import { readKit } from '../../src/wiring/session.ts';
import { openServer, type Server } from '../faults/server.ts';
import type { Lab } from '../lab/lab.ts';
import type { HostileCase } from './case.ts';

/** The server that is planted on: what cases are made of lies there, and it is as it was after `clear`. */
export type Ground = {
  server: Server;
  /** Runs shell of a case, with its words. */
  sh(of: HostileCase, script: string): Promise<string>;
  /** Plants cases, some at once; afterwards each folder that nothing may change is remembered. */
  plant(cases: readonly HostileCase[]): Promise<void>;
  /** What became of a case's folder and process that nothing may touch; null when nothing did. */
  touched(of: HostileCase): Promise<string | null>;
  /** Takes cases away, with all that came of them. */
  clear(cases: readonly HostileCase[]): Promise<void>;
  /** Takes everything away. */
  clearAll(): Promise<void>;
};

const kept = '/root/hostile';
const atOnce = 3;

/** The stack that nobody harmed: adopted by 0.1.0, 1.1.0 has the traffic, 1.0.0 is warm. */
export const honest = { stack: 'honest', service: 'web', port: 18_080 } as const;

const clearScript = (ids: readonly string[]): string => `cd /
ids='${ids.join(' ')}'
for ID in $ids; do printf '^%s-\\n^%s$\\n' "$ID" "$ID"; done >${kept}/names
docker ps -a --format '{{.Names}}' | grep -f ${kept}/names | xargs -r docker rm -f >/dev/null
docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -E '^(foreign|switchyard)/' | sed 's|^[a-z]*/||' | grep -f ${kept}/names >${kept}/images
sed 's|^|switchyard/|; p; s|^switchyard/|foreign/|' ${kept}/images | xargs -r docker rmi -f >/dev/null 2>&1
for ID in $ids; do
  . ${kept}/ground.sh
  for each in $(pgrep -f "($DIR|$OUT|$DIR-other)/"); do [ "$each" = $$ ] || kill -9 "$each" 2>/dev/null; done
  [ ! -s "$VICTIM/process" ] || kill -9 "$(cat "$VICTIM/process")" 2>/dev/null
  rm -rf "$DIR" "$DIR-other" "$OUT" "$VICTIM" ${kept}/victims/"$ID"
done
true`;

const printVictim = `[ -d "$VICTIM" ] && cd "$VICTIM" && { find . -mindepth 1 ! -name '*.session' -printf '%p %y %m %l\\n' | sort; find . -type f -exec cksum {} + | sort; }`;

export async function openGround(lab: Lab, host: string, nonce: string): Promise<Ground> {
  const server = openServer(lab, host);
  const words = (of: HostileCase, port = 0) => `ID=${of.id} NONCE=${nonce} PORT=${port}\n. ${kept}/ground.sh\n`;
  const prepare = `set -e
rm -rf ${kept}; mkdir -p ${kept}/plants ${kept}/victims ${kept}/kit /srv/foreign /srv/victim
chmod 755 /srv/foreign /srv/victim
${(await filesBelow(import.meta.dirname, 'ground.sh', 'stack-0.1.0')).map(([name, text]) => put(`${kept}/${name}`, text)).join('\n')}
${Object.entries(readKit(path.join(repositoryFolder, 'resources/server')))
  .map(([name, text]) => put(`${kept}/kit/${name}`, text))
  .join('\n')}
for version in 1.0.0 1.1.0; do docker pull -q registry.lab:5000/feather/web:$version >/dev/null; done
docker pull -q haproxy:3.0 >/dev/null
n=1
for version in 1.0.0 1.1.0; do
  docker image inspect --format '{{.Id}}' registry.lab:5000/feather/web:$version >${kept}/id-$n
  docker image inspect --format '{{index .RepoDigests 0}}' registry.lab:5000/feather/web:$version | sed 's/.*@//' >${kept}/digest-$n
  n=$((n + 1))
done
docker network inspect hostile >/dev/null 2>&1 || docker network create hostile >/dev/null`;

  const clearAll = async () => {
    await server.sh(
      `docker ps -aq --filter network=hostile | xargs -r docker rm -f >/dev/null
for id in $(docker ps -a --format '{{.ID}} {{.Names}}' | grep -v ' feather' | cut -d' ' -f1); do docker rm -f "$id" >/dev/null; done
docker network rm hostile >/dev/null 2>&1
docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -E '^(foreign|switchyard)/' | grep -v '^switchyard/feather' | xargs -r docker rmi -f >/dev/null 2>&1
pkill -9 -u home -f '[.]switchyard'; pkill -9 -u home -x sleep
for each in /home/home/* ; do [ "$each" = /home/home/feather ] || rm -rf "$each"; done
rm -rf /srv/foreign /srv/victim ${kept} /home/home/.local /usr/local/bin/git
rm -rf /usr/local/libexec/foreign-*
true`,
      { timeoutMs: 120_000 },
    );
  };

  await clearAll();
  await server.sh(
    `mkdir -p /usr/local/libexec/foreign-${nonce}; printf '#!/bin/sh\\nexit 0\\n' >/usr/local/libexec/foreign-${nonce}/.program; chmod -R 755 /usr/local/libexec/foreign-${nonce}`,
  );
  await server.sh(prepare, { timeoutMs: 120_000 });
  await server.sh(`ID=${honest.stack} NONCE=${nonce}; . ${kept}/ground.sh; WITH_PREVIOUS=1 old_stack ${honest.port}`);

  let port = 18_100;
  return {
    server,
    sh: (of, script) => server.sh(`${words(of)}${script}`, { timeoutMs: 90_000, anyCode: true }),
    async plant(cases) {
      if (cases.length === 0) return;
      const scripts = cases.map((each) => {
        port += 1;
        const text = `${words(each, port)}set -e\n${each.plant}\nset +e\nfor each in "$DIR" "$OUT" "$VICTIM"; do [ ! -e "$each" ] || chown -hR home:home "$each"; done\n${each.modes ?? ''}\n${printVictim} >${kept}/victims/$ID\ntrue\n`;
        return put(`${kept}/plants/${each.id}`, text);
      });
      const said = await server.sh(
        `${scripts.join('\n')}
printf '%s\\n' ${cases.map(({ id }) => id).join(' ')} | xargs -P ${atOnce} -I{} sh -c 'said=$(sh ${kept}/plants/{} 2>&1) || printf "{}: %s\\n" "$said"'`,
        { timeoutMs: 300_000 },
      );
      if (said.trim() !== '') throw new Error(`not planted: ${said}`);
    },
    async touched(of) {
      const said = await server.sh(
        `${words(of)}[ -s ${kept}/victims/$ID ] || exit 0
{ ${printVictim}; } | diff ${kept}/victims/$ID - | sed -n 's/^[<>] //p' | head -n 3
[ ! -s "$VICTIM/process" ] || kill -0 "$(cat "$VICTIM/process")" 2>/dev/null || echo 'the process was ended'`,
        { anyCode: true },
      );
      return said.trim() === '' ? null : said.trim();
    },
    async clear(cases) {
      if (cases.length > 0)
        await server.sh(clearScript(cases.map(({ id }) => id)), { timeoutMs: 300_000, anyCode: true });
    },
    clearAll,
  };
}

const put = (file: string, text: string): string =>
  `mkdir -p '${path.posix.dirname(file)}' && base64 -d >'${file}' <<'FILE'\n${Buffer.from(text).toString('base64')}\nFILE`;

/** Files and those of folders, by their path from here. */
async function filesBelow(folder: string, ...names: string[]): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for (const name of names) {
    const full = path.join(folder, name);
    const inside = await readdir(full, { recursive: true, withFileTypes: true }).catch(() => null);
    if (inside === null) found.push([name, readFileSync(full, 'utf8')]);
    for (const each of inside ?? []) {
      if (!each.isFile()) continue;
      const file = path.join(each.parentPath, each.name);
      found.push([path.relative(folder, file), await readFile(file, 'utf8')]);
    }
  }
  return found;
}
