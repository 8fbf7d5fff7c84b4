import type { HostileCase } from '../case.ts';
import { field } from './data.ts';

/** Release 1, which ran before, with something added to its compose.yaml: it is deployed once more. */
const redeployed = (id: string, about: string, edit: string): HostileCase => ({
  id,
  kind: 'releases',
  stage: 'act',
  about: `release 1’s compose.yaml ${about}; it is deployed again`,
  plant: `old_stack "$PORT"; compose=$STATE/web/releases/0001/compose.yaml; ${edit}`,
  act: async ({ verb }) => {
    await verb('deploy', { release: 1, replace: true });
    return null;
  },
  control: `sed -e "s/$ID--web/$ID--control/" "$STATE/web/releases/0001/compose.yaml" >"$STATE/web/releases/0001/control.yaml"; as_home docker compose -p "$ID--control" --project-directory "$DIR" -f "$STATE/web/releases/0001/control.yaml" up -d >/dev/null 2>&1; sleep 0.3`,
});

/** A line of the service itself. */
const line = (text: string) => `sed -i 's|^    pull_policy: never|&\\n${text}|' "$compose"`;

const rollback: HostileCase['act'] = async ({ verb }) => {
  await verb('rollback');
  return null;
};

export const releaseCases: HostileCase[] = [
  redeployed('release-privileged', 'says privileged', line('    privileged: true')),
  redeployed(
    'release-host-mount',
    'mounts the server’s own disk, and runs a program of it',
    `marker slot >/dev/null; ${line(`    volumes: ["/:/host"]\\n    entrypoint: ["/host'"$foreign/$ID"'.slot"]`)}`,
  ),
  redeployed(
    'release-socket',
    'mounts the engine’s socket',
    line('    volumes: ["/var/run/docker.sock:/var/run/docker.sock"]'),
  ),
  redeployed('release-spaces', 'joins the server’s processes and its memory', line('    pid: host\\n    ipc: host')),
  redeployed(
    'release-network',
    'joins the server’s network',
    `sed -i '/^    networks:/,/^      default/d' "$compose"; ${line('    network_mode: host')}`,
  ),
  redeployed(
    'release-rights',
    'asks for all capabilities, a device, and no confinement',
    line(
      '    cap_add: [ALL]\\n    devices: ["/dev/kmsg:/dev/kmsg"]\\n    security_opt: ["apparmor:unconfined", "seccomp:unconfined"]',
    ),
  ),
  redeployed(
    'release-preload',
    'sets LD_PRELOAD',
    `sed -i 's|^    environment:|&\\n      LD_PRELOAD: /data/planted.so|' "$compose"`,
  ),
  redeployed(
    'release-program',
    'runs another program in its image',
    line(
      '    entrypoint: ["/usr/local/libexec/foreign/x"]\\n    command: ["haproxy", "-db", "-f", "/feather/haproxy.cfg"]',
    ),
  ),
  redeployed(
    'release-image',
    'names another image',
    `docker tag $web:1.0.0 foreign/other:1; sed -i 's|^    image: .*|    image: foreign/other:1|' "$compose"`,
  ),
  redeployed(
    'release-stowaway',
    'has a second service',
    `sed -i "s|^services:|&\\n  stowaway:\\n    image: $web:1.0.0\\n    pull_policy: never|" "$compose"`,
  ),
  {
    id: 'release-include',
    kind: 'releases',
    stage: 'act',
    about: 'a release that was never made includes a compose file of a git server; two releases are compared',
    plant: `old_stack files; mkdir -p "$OUT"; cp -r "$STATE/web/releases/0001" "$STATE/web/releases/0003"
printf 'COMPOSE_EXPERIMENTAL_GIT_REMOTE=1\\n' >"$STATE/web/releases/0003/.env"; printf 'include:\\n  - %s\\n' "$(planted_address)" >>"$STATE/web/releases/0003/compose.yaml"
planted_git`,
    act: async ({ session, name }) => {
      await session.compareReleases(name, 2, 3);
      return null;
    },
    control: 'as_home git ls-remote "$(planted_address)" >/dev/null 2>&1; true',
  },
  {
    id: 'release-way-back',
    kind: 'releases',
    stage: 'act',
    about: 'no job can be sent, so going back goes by the release’s own rollback.sh, which is foreign',
    plant: `old_stack files; for each in current previous; do printf '#!/bin/sh\\n%s\\n' "$(marker rollback)" >"$STATE/web/$each/rollback.sh"; done`,
    modes: 'rm -rf "$STATE/jobs"; : >"$STATE/jobs"',
    act: rollback,
    control: 'by_hand "$STATE/web/current" rollback.sh',
  },
  {
    id: 'verb-entry',
    kind: 'what a verb goes by',
    stage: 'act',
    about: 'service.json names a container of somebody else’s as the entry point: commands would be run in it',
    plant: `old_stack files; docker run -d --name "$ID-victim" --network hostile --entrypoint sleep haproxy:3.0 3600 >/dev/null; ${field('entry', '"verb-entry-victim"')}`,
    act: rollback,
    control: 'docker exec "$ID-victim" true; sleep 0.3',
  },
  {
    id: 'verb-probe',
    kind: 'what a verb goes by',
    stage: 'act',
    about: 'service.json names another image for the probe, and the server’s own network: the stack is ejected',
    plant: `old_stack "$PORT"; docker tag haproxy:3.0 foreign/probe:1; ${field('entryImage', '"foreign/probe:1"')}; ${field('networks', '["host"]')}`,
    act: async ({ verb }) => {
      await verb('eject');
      return null;
    },
    control:
      'docker run --rm --name "$ID--web--probe-control" --network host --entrypoint true foreign/probe:1; sleep 0.3',
  },
  {
    id: 'verb-check',
    kind: 'what a verb goes by',
    stage: 'act',
    about: 'service.json got a check that is a command, which would be run in the slots',
    plant: `WITH_PREVIOUS=1 old_stack "$PORT"; m=$(marker check); sed -i "s|\\"checks\\": \\[|&{\\"kind\\": \\"command\\", \\"command\\": \\"$m\\"},|" "$STATE/web/service.json"`,
    act: rollback,
    control: 'docker exec "$ID--web--green" sh -c "$foreign/$ID.check" >/dev/null 2>&1; sleep 0.3',
  },
  {
    id: 'verb-override',
    kind: 'what a verb goes by',
    stage: 'act',
    about: 'the override got lines beside ours that make the service privileged: the stack is ejected',
    plant: `old_stack "$PORT"`,
    // The block that is the operator's own stays when ours goes.
    during: `{ sed '/^  # switchyard end web/q' "$DIR/compose.override.yaml"; printf '  stowaway:\\n    image: %s:1.0.0\\n    pull_policy: never\\n    privileged: true\\n' "$web"; } >"$DIR/part"; cat "$DIR/part" >"$DIR/compose.override.yaml"; rm "$DIR/part"
printf '    depends_on: [stowaway]\\n' >>"$DIR/compose.yaml.part"; sed '/^    image: /r '"$DIR/compose.yaml.part" "$DIR/compose.yaml" >"$DIR/new"; cat "$DIR/new" >"$DIR/compose.yaml"; rm "$DIR/new" "$DIR/compose.yaml.part"`,
    act: async ({ verb }) => {
      await verb('eject');
      return null;
    },
    told: /override/i,
  },
  {
    id: 'verb-env',
    kind: 'what a verb goes by',
    stage: 'act',
    about: 'the stack’s .env names another compose file: the stack is ejected, and compose reads that one',
    plant: `old_stack "$PORT"; mkdir -p "$OUT"; sed 's|^    image: .*|&\\n    privileged: true|' "$DIR/compose.yaml" >"$OUT/other.yaml"`,
    during: 'printf "COMPOSE_FILE=%s/other.yaml\\n" "$OUT" >"$DIR/.env"; chown home:home "$DIR/.env"',
    act: async ({ verb }) => {
      await verb('eject');
      return null;
    },
  },
  {
    id: 'verb-config',
    kind: 'what a verb goes by',
    stage: 'act',
    about: 'haproxy.cfg loads a Lua file that runs a program; going back starts the entry point, which was stopped',
    plant: `WITH_PREVIOUS=1 old_stack "$PORT"`,
    during: 'lua_config',
    act: async (acting) => {
      await acting.sh('docker stop -t 1 "$ID-web-1" >/dev/null');
      return rollback?.(acting) ?? null;
    },
    told: /haproxy\.cfg/,
    // Going back has put our own file there again.
    control: 'lua_config; docker restart -t 1 "$ID-web-1" >/dev/null; sleep 1',
  },
];
