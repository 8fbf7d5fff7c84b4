# --- lock: lock/<service>/<epoch>/; the highest epoch is the holder -----------------------------------------------------------
# One lock a service, so that nothing done to one can stand in the way of going back with another; who edits the stack's
# compose files holds the lock named + as well: adopt and eject from their start, deploy for the moment that it writes.
# An epoch's folder gets its name whole, with its owner in it, by one rename. Taking over makes the next epoch, so two
# contenders can never both win and nothing needs to be unlocked by hand. A holder is gone when the machine was booted since,
# or when its process is; where that cannot be seen (another process space), when its lease, in seconds of uptime, is over.

lease_s=30
# Of rollback.sh by hand, and of an upload.
longest_lease_s=120
lock_dir=$ROOT/lock/$SVC
stack_epoch=0

# Epochs have seven digits at most. Of what stands at their end, planted there, nobody is the holder (take_lock).
last_epoch=9999999
is_epoch() { case $1 in '' | *[!0-9]* | 0* | ????????*) return 1 ;; esac; }

highest_epoch() {
  highest=0
  for each in "$lock_dir"/[0-9]*; do
    [ -d "$each" ] && [ ! -L "$each" ] || continue
    n=${each##*/}
    is_epoch "$n" && [ "$n" -gt "$highest" ] && highest=$n
  done
  printf '%s' "$highest"
}

# One that ends later than any lease of now could is of another life of this machine: a container that was started anew counts
# its uptime from nought, and has the boot id of the machine that it stands on.
lease_over() { # text of a lease: seconds of uptime
  is_number "${1:-0}" || return 0
  lease_now=$(uptime_s)
  [ "$lease_now" -gt "${1:-0}" ] || [ "${1:-0}" -gt "$((lease_now + longest_lease_s))" ]
}

# An epoch without an owner was not made by a claim: a power cut took the owner's bytes, or an older kit made it. It gets two
# seconds, which no clock measures, and then it is nobody's. Should its maker only sleep, the next epoch stops it (SPEC JN4).
ownerless() { # epoch
  looks=0
  while ! [ -s "$lock_dir/$1/owner" ]; do
    [ -d "$lock_dir/$1" ] || return 0
    looks=$((looks + 1))
    [ "$looks" -le 20 ] || return 0
    sleep 0.1 2>/dev/null || { sleep 1; looks=$((looks + 9)); }
  done
  return 1
}

# Whether the holder of an epoch may still act. Sets owner_pid.
lock_held() { # epoch
  [ -e "$lock_dir/$1/released" ] && return 1
  owner_pid='' owner_started='' owner_boot='' owner_space='' lease=0
  ownerless "$1" && return 1
  is_file "$lock_dir/$1/owner" || return 1
  read -r owner_pid owner_started owner_boot owner_space 2>/dev/null <"$lock_dir/$1/owner"
  case $(life_of "$owner_pid" "$owner_started" "$owner_boot" "$owner_space") in
    yes) return 0 ;;
    no) return 1 ;;
  esac
  is_file "$lock_dir/$1/lease" && read -r lease 2>/dev/null <"$lock_dir/$1/lease"
  ! lease_over "$lease"
}

renew_lease() { # folder of an epoch, or of a job
  { make_line "$1/lease.tmp" "$(($(uptime_s) + lease_s))" && rename_to "$1/lease.tmp" "$1/lease"; } || { rm -f "$1/lease.tmp"; return 1; }
}

# The whole group, so that what the job waits for ends with it; where it leads none, the job alone.
ask_to_stop() { kill -TERM "-$1" 2>/dev/null || kill -TERM "$1" 2>/dev/null; }

# Asks a job that only prepares, or that moved the traffic and only waits for its drain, to make way: going back comes first.
# The one undoes what it began, the other ends as it would have; both let go. A recovery is waited for. A watch that ends well is
# in no hurry.
make_way() { # epoch
  [ "$VERB" = rollback ] && [ "$mode" = run ] && [ -z "${settles:-}" ] || return 1
  way_verb=
  is_file "$lock_dir/$1/verb" && read -r way_verb 2>/dev/null <"$lock_dir/$1/verb"
  case $way_verb in
    # A watch that wants to go back lets the mend end first: it may be all that was missing.
    mend) [ "$BY_JSON" != watch ] && [ -n "$(role_release previous)" ] || return 1 ;;
    deploy | retire) [ -n "$(role_release previous)" ] || return 1 ;;
    flip) [ -e "$lock_dir/$1/moved" ] && [ -n "$(role_release previous)" ] || return 1 ;;
    # Whoever finishes what a job that died left is not hurried, and is soon done.
    recovery) asked_way=$1 ;;
    *) return 1 ;;
  esac
  # In another process space its number is a stranger's.
  [ "$(life_of "$owner_pid" "$owner_started" "$owner_boot" "$owner_space")" = yes ] || return 1
  [ "${asked_way:-}" = "$1" ] || { job_process "$owner_pid" "$owner_started" "$owner_boot" "$owner_space" && ask_to_stop "$owner_pid"; } || return 1
  asked_way=$1
  ways=$((${ways:-0} + 1))
  [ "$ways" -lt 100 ] || return 1
  sleep 0.1 2>/dev/null || sleep 1
}

# After a power cut the boot id is another one and nobody holds anything: no fsync.
write_claim() {
  make_line "$claim/lease" "$(($(uptime_s) + lease_s))" &&
    make_line "$claim/who" "$BY since $(date '+%H:%M:%S'): $VERB of $SERVICE" &&
    make_line "$claim/verb" "$claim_verb" &&
    make_line "$claim/owner" "$claim_line"
}

# Never with -p, which is content with a link to somebody's folder.
make_claim() { mkdir "$claim" || { mkdir -p "$lock_dir" && clear_name "$claim" && mkdir "$claim"; }; }

# Claims an epoch of lock_dir, or fails when another has it. A plain mv onto a folder that is there lands inside of it, and
# the owner that is read back says so; onto one that came between mv's look and its rename(2), that is refused.
claim_epoch() {
  claim=$lock_dir/.$JOB.$$
  claim_line=$(self_line)
  claim_verb=$VERB
  [ "$mode" = run ] || claim_verb=recovery
  make_claim 2>/dev/null || { spend_reserve && make_claim; } || { claim_full=1; return 1; }
  # A link or a file that was put in its place would keep everybody out for good, and mv goes into what a link leads to.
  if [ -L "$lock_dir/$1" ] || { [ -e "$lock_dir/$1" ] && [ ! -d "$lock_dir/$1" ]; }; then rm -f "$lock_dir/$1"; fi
  { write_claim 2>/dev/null || { spend_reserve && write_claim; }; } && mv "$claim" "$lock_dir/$1" 2>/dev/null
  claim_owner=
  is_file "$lock_dir/$1/owner" && read -r claim_owner 2>/dev/null <"$lock_dir/$1/owner"
  [ "$claim_owner" = "$claim_line" ] && return
  rm -rf "$claim" "$lock_dir/$1/.$JOB.$$"
  return 1
}

# Takes the lock in lock_dir, or refuses and returns 1. Sets epoch.
take_lock() {
  [ -d "$lock_dir" ] || mkdir -p "$lock_dir" 2>/dev/null || { spend_reserve && mkdir -p "$lock_dir"; }
  tries=0 claim_full=
  while :; do
    top=$(highest_epoch)
    died=
    # No service has had as many jobs.
    if [ "$top" -eq "$last_epoch" ]; then rm -rf "${lock_dir:?}/$top" && [ ! -d "$lock_dir/$top" ] && continue; fi
    if [ "$top" -gt 0 ] && lock_held "$top"; then
      make_way "$top" && continue
      epoch=0
      refuse lock-held "Another job holds $SERVICE of $STACK: $(is_file "$lock_dir/$top/who" && head -c 400 "$lock_dir/$top/who" 2>/dev/null || echo 'one that just begins'). Nothing was changed." "$(running_words)" ""
      return 1
    fi
    [ "$top" -gt 0 ] && ! [ -e "$lock_dir/$top/released" ] && died="$owner_pid $owner_started $owner_boot $owner_space"
    epoch=$((top + 1))
    if claim_epoch "$epoch"; then
      if [ "$(highest_epoch)" = "$epoch" ]; then break; fi
      rm -rf "${lock_dir:?}/$epoch"
    fi
    epoch=0
    if [ -n "$claim_full" ]; then
      refuse disk-full "The lock of $SERVICE of $STACK cannot be written. Nothing was changed." "$(running_words)" "$(df -Pk "$ROOT" | tail -n 1)"
      return 1
    fi
    tries=$((tries + 1))
    if [ "$tries" -gt 50 ]; then
      refuse lock-held "Too many jobs want $SERVICE of $STACK at once. Nothing was changed." "$(running_words)" ""
      return 1
    fi
  done
  # shellcheck disable=SC2086
  [ -z "$died" ] || ! job_process $died || end_session $died
  return 0
}

lock_acquire() {
  case $VERB in
    adopt | eject)
      lock_dir=$ROOT/lock/+
      take_lock || { lock_dir=$ROOT/lock/$SVC; return 1; }
      stack_epoch=$epoch epoch=0
      lock_dir=$ROOT/lock/$SVC
      ;;
  esac
  take_lock || { lock_release; return 1; }
  (
    for each in "$lock_dir"/[0-9]* "$ROOT"/lock/+/[0-9]*; do
      case $each in
        "$ROOT"/lock/+/*) is_epoch "${each##*/}" && [ "${each##*/}" -lt "$stack_epoch" ] && rm -rf "$each" ;;
        *) is_epoch "${each##*/}" && [ "${each##*/}" -lt "$epoch" ] && rm -rf "$each" ;;
      esac
    done 2>/dev/null
    renewed=$(self_line) ticks=0
    while sleep 1; do
      # shellcheck disable=SC2086
      [ "$(life_of $renewed)" = yes ] || exit 0
      ticks=$((ticks + 1))
      [ "$((ticks % 10))" -eq 0 ] || continue
      renew_lease "$job_dir"
      [ -d "$lock_dir/$epoch" ] && renew_lease "$lock_dir/$epoch"
      [ "$stack_epoch" -gt 0 ] && renew_lease "$ROOT/lock/+/$stack_epoch"
    done
  ) </dev/null >/dev/null 2>&1 8>&- 9>&- &
  renewer=$!
  # Not by a pattern of the shell: with 20,000 records that takes it a second on a small server. Eight digits, as they are written.
  seq=$(find "$ROOT/journal" -maxdepth 1 -name '[0-8][0-9][0-9][0-9][0-9][0-9][0-9][0-9]-*.json' | sort | tail -n 1)
  seq=${seq##*/} seq=${seq%%-*}
  while :; do case $seq in 0?*) seq=${seq#0} ;; *) break ;; esac; done
  is_number "$seq" || seq=0
  return 0
}

# Checked before each step: a job that lost its epoch must not act.
still_mine() {
  [ "$epoch" -gt 0 ] && [ "$(highest_epoch)" = "$epoch" ] && return
  epoch=0
  end indeterminate lock-held "Another job took the service over while this one slept." "" ""
}

# With what it waits for; by KILL, for a recovery and what it starts ignore TERM.
stop_renewer() {
  [ -n "${renewer:-}" ] || return 0
  naps=
  read -r naps 2>/dev/null <"/proc/$renewer/task/$renewer/children"
  # shellcheck disable=SC2086
  kill -KILL "$renewer" $naps 2>/dev/null
  renewer=
}

lock_release() {
  stop_renewer
  [ "$stack_epoch" -gt 0 ] && touch_new "$ROOT/lock/+/$stack_epoch/released"
  stack_epoch=0
  [ "$epoch" -gt 0 ] || return 0
  touch_new "$lock_dir/$epoch/released"
  epoch=0
}

# Runs a command while this job also holds the stack, as adopt and eject do: two deploys at once must not write over each other's
# line of compose.yaml. Waits for it for ten seconds; 99 when it is not to be had.
holding_stack() { # command
  held_dir=$lock_dir held_epoch=$epoch
  lock_dir=$ROOT/lock/+
  refuse() { return 1; }
  stack_tries=0
  until take_lock || [ "$stack_tries" -ge 40 ]; do
    stack_tries=$((stack_tries + 1))
    sleep 0.25 2>/dev/null || sleep 1
  done
  refuse() { end refused "$@"; }
  stack_epoch=$epoch
  lock_dir=$held_dir epoch=$held_epoch held_dir=
  [ "$stack_epoch" -gt 0 ] || return 99
  "$@"
  stack_code=$?
  touch_new "$ROOT/lock/+/$stack_epoch/released"
  stack_epoch=0
  return "$stack_code"
}
