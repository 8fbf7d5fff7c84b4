# The watch after a flip: follows the entry point until the watch ends, then settles; or makes it final when the entry
# point went back by itself, when the release turned ill, or when nobody confirmed a flip that had to be confirmed. It holds
# the lock only for that last act, so that an operator can flip back meanwhile. Started again at any point, it goes on.
. ./job.sh
. ./kit.sh
[ -e ./plant.sh ] && . ./plant.sh
BY_JSON=watch
BY='the watch'
VERB=rollback
flip_job=$JOB
flip_dir=$jobs_dir/$flip_job
act_job=$flip_job-watch
job_dir=$flip_dir
until_ms='' until='' booted='' to=''
is_file "$service_dir/watch" && read -r until_ms until booted to _ _ <"$service_dir/watch"
case $to in blue | green) ;; *) to=$(live_slot) ;; esac
case $to in blue | green) ;; *) exit 0 ;; esac
# What it cannot reckon with is over: one that waits to be confirmed must not wait for ever.
is_number "$until_ms" || until_ms=0
is_number "$until" || until=0
own_ground || ground_lost
from=$(other_slot "$to")
watching=$to-watching
trap 'close_runtime' EXIT
self_line >"$flip_dir/watch-pid.$$" && { [ -e "$flip_dir/watch-pid" ] && resumed=1 || resumed=; } && mv -f "$flip_dir/watch-pid.$$" "$flip_dir/watch-pid"
[ -n "$resumed" ] && [ -e "$flip_dir/exit" ] && rm -f "$flip_dir"/ask.* "$flip_dir"/answer.*
began=$(uptime_s)

# Whether the watch is still this one's. Sets word: confirm while the flip must be confirmed.
mine() { watch_job=; is_file "$service_dir/watch" && read -r _ _ _ _ watch_job word 2>/dev/null <"$service_dir/watch" && [ "$watch_job" = "$flip_job" ] && [ "$(live_state)" = "$watching" ]; }

# An entry point that was started during the watch, with all else perhaps, is given a minute: a release that is still
# coming up is not ill. One that was young at the flip already is not what this is about.
young() {
  age=$(ask 'show info' | awk '$1=="Uptime_sec:"{print $2; exit}')
  # What does not tell its age is not taken for young: an ill release must not be spared for that.
  [ -n "$age" ] || return 1
  [ "$age" -lt 60 ] && { [ -n "$resumed" ] || [ "$age" -lt "$(($(uptime_s) - began))" ]; }
}

# Started before the move, so that nothing that becomes of the flip leaves it unwatched: one whose process is gone is finished or
# undone from here, as by any client (SPEC JN8). Until the move is made and told there is nothing to look at. Fails when there
# was none.
await_move() {
  until [ -e "$flip_dir/exit" ] || recorded move "done"; do
    mine
    [ "$watch_job" = "$flip_job" ] || return 1
    if job_died "$flip_dir"; then
      recover_apart "$flip_dir"
      [ -e "$flip_dir/exit" ] || sleep 2
    else
      sleep 0.2 2>/dev/null || sleep 1
    fi
  done
  mine
}

# A container that was started anew has the boot id of its machine, and counts its uptime from nought.
same_life() { [ "$(boot_id)" = "$booted" ] && [ "$until" -le "$(($(uptime_s) + WATCH_S))" ]; }

# Whether its time is over. After a reboot nobody knows how long it has been: one that only watches then ends as soon as the
# release is known to be well; one that waits to be confirmed goes by the clock on the wall.
over() {
  if same_life; then [ "$(uptime_s)" -ge "$until" ]; return; fi
  [ "$word" != confirm ] || [ "$(exact_ms)" -ge "$until_ms" ]
}

server_status() { # slot
  printf '%s\n' "$stat" | awk -F, -v b="p${ENTRY_PORT}_$watching" -v s="$1" '$1==b && $2==s{print $18; exit}'
}

# Columns 37 and 38, by HAProxy's fixed order: what the last check came to. HANA: what was watched in the answers.
why_down() {
  printf '%s\n' "$stat" | awk -F, -v b="p${ENTRY_PORT}_$watching" -v s="$to" '$1==b && $2==s{print ($37 ~ /HANA/ ? "10 wrong answers in a row" : "its check said " ($38 ? "HTTP " $38 : $37)); exit}'
}

previous_answers() {
  case $(server_status "$from") in UP* | 'no check') return 0 ;; esac
  run_checks "$(slot_container "$from")"
}

# Looks until there is something to be done. Sets verdict: why it goes back, or nothing when it settles. Fails when the watch is
# not this one's any more.
follow() {
  failures=0 verdict='' spared=
  while mine; do
    stat=$(ask "show stat -1 4 -1") && [ -n "$stat" ] || { close_runtime; sleep 1; open_runtime "$ENTRY"; continue; }
    case $(server_status "$to") in
      DOWN*) failures=4 verdict="the entry point took $to out: $(why_down)" ;;
      *)
        if run_checks "$(slot_container "$to")"; then failures=0; else failures=$((failures + 1)); fi
        # Four probes in a row: two seconds of a release that answers nobody.
        if [ "$failures" -ge 4 ]; then verdict="4 checks in a row failed: $failing"; fi
        ;;
    esac
    if [ -n "$verdict" ] && young; then verdict='' failures=1; fi
    if [ -z "$verdict" ] && over && [ "$word" = confirm ]; then verdict="nobody confirmed it within $(((WATCH_S + 59) / 60)) min"; fi
    if [ -n "$verdict" ]; then
      previous_answers && return 0
      [ -n "$spared" ] || say "The traffic stays, though $verdict: previous does not answer either."
      spared=1 verdict='' failures=0
    fi
    # Where this process cannot be seen, its lease tells that it lives (SPEC JN5).
    looks=$(((${looks:-0} + 1) % 10))
    [ "$looks" -ne 1 ] || renew_lease "$flip_dir"
    # One that nobody confirmed never settles, however long previous takes to answer again.
    if [ "$word" != confirm ] && over && { [ "$failures" -eq 0 ] || same_life; }; then return 0; fi
    sleep 0.5 2>/dev/null || sleep 1
  done
  return 1
}

# Writes and tells what it came to, each part again where an earlier try was cut short.
act() { # state that is final
  set_live "$1"
  at mapped
  # Told is what the entry point says itself: until then nothing is written of it. Docker may be away, the socket be there.
  act_tries=0
  until { open_runtime_quickly || open_runtime "$ENTRY"; } && tell_entry "$1"; do
    close_runtime
    act_tries=$((act_tries + 1))
    # From its record it takes itself up again, for as long as nobody else has (SPEC WA3); the lock is free in between.
    [ "$act_tries" -lt 4 ] || { lock_release; sleep 5; cd "$flip_dir" && exec sh ./watch.sh; }
    sleep 2
  done
  final_slot=${1%-*}
  if [ "$final_slot" = "$from" ]; then
    point "$service_dir/current" "releases/$back"
    at current
    point "$service_dir/previous" "releases/$left"
    mark_release "$left" "not-ready 0 0 went back by itself: $verdict"
    put_line "$service_dir/went-back" "$(now_ms) $verdict"
    put_lightly "$service_dir/settled" "$(now_ms) $from" || rm -f "$service_dir/settled"
    finish "\"release\":\"$back\",\"slot\":\"$from\",\"left\":\"$left\",\"verdict\":\"$(json_text "$verdict")\""
  else
    rm -f "$service_dir/went-back"
    put_line "$service_dir/settled" "$(now_ms) $to"
    finish "\"release\":\"$(role_release current)\",\"slot\":\"$to\""
  fi
}

announce() {
  [ -n "$verdict" ] || return 0
  feed "\"kind\":\"job\",\"verb\":\"rollback\",\"stack\":\"$(json_text "$STACK")\",\"service\":\"$(json_text "$SERVICE")\",\"by\":\"the watch\",\"steps\":\"watch\""
  feed '"kind":"begin","step":"watch"'
}

# Its file goes last: while it is there, somebody takes the watch up again.
end_watch() {
  close_runtime
  keep_reserve
  lock_release
  if [ -n "$verdict" ]; then
    put_surely "$job_dir/exit" rolled-back
    feed "\"kind\":\"end\",\"outcome\":\"rolled-back\",\"code\":\"went-back\",\"message\":\"$(json_text "$SERVICE went back by itself: $verdict")\",\"running\":\"$(json_text "$(running_words)")\",\"detail\":\"\""
  else
    rm -rf "$job_dir"
    feed '"kind":"settled","step":"watch"'
  fi
  at told
  rm -f "$service_dir/watch"
  exit 0
}

# From here on it acts, as a job of its own.
become_job() {
  close_runtime
  JOB=$act_job job_dir=$jobs_dir/$act_job
  mkdir -p "$job_dir" 2>/dev/null || { spend_reserve && mkdir -p "$job_dir"; }
  # Who holds the service is waited for, however long that takes: going back is not given up.
  refuse() {
    renew_lease "$flip_dir"
    sleep 1
  }
  until lock_acquire; do still_wanted || no_more; done
}

# Somebody else ended it meanwhile: this one was never there.
no_more() {
  lock_release
  [ -e "$job_dir/exit" ] || rm -rf "$job_dir"
  exit 0
}

JOB=$act_job
if recorded watch begin; then
  # It died while it acted: what it had written down is done to its end, unless something else was done since.
  act_record=$record_file
  final=$(record_field "$act_record" to) back=$(record_field "$act_record" release) left=$(record_field "$act_record" left)
  verdict=$(sed -n 's/.*"verdict":"\(.*\)"}$/\1/p' "$act_record" | sed 's/\\\(["\\]\)/\1/g')
  still_wanted() { watch_job=; is_file "$service_dir/watch" && read -r _ _ _ _ watch_job _ 2>/dev/null <"$service_dir/watch" && [ "$watch_job" = "$flip_job" ]; }
  [ -n "$verdict" ] || settles=1
  become_job
  still_wanted || no_more
  rm -f "$job_dir"/ask.* "$job_dir"/answer.*
  step=watch
  recorded watch "done" || act "$final"
  end_watch
fi
JOB=$flip_job

until await_move && open_runtime "$ENTRY" && follow; do
  close_runtime
  mine && { sleep 1; continue; }
  [ "$watch_job" = "$flip_job" ] || exit 0
  # Who acts on the service may yet put back what it moved.
  top=$(highest_epoch)
  if [ "$top" -gt 0 ] && lock_held "$top"; then sleep 1; continue; fi
  mine && continue
  # Nothing is left to be watched: its file would have every client take it up again. Of a job that died nobody knows yet.
  { [ "$top" -eq 0 ] || [ -e "$lock_dir/$top/released" ]; } && [ -e "$flip_dir/exit" ] && rm -f "$service_dir/watch"
  exit 0
done
still_wanted() { mine; }
settles=
[ -n "$verdict" ] || settles=1
become_job
mine || no_more
# Confirmed at the last moment: it has not run out after all.
if [ "$word" != confirm ]; then case $verdict in 'nobody confirmed'*) verdict= ;; esac; fi
step=watch
if [ -n "$verdict" ]; then final=$from-settled; else final=$to-settled; fi
heal_roles
back=$(role_release previous) left=$(role_release current)
announce
# What cannot be written down does not keep the traffic from going back (SPEC JN10); settling can wait for room.
journal watch begin "\"from\":\"$watching\",\"to\":\"$final\",\"release\":\"$back\",\"left\":\"$left\",\"verdict\":\"$(json_text "$verdict")\"" ||
  [ -n "$verdict" ] || { lock_release; rm -rf "$job_dir"; exit 0; }
at before
act "$final"
end_watch
