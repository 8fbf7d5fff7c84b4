import type { HostileCase } from '../case.ts';

/** Writes one field of service.json anew: jq is not there, and the file is ours to know. */
export const field = (name: string, value: string) =>
  `perl -0pi -e 's{"${name}": ("[^"]*"|\\[[^\\]]*\\])}{"${name}": ${value}}' "$STATE/web/service.json"`;

/** A verb that goes by the data, whatever becomes of it, asked for by a service's name. */
const byVerb =
  (verb: 'rollback' | 'retire'): HostileCase['act'] =>
  async (acting) => {
    await acting.verb(verb);
    return null;
  };

const onMap =
  (id: string): HostileCase['seen'] =>
  (map) =>
    map.stacks.some(({ name, services }) => name === id && services.some((each) => each.name === 'web'))
      ? null
      : 'the service is not on the map';

export const dataCases: HostileCase[] = [
  {
    id: 'data-entry',
    kind: 'forged data',
    stage: 'act',
    about: 'service.json names an entry point that is a shell’s line',
    plant: `old_stack files; m=$(marker entry); ${field('entry', '"x; $ENV{m}; \\$($ENV{m}) `$ENV{m}`"').replace('perl', 'm=$m perl')}`,
    act: byVerb('rollback'),
    control: 'as_home sh -c "$foreign/$ID.entry"',
  },
  {
    id: 'data-network',
    kind: 'forged data',
    stage: 'act',
    about: 'service.json names a network and an image that are a shell’s lines and options of docker',
    plant: `old_stack files; m=$(marker network); ${field('networks', '["\\$($ENV{m})", "--privileged"]').replace('perl', 'm=$m perl')}; ${field('entryImage', '"--privileged"')}`,
    act: byVerb('retire'),
    control: 'as_home sh -c "$foreign/$ID.network"',
  },
  {
    id: 'data-check',
    kind: 'forged data',
    stage: 'act',
    about: 'the path of a check is a shell’s line',
    plant: `old_stack files; m=$(marker check); ${field('path', '"/\\$($ENV{m})`$ENV{m}`"').replace('perl', 'm=$m perl')}`,
    act: byVerb('rollback'),
    control: 'as_home sh -c "$foreign/$ID.check"',
  },
  {
    id: 'data-live-map',
    kind: 'forged data',
    stage: 'act',
    about: 'live.map and the prefix hold a shell’s lines',
    plant: `old_stack files; m=$(marker map); printf 'live $(%s)\\n' "$m" >"$STATE/web/entry/live.map"; printf '$(%s)\\n' "$m" >"$STATE/web/prefix"`,
    act: byVerb('rollback'),
    control: 'as_home sh -c "$foreign/$ID.map"',
  },
  {
    id: 'data-roles',
    kind: 'forged data',
    stage: 'act',
    about: 'current and previous lead to releases whose name is a shell’s line',
    plant: `old_stack files; m=$(marker role); mv "$STATE/web/releases/0001" "$STATE/web/releases/\\$(id)"; ln -sfn 'releases/$(id)' "$STATE/web/previous"; printf '$(%s)\\n' "$m" >"$STATE/web/releases/0002/slot"; printf 'ready $(%s) 1 \`%s\`\\n' "$m" "$m" >"$STATE/web/releases/0002/state"`,
    act: byVerb('rollback'),
    control: 'as_home sh -c "$foreign/$ID.role"',
  },
  {
    id: 'data-release',
    kind: 'forged data',
    stage: 'act',
    about: 'release.json names a version, an image and a person that are a shell’s lines',
    plant: `old_stack files; m=$(marker release); sed -i "s|\\"imageVersion\\": \\"[^\\"]*\\"|\\"imageVersion\\": \\"\\$($m)\\"|; s|\\"reference\\": \\"[^\\"]*\\"|\\"reference\\": \\"\\$($m)\\"|; s|\\"by\\": \\"[^\\"]*\\"|\\"by\\": \\"; $m\\"|" "$STATE"/web/releases/*/release.json`,
    act: async ({ session, name, verb }) => {
      await session.releases(name);
      await verb('deploy', { release: 1, replace: true });
      return null;
    },
    control: 'as_home sh -c "$foreign/$ID.release"',
  },
  {
    id: 'data-journal',
    kind: 'forged data',
    stage: 'act',
    about: 'journal records with names that are options, that hold newlines and .., and with a shell’s lines inside',
    plant: `old_stack files; m=$(marker journal); mkdir -p "$VICTIM"; echo kept >"$VICTIM/file"
cd "$STATE/journal"; for name in -rf.json '..-move-done.json' "$(printf '00000099-x\\n-move-done.json')" '00000098-$(id)-move-done.json'; do printf '{"seq":98,"service":"web","step":"move","phase":"done","job":"$(%s)","verdict":"\`%s\`"' "$m" "$m" >"./$name"; done`,
    act: async ({ session, name, verb }) => {
      await session.releases(name);
      await verb('retire');
      return null;
    },
    control: 'as_home sh -c "$foreign/$ID.journal"',
  },
  {
    id: 'data-feed',
    kind: 'forged data',
    stage: 'look',
    about: 'the feed tells of jobs of another stack’s service, and of jobs whose names are paths',
    plant: `old_stack files; at=$(date +%s)000
for job in f1 ../../f2 '$(id)'; do printf '{"job":"%s","at":%s,"kind":"job","verb":"flip","stack":"honest","service":"web","by":"home@laptop","steps":"gate,move"}\\n{"job":"%s","at":%s,"kind":"begin","step":"move"}\\n' "$job" "$at" "$job" "$at" >>"$STATE/feed.ndjson"; done`,
    seen: (map) => {
      const shown = map.stacks.find(({ name }) => name === 'honest')?.services[0]?.switch;
      return shown?.kind === 'flipping' || shown?.kind === 'preparing' || shown?.kind === 'locked'
        ? `the other stack’s service is shown as ${shown.kind}`
        : null;
    },
  },
  {
    id: 'data-service-path',
    kind: 'forged data',
    stage: 'act',
    about: 'service.json names a service whose name is a path out of the state folder',
    plant: `old_stack files; mkdir -p "$VICTIM"; echo kept >"$VICTIM/file"; ${field('service', '"../../../../srv/victim/data-service-path"')}`,
    act: byVerb('retire'),
    seen: onMap('data-service-path'),
  },
  {
    id: 'data-other-stack',
    kind: 'forged data',
    stage: 'act',
    about: 'service.json says that the service is another stack’s, and names its entry point as its own',
    plant: `old_stack files; docker run -d --name "$ID-victim" --network hostile --entrypoint sleep haproxy:3.0 3600 >/dev/null; ${field('entry', '"data-other-stack-victim"')}; ${field('stack', '"honest"')}`,
    act: byVerb('rollback'),
    seen: onMap('data-other-stack'),
  },
  {
    id: 'data-other-slot',
    kind: 'forged data',
    stage: 'act',
    about: 'service.json says that the service is another stack’s: retiring previous would remove a slot of that one',
    plant: `old_stack files; docker run -d --name "$ID-victim--web--blue" --network hostile --entrypoint sleep haproxy:3.0 3600 >/dev/null; ${field('stack', '"data-other-slot-victim"')}`,
    act: byVerb('retire'),
    seen: onMap('data-other-slot'),
  },
  {
    id: 'data-epoch',
    kind: 'forged data',
    stage: 'act',
    about: 'a lock of the highest number there is, which nobody holds: no verb could ever take the next one',
    plant:
      'WITH_PREVIOUS=1 old_stack "$PORT"; mkdir -p "$STATE/lock/web/9223372036854775807"; : >"$STATE/lock/web/9223372036854775807/released"',
    act: async ({ verb }) => {
      const { outcome, failure } = await verb('rollback');
      return outcome === 'completed' ? null : `going back: ${outcome} ${failure?.message ?? ''}`;
    },
  },
  {
    id: 'data-number',
    kind: 'forged data',
    stage: 'act',
    about:
      'a release’s number is text that a shell reckons with, on a server whose sh is bash: it would run a command in it',
    plant: `old_stack "$PORT"; mkdir -p "$STATE/web/releases/0a[\\$(sh \\$PROJECT_DIR\\\${HOME%%h*}planted)]"; marker number >"$DIR/planted"`,
    during: 'ln -sf bash /bin/sh',
    act: async ({ verb, sh }) => {
      await verb('deploy', { image: 'registry.lab:5000/feather/web:1.0.0', replace: true });
      await sh('ln -sf dash /bin/sh');
      return null;
    },
    control: 'as_home sh "$DIR/planted"',
  },
  {
    id: 'data-env',
    kind: 'forged data',
    stage: 'act',
    about: 'the stack’s .env sets what compose goes by: a file of its own, a host, a path, a preload',
    plant: `plain_stack; mkdir -p "$OUT"; m=$(marker env); printf 'COMPOSE_FILE=%s/other.yaml\\nPATH=%s\\nLD_PRELOAD=%s\\nX=$(%s)\\n' "$OUT" "$OUT" "$m" "$m" >"$DIR/.env"; printf '#!/bin/sh\\n%s\\n' "$m" >"$OUT/docker"; chmod 755 "$OUT/docker"`,
    act: async ({ session, name }) => {
      await session.planAdopt(name, { shareVolumes: true });
      return null;
    },
    control: 'as_home sh "$OUT/docker"',
  },
  {
    id: 'data-include',
    kind: 'forged data',
    stage: 'act',
    about: 'a label names a compose file elsewhere, which includes one of a git server: compose would start git',
    plant: `mkdir -p "$DIR" "$OUT"; planted_git
printf 'services:\\n  web:\\n    image: %s:1.0.0\\n' "$web" >"$DIR/compose.yaml"; printf 'COMPOSE_EXPERIMENTAL_GIT_REMOTE=1\\n' >"$DIR/.env"
printf 'include:\\n  - %s\\nservices:\\n  web:\\n    image: x\\n' "$(planted_address)" >"$OUT/compose.yaml"
docker run -d --name "$ID-web-1" $(of_compose "$ID" web "$DIR") --label "com.docker.compose.project.config_files=$OUT/compose.yaml" $web:1.0.0 >/dev/null`,
    act: async ({ session, name }) => {
      await session.planAdopt(name, { shareVolumes: true });
      return null;
    },
    control:
      'cd "$DIR" && as_home docker compose -f "$OUT/compose.yaml" --project-directory "$DIR" config >/dev/null 2>&1; true',
  },
  {
    id: 'data-git',
    kind: 'forged data',
    stage: 'act',
    about: 'the stack’s folder is a git repository with hooks and a monitor of its own',
    plant: `plain_stack; m=$(marker hook); mkdir -p "$DIR/.git/hooks"; printf '[core]\\n\\tfsmonitor = %s\\n\\tpager = %s\\n' "$m" "$m" >"$DIR/.git/config"; for each in pre-commit post-checkout post-index-change; do printf '#!/bin/sh\\n%s\\n' "$m" >"$DIR/.git/hooks/$each"; chmod 755 "$DIR/.git/hooks/$each"; done`,
    act: async ({ session, name }) => {
      await session.planAdopt(name, { shareVolumes: true });
      return null;
    },
    control: 'as_home sh "$DIR/.git/hooks/pre-commit"',
  },
];
