import type { HostileCase } from '../case.ts';

/**
 * A job that died lies in the home state of every stack that is known there, and of one that is not; its data beside the stack.
 * Whoever trusts this home runs it.
 */
const plant = `plain_stack; home_state; for key in "$HOME_STATE"/stacks/*; do planted_job "$key" j1 home-; done
planted_job "$STATE" j1; mkdir -p /home/home/honest/.switchyard/jobs/j1; dead_line >/home/home/honest/.switchyard/jobs/j1/pid; chown -R home:home "$HOME_STATE" /home/home/honest/.switchyard/jobs/j1`;

const control = 'for key in "$HOME_STATE"/stacks/*; do by_hand "$key/jobs/j1"; done';

const undo = 'rm -rf /home/home/honest/.switchyard/jobs/j1; home_state_back';

const words = /\.local|state\/switchyard|home (?:state|folder)|home\/home/i;

const home = (id: string, about: string, modes: string, more: Partial<HostileCase> = {}): HostileCase => ({
  id,
  kind: 'home state',
  stage: 'home',
  about,
  plant,
  modes,
  control,
  undo,
  told: words,
  ...more,
});

const mounted = (id: string, about: string, how: string, undoVolume = ''): HostileCase =>
  home(id, about, `docker run -d --name "$ID-mounts" ${how} --entrypoint sleep haproxy:3.0 3600 >/dev/null`, {
    undo: `docker rm -f "$ID-mounts" >/dev/null; ${undoVolume}${undo}`,
  });

export const homeCases: HostileCase[] = [
  home('home-owner', 'the home state is another user’s', 'chown guest:guest "$HOME_STATE"; chmod 755 "$HOME_STATE"'),
  home('home-group', 'the home state may be written by a group', 'chgrp docker "$HOME_STATE"; chmod 770 "$HOME_STATE"'),
  home('home-world', 'the home state may be written by everybody', 'chmod 777 "$HOME_STATE"'),
  home(
    'home-link',
    'the home state is a link to a folder of another user’s',
    'mkdir -p "$OUT"; mv "$HOME_STATE" "$OUT/state"; chown -R guest:guest "$OUT"; chmod -R a+rwX "$OUT"; ln -s "$OUT/state" "$HOME_STATE"',
    { neighbourUnknown: true },
  ),
  home(
    'home-parent',
    'a folder above the home state may be written by everybody',
    'chmod 777 /home/home/.local/state',
    {
      undo: `chmod 755 /home/home/.local/state; ${undo}`,
    },
  ),
  home(
    'home-stack-link',
    'a stack’s folder in the home state is a link out of it',
    'mkdir -p "$OUT"; for key in "$HOME_STATE"/stacks/*; do mv "$key" "$OUT/"; ln -s "$OUT/$(basename "$key")" "$key"; done; chown -R guest:guest "$OUT"; chmod -R a+rwX "$OUT"',
    { neighbourUnknown: true },
  ),
  home(
    'home-script-owner',
    'a program in the home state is another user’s',
    'chown guest:guest "$HOME_STATE"/stacks/*/jobs/j1/run.sh; chmod a+r "$HOME_STATE"/stacks/*/jobs/j1/run.sh',
  ),
  mounted('home-mounted', 'a container has the operator’s home folder mounted', '-v /home/home:/srv/home'),
  mounted('home-mounted-above', 'a container has the whole disk mounted', '-v /:/srv/host'),
  {
    ...mounted(
      'home-mounted-volume',
      'a container has the operator’s home folder as a named volume that is a bind',
      '-v "$ID":/srv/home',
      'docker volume rm "$ID" >/dev/null; ',
    ),
    plant: `${plant}; docker volume create --driver local -o type=none -o o=bind -o device=/home/home "$ID" >/dev/null`,
  },
];
