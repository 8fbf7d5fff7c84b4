# The kit that every job is made of: feed, journal, lock, the entry point's runtime, slots, checks.
# Sourced by run.sh after job.sh, which sets (quoted by the app, never evaluated from the server):
#   ROOT JOB VERB STACK SERVICE BY PROJECT_DIR SVC ENTRY NETWORK PROBE_IMAGE ENTRY_PORT ...
# shellcheck shell=sh disable=SC2034
# POSIX sh. Needs: docker, tar, awk, sed, sync, sha256sum, mkfifo, timeout.
umask 077
LC_ALL=C
export LC_ALL
COMPOSE_IGNORE_ORPHANS=1
COMPOSE_PROGRESS=plain
COMPOSE_ANSI=never
export COMPOSE_IGNORE_ORPHANS COMPOSE_PROGRESS COMPOSE_ANSI
unset COMPOSE_FILE COMPOSE_PROJECT_NAME COMPOSE_PROFILES 2>/dev/null

# A pipe to the entry point whose other end is gone is an answer, not the end of the job.
trap '' PIPE

job_dir=$ROOT/jobs/$JOB
service_dir=$ROOT/$SVC
step=start
epoch=0
seq=0
ended=

# --- words -----------------------------------------------------------------------------------------------------------

# Text as the inside of a JSON string: one line, control characters and invalid bytes gone.
json_text() {
  # Most texts are plain, and a process less on the way to a flip is a millisecond less.
  case $1 in
    *[!A-Za-z0-9\ ._:/@,\;\(\)+=-]*) ;;
    *) [ "${#1}" -le 2000 ] && { printf '%s' "$1"; return; } ;;
  esac
  # Cut before it is escaped: a cut inside an escape would be no JSON any more.
  printf '%s' "$1" | tr '\n\t\r' '   ' | tr -d '\000-\037\177' | cut -c1-1800 | sed 's/\\/\\\\/g; s/"/\\"/g'
}

# Unix milliseconds.
exact_ms() {
  now=$(date +%s%3N)
  case $now in *[!0-9]*) now=$(date +%s)000 ;; esac
  printf '%s' "$now"
}

# The same to 10 ms, without a process of its own: one look at the clock, and the uptime since.
now_ms() {
  if [ -n "$clock_base" ] && read -r up _ 2>/dev/null </proc/uptime; then
    printf '%s' "$((clock_base + ${up%.*} * 1000 + 1${up#*.} * 10 - 1000))"
  else
    exact_ms
  fi
}
clock_base=
if read -r up _ 2>/dev/null </proc/uptime; then
  case $up in *[0-9].[0-9][0-9]) clock_base=$(($(exact_ms) - ${up%.*} * 1000 - 1${up#*.} * 10 + 1000)) ;; esac
fi

# Seconds since boot, whole. No wall clock decides anything.
uptime_s() {
  if read -r up _ 2>/dev/null </proc/uptime; then printf '%s' "${up%%.*}"; else date +%s; fi
}

boot_id() {
  if read -r id 2>/dev/null </proc/sys/kernel/random/boot_id; then printf '%s' "$id"; else sysctl -n kern.boottime 2>/dev/null | tr -dc '0-9'; fi
}

# --- feed: what a follower sees, live. One line of JSON each; lost or torn lines harm nobody. ---------------------------

feed() { printf '{"job":"%s","at":%s,%s}\n' "$JOB" "$(now_ms)" "$1" >>"$ROOT/feed.ndjson"; }
say() { feed "\"kind\":\"text\",\"step\":\"$step\",\"text\":\"$(json_text "$1")\""; }
progress() { feed "\"kind\":\"progress\",\"step\":\"$step\",\"done\":$1,\"total\":${2:-null},\"unit\":\"$3\""; }
figure() { feed "\"kind\":\"figure\",\"name\":\"$1\",\"value\":$2"; }

# --- durability: temp, fsync, rename, fsync of the folder ---------------------------------------------------------------

sync_path() { sync "$1" 2>/dev/null || sync; }

# Puts standard input in place of file $1, whole or not at all.
put_file() {
  cat >"$1.$JOB.tmp" && sync_path "$1.$JOB.tmp" && mv -f "$1.$JOB.tmp" "$1" && sync_path "${1%/*}"
}

# Puts text $2 as a line in place of file $1, whole or not at all; lost in a power cut, which is no harm to what it says.
put_lightly() { printf '%s\n' "$2" >"$1.$JOB.tmp" && mv -f "$1.$JOB.tmp" "$1"; }

# Puts text $2 as a line in place of file $1, whole or not at all, and durably.
put_line() {
  printf '%s\n' "$2" >"$1.$JOB.tmp" && sync_path "$1.$JOB.tmp" && mv -f "$1.$JOB.tmp" "$1" && sync_path "${1%/*}"
}

# Points symlink $1 at $2 by rename(2).
point() {
  rm -f "$1.$JOB.tmp"
  ln -s "$2" "$1.$JOB.tmp"
  mv -fT "$1.$JOB.tmp" "$1" 2>/dev/null || { rm -f "$1" && mv -f "$1.$JOB.tmp" "$1"; }
}

# --- journal: one file a record; intent before each effect, outcome after ------------------------------------------------

# Steps that only look or wait: what they did not do needs no undoing, so their records need not survive a power cut.
effectless_steps='gate drain'

journal() { # step phase [json fields]
  seq=$((seq + 1))
  record=$(
    printf '{"seq":%d,"job":"%s","epoch":%d,"verb":"%s","service":"%s","by":"%s","step":"%s","phase":"%s","at":%s,"uptime":%s%s}' \
      "$seq" "$JOB" "$epoch" "$VERB" "$(json_text "$SERVICE")" "$BY_JSON" "$1" "$2" "$(now_ms)" "$(uptime_s)" "${3:+,$3}"
  )
  file=$ROOT/journal/$(printf '%08d' "$seq")-$JOB-$1-$2.json
  case " $effectless_steps " in
    *" $1 "*) put_lightly "$file" "$record" ;;
    *) put_line "$file" "$record" ;;
  esac
}

# Where a test may stop a job (e2e/faults): a shell file sent with the job says it anew; nothing else does.
at() { :; }

begin() {
  still_mine
  step=$1
  feed "\"kind\":\"begin\",\"step\":\"$step\""
  journal "$step" begin "${2:-}"
  at before
}

finish() {
  at effect
  journal "$step" "done" "${1:-}"
  at record
  feed "\"kind\":\"done\",\"step\":\"$step\""
}

# --- how a job ends -----------------------------------------------------------------------------------------------------

exit_code() {
  case $1 in completed) echo 0 ;; rolled-back) echo 10 ;; refused) echo 11 ;; aborted) echo 12 ;; indeterminate) echo 13 ;; *) echo 1 ;; esac
}

docker_answers() { docker version >/dev/null 2>&1; }

# outcome [code message running detail]
end() {
  ended=$1
  case $1/${2:-} in
    completed/* | */lock-held | */cancelled) ;;
    *)
      # Whatever failed last: with Docker away, that is the reason, and nothing that it seemed to be.
      docker_answers ||
        set -- "$1" docker-stopped "Docker does not answer on this server, so the $VERB of $SERVICE stopped at step $step." \
          "Nothing runs while Docker is stopped. $(running_words)" "${3:-} ${5:-}"
      ;;
  esac
  if [ "$1" != completed ]; then
    [ "$epoch" -gt 0 ] && journal "$step" fail "\"code\":\"${2:-bug}\",\"reason\":\"$(json_text "${3:-}")\""
    feed "\"kind\":\"fail\",\"step\":\"$step\""
  fi
  close_runtime
  lock_release
  printf '%s\n' "$1" | put_file "$job_dir/exit"
  feed "\"kind\":\"end\",\"outcome\":\"$1\",\"code\":\"${2:-}\",\"message\":\"$(json_text "${3:-}")\",\"running\":\"$(json_text "${4:-}")\",\"detail\":\"$(json_text "${5:-}")\""
  trap - EXIT
  exit "$(exit_code "$1")"
}

refuse() { end refused "$@"; }

# A step failed: what this job began is undone by `undo` (each verb has its own), then it ends `aborted`.
abort() {
  why_code=$1 why_message=$2 why_detail=${4:-}
  say "$2"
  undo
  end aborted "$why_code" "$why_message" "$(running_words)" "$why_detail"
}

undo() { :; }

on_exit() {
  [ -n "$ended" ] && return
  ended=bug
  undo
  end aborted bug "The job's script ended at step $step, which it should not." "$(running_words)" "$(tail -n 3 "$job_dir/output" 2>/dev/null)"
}

on_signal() {
  ended=stopped
  undo
  end aborted cancelled "The job was asked to stop at step $step." "$(running_words)" ""
}

# What has the traffic now, in words.
running_words() {
  live=$(live_state)
  case $live in
    blue-* | green-*) printf '%s keeps the traffic with release %s.' "${live%%-*}" "$(readlink "$service_dir/current" 2>/dev/null | sed 's|.*/0*||')" ;;
    *) printf 'The service runs as before.' ;;
  esac
}

# --- lock: lock/<service>/<epoch>/ made by mkdir; the highest epoch is the holder --------------------------------------------
# One lock a service, so that nothing done to one can stand in the way of going back with another; who edits the stack's
# compose files holds the lock named + as well.
# Taking over makes the next epoch, so two contenders can never both win and nothing needs to be unlocked by hand.
# A holder is gone when the machine was booted since, or when its lease (seconds of uptime) is over and its process is gone.

lease_s=30
lock_dir=$ROOT/lock/$SVC
stack_epoch=0

highest_epoch() {
  highest=0
  for each in "$lock_dir"/[0-9]*; do
    [ -d "$each" ] || continue
    n=${each##*/}
    [ "$n" -gt "$highest" ] 2>/dev/null && highest=$n
  done
  printf '%s' "$highest"
}

process_started() { # pid: when it was started, in ticks since boot
  read -r stat 2>/dev/null <"/proc/$1/stat" || return
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  shift 19
  printf '%s\n' "$1"
}

lock_held() { # epoch: whether its holder may still act
  [ -e "$lock_dir/$1/released" ] && return 1
  # A holder that died between mkdir and writing who it is has no owner: give it the time of one lease by the folder's own age.
  if ! [ -s "$lock_dir/$1/owner" ]; then
    [ -n "$(find "$lock_dir/$1" -maxdepth 0 -mmin +1 2>/dev/null)" ] && return 1
    return 0
  fi
  owner_pid='' owner_started='' owner_boot='' lease=0
  read -r owner_pid owner_started owner_boot <"$lock_dir/$1/owner"
  [ "$owner_boot" = "$(boot_id)" ] || return 1
  # Going back does not wait for the lease of a job that died: what such a job may still have started moves no traffic.
  if [ "$VERB" = rollback ] && [ -d /proc/self ]; then [ "$(process_started "$owner_pid")" = "$owner_started" ]; return; fi
  read -r lease 2>/dev/null <"$lock_dir/$1/lease"
  [ "$(uptime_s)" -le "${lease:-0}" ] && return 0
  [ -d /proc/self ] || { kill -0 "$owner_pid" 2>/dev/null; return; }
  [ "$(process_started "$owner_pid")" = "$owner_started" ]
}

renew_lease() { # folder of an epoch
  printf '%s\n' "$(($(uptime_s) + lease_s))" >"$1/lease.tmp" && mv -f "$1/lease.tmp" "$1/lease"
}

# Asks a job that only prepares to make way, for going back comes first. It undoes what it began and lets go.
make_way() { # epoch
  [ "$VERB" = rollback ] && [ -n "$(role_release previous)" ] || return 1
  read -r owner_pid _ <"$lock_dir/$1/owner"
  case $(cat "$lock_dir/$1/verb" 2>/dev/null) in deploy | retire) ;; *) return 1 ;; esac
  [ "${asked_way:-}" = "$1" ] || kill -TERM "$owner_pid" 2>/dev/null
  asked_way=$1
  ways=$((${ways:-0} + 1))
  [ "$ways" -lt 100 ] || return 1
  sleep 0.1 2>/dev/null || sleep 1
}

# Takes the lock in lock_dir, or refuses and returns 1. Sets epoch.
take_lock() {
  mkdir -p "$lock_dir"
  tries=0
  while :; do
    top=$(highest_epoch)
    if [ "$top" -gt 0 ] && lock_held "$top"; then
      make_way "$top" && continue
      epoch=0
      refuse lock-held "Another job holds $SERVICE of $STACK: $(cat "$lock_dir/$top/who" 2>/dev/null || echo 'one that just begins'). Nothing was changed." "$(running_words)" ""
      return 1
    fi
    epoch=$((top + 1))
    if mkdir "$lock_dir/$epoch" 2>/dev/null; then
      if [ "$(highest_epoch)" = "$epoch" ]; then break; fi
      rmdir "$lock_dir/$epoch" 2>/dev/null
    fi
    epoch=0
    tries=$((tries + 1))
    if [ "$tries" -gt 50 ]; then
      refuse lock-held "Too many jobs want $SERVICE of $STACK at once. Nothing was changed." "$(running_words)" ""
      return 1
    fi
  done
  printf '%s\n' "$(($(uptime_s) + lease_s))" >"$lock_dir/$epoch/lease"
  printf '%s since %s: %s of %s\n' "$BY" "$(date '+%H:%M:%S')" "$VERB" "$SERVICE" >"$lock_dir/$epoch/who"
  printf '%s\n' "$VERB" >"$lock_dir/$epoch/verb"
  # After a power cut the boot id is another one and nobody holds anything: no fsync.
  put_lightly "$lock_dir/$epoch/owner" "$$ $(process_started $$) $(boot_id)"
  return 0
}

lock_acquire() {
  take_lock || return 1
  case $VERB in
    adopt | eject)
      service_epoch=$epoch
      lock_dir=$ROOT/lock/+
      if ! take_lock; then
        lock_dir=$ROOT/lock/$SVC
        return 1
      fi
      stack_epoch=$epoch
      lock_dir=$ROOT/lock/$SVC
      epoch=$service_epoch
      ;;
  esac
  (
    for each in "$lock_dir"/[0-9]* "$ROOT"/lock/+/[0-9]*; do
      case $each in
        "$ROOT"/lock/+/*) [ "${each##*/}" -lt "$stack_epoch" ] && rm -rf "$each" ;;
        *) [ "${each##*/}" -lt "$epoch" ] && rm -rf "$each" ;;
      esac
    done 2>/dev/null
    while sleep 10; do
      kill -0 $$ 2>/dev/null || exit 0
      [ -d "$lock_dir/$epoch" ] && renew_lease "$lock_dir/$epoch"
      [ "$stack_epoch" -gt 0 ] && renew_lease "$ROOT/lock/+/$stack_epoch"
    done
  ) </dev/null >/dev/null 2>&1 8>&- 9>&- &
  renewer=$!
  last=
  for each in "$ROOT"/journal/*.json; do last=${each##*/}; done
  seq=${last%%-*}
  while :; do case $seq in 0?*) seq=${seq#0} ;; *) break ;; esac; done
  case $seq in '' | *[!0-9]*) seq=0 ;; esac
  return 0
}

# Checked before each step: a job that lost its epoch must not act.
still_mine() {
  [ "$epoch" -gt 0 ] && [ "$(highest_epoch)" = "$epoch" ] && return
  epoch=0
  end indeterminate lock-held "Another job took the stack over while this one slept." "" ""
}

lock_release() {
  kill "${renewer:-}" 2>/dev/null
  [ "$stack_epoch" -gt 0 ] && : >"$ROOT/lock/+/$stack_epoch/released"
  stack_epoch=0
  [ "$epoch" -gt 0 ] || return 0
  : >"$lock_dir/$epoch/released"
  epoch=0
}

# --- live.map: alone says who has the traffic -----------------------------------------------------------------------------

live_state() {
  [ -r "$service_dir/entry/live.map" ] || return 0
  while read -r key value _; do
    [ "$key" = live ] && { printf '%s\n' "$value"; break; }
  done <"$service_dir/entry/live.map"
}
live_slot() { live=$(live_state); printf '%s' "${live%%-*}"; }
other_slot() { if [ "$1" = blue ]; then echo green; else echo blue; fi; }
slot_container() { printf '%s--%s' "$SLOT_PREFIX" "$1"; }
role_release() { folder=$(readlink "$service_dir/$1" 2>/dev/null) && printf '%s\n' "${folder##*/}"; }
# live.map alone says who has the traffic: when a job died between the move and the roles, the roles follow it now.
heal_roles() {
  heal_live=$(live_slot) heal_current=$(role_release current)
  case $heal_live in blue | green) ;; *) return 0 ;; esac
  [ -n "$heal_current" ] && [ "$(release_slot "$heal_current")" != "$heal_live" ] || return 0
  for heal_role in next previous; do
    heal_release=$(role_release "$heal_role")
    [ -n "$heal_release" ] && [ "$(release_slot "$heal_release")" = "$heal_live" ] || continue
    point "$service_dir/current" "releases/$heal_release"
    point "$service_dir/previous" "releases/$heal_current"
    [ "$heal_role" = next ] && rm -f "$service_dir/next"
    say "An earlier job ended before it wrote that release $(number_of "$heal_release") has the traffic; it is written now."
    return 0
  done
}

# A release's number as people say it: 0012 is 12.
number_of() { printf '%s' "$1" | sed 's/^0*//'; }
release_slot() { read -r slot_of 2>/dev/null <"$service_dir/releases/$1/slot" && printf '%s\n' "$slot_of"; }

# --- the entry point's runtime and probes, through one docker exec that stays open ------------------------------------------
# The other end is bash in the entry point's image: it needs no socat, no curl, nothing of the host.
# Each request is one line; each answer its lines with a space in front, then a line with a dot.

runtime_loop=$(
  cat <<'LOOP'
ask() { exec 5<>/dev/tcp/127.0.0.1/9999 || return 1; printf "%s\n" "$1" >&5; while IFS= read -r -t 5 out <&5; do printf " %s\n" "$out"; done; exec 5<&- 5>&-; }
http() { # host port path low high contains
  status=000
  if exec 5<>"/dev/tcp/$1/$2"; then
    printf "GET %s HTTP/1.0\r\nHost: %s:%s\r\nUser-Agent: switchyard-check\r\nConnection: close\r\n\r\n" "$3" "$1" "$2" >&5
    IFS=" " read -r -t "$T" proto status reason <&5
    status=${status:0:3}
    body=
    if [ -n "$6" ]; then while IFS= read -r -t "$T" more <&5 || [ -n "$more" ]; do body+=$more; [ ${#body} -gt 262144 ] && break; more=; done; fi
    exec 5<&- 5>&-
  fi 2>/dev/null
  case $status in [1-5][0-9][0-9]) ;; *) printf " bad no answer\n"; return ;; esac
  if [ "$status" -lt "$4" ] || [ "$status" -gt "$5" ]; then printf " bad HTTP %s\n" "$status"; return; fi
  if [ -n "$6" ] && [[ $body != *"$6"* ]]; then printf " bad HTTP %s without the words asked for\n" "$status"; return; fi
  printf " good HTTP %s\n" "$status"
}
tcp() { if (exec 5<>"/dev/tcp/$1/$2") 2>/dev/null; then printf " good port %s open\n" "$2"; else printf " bad port %s closed\n" "$2"; fi; }
T=5
while IFS= read -r line; do
  IFS=$'\t' read -r verb a b c d e f <<<"$line"
  case $verb in
    ask) ask "$a" ;;
    http) http "$a" "$b" "$c" "$d" "$e" "$f" ;;
    tcp) tcp "$a" "$b" ;;
  esac
  printf ".\n"
done
LOOP
)

runtime_open=

open_runtime() { # container: starts the loop in the background; the first answer waits for it
  rm -f "$job_dir/ask.$$" "$job_dir/answer.$$"
  mkfifo "$job_dir/ask.$$" "$job_dir/answer.$$" || return 1
  docker exec -i "$1" bash -c "$runtime_loop" <"$job_dir/ask.$$" >"$job_dir/answer.$$" &
  runtime_pid=$!
  exec 8>"$job_dir/ask.$$" 9<"$job_dir/answer.$$"
  runtime_open=1
}

# The same three words by perl, where this server has one: over the entry point's own socket and straight to the slot, whose
# address the entry point knows. It is there in milliseconds; a docker exec takes a tenth of a second and more on a small
# server. Where the engine's networks are not in reach (rootless, a virtual machine) it gets no answer; ask again the other way.
quick_loop=$(
  cat <<'LOOP'
use Socket;
$| = 1;
my $path = shift;
sub reach { my ($domain, $to) = @_;
  socket(my $s, $domain, SOCK_STREAM, 0) or return;
  setsockopt($s, SOL_SOCKET, $_, pack("l!l!", 5, 0)) for SO_RCVTIMEO, SO_SNDTIMEO;
  connect($s, $to) or return;
  $s }
sub ask { my $s = reach(AF_UNIX, pack_sockaddr_un($path)) or return; syswrite($s, "$_[0]\n"); my @lines = <$s>; chomp @lines; @lines }
sub slot { my ($host, $port) = @_;
  my ($slot) = $host =~ /--(\w+)$/ or return;
  for (ask("show servers state")) { my @f = split / /;
    next unless @f > 4 && $f[3] eq $slot && $f[1] =~ /_$slot-watching$/ && $f[4] =~ /^\d+(\.\d+){3}$/;
    return reach(AF_INET, pack_sockaddr_in($port, inet_aton($f[4]))) }
  return }
my @hello = ask("show info");
exit 1 unless @hello;
print "ready\n";
while (my $line = <STDIN>) {
  chomp $line;
  my ($verb, $host, $port, $at, $low, $high, $contains) = split /\t/, $line, -1;
  if ($verb eq "ask") { print " $_\n" for ask($host) }
  elsif ($verb eq "tcp") { print slot($host, $port) ? " good port $port open\n" : " bad port $port closed\n" }
  elsif ($verb eq "http") {
    my ($status, $body, $s) = (0, "", slot($host, $port));
    if ($s) {
      syswrite($s, "GET $at HTTP/1.0\r\nHost: $host:$port\r\nUser-Agent: switchyard-check\r\nConnection: close\r\n\r\n");
      my $first = <$s>;
      $status = $1 if defined $first && $first =~ m{^HTTP/\S+ ([1-5]\d\d)};
      if ($status && defined $contains && $contains ne "") { while (my $more = <$s>) { $body .= $more; last if length $body > 262144 } }
    }
    if (!$status) { print " bad no answer\n" }
    elsif ($status < $low || $status > $high) { print " bad HTTP $status\n" }
    elsif (defined $contains && $contains ne "" && index($body, $contains) < 0) { print " bad HTTP $status without the words asked for\n" }
    else { print " good HTTP $status\n" }
  }
  print ".\n";
}
LOOP
)

open_runtime_quickly() {
  [ -w "$service_dir/entry/run/admin.sock" ] && command -v perl >/dev/null 2>&1 || return 1
  rm -f "$job_dir/ask.$$" "$job_dir/answer.$$"
  mkfifo "$job_dir/ask.$$" "$job_dir/answer.$$" || return 1
  perl -e "$quick_loop" "$service_dir/entry/run/admin.sock" <"$job_dir/ask.$$" >"$job_dir/answer.$$" 2>/dev/null &
  runtime_pid=$!
  exec 8>"$job_dir/ask.$$" 9<"$job_dir/answer.$$"
  runtime_open=1
  read -r answer <&9 && [ "$answer" = ready ] && return
  close_runtime
  return 1
}

# Before there is an entry point: the same loop in a throw-away container on the service's network.
open_prober() {
  rm -f "$job_dir/ask.$$" "$job_dir/answer.$$"
  mkfifo "$job_dir/ask.$$" "$job_dir/answer.$$" || return 1
  docker run -i --rm --name "$SLOT_PREFIX--probe-$JOB" --label dev.switchyard.job="$JOB" --network "$NETWORK" --entrypoint bash "$PROBE_IMAGE" -c "$runtime_loop" \
    <"$job_dir/ask.$$" >"$job_dir/answer.$$" &
  runtime_pid=$!
  exec 8>"$job_dir/ask.$$" 9<"$job_dir/answer.$$"
  runtime_open=1
}

close_runtime() {
  [ -n "$runtime_open" ] || return 0
  runtime_open=
  exec 8>&- 9<&-
  wait "$runtime_pid" 2>/dev/null
  rm -f "$job_dir/ask.$$" "$job_dir/answer.$$"
}

tab=$(printf '\t')

# Sends one request; the answer's lines come on standard output. Fails when the other end is gone.
request() {
  [ -n "$runtime_open" ] || return 1
  printf '%s\n' "$1" >&8 2>/dev/null || return 1
  while IFS= read -r answer <&9; do
    case $answer in
      .) return 0 ;;
      ' '*) printf '%s\n' "${answer# }" ;;
    esac
  done
  return 1
}

ask() { request "ask$tab$1"; }

# Tells the running entry point what live.map says now, and reads it back. One that does not take it is started anew and reads the file.
tell_entry() { # state
  case $(ask "set map /usr/local/etc/haproxy/live.map live $1; get map /usr/local/etc/haproxy/live.map live") in
    *"value=\"$1\""*) ;;
    *) docker restart -t 1 "$ENTRY" >/dev/null 2>&1 ;;
  esac
}

# --- images ---------------------------------------------------------------------------------------------------------------

valid_reference() { case $1 in '' | *[!A-Za-z0-9._/:@-]*) return 1 ;; esac; }

# Says how far a pull is, from what it has printed so far: bytes a layer where it had a terminal, else layers.
pull_progress() {
  told=$(tr '\r' '\n' <"$job_dir/pull.log" 2>/dev/null | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' | awk '
    function bytes(text,   n) { n = text + 0; if (text ~ /GB/) n *= 1e9; else if (text ~ /MB/) n *= 1e6; else if (text ~ /kB/) n *= 1e3; return n }
    match($0, /[0-9a-f]+: (Pulling fs layer|Waiting|Downloading|Verifying Checksum|Download complete|Extracting|Pull complete|Already exists)/) {
      line = substr($0, RSTART)
      id = line; sub(/:.*/, "", id)
      if (length(id) != 12) next
      seen[id] = 1
      if (line ~ /Downloading/ && match(line, /[0-9.]+ ?[kMG]?B\/[0-9.]+ ?[kMG]?B/)) {
        split(substr(line, RSTART, RLENGTH), part, "/")
        have[id] = bytes(part[1]); total[id] = bytes(part[2])
      }
      if (line ~ /Download complete|Extracting|Verifying/) have[id] = total[id]
      if (line ~ /Pull complete|Already exists/) { ended[id] = 1; have[id] = total[id] }
    }
    END {
      for (id in seen) { n++; m += ended[id]; d += have[id]; t += total[id] }
      if (n && t > 0) printf "%d %d bytes", d, t; else if (n) printf "%d %d layers", m, n
    }')
  [ -n "$told" ] && [ "$told" != "${told_before:-}" ] && {
    told_before=$told
    # shellcheck disable=SC2086
    progress $told
  }
  return 0
}

# Pulls image $1 with progress. On failure sets pull_code and pull_detail.
pull_image() {
  valid_reference "$1" || { pull_code=input-invalid; pull_detail="$1"; return 1; }
  : >"$job_dir/pull.log"
  if command -v script >/dev/null 2>&1 && script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    script -qefc "docker pull '$1' 2>&1; echo pull-exit=\$?" /dev/null </dev/null >"$job_dir/pull.log" 2>&1 &
  else
    { docker pull "$1" 2>&1; echo "pull-exit=$?"; } >"$job_dir/pull.log" &
  fi
  puller=$!
  while kill -0 "$puller" 2>/dev/null; do
    pull_progress
    sleep 0.3 2>/dev/null || sleep 1
  done
  wait "$puller" 2>/dev/null
  pull_progress
  grep -q 'pull-exit=0' "$job_dir/pull.log" && return 0
  pull_detail=$(tr '\r' '\n' <"$job_dir/pull.log" | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' | grep -v '^pull-exit' | grep -iE 'error|denied|not found|no space|unknown|refused|timeout' | tail -n 1)
  [ -n "$pull_detail" ] || pull_detail=$(tr '\r' '\n' <"$job_dir/pull.log" | grep -v '^pull-exit' | tail -n 1)
  case $pull_detail in
    *'no space left'*) pull_code=disk-full ;;
    *'manifest unknown'* | *'not found'* | *'does not exist'*) pull_code=image-missing ;;
    *unauthorized* | *denied* | *'no basic auth'*) pull_code=registry-forbidden ;;
    *) pull_code=registry-unreachable ;;
  esac
  return 1
}

# Prints how a release names image $1 for good: repository@sha256:… where a registry gave one, else nothing.
image_pin() {
  docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$1" 2>/dev/null |
    awk -v ref="$1" 'BEGIN { repo = ref; sub(/@.*/, "", repo); if (repo !~ /^sha256/) sub(/:[^:\/]*$/, "", repo) } { r = $0; sub(/@.*/, "", r) } r == repo { print; found = 1; exit } NF && first == "" { first = $0 } END { if (!found && first != "") print first }'
}

image_id() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null; }
image_version() { docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.version"}}' "$1" 2>/dev/null | grep -v '^<no value>$'; }

# --- slots ------------------------------------------------------------------------------------------------------------------

slot_compose() { # release, arguments of compose
  release=$1
  shift
  docker compose --project-directory "$PROJECT_DIR" -p "$SLOT_PREFIX" -f "$service_dir/releases/$release/compose.yaml" "$@"
}

start_slot() { slot_compose "$1" up -d --no-build --no-recreate 2>&1; }

# Starts the service as its compose files say now, in the place of its entry point if there is one; no neighbour is made anew.
# Without --no-deps: compose then leaves depends_on out of the container, and makes it anew at the operator's next up.
plain_again() {
  for each in $(docker ps -aq --filter "label=com.docker.compose.project=$STACK" --filter "label=com.docker.compose.service=$SERVICE" --filter label=dev.switchyard.root); do
    { docker stop -t 5 "$each" && docker rm -f "$each"; } >/dev/null 2>&1
  done
  (cd "$PROJECT_DIR" && docker compose -p "$STACK" up -d --no-recreate --no-build --pull never "$SERVICE" 2>&1)
}

stop_slot() { docker rm -f "$(slot_container "$1")" >/dev/null 2>&1; }

# Puts the payload's release in place as number $1 in slot $2, with image $3 pinned: written beside, then renamed.
write_release() {
  number=$1 slot=$2 reference=$3
  id=$(image_id "$reference") || return 1
  [ -n "$id" ] || return 1
  tag="switchyard/$SLOT_PREFIX:r$number"
  docker tag "$id" "$tag" || return 1
  pin=$(image_pin "$reference")
  [ -n "$pin" ] || pin=$tag
  part=$service_dir/releases/.$number.part
  rm -rf "$part"
  mkdir -p "$part"
  sed "s|@SWITCHYARD_IMAGE@|$pin|g; s|@SWITCHYARD_RELEASE@|$number|g; s|@SWITCHYARD_SLOT@|$slot|g; s|@SWITCHYARD_CONTAINER@|$(slot_container "$slot")|g" "$job_dir/release.compose.yaml" >"$part/compose.yaml" || return 1
  sed "s|@SWITCHYARD_IMAGE@|$pin|g; s|@SWITCHYARD_RELEASE@|$number|g; s|@SWITCHYARD_SLOT@|$slot|g; s|@SWITCHYARD_IMAGE_ID@|$id|g; s|@SWITCHYARD_AT@|$(now_ms)|g; s|@SWITCHYARD_VERSION@|$(json_text "$(image_version "$id")" | sed 's/[|&\\]/\\&/g')|g" "$job_dir/release.json" >"$part/release.json" || return 1
  sed "s|@SWITCHYARD_RELEASE@|$number|g; s|@SWITCHYARD_SLOT@|$slot|g" "$job_dir/rollback.sh" >"$part/rollback.sh" || return 1
  printf '%s\n' "$slot" >"$part/slot"
  printf 'preparing 0 0\n' >"$part/state"
  sh -n "$part/rollback.sh" || return 1
  chmod 700 "$part/rollback.sh"
  for each in "$part"/*; do sync_path "$each"; done
  mv -fT "$part" "$service_dir/releases/$number" 2>/dev/null || mv -f "$part" "$service_dir/releases/$number" || return 1
  sync_path "$service_dir/releases"
}

mark_release() { printf '%s\n' "$2" | put_file "$service_dir/releases/$1/state"; }

container_state() { docker inspect --format '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.RestartCount}} {{.State.ExitCode}} {{.State.OOMKilled}}' "$1" 2>/dev/null; }

# --- checks: CHECKS holds one check a line, fields by tabs: http port path low high contains | tcp port | container | command text ---

# Runs all checks once against slot container $1. Sets passed, total and failing (words of the first that fails).
run_checks() {
  passed=0 total=0 failing=''
  while IFS="$tab" read -r kind a b c d e; do
    [ -n "$kind" ] || continue
    total=$((total + 1))
    case $kind in
      http) check_said=$(request "http$tab$1$tab$a$tab$b$tab$c$tab$d$tab$e") || check_said='bad the probe itself is gone' ;;
      tcp) check_said=$(request "tcp$tab$1$tab$a") || check_said='bad the probe itself is gone' ;;
      container)
        # shellcheck disable=SC2046
        set -- "$1" $(container_state "$1")
        case ${3:-none} in healthy) check_said='good container healthy' ;; none) check_said='good no healthcheck' ;; *) check_said="bad container ${3}" ;; esac
        ;;
      command) if timeout 30 docker exec "$1" sh -c "$a" >"$job_dir/command.out" 2>&1; then check_said='good command'; else check_said="bad command: $(tail -n 1 "$job_dir/command.out")"; fi ;;
      *) check_said="bad unknown check $kind" ;;
    esac
    case $check_said in
      good*) passed=$((passed + 1)) ;;
      *) [ -n "$failing" ] || failing="$kind ${a:+$a }${b:+$b }: ${check_said#bad }" ;;
    esac
  done <<LIST
$CHECKS
LIST
  [ "$passed" -eq "$total" ]
}

# Whether a container, given with what container_state says of it, ends instead of getting ready. Then sets ready_code and ready_reason.
ends_at_start() { # container status health restarts code oom
  case ${2:-gone} in
    exited | dead | gone) how="It exited${5:+ with code $5}${6:+$([ "$6" = true ] && echo ', out of memory')}" ;;
    restarting) how="It keeps exiting at start (code ${5:-?})" ;;
    *)
      [ "${4:-0}" -gt "$most_restarts" ] || return 1
      how="It was restarted $4 times while starting"
      ;;
  esac
  ready_code=exited-at-start
  docker_answers || { ready_code=docker-stopped; ready_reason='Docker was stopped while it was starting.'; return 0; }
  ready_reason="$how: $(docker logs --tail 20 "$1" 2>&1 | grep -v '^[[:space:]]*$' | tail -n 1)"
}

# Waits until slot container $1 passes all its checks twice in a row, or tells why not (ready_code, ready_reason).
wait_ready() {
  most_restarts=1
  deadline=$(($(uptime_s) + READY_S))
  good=0 spoken=''
  while :; do
    # shellcheck disable=SC2046
    set -- "$1" $(container_state "$1")
    if ends_at_start "$@"; then return 1; fi
    if run_checks "$1"; then good=$((good + 1)); else good=0; fi
    [ "$spoken" = "$passed $failing" ] || { progress "$passed" "$total" checks; [ -n "$failing" ] && say "$failing"; spoken="$passed $failing"; }
    [ "$good" -ge 2 ] && return 0
    if [ "$(uptime_s)" -ge "$deadline" ]; then
      # A probe of one that comes and goes is slow, so that its restarts may show only now.
      # shellcheck disable=SC2046
      set -- "$1" $(container_state "$1")
      most_restarts=0
      if ends_at_start "$@"; then return 1; fi
      ready_code=not-ready
      ready_reason="$passed of $total checks passed after $READY_S s; $failing"
      return 1
    fi
    if [ "$good" -gt 0 ]; then sleep 0.2 2>/dev/null || sleep 1; else sleep 0.5 2>/dev/null || sleep 1; fi
  done
}

# --- the compose files -------------------------------------------------------------------------------------------------------

# One hash over the files that make the stack, so that a change between plan and job is seen. COMPOSE_FILES: one path a line.
compose_hash() {
  printf '%s\n' "$COMPOSE_FILES" | while IFS= read -r file; do
    [ -n "$file" ] || continue
    if [ -e "$file" ]; then sha256sum <"$file"; else echo absent; fi
  done | sha256sum | cut -d' ' -f1
}

check_compose_hash() {
  [ "$(compose_hash)" = "$COMPOSE_HASH" ] && return
  refuse compose-changed "The compose files of $STACK changed while this job was being prepared. Nothing was changed." "$(running_words)" ""
}

# Puts payload $1 in place of file $2, keeping its mode and owner's rights.
replace_file() {
  cp "$job_dir/$1" "$2.$JOB.tmp" && { [ ! -e "$2" ] || chmod "$(stat -c %a "$2" 2>/dev/null || echo 644)" "$2.$JOB.tmp"; } && { [ -e "$2" ] || chmod 644 "$2.$JOB.tmp"; } &&
    sync_path "$2.$JOB.tmp" && mv -f "$2.$JOB.tmp" "$2" && sync_path "${2%/*}"
}

# --- start -------------------------------------------------------------------------------------------------------------------

start_job() { # steps, by commas
  BY_JSON=$(json_text "$BY")
  printf '%s\n' "$$ $(process_started $$) $(boot_id)" >"$job_dir/pid"
  feed "\"kind\":\"job\",\"verb\":\"$VERB\",\"stack\":\"$(json_text "$STACK")\",\"service\":\"$(json_text "$SERVICE")\",\"by\":\"$BY_JSON\",\"steps\":\"$1\""
  trap on_exit EXIT
  trap on_signal TERM INT HUP
  lock_acquire
}

# Keeps the feed, the finished jobs and the journal bounded: of old records only those that history is folded from stay.
tidy() {
  if [ "$(wc -c <"$ROOT/feed.ndjson")" -gt 1048576 ]; then
    tail -n 2000 "$ROOT/feed.ndjson" >"$ROOT/feed.$JOB.tmp" && mv -f "$ROOT/feed.$JOB.tmp" "$ROOT/feed.ndjson"
  fi
  count=0
  for each in $(cd "$ROOT/jobs" && ls -1t); do
    count=$((count + 1))
    [ "$count" -gt 50 ] && [ -e "$ROOT/jobs/$each/exit" ] && rm -rf "${ROOT:?}/jobs/$each"
  done
  set -- "$ROOT"/journal/*.json
  over=$(($# - 1000))
  [ "$over" -gt 500 ] || return 0
  for each in "$@"; do
    over=$((over - 1))
    [ "$over" -ge 0 ] || break
    case $each in
      *-move-done.json | *-ready-done.json | *-watch-done.json | *-stop-done.json | *-confirm-done.json | *-fail.json) ;;
      *) rm -f "$each" ;;
    esac
  done
}
