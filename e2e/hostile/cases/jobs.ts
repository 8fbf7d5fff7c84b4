import type { HostileCase } from '../case.ts';

const inState = 'by_hand "$STATE/jobs/j1"';

export const jobCases: HostileCase[] = [
  {
    id: 'job-dead',
    kind: 'planted jobs',
    stage: 'look',
    about:
      'a job in the stack’s own state folder that died, of the operator’s own uid; run.sh, kit.sh and job.sh are foreign',
    plant: 'plain_stack; planted_job "$STATE" j1',
    control: inState,
  },
  {
    id: 'job-by-container',
    kind: 'planted jobs',
    stage: 'look',
    about: 'the same, written by a container that has the project folder mounted and runs as the operator’s uid',
    plant: `plain_stack; mkdir -p "$OUT"; planted_job "$OUT" j1; chown -R home:home "$DIR"
docker run --rm --user "$(id -u home):$(id -g home)" -v "$DIR:/srv/app" -v "$OUT:/from:ro" --entrypoint sh $web:1.0.0 -c 'mkdir -p /srv/app/.switchyard && cp -r /from/jobs /from/journal /srv/app/.switchyard/'`,
    control: inState,
  },
  {
    id: 'job-receiver',
    kind: 'planted jobs',
    stage: 'look',
    about: 'a job that never said who it is; what took it in is gone',
    plant: 'plain_stack; planted_job "$STATE" j1; mv "$STATE/jobs/j1/pid" "$STATE/jobs/j1/receiver"',
    control: inState,
  },
  {
    id: 'job-lease-over',
    kind: 'planted jobs',
    stage: 'look',
    about: 'a job of another process space whose lease is over',
    plant: `plain_stack; planted_job "$STATE" j1; printf '77 1 %s pid:[1]\\n' "$(cat /proc/sys/kernel/random/boot_id)" >"$STATE/jobs/j1/pid"; echo 1 >"$STATE/jobs/j1/lease"`,
    control: inState,
  },
  {
    id: 'job-words',
    kind: 'planted jobs',
    stage: 'look',
    about: 'a job of Switchyard’s own scripts whose job.sh holds $( ) where a value should be',
    plant: `plain_stack; own_job "$STATE" j1 flip "WATCH_S=\\$($(marker job))"`,
    control: inState,
  },
  {
    id: 'job-quotes',
    kind: 'planted jobs',
    stage: 'look',
    about: 'the same with backticks behind a quote that ends early',
    plant: `plain_stack; own_job "$STATE" j1 flip "SERVICE='web'\\\`$(marker job)\\\`''"`,
    control: inState,
  },
  {
    id: 'job-path',
    kind: 'planted jobs',
    stage: 'look',
    about: 'the same; job.sh only sets PATH, to a folder with a docker and a date of its own',
    plant: `plain_stack; mkdir -p "$OUT/bin"
for each in docker date sed awk; do printf '#!/bin/sh\\n%s\\nexec /usr/bin/%s "$@"\\n' "$(marker "$each")" "$each" >"$OUT/bin/$each"; chmod 755 "$OUT/bin/$each"; done
own_job "$STATE" j1 flip "PATH='$OUT/bin':\\$PATH"`,
    control: inState,
  },
  {
    id: 'job-service-of-other',
    kind: 'planted jobs',
    stage: 'look',
    about: 'a job of Switchyard’s own scripts that is about another stack, whose entry point it would stop',
    plant: `plain_stack; docker run -d --name "$ID-victim" --network hostile --entrypoint sleep haproxy:3.0 3600 >/dev/null
own_job "$STATE" j1 flip "ENTRY='$ID-victim'"; mkdir -p "$STATE/web/entry" "$STATE/web/releases/0001"; echo 'live blue-settled' >"$STATE/web/entry/live.map"
printf '{"seq":1,"job":"j1","step":"move","phase":"begin","to":"green-settled","release":"0001","left":"0001"}\\n' >"$STATE/journal/00000001-j1-move-begin.json"`,
  },
  {
    id: 'job-session',
    kind: 'planted jobs',
    stage: 'look',
    about: 'a job that names as its own the session of another process of the operator’s, whose leader is gone',
    plant: `plain_stack; mkdir -p "$VICTIM"; chown home "$VICTIM"; victim_process; own_job "$STATE" j1 flip ''
printf '%s 1 %s %s\\n' "$(cat "$VICTIM/process.session")" "$(cat /proc/sys/kernel/random/boot_id)" "$(readlink /proc/self/ns/pid)" >"$STATE/jobs/j1/pid"`,
  },
  {
    id: 'job-lock-owner',
    kind: 'planted jobs',
    stage: 'act',
    about: 'a lock that names as its holder the session of another process of the operator’s',
    plant: 'old_stack files; mkdir -p "$VICTIM"; chown home "$VICTIM"; victim_process',
    during: `mkdir -p "$STATE/lock/web/9"; echo x >"$STATE/lock/web/9/who"; echo flip >"$STATE/lock/web/9/verb"
printf '%s 1 %s %s\\n' "$(cat "$VICTIM/process.session")" "$(cat /proc/sys/kernel/random/boot_id)" "$(readlink /proc/self/ns/pid)" >"$STATE/lock/web/9/owner"; chown -R home:home "$STATE/lock"`,
    act: async ({ verb }) => {
      await verb('retire');
      return null;
    },
  },
  {
    id: 'job-lock-by-hand',
    kind: 'planted jobs',
    stage: 'act',
    about: 'the same lock, found by rollback.sh when the operator goes back by hand',
    plant: 'old_stack files; mkdir -p "$VICTIM"; chown home "$VICTIM"; victim_process',
    during: `mkdir -p "$STATE/lock/web/9"; echo x >"$STATE/lock/web/9/who"
printf '%s 1 %s %s\\n' "$(cat "$VICTIM/process.session")" "$(cat /proc/sys/kernel/random/boot_id)" "$(readlink /proc/self/ns/pid)" >"$STATE/lock/web/9/owner"; chown -R home:home "$STATE/lock"`,
    act: async ({ sh }) => {
      await sh('rollback_by_hand');
      return null;
    },
  },
  {
    id: 'job-stop',
    kind: 'planted jobs',
    stage: 'act',
    about: 'a job that says it runs, and names another process of the operator’s as its own; somebody stops it',
    plant: `old_stack files; mkdir -p "$VICTIM" "$STATE/jobs/j7"; chown home "$VICTIM"; victim_process; : >"$STATE/jobs/j7/run.sh"; line_of "$(cat "$VICTIM/process")" >"$STATE/jobs/j7/pid"
printf '{"job":"j7","at":%s000,"kind":"job","verb":"deploy","stack":"%s","service":"web","by":"home@laptop","steps":"gate"}\\n' "$(date +%s)" "$ID" >>"$STATE/feed.ndjson"`,
    act: async ({ session, name }) => {
      await session.stop(name.stack, 'j7');
      return null;
    },
  },
  {
    id: 'job-among-verb',
    kind: 'planted jobs',
    stage: 'act',
    about: 'a job that died appears in an adopted stack right before a verb, which looks after such jobs first',
    plant: 'old_stack files',
    during: 'planted_job "$STATE" j1; chown -R home:home "$STATE"',
    act: async ({ verb }) => {
      await verb('retire');
      return null;
    },
    control: inState,
  },
  {
    id: 'watch-resumed',
    kind: 'planted watches',
    stage: 'look',
    about: 'a watch that nobody follows, of a job that ended; its watch.sh is foreign',
    plant: 'plain_stack; planted_job "$STATE" j1; echo completed >"$STATE/jobs/j1/exit"; planted_watch "$STATE" j1',
    control: 'by_hand "$STATE/jobs/j1" watch.sh',
  },
  {
    id: 'watch-elsewhere',
    kind: 'planted watches',
    stage: 'look',
    about: 'a watch whose job’s name leads out of the state folder',
    plant:
      'plain_stack; mkdir -p "$STATE/jobs"; planted_job "$OUT" j1; echo completed >"$OUT/jobs/j1/exit"; planted_watch "$STATE" "../../../../..$OUT/jobs/j1"',
    control: 'by_hand "$OUT/jobs/j1" watch.sh',
  },
  {
    id: 'watch-plant',
    kind: 'planted watches',
    stage: 'look',
    about: 'Switchyard’s own watch.sh with a plant.sh beside it, which it reads',
    plant: `plain_stack; own_job "$STATE" j1 flip ''; echo completed >"$STATE/jobs/j1/exit"; planted_watch "$STATE" j1; marker plant >"$STATE/jobs/j1/plant.sh"`,
    control: 'by_hand "$STATE/jobs/j1" watch.sh',
  },
  {
    id: 'watch-kit',
    kind: 'planted watches',
    stage: 'look',
    about: 'Switchyard’s own watch.sh, whose kit.sh is foreign',
    plant: `plain_stack; own_job "$STATE" j1 flip ''; echo completed >"$STATE/jobs/j1/exit"; planted_watch "$STATE" j1; marker kit >"$STATE/jobs/j1/kit.sh"`,
    control: 'by_hand "$STATE/jobs/j1" watch.sh',
  },
  {
    id: 'watch-of-adopted',
    kind: 'planted watches',
    stage: 'look',
    about: 'the watch of a flip in an adopted stack of 0.1.0, whose watch.sh was changed since',
    plant: `old_stack files; planted_job "$STATE" j9; echo completed >"$STATE/jobs/j9/exit"; planted_watch "$STATE" j9; echo 'live green-watching' >"$STATE/web/entry/live.map"`,
    control: 'planted_job "$STATE" j9; planted_watch "$STATE" j9; by_hand "$STATE/jobs/j9" watch.sh',
  },
];
