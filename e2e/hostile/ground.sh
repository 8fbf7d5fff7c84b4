# shellcheck shell=sh
# Sourced, as root on the server, before what a case plants. Set by the suite: NONCE; by the case: ID.
# DIR is the working folder of the case's stack, STATE its state folder, OUT a folder of somebody else's outside of it,
# VICTIM a folder that nothing may change.
foreign=/usr/local/libexec/foreign-$NONCE
kept=/root/hostile
DIR=/home/home/$ID
STATE=$DIR/.switchyard
OUT=/srv/foreign/$ID
VICTIM=/srv/victim/$ID
web=registry.lab:5000/feather/web
umask 022

# The path of this case's foreign program for one place it is planted in. Whoever runs it is in the trace.
marker() { # place
  [ -e "$foreign/$ID.$1" ] || ln "$foreign/.program" "$foreign/$ID.$1"
  printf '%s' "$foreign/$ID.$1"
}

# A line as jobs write it, of a process that is gone: number, start, boot, space.
dead_line() { printf '4194299 1 %s %s\n' "$(cat /proc/sys/kernel/random/boot_id)" "$(readlink /proc/self/ns/pid)"; }


# A job that died, all of whose programs are foreign.
planted_job() { # state folder, job, what its programs are called besides
  mkdir -p "$1/jobs/$2" "$1/journal"
  printf '. ./job.sh\n. ./kit.sh\n%s\n' "$(marker "${3:-}run")" >"$1/jobs/$2/run.sh"
  printf 'recover_job() { :; }\n%s\n' "$(marker "${3:-}kit")" >"$1/jobs/$2/kit.sh"
  printf '%s\n' "$(marker "${3:-}watch")" >"$1/jobs/$2/watch.sh"
  printf "ROOT='%s'\nJOB='%s'\nVERB=flip\nSVC='web'\nX=\$(%s)\n" "$1" "$2" "$(marker "${3:-}job")" >"$1/jobs/$2/job.sh"
  dead_line >"$1/jobs/$2/pid"
}

# A job that died, of Switchyard's own scripts: what it does is told by its data alone.
own_job() { # state folder, job, verb, lines for job.sh
  mkdir -p "$1/jobs/$2" "$1/journal"
  cp "$kept/kit/kit.sh" "$kept/kit/watch.sh" "$1/jobs/$2/"
  { printf '. ./job.sh\n. ./kit.sh\n'; cat "$kept/kit/$3.sh"; } >"$1/jobs/$2/run.sh"
  cat >"$1/jobs/$2/job.sh" <<JOB
STACK='$ID'
SERVICE='web'
BY='home@laptop'
PROJECT_DIR='$DIR'
SVC='web'
ENTRY='$ID-web-1'
SLOT_PREFIX='$ID--web'
NETWORK='hostile'
PROBE_IMAGE='haproxy:3.0'
ENTRY_IMAGE='haproxy:3.0'
ENTRY_PORT='8080'
CHECKS='http	8080	/healthz	200	399	'
READY_S='5'
STOP_S='1'
SVC_DIR='$1/web'
GOES_TO=''
TARGET_ROLE='next'
MOVE_STATE='settled'
WATCH_S='0'
CONFIRM_S=''
DRAIN_S='1'
ROOT='$1'
JOB='$2'
VERB='$3'
$4
JOB
  dead_line >"$1/jobs/$2/pid"
}

# A watch that nobody follows any more, of the job whose name it gives.
planted_watch() { # state folder, job as the watch names it
  mkdir -p "$1/web"
  printf '%s000 1 %s green %s watch\n' "$(($(date +%s) + 300))" "$(cat /proc/sys/kernel/random/boot_id)" "$2" >"$1/web/watch"
}

# A container that only stands there to carry labels. Arguments as docker create takes them, before the image.
container() { # name, arguments
  name=$1
  shift
  docker create --name "$name" "$@" "${IMAGE:-$web:1.0.0}" >/dev/null
}

# The labels that compose puts on a service's container.
of_compose() { # project, service, working folder
  printf '%s\n' --label "com.docker.compose.project=$1" --label "com.docker.compose.service=$2" --label "com.docker.compose.project.working_dir=$3" \
    --label "com.docker.compose.project.config_files=$3/compose.yaml" --label com.docker.compose.oneoff=False --label com.docker.compose.container-number=1
}

# A plain stack of the operator's: its file, and its container, which was never started.
plain_stack() {
  mkdir -p "$DIR"
  printf 'services:\n  web:\n    image: %s:1.0.0\n' "$web" >"$DIR/compose.yaml"
  # shellcheck disable=SC2046
  container "$ID-web-1" $(of_compose "$ID" web "$DIR")
}

# An adopted stack as `old_stack` has it, adopted by a client of today: the home state knows it, with a copy of what is loaded
# by others.
known_stack() { # port or files
  old_stack "$1"
  known=/home/home/.local/state/switchyard/stacks/$ID-0a1b2c3d
  mkdir -p "$known/jobs" "$known/web/releases"
  printf '%s\n' "$DIR" >"$known/folder"
  printf '%s\n' "$DIR" >"$known/real"
  printf '%s\n' "$ID" >"$known/project"
  echo 1 >"$known/format"
  cp "$STATE/web/service.json" "$known/web/service.json"
  cp "$STATE/web/entry/haproxy.cfg" "$known/web/haproxy.cfg"
  sed -n '/# switchyard begin web$/,/# switchyard end web$/p' "$DIR/compose.override.yaml" >"$known/web/override.block"
  printf '%s\n' "$DIR/compose.override.yaml" >"$known/override"
  sha256sum <"$DIR/compose.override.yaml" | cut -d' ' -f1 >"$known/override.sha256"
  echo >"$known/override.leads"
  chmod -R go= /home/home/.local/state/switchyard
  chown -R home:home /home/home/.local
}

# What 0.1.0 left of an adopted stack: 1.0.0 in blue, 1.1.0 in green with the traffic. With `files` no container runs.
old_stack() { # port or files
  mkdir -p "$DIR"
  cp -r "$kept/stack-0.1.0/compose.yaml" "$kept/stack-0.1.0/compose.override.yaml" "$DIR/"
  cp -r "$kept/stack-0.1.0/state" "$STATE"
  for each in "0001 blue" "0002 green"; do
    sed "s|@RELEASE@|${each% *}|; s|@SLOT@|${each#* }|" "$kept/stack-0.1.0/rollback.sh" >"$STATE/web/releases/${each% *}/rollback.sh"
  done
  port=$1
  [ "$port" != files ] || port=9
  find "$DIR" -type f -exec sed -i "s|@FOLDER@|$DIR|g; s|@STACK@|$ID|g; s|@PORT@|$port|g; s|@DIGEST_1@|$(cat "$kept/digest-1")|g; s|@DIGEST_2@|$(cat "$kept/digest-2")|g; s|@ID_1@|$(cat "$kept/id-1")|g; s|@ID_2@|$(cat "$kept/id-2")|g" {} +
  ln -s releases/0002 "$STATE/web/current"
  ln -s releases/0001 "$STATE/web/previous"
  mkdir -p "$STATE/web/entry/run" "$STATE/lock"
  chmod 700 "$STATE" "$STATE"/* "$STATE/web/releases"/* "$STATE/web/entry/run"
  chmod 755 "$STATE/web/entry"
  find "$STATE" -type f -exec chmod 600 {} +
  chmod 700 "$STATE"/web/releases/*/rollback.sh
  [ "$1" = files ] || docker tag "$web:1.0.0" "switchyard/$ID--web:r0001"
  [ "$1" = files ] || docker tag "$web:1.1.0" "switchyard/$ID--web:r0002"
  chown -hR home:home "$DIR"
  how=run
  [ "$1" != files ] || how=create
  [ "$1" = files ] || set -- "$1" -p "127.0.0.1:$1:8080"
  shift
  ours='--label dev.switchyard.service=web --label wud.watch=false --label diun.enable=false --label autoheal=false --label com.centurylinklabs.watchtower.enable=false --label dev.dozzle.group=switchyard'
  for each in "0001 blue 1" "0002 green 2"; do
    release=${each%% *} number=${each##* } slot=${each#* } slot=${slot% *}
    [ "$slot" = green ] || [ -n "${WITH_PREVIOUS:-}" ] || continue
    # shellcheck disable=SC2046,SC2086
    docker $how $([ $how != run ] || echo -d) --name "$ID--web--$slot" --network hostile --restart unless-stopped -e API_TOKEN=of-the-hostile-suite \
      --label "dev.switchyard.stack=$ID" --label "dev.switchyard.slot=$slot" --label "dev.switchyard.release=$release" --label "dev.switchyard.root=$STATE" $ours \
      --label "com.docker.compose.project=$ID--web" --label "com.docker.compose.service=$ID--web--$slot" --label com.docker.compose.oneoff=False --label com.docker.compose.container-number=1 \
      --label "com.docker.compose.project.config_files=$STATE/web/releases/$release/compose.yaml" --label "com.docker.compose.project.working_dir=$DIR" \
      "$web@$(cat "$kept/digest-$number")" >/dev/null
  done
  # shellcheck disable=SC2046,SC2086
  docker $how $([ $how != run ] || echo -d) --name "$ID-web-1" --network hostile --restart unless-stopped --user "$(id -u home):$(id -g home)" "$@" \
    -v "$STATE/web/entry:/usr/local/etc/haproxy" --stop-signal SIGUSR1 --entrypoint haproxy \
    --label "dev.switchyard.stack=$ID" --label "dev.switchyard.root=$STATE" $ours \
    $(of_compose "$ID" web "$DIR") --label "com.docker.compose.project.config_files=$DIR/compose.yaml,$DIR/compose.override.yaml" \
    haproxy:3.0 -db -f /usr/local/etc/haproxy/haproxy.cfg >/dev/null
}

# A process of the operator's whose session's leader is gone; its number is printed. Nothing may end it.
victim_process() {
  setpriv --reuid=home --regid=home --init-groups setsid sh -c 'sleep 3600 >/dev/null 2>&1 </dev/null & echo $$ >"$1.session"; echo $! >"$1"' sh "$VICTIM/process"
}

# A line of a process that lives, as jobs write it.
line_of() { # number
  printf '%s %s %s %s\n' "$1" "$(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20)" "$(cat /proc/sys/kernel/random/boot_id)" "$(readlink /proc/self/ns/pid)"
}

# Runs a script in a folder as the operator, as a shell on the server would.
as_home() { setpriv --reuid=home --regid=home --init-groups env HOME=/home/home USER=home PATH=/usr/local/bin:/usr/bin:/bin "$@"; }
by_hand() { # folder, script
  as_home timeout 10 sh -c 'cd "$1" && sh "./$2" recover' sh "$1" "${2:-run.sh}" </dev/null >/dev/null 2>&1
  true
}

# Has the entry point's configuration load a Lua file that runs this case's program, from within the container.
lua_config() {
  mkdir -p "$STATE/web/entry/foreign-$NONCE"
  marker lua >/dev/null
  cp "$foreign/.program" "$STATE/web/entry/foreign-$NONCE/$ID.lua"
  printf 'os.execute("/usr/local/etc/haproxy/foreign-%s/%s.lua")\n' "$NONCE" "$ID" >"$STATE/web/entry/planted.lua"
  sed -i 's|^global|&\n  insecure-fork-wanted\n  lua-load /usr/local/etc/haproxy/planted.lua|' "$STATE/web/entry/haproxy.cfg"
  chown -R home:home "$STATE/web/entry"
}

HOME_STATE=/home/home/.local/state/switchyard

# The home state as it is, with what is put back later kept aside; with a stack where it knows none.
home_state() {
  as_home mkdir -p "$HOME_STATE/stacks"
  rm -rf "$kept/home-state"
  cp -a "$HOME_STATE" "$kept/home-state"
  set -- "$HOME_STATE"/stacks/*
  [ -d "$1" ] && return
  mkdir -p "$HOME_STATE/stacks/honest-0a1b2c3d"
  printf '{"format":1,"project":"honest","folder":"/home/home/honest"}\n' >"$HOME_STATE/stacks/honest-0a1b2c3d/stack.json"
  chmod -R go-rwx "$HOME_STATE"
}
home_state_back() {
  rm -rf "$HOME_STATE"
  cp -a "$kept/home-state" "$HOME_STATE"
}

# Goes back as the operator would by hand: by our own script, wherever this version keeps it.
rollback_by_hand() {
  script=$STATE/web/releases/0002/rollback.sh
  for each in "$HOME_STATE/stacks/$ID"-*/web/releases/0002/rollback.sh; do [ ! -e "$each" ] || script=$each; done
  as_home timeout 20 sh "$script" </dev/null >/dev/null 2>&1
  true
}

# A git that runs this case's program when it is asked for the address that planted_address prints. All cases share it.
planted_address() { printf 'https://127.0.0.1:9/switchyard-%s.git' "$ID"; }
planted_git() {
  marker git >/dev/null
  cat >"/usr/local/bin/.git.$ID" <<GIT
#!/bin/sh
for each in "\$@"; do
  case \$each in */switchyard-*.git) name=\${each##*/switchyard-}; "$foreign/\${name%.git}.git" ;; esac
done
exit 1
GIT
  chmod 755 "/usr/local/bin/.git.$ID"
  mv -f "/usr/local/bin/.git.$ID" /usr/local/bin/git
}
