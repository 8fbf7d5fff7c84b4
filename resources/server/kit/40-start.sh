# --- start, recovery, tidying ------------------------------------------------------------------------------------------------

start_job() { # steps, by commas
  BY_JSON=$(json_text "$BY")
  own_ground || ground_lost
  job_line="\"kind\":\"job\",\"verb\":\"$VERB\",\"stack\":\"$(json_text "$STACK")\",\"service\":\"$(json_text "$SERVICE")\",\"by\":\"$BY_JSON\",\"steps\":\"$1\""
  [ "$mode" = recover ] && recover_job
  renew_lease "$job_dir"
  self_line >"$job_dir/pid.own" && mv -f "$job_dir/pid.own" "$job_dir/pid"
  feed "$job_line"
  trap on_exit EXIT
  trap on_signal TERM INT HUP
  recover_others
  lock_acquire
  # Given up on meanwhile, for its start had not shown: nothing was begun, and nothing is.
  [ -e "$job_dir/exit" ] && { ended=already; lock_release; exit 12; }
  return 0
}

# Whether the job in a folder has not ended, and never will by itself (SPEC JN7).
job_died() { # folder
  [ -e "$1/exit" ] && return 1
  [ -e "$1/run.sh" ] || return 1
  died_pid='' died_start='' died_boot='' died_space=''
  # Before a job says who it is, who took it in stands for it.
  died_line=$1/pid
  [ -s "$died_line" ] || died_line=$1/receiver
  read -r died_pid died_start died_boot died_space 2>/dev/null <"$died_line"
  [ -n "$died_pid" ] || return 1
  case $(life_of "$died_pid" "$died_start" "$died_boot" "$died_space") in
    yes) return 1 ;;
    # Of another process space: of a container that was started anew since, or that stands beside this one. A job that lives
    # renews its lease.
    unknown)
      died_lease=
      read -r died_lease 2>/dev/null <"$1/lease"
      [ -n "$died_lease" ] && lease_over "$died_lease" || return 1
      ;;
  esac
  ! [ -e "$1/exit" ]
}

# Recovers the job in a folder, and waits for it. In a session of its own: who takes the service over ends the session of its holder.
recover_apart() { # folder
  # What somebody else put there, or a link, is not run.
  [ -z "$(find "$1" \( ! -user "$(id -u)" -o -type l \) -print 2>/dev/null | head -n 1)" ] || return 1
  (cd "$1" && if command -v setsid >/dev/null 2>&1; then exec setsid sh ./run.sh recover; else exec sh ./run.sh recover; fi) </dev/null >>"$1/output" 2>&1
}

# Jobs of this stack that died are finished or undone before this one looks at anything. Going back waits only for those of its own service.
recover_others() {
  for other in "$jobs_dir"/*; do
    [ "$other" != "$job_dir" ] && job_died "$other" || continue
    [ "$VERB" != rollback ] || grep -qxF "SVC='$SVC'" "$other/job.sh" || continue
    recover_apart "$other" 8>&- 9>&-
  done
}

# Finishes or undoes this job, whose process is gone: from the journal, and by looking at what is (SPEC JN8). Run twice, or by
# two at once, it does so once: under the service's lock, until `exit` is written.
recover_job() {
  ended=recovering
  job_died "$job_dir" || exit 0
  # Before the lock: who goes back needs no Docker, and must not wait for one that hangs.
  docker_answers || exit 75
  [ -e "$job_dir/pid" ] || { sleep 1; job_died "$job_dir" || exit 0; }
  # Whoever holds the service now goes first; it recovers this job too, or the next does.
  refuse() { exit 11; }
  trap 'lock_release' EXIT
  trap '' TERM INT HUP
  lock_acquire
  [ -e "$job_dir/exit" ] && exit 0
  end_session "$died_pid" "$died_start" "$died_boot" "$died_space"
  began_without_pid=
  [ -e "$job_dir/pid" ] || began_without_pid=1
  renew_lease "$job_dir"
  self_line >"$job_dir/pid"
  sweep
  open_step='' step=start unreadable=''
  for record_file in "$ROOT"/journal/*-"$JOB"-*-*.json; do
    [ -e "$record_file" ] || continue
    record_whole "$record_file" || { set_aside "$record_file" && unreadable=${record_file##*/}; continue; }
    record_name=${record_file##*-"$JOB"-}
    # Its watch is a job of its own.
    case $record_name in watch-watch-*) continue ;; esac
    step=${record_name%-*}
    case $record_name in *-begin.json) open_step=$step ;; *) open_step= ;; esac
  done
  # Or a client has set it aside already.
  for record_file in "$ROOT"/damaged/*-"$JOB"-*.json; do [ -e "$record_file" ] && unreadable=${record_file##*/}; done
  # One that died before it said that it is there is told of now: who asked for it must hear how it ended.
  { is_file "$ROOT/feed.ndjson" && grep -qF "{\"job\":\"$JOB\"," "$ROOT/feed.ndjson" 2>/dev/null; } || feed "$job_line"
  feed "\"kind\":\"recovered\",\"step\":\"$step\",\"by\":\"$BY_JSON\""
  recovering=1
  [ -n "$began_without_pid" ] && end aborted job-died "The $VERB of $SERVICE never began: what had taken it in was gone. Nothing was changed." "$(running_words)" ""
  at recover
  # What the running entry point still knows must not be lost by telling it what a damaged live.map says.
  [ "$VERB" = adopt ] || [ ! -e "$service_dir/entry/live.map" ] || heal_live
  recover
  # Whether there was anything to undo, nobody can say any more; what runs now, live.map says.
  [ -z "$unreadable" ] || end aborted job-died "The $VERB of $SERVICE stopped, for its process was gone. Its record $unreadable cannot be read, so what it had done was looked up instead." "$(running_words)" "$ROOT/damaged/$unreadable"
  end aborted job-died "The $VERB of $SERVICE stopped, for its process was gone, and was undone." "$(running_words)" ""
}

# A watch whose traffic is settled or gone elsewhere, and that is not in the middle of its own last act: its file would have
# every client start it again, and keep the next flip from arming its own.
drop_stale_watch() {
  is_file "$service_dir/watch" || return 0
  case $(live_state) in *-watching) return 0 ;; esac
  stale_job=
  read -r _ _ _ _ stale_job _ 2>/dev/null <"$service_dir/watch"
  for each in "$ROOT"/journal/*-"$stale_job"-watch-watch-begin.json; do [ -e "$each" ] && [ "$(record_field "$each" to)" = "$(live_state)" ] && return 0; done
  rm -f "$service_dir/watch"
}

# A watch that acted and was cut short is not taken up any more once another one is armed.
end_acts() {
  for each in "$jobs_dir"/*-watch; do
    [ ! -d "$each" ] || [ -e "$each/exit" ] || ! grep -qxF "SVC='$SVC'" "${each%-watch}/job.sh" || put_lightly "$each/exit" aborted
  done
}

# Each verb says how it is recovered.
recover() { :; }

# What the job that died leaves about: half-written files, its probe.
sweep() {
  rm -rf "${lock_dir:?}"/."$JOB".* "$ROOT"/lock/+/."$JOB".* "$job_dir"/ask.* "$job_dir"/answer.* "$job_dir"/pid.part "$job_dir"/pid.own
  # The stack, where it was held beside the service for a moment.
  for each in "$ROOT"/lock/+/[0-9]*; do
    swept_pid='' swept_start='' swept_boot=''
    is_file "$each/owner" && [ ! -L "$each" ] || continue
    [ -e "$each/released" ] || read -r swept_pid swept_start swept_boot _ 2>/dev/null <"$each/owner"
    [ -n "$swept_pid" ] && [ "$swept_pid $swept_start $swept_boot" = "$died_pid $died_start $died_boot" ] && [ "${each##*/}" != "$stack_epoch" ] && touch_new "$each/released"
  done
  find "$ROOT" "$HOME_STATE" -name "*.$JOB.tmp" ! -path "$job_dir/*" -exec rm -f {} + 2>/dev/null
  rm -f "$PROJECT_DIR/.switchyard-$JOB" "$PROJECT_DIR"/*."$JOB".tmp "$PROJECT_DIR"/.*."$JOB".tmp
  for swept in override compose; do target_noted "$swept" && inside rm -f "./.${target##*/}.$JOB.part/new"; done
  sweep_probe=$(docker ps -aq --filter "label=dev.switchyard.job=$JOB")
  # shellcheck disable=SC2086
  [ -n "$sweep_probe" ] && docker rm -f $sweep_probe >/dev/null 2>&1
  return 0
}

# Keeps the feed, the finished jobs and the journal bounded: of old records only those that history is folded from stay.
tidy() {
  if is_file "$ROOT/feed.ndjson" && [ "$(wc -c <"$ROOT/feed.ndjson")" -gt 1048576 ]; then
    tail -n 2000 "$ROOT/feed.ndjson" | put_file "$ROOT/feed.ndjson"
  fi
  count=0
  # A flip that is still watched is taken up again by its folder.
  watched=' '
  for each in "$ROOT"/*/watch; do
    watch_job=
    is_file "$each" && read -r _ _ _ _ watch_job _ 2>/dev/null <"$each"
    watched="$watched$watch_job "
  done
  for each in $(cd "$jobs_dir" && ls -1t); do
    count=$((count + 1))
    case $watched in *" $each "*) continue ;; esac
    # What ended needs its scripts no more; what it was and said stays.
    [ "$count" -gt 5 ] && [ -e "$jobs_dir/$each/exit" ] && rm -f "$jobs_dir/$each/kit.sh"
    [ "$count" -gt 50 ] && [ -e "$jobs_dir/$each/exit" ] && rm -rf "${jobs_dir:?}/$each"
  done
  set -- "$ROOT"/journal/*.json
  over=$(($# - 1000))
  [ "$over" -gt 500 ] || return 0
  for each in "$@"; do
    over=$((over - 1))
    [ "$over" -ge 0 ] || break
    case $each in
      *-move-done.json | *-ready-done.json | *-watch-done.json | *-stop-done.json | *-confirm-done.json | *-fail.json) ;;
      *)
        # One that may still have to be recovered keeps all of its records.
        tidy_job=${each##*/} tidy_job=${tidy_job#*-}
        [ -d "$jobs_dir/${tidy_job%%-*}" ] && ! [ -e "$jobs_dir/${tidy_job%%-*}/exit" ] || rm -f "$each"
        ;;
    esac
  done
}
