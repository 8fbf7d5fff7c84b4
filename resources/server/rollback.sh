# Puts the traffic back on the release that had it before this one. By hand, from a shell on the server:
#   sh rollback.sh [--dry-run] [--force]
# Needs only docker and sh. Harmless when run twice. Without --force it refuses while a job runs, and when the
# previous release does not answer.
dry='' force=''
for word in "$@"; do
  case $word in
    --dry-run) dry=1 ;;
    --force) force=1 ;;
    *) echo "usage: sh rollback.sh [--dry-run] [--force]"; exit 2 ;;
  esac
done
LC_ALL=C
export LC_ALL
umask 077
# Run by root, what is written must stay the operator's: the entry point and the next job read it as that user.
owned() {
  [ "$(id -u)" != 0 ] || chown -h "$(stat -c %u:%g "$SVC_DIR")" "$@" 2>/dev/null || true
}
# What is found here may have been put here, and root may be asked to write through it: nothing is, where a link leads elsewhere.
for each in "$ROOT" "$ROOT/journal" "$ROOT/lock" "$LOCK_DIR" "$ROOT/feed.ndjson" "$SVC_DIR" "$SVC_DIR/entry" "$SVC_DIR/releases" "$SVC_DIR/entry/live.map"; do
  [ ! -L "$each" ] || { echo "Refused: $each is a link, and nothing is written through it. The traffic stays where it is."; exit 11; }
done
# Makes file $1 of standard input, anew: never through what stands there.
anew() { rm -rf "$1" && (set -C; cat >"$1"); }
# Before the entry point is started its haproxy.cfg is the one that the home state keeps, where this is run from there.
kept=${0%/*}/../../haproxy.cfg
own_config() {
  [ -f "$kept" ] && ! cmp -s "$kept" "$SVC_DIR/entry/haproxy.cfg" || return 0
  echo "haproxy.cfg of $SERVICE was changed; it is put back before $ENTRY is started."
  anew "$SVC_DIR/entry/haproxy.cfg.tmp" <"$kept" && owned "$SVC_DIR/entry/haproxy.cfg.tmp" && mv -f "$SVC_DIR/entry/haproxy.cfg.tmp" "$SVC_DIR/entry/haproxy.cfg"
}
case $SLOT in blue) to=green ;; *) to=blue ;; esac
map=$SVC_DIR/entry/live.map
state=$(awk '$1=="live"{print $2; exit}' "$map" 2>/dev/null)
have=${state%%-*}

# By compose's label of our project too: what only has the name of a slot's container is none.
release_in() { docker inspect --format '{{index .Config.Labels "dev.switchyard.release"}} {{index .Config.Labels "com.docker.compose.project"}} {{.Image}}' "$PREFIX--$1" 2>/dev/null | sed -n "s/^\([0-9]\{1,9\}\) $PREFIX .*/\1/p"; }
words_of() { release_in "$1" | sed 's/^0*//'; }

# live.map may say so of a move that the running entry point was never told.
entry_says() {
  docker exec "$ENTRY" bash -c 'exec 5<>/dev/tcp/127.0.0.1/9999 && printf "get map /usr/local/etc/haproxy/live.map live\n" >&5 && cat <&5' 2>/dev/null
}
has_moved() {
  [ "$have" = "$to" ] || return 1
  case $(entry_says) in *"value=\"$SLOT-"*) have=$SLOT; return 1 ;; esac
}
if has_moved; then
  echo "Nothing to do: $to has the traffic of $SERVICE already."
  exit 0
fi

top=0
# Epochs, as the kit counts them: names of anybody's are not reckoned with.
is_number() { case $1 in '' | *[!0-9]* | 0?* | ????????????????*) return 1 ;; esac; }
for each in "$LOCK_DIR"/[0-9]*; do
  case ${each##*/} in *[!0-9]* | 0* | ????????*) continue ;; esac
  [ -d "$each" ] && [ "${each##*/}" -gt "$top" ] && top=${each##*/}
done
# No service has had as many jobs: it was planted.
[ "$top" -ne 9999999 ] || { [ -n "$dry" ] || rm -rf "${LOCK_DIR:?}/$top"; top=0; }
# Whether the process that took the lock still runs: the same one, not another that has its number by now. Where it cannot be
# seen from here, in another process space, its lease tells.
pid='' begun='' boot='' space=''
boot_now=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
space_now=$(readlink /proc/self/ns/pid 2>/dev/null)
holder_lives() {
  read -r pid begun boot space 2>/dev/null <"$LOCK_DIR/$top/owner" || return 1
  [ -z "$boot_now" ] || [ "$boot" = "$boot_now" ] || return 1
  if [ -n "$space" ] && [ "$space" != "$space_now" ]; then
    lease=0 now=0
    read -r lease 2>/dev/null <"$LOCK_DIR/$top/lease"
    read -r now _ 2>/dev/null </proc/uptime
    now=${now%%.*}
    is_number "$lease" || return 1
    [ "$now" -le "$lease" ] && [ "$lease" -le "$((now + 120))" ]
    return
  fi
  is_number "$pid" || return 1
  kill -0 "$pid" 2>/dev/null || return 1
  [ -r "/proc/$pid/stat" ] || return 0
  [ "$(sed 's/.*) //; /^[ZX]/d' "/proc/$pid/stat" | cut -d' ' -f20)" = "$begun" ]
}
# What it takes over from, a job that died or with --force one that lives, must act no more, nor what that job had started: the
# session that it leads. Only where its number is not somebody else's by now.
end_holder() {
  case $pid in '' | *[!0-9]*) return ;; esac
  [ -r "/proc/$$/stat" ] && [ "$boot" = "$boot_now" ] && [ "$space" = "$space_now" ] || return
  ! [ -e "/proc/$pid" ] || holder_lives || return
  left=
  # Of that session what a job starts: it stands in the home state or in the stack's folder. The name was found, and may be anybody's.
  for each in $(cat /proc/[0-9]*/stat 2>/dev/null | awk -v session="$pid" -v self="$$" '{ n = $1; sub(/.*\) /, ""); if ($4 == session && $1 != "Z" && n != self) printf "%s ", n }'); do
    case $(readlink "/proc/$each/cwd" 2>/dev/null) in
      */.local/state/switchyard/stacks/* | "$(cd "${ROOT%/*}" && pwd -P)" | "$(cd "$ROOT" && pwd -P)"/*) left="$left $each" ;;
    esac
  done
  # shellcheck disable=SC2086
  [ -z "$left" ] || kill -KILL $left 2>/dev/null
}
held=''
[ "$top" -eq 0 ] || [ -e "$LOCK_DIR/$top/released" ] || held=1
if [ -n "$held" ] && holder_lives && [ -z "$force" ]; then
  echo "Refused: $(cat "$LOCK_DIR/$top/who") is still running. Wait for it, or add --force."
  exit 11
fi

# The next epoch is this script's until it ends: a job that still sleeps finds that it must not act any more, and none begins
# meanwhile. What was looked at before it may have changed, so that all that decides is looked at behind it. On a disk so full
# that not even this can be written, going back goes first.
self_line() {
  [ -r /proc/self/stat ] && read -r line <"/proc/$$/stat" || { printf '%s - %s \n' "$$" "$(sysctl -n kern.boottime 2>/dev/null | tr -dc '0-9')"; return; }
  # shellcheck disable=SC2086
  set -- ${line##*) }
  shift 19
  printf '%s %s %s %s\n' "$$" "$1" "$(cat /proc/sys/kernel/random/boot_id)" "$(readlink /proc/self/ns/pid)"
}
epoch=$((top + 1))
claim() {
  mine=$LOCK_DIR/.hand.$$
  mkdir -p "$LOCK_DIR" && rm -rf "$mine" && mkdir "$mine" || return 2
  read -r up _ </proc/uptime 2>/dev/null || up=0
  printf '%s\n' "$((${up%%.*} + 120))" >"$mine/lease" && printf 'rollback.sh by hand since %s\n' "$(date '+%H:%M:%S')" >"$mine/who" &&
    printf 'by-hand\n' >"$mine/verb" && self_line >"$mine/owner" || { rm -rf "$mine"; return 2; }
  owned "${LOCK_DIR%/*}" "$LOCK_DIR" "$mine" "$mine"/*
  trap 'release' EXIT
  trap 'exit 12' HUP INT TERM
  [ ! -L "$LOCK_DIR/$epoch" ] || rm -f "$LOCK_DIR/$epoch"
  mv "$mine" "$LOCK_DIR/$epoch" 2>/dev/null
  [ "$(cat "$LOCK_DIR/$epoch/owner" 2>/dev/null)" = "$(self_line)" ] && ! [ -d "$LOCK_DIR/$((epoch + 1))" ] && return 0
  rm -rf "$mine" "$LOCK_DIR/$epoch/.hand.$$"
  epoch=0
  return 1
}
release() {
  [ "$epoch" -eq 0 ] || [ "$(cat "$LOCK_DIR/$epoch/owner" 2>/dev/null)" != "$(self_line)" ] || { (set -C; : >"$LOCK_DIR/$epoch/released") 2>/dev/null && owned "$LOCK_DIR/$epoch/released"; }
}
if [ -z "$dry" ]; then
  # A little of the disk is kept back for this moment.
  { printf '%4096s\n' x | anew "$ROOT/room.hand.tmp"; } 2>/dev/null || rm -f "$ROOT/reserve"
  rm -f "$ROOT/room.hand.tmp"
  claim
  case $? in
    0) [ -z "$held" ] || end_holder ;;
    1) echo "Refused: another job has just begun. Wait for it, or try again."; exit 11 ;;
    *) echo 'The disk has no room for the lock; going back all the same.' ;;
  esac
  state=$(awk '$1=="live"{print $2; exit}' "$map" 2>/dev/null)
  have=${state%%-*}
  if has_moved; then echo "Nothing to do: $to has the traffic of $SERVICE already."; exit 0; fi
fi

# A next that never had the traffic is not what was there before, however ready it is.
waiting=$(readlink "$SVC_DIR/next" 2>/dev/null)
if [ -n "$waiting" ] && [ "$(cat "$SVC_DIR/$waiting/slot" 2>/dev/null)" = "$to" ]; then
  echo "Refused: $to holds release $(words_of "$to") of $SERVICE, which never had the traffic. The traffic stays on $have. The app flips to it."
  exit 11
fi

echo "This moves the traffic of $SERVICE from $have (release $(words_of "$have")) to $to (release $(words_of "$to")), by $map and the entry point $ENTRY."
if [ -z "$(release_in "$to")" ] && docker inspect --format '{{.State.Running}}' "$PREFIX--$to" >/dev/null 2>&1 && [ -z "$force" ]; then
  echo "Refused: $PREFIX--$to is not a container of a release of $SERVICE. The traffic stays on $have. --force goes on all the same."
  exit 11
fi
if [ "$(docker inspect --format '{{.State.Running}}' "$PREFIX--$to" 2>/dev/null)" != true ]; then
  if [ -n "$dry" ]; then echo "It would first start $PREFIX--$to, which is stopped."; exit 0; fi
  docker start "$PREFIX--$to" >/dev/null || { echo "Refused: $PREFIX--$to is gone. The traffic stays on $have."; exit 11; }
fi

if [ "$(docker inspect --format '{{.State.Running}}' "$ENTRY" 2>/dev/null)" != true ]; then
  if [ -n "$dry" ]; then echo "It would first start $ENTRY, which is stopped."; exit 0; fi
  own_config && docker start "$ENTRY" >/dev/null || { echo "Refused: the entry point $ENTRY cannot be started. docker compose up -d brings it back."; exit 11; }
fi

# The check that the app uses, asked from inside the entry point.
probe='if exec 5<>"/dev/tcp/$1/$2"; then [ -z "$3" ] && exit 0; printf "GET %s HTTP/1.0\r\nHost: %s:%s\r\n\r\n" "$3" "$1" "$2" >&5; read -r -t 5 _ code _ <&5; [ "${code:0:3}" -ge "$4" ] && [ "${code:0:3}" -le "$5" ]; else exit 1; fi'
tries=0
until docker exec "$ENTRY" bash -c "$probe" probe "$PREFIX--$to" "$CHECK_PORT" "$CHECK_PATH" "$CHECK_LOW" "$CHECK_HIGH" 2>/dev/null; do
  tries=$((tries + 1))
  if [ "$tries" -ge 10 ] || [ -n "$dry" ]; then
    if [ -n "$force" ]; then echo "$PREFIX--$to does not answer its check; going on as told."; break; fi
    echo "Refused: $PREFIX--$to does not answer its check. The traffic stays on $have. --force goes on all the same."
    exit 11
  fi
  sleep 1
done
if [ -n "$dry" ]; then echo "Dry run: $PREFIX--$to answers; nothing was changed."; exit 0; fi

# From here on it is done to its end, whoever hangs up.
trap '' HUP INT TERM
# On a full disk what is there is overwritten in its place, which needs no space.
{ printf 'live %s\n' "$to-settled" | anew "$map.hand.tmp" && owned "$map.hand.tmp" && { sync "$map.hand.tmp" || sync; } && mv -f "$map.hand.tmp" "$map"; } 2>/dev/null ||
  { rm -f "$map.hand.tmp"; printf 'live %s\n\n' "$to-settled" 1<>"$map"; }
sync "$map" "${map%/*}" 2>/dev/null || sync
believes() {
  case $(entry_says) in
    *"value=\"$to-settled\""*) return 0 ;;
  esac
  return 1
}
docker exec "$ENTRY" bash -c 'exec 5<>/dev/tcp/127.0.0.1/9999 && printf "%s\n" "$1" >&5 && cat <&5 >/dev/null' set \
  "set server p${PORT}_$to-watching/$to health up; set map /usr/local/etc/haproxy/live.map live $to-settled" 2>/dev/null ||
  { own_config && docker restart -t 1 "$ENTRY" >/dev/null; }
# Done is what the entry point says itself.
if ! believes; then
  own_config
  docker restart -t 1 "$ENTRY" >/dev/null
  tries=0
  until believes; do
    tries=$((tries + 1))
    [ "$tries" -lt 20 ] || { echo "live.map says $to, but the entry point $ENTRY does not run by it: docker logs $ENTRY"; exit 13; }
    sleep 0.5 2>/dev/null || sleep 1
  done
fi
# What runs in the two slots is what current and previous are now, whatever a job that died left them to be.
gone=$(release_in "$have")
back=$(release_in "$to")
for each in "current $back" "previous $gone"; do
  [ -d "$SVC_DIR/releases/${each#* }" ] && [ -n "${each#* }" ] || continue
  rm -rf "$SVC_DIR/${each% *}.hand"
  ln -s "releases/${each#* }" "$SVC_DIR/${each% *}.hand" && owned "$SVC_DIR/${each% *}.hand" && mv -fT "$SVC_DIR/${each% *}.hand" "$SVC_DIR/${each% *}"
done
[ "${waiting##*/}" = "$gone" ] && rm -f "$SVC_DIR/next"
rm -f "$SVC_DIR/watch" "$SVC_DIR/settled"
at=$(date +%s)000
{ printf '%s %s\n' "$at" "$to" | anew "$SVC_DIR/settled" && owned "$SVC_DIR/settled"; } 2>/dev/null || rm -f "$SVC_DIR/settled"
last=0
for each in "$ROOT"/journal/[0-8][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-*.json; do last=${each##*/}; done
last=$(printf '%s' "${last%%-*}" | sed 's/^0*//')
is_number "$last" || last=0
number=$(printf '%08d' "$((last + 1))")
name=$(printf '%s' "$SERVICE" | tr -d '\000-\037\177' | sed 's/\\/\\\\/g; s/"/\\"/g')
record=$ROOT/journal/$number-by-hand-move-done.json
{
  printf '{"seq":%d,"job":"by-hand","epoch":%d,"verb":"rollback","service":"%s","by":"rollback.sh","step":"move","phase":"done","at":%s,"uptime":0,"release":"%s","slot":"%s","left":"%s"}\n' \
    "$((last + 1))" "$epoch" "$name" "$at" "$back" "$to" "$gone" | anew "$record.hand.tmp" &&
    { sync "$record.hand.tmp" || sync; } && mv -f "$record.hand.tmp" "$record" && { sync "$ROOT/journal" || sync; } &&
    owned "$record" &&
    printf '\n{"job":"by-hand","at":%s,"kind":"moved","step":"move"}\n' "$at" >>"$ROOT/feed.ndjson" &&
    owned "$ROOT/feed.ndjson"
} 2>/dev/null || { rm -f "$record.hand.tmp"; echo "The traffic has moved, but that could not be written to the history: $(df -Pk "$ROOT" | tail -n 1)"; }
echo "Done: $to has the traffic of $SERVICE."
