# flip and rollback: gate, move, drain. TARGET_ROLE is next or previous, MOVE_STATE watching or settled. The order is the
# safety argument: src/core/SPEC.md tells it line by line.
moved=
undo() {
  [ -n "$past_return" ] || disarm_watch
  [ -n "$moved" ] || return
  moved=
  set_live "$before"
  at put-back
  tell_entry "$before"
}

# Asked to stop after the move: there is nothing to wait for any more.
hurry=
stop_short() { hurry=1; }

# Whichever of these is the last to be written, live.map decides (SPEC FL9).
write_roles() { # target, release that is left
  write_role current "$1"
  roles_written=$?
  at current
  [ -z "$2" ] || write_role previous "$2" || roles_written=1
  # While one of them is missing, next is what tells which release has the traffic.
  [ "$roles_written" -eq 0 ] && [ "$(role_release next)" = "$1" ] && rm -f "$service_dir/next"
  write_settled
  return 0
}
write_role() { point "$service_dir/$1" "releases/$2" 2>/dev/null || { spend_reserve && point "$service_dir/$1" "releases/$2"; }; }

# When a move that nobody watches became final; of a watched one its watch says so. A line of an earlier move must not stand for
# this one (SPEC TO3).
write_settled() {
  if [ "$MOVE_STATE" = watching ] || ! put_lightly "$service_dir/settled" "$(now_ms) $to" 2>/dev/null; then rm -f "$service_dir/settled"; fi
}

# Armed before the move, which then goes back by itself, whatever becomes of this job.
arm_watch() {
  end_acts
  word=watch
  [ -n "${CONFIRM_S:-}" ] && word=confirm
  put_line "$service_dir/watch" "$(($(now_ms) + WATCH_S * 1000)) $(($(uptime_s) + WATCH_S)) $(boot_id) $to $JOB $word"
}

disarm_watch() {
  watch_job=
  is_file "$service_dir/watch" && read -r _ _ _ _ watch_job _ 2>/dev/null <"$service_dir/watch"
  [ "$watch_job" != "$JOB" ] || rm -f "$service_dir/watch"
}

# It must not hold this job's ends of the pipes, or closing them here would wait for its end.
start_watch() {
  (cd "$job_dir" && if command -v setsid >/dev/null 2>&1; then setsid sh ./watch.sh; else sh ./watch.sh; fi </dev/null >>watch.output 2>&1 &) 8>&- 9>&-
}

say_completed() { # [fields of the open step's record]
  back=
  [ "$VERB" = rollback ] && back=' back'
  completed "The traffic of $SERVICE is$back on release $(number_of "$target") ($to)." "${1:-}"
}

# The move was written and the entry point never told; who should have got the traffic may be gone since. Then the traffic stays
# where the entry point still sends it, and live.map says so again.
stay_where_it_answers() {
  believed=$(entry_state)
  is_live_state "$believed" && [ "${believed%-*}" != "$(live_slot)" ] || return 0
  ! run_checks "$(slot_container "$(live_slot)")" || return 0
  # Settled, where nothing is left that would watch it.
  [ -e "$service_dir/watch" ] || believed=${believed%-*}-settled
  run_checks "$(slot_container "${believed%-*}")" && set_live "$believed" || return 0
  say "Release $(number_of "${target:-}") does not answer; the traffic stays where it is."
  heal_roles
}

# live.map says whether the move was made. What it says is told to the running entry point, whatever that believed.
recover() {
  # Without the intent nothing was moved; or it cannot be read, and the roles and the entry point follow live.map all the same.
  # A rollback on a full disk may have moved it without an intent.
  if ! recorded move begin; then
    [ -n "$unreadable" ] || [ "$VERB" = rollback ] || return 0
    open_runtime "$ENTRY"
    stay_where_it_answers
    heal_roles
    tell_entry "$(live_state)"
    [ -n "$unreadable" ] || end aborted job-died "The rollback of $SERVICE stopped, for its process was gone." "$(running_words)" ""
    return 0
  fi
  to=$(record_field "$record_file" to) target=$(record_field "$record_file" release) left=$(record_field "$record_file" left)
  to=${to%%-*}
  open_runtime "$ENTRY"
  stay_where_it_answers
  tell_entry "$(live_state)"
  if [ "$(live_slot)" != "$to" ]; then
    recorded move "done" || return 0
    completed "The traffic of $SERVICE had moved to release $(number_of "$target") ($to), and has moved on since."
  fi
  recorded move "done" || write_roles "$target" "$left"
  if [ "$(live_state)" = "$to-watching" ]; then
    watch_job=
    is_file "$service_dir/watch" && read -r _ _ _ _ watch_job _ 2>/dev/null <"$service_dir/watch"
    [ "$watch_job" = "$JOB" ] || arm_watch
    watch_pid='' watch_start='' watch_boot='' watch_space=''
    read -r watch_pid watch_start watch_boot watch_space 2>/dev/null <"$job_dir/watch-pid"
    [ "$(life_of "$watch_pid" "$watch_start" "$watch_boot" "$watch_space")" = yes ] || start_watch
  fi
  if [ "$open_step" = move ]; then say_completed "\"release\":\"$target\",\"slot\":\"$to\",\"left\":\"$left\""; fi
  say_completed
}

# The way into the entry point takes longest: where there is no quick one, it opens while the lock is taken.
way_open=
if [ "$mode" = run ]; then
  way_open=quickly
  open_runtime_quickly || { way_open=slowly && open_runtime "$ENTRY"; } || way_open=
fi
start_job gate,move,drain
[ -n "$way_open" ] || abort entry-failed "The entry point $ENTRY cannot be reached." "" ""

# A quick no is asked again from where the entry point is: this shell may stand outside of its networks.
answers_now() {
  if [ "$way_open" = quickly ]; then
    run_checks "$1" && return
    way_open=slowly
    close_runtime
    open_runtime "$ENTRY" || return 1
  fi
  run_checks "$1"
}

# Going back, previous may have been stopped, by hand or by a reboot: it is started, and given as long as rollback.sh gives it.
start_previous() {
  case $(container_state "$1") in running* | '') return 1 ;; esac
  docker start "$1" >/dev/null 2>&1 || return 1
  start_tries=0
  until answers_now "$1"; do
    start_tries=$((start_tries + 1))
    [ "$start_tries" -lt 20 ] || return 1
    sleep 0.5 2>/dev/null || sleep 1
  done
  # It may have another address than before, which the entry point finds by itself within seconds.
  address=$(docker inspect --format '{{range .NetworkSettings.Networks}}{{println .IPAddress}}{{end}}' "$1" 2>/dev/null | head -n 1)
  [ -z "$address" ] || ask "set server p${ENTRY_PORT}_$to-watching/$to addr $address" >/dev/null
  return 0
}

begin gate
heal_live
heal_roles
before=$(live_state)
from=${before%%-*}
case $from in blue | green) ;; *) refuse entry-failed "live.map of $SERVICE does not say who has the traffic: '$before'." "" "" ;; esac
to=$(other_slot "$from")
# Asked once more of a map that was drawn before, going back would go forth again, to the release that was left.
if [ -n "${GOES_TO:-}" ] && [ "$(role_release current)" = "$GOES_TO" ]; then
  [ "$(entry_state)" = "$before" ] || tell_entry "$before"
  refuse nothing-to-do "Release $(number_of "$GOES_TO") of $SERVICE has the traffic already." "$(running_words)" ""
fi
target=$(role_release "$TARGET_ROLE")
if [ -z "$target" ]; then refuse nothing-to-do "$SERVICE has no $TARGET_ROLE release to move the traffic to." "$(running_words)" ""; fi
if [ "$(release_slot "$target")" != "$to" ]; then refuse nothing-to-do "Release $(number_of "$target") of $SERVICE is in no free slot: it has the traffic already, or it was retired." "$(running_words)" ""; fi
# A rollback goes to a release that had the traffic before: answering its checks now is all that counts.
if [ "$TARGET_ROLE" = next ]; then
  ready='' rest=''
  is_file "$service_dir/releases/$target/state" && read -r ready rest <"$service_dir/releases/$target/state"
  if [ "$ready" != ready ]; then
    refuse not-ready "Release $(number_of "$target") is not ready, so the traffic stays where it is." "$(running_words)" "${rest#* * }"
  fi
fi
# Its checks must not be answered by somebody else's container. Where Docker does not answer, going back goes on without.
held=$(slot_holds "$to")
if [ "${held:-$target}" != "$target" ]; then
  code=not-ready
  [ "$VERB" != rollback ] || code=previous-not-ready
  refuse "$code" "The container in $to is not that of release $(number_of "$target"), so the traffic stays where it is." "$(running_words)" "$(slot_container "$to")"
fi
if ! answers_now "$(slot_container "$to")"; then
  case $failing in
    *'the probe itself is gone')
      # Going back starts an entry point that does not run: it reads live.map, as after any restart.
      close_runtime
      { [ "$VERB" = rollback ] && own_config && docker start "$ENTRY" >/dev/null 2>&1 && open_runtime "$ENTRY" && run_checks "$(slot_container "$to")"; } ||
        refuse entry-failed "The entry point $ENTRY of $SERVICE takes no command: it does not run." "$(running_words)" "$(docker logs --tail 1 "$ENTRY" 2>&1)"
      ;;
  esac
fi
if [ "$passed" -ne "$total" ] && ! { [ "$VERB" = rollback ] && start_previous "$(slot_container "$to")"; }; then
  code=not-ready
  [ "$VERB" != rollback ] || code=previous-not-ready
  refuse "$code" "Release $(number_of "$target") does not pass its checks now ($passed of $total), so the traffic stays where it is." "$(running_words)" "$failing"
fi
finish "\"to\":\"$to\",\"release\":\"$target\""

current=$(role_release current)
begin move "\"from\":\"$before\",\"to\":\"$to-$MOVE_STATE\",\"release\":\"$target\",\"left\":\"$current\""
if [ "$MOVE_STATE" = watching ]; then
  arm_watch || abort disk-full "The watch of $SERVICE cannot be written. Nothing was moved." "" "$(df -Pk "$ROOT" | tail -n 1)"
  at armed
  start_watch
fi
moved=1
started=$(exact_ms)
set_live "$to-$MOVE_STATE" ||
  abort disk-full "live.map of $SERVICE cannot be written. Nothing was moved." "" "$(df -Pk "$ROOT" | tail -n 1)"
at mapped
commanded=$(exact_ms)
# The probe above has just seen it answer; HAProxy may not have looked yet, and would send the traffic to the backup.
if ! insist "$to-$MOVE_STATE" "set server p${ENTRY_PORT}_$to-watching/$to health up; set map /usr/local/etc/haproxy/live.map live $to-$MOVE_STATE; "; then
  if [ "$VERB" = rollback ] && own_config && docker restart -t 1 "$ENTRY" >/dev/null 2>&1 && insist "$to-$MOVE_STATE"; then
    say 'The running entry point did not take the command; it was started anew and reads live.map.'
  else
    abort entry-failed "The entry point $ENTRY did not take the move." "" "$(docker logs --tail 1 "$ENTRY" 2>&1)"
  fi
fi
[ "$(live_state)" = "$to-$MOVE_STATE" ] || abort entry-failed "live.map of $SERVICE was not kept." "" "$(live_state)"
figure commandedAt "$commanded"
figure switchMs $(($(exact_ms) - started))
moved='' past_return=1
at told
write_roles "$target" "$current"
finish "\"release\":\"$target\",\"slot\":\"$to\",\"left\":\"$current\""

[ "$MOVE_STATE" = watching ] || rm -f "$service_dir/watch"

begin drain
# From here on it only waits, and makes way for whoever goes back (SPEC FL11). In a shell of its own: a redirection that fails
# would end this one.
touch_new "$lock_dir/$epoch/moved"
drain_until=$(($(uptime_s) + DRAIN_S))
drain_started=$(now_ms)
shown=
while :; do
  left=$(ask 'show stat -1 4 -1' | awk -F, -v slot="$from" '$2==slot{n+=$5} END{print n+0}')
  [ "$left" = "$shown" ] || { progress "$left" null requests; shown=$left; }
  [ "${left:-0}" -eq 0 ] && break
  if [ -n "$hurry" ] || [ "$(uptime_s)" -ge "$drain_until" ]; then
    say "$left long-lived connections stay on release $(number_of "$current"), which is kept warm."
    break
  fi
  sleep 0.1 2>/dev/null || sleep 1
done
figure drainMs $(($(now_ms) - drain_started))
figure inFlightLeft "${left:-0}"
finish
rm -f "$service_dir/went-back"
say_completed
