# --- how a job ends -----------------------------------------------------------------------------------------------------

exit_code() {
  case $1 in completed) echo 0 ;; rolled-back) echo 10 ;; refused) echo 11 ;; aborted) echo 12 ;; indeterminate) echo 13 ;; *) echo 1 ;; esac
}

# One that takes the question and never answers is away as well.
docker_answers() { timeout 10 docker version >/dev/null 2>&1; }

# What is to be undone or stopped by Docker waits for it, 20 s at most. Without it the job ends unfinished, and is recovered
# by whoever comes next once Docker is back (SPEC JN8): it must not be told as undone.
needs_docker() {
  docker_tries=0
  until docker_answers; do
    docker_tries=$((docker_tries + 1))
    [ "$docker_tries" -lt 20 ] || leave_unfinished 'Docker does not answer; what is left to do is done when it is back.'
    sleep 1
  done
}

# Nothing is written where a link leads elsewhere, not even how it ends: it is recovered when its folders are its own again.
ground_lost() {
  printf '%s is not a folder of this stack any more: nothing is written through it.\n' "$ground_why"
  ended=unfinished
  stop_renewer
  close_runtime
  trap - EXIT
  exit 13
}

leave_unfinished() { # why
  say "$1"
  ended=unfinished
  close_runtime
  lock_release
  trap - EXIT
  exit 13
}

# outcome [code message running detail]
end() {
  ended=$1
  [ -z "$recovering" ] || drop_stale_watch
  case $1/${2:-} in
    completed/* | */lock-held | */cancelled | */job-died) ;;
    *)
      # Whatever failed last: with Docker away, that is the reason, and nothing that it seemed to be.
      docker_answers ||
        set -- "$1" docker-stopped "Docker does not answer on this server, so the $VERB of $SERVICE stopped." \
          "Nothing runs while Docker is stopped. $(running_words)" "${3:-} ${5:-}"
      ;;
  esac
  if [ "$1" != completed ]; then
    if [ "$epoch" -gt 0 ]; then
      end_phase=fail
      [ -n "$recovering" ] && end_phase=undone
      end_fields="\"code\":\"${2:-bug}\",\"reason\":\"$(json_text "${3:-}")\""
      # What cannot be written down has not ended: it is recovered, and told, when there is room.
      journal "$step" "$end_phase" "$end_fields" || leave_unfinished "${3:-}"
    fi
    feed "\"kind\":\"fail\",\"step\":\"$step\""
  fi
  close_runtime
  # Told before the lock is let go: who takes it next must not find this job unfinished.
  put_surely "$job_dir/exit" "$1"
  leave_own_folders
  at ended
  drop_payload
  # Also after one that failed: it may have spent it, and the next to go back may need it.
  [ "$epoch" -eq 0 ] || keep_reserve
  lock_release
  feed "\"kind\":\"end\",\"outcome\":\"$1\",\"code\":\"${2:-}\",\"message\":\"$(json_text "${3:-}")\",\"running\":\"$(json_text "${4:-}")\",\"detail\":\"$(json_text "${5:-}")\""
  trap - EXIT
  exit "$(exit_code "$1")"
}

# What a job was sent to put in place has secrets in it, and is of no use once it ended.
drop_payload() {
  rm -f "$job_dir"/release.*.yaml "$job_dir"/compose.edited "$job_dir"/override.yaml "$job_dir"/override.after
}

# All went well, or, in a recovery, had gone well up to a step whose outcome is written now.
completed() { # message [fields of the open step's record]
  if [ -n "${open_step:-}" ]; then
    step=$open_step
    finish "${2:-}"
  fi
  tidy
  end completed '' "$1"
}

refuse() { end refused "$@"; }

# A step failed: what this job began is undone by `undo` (each verb has its own), then it ends `aborted`.
abort() {
  why_code=$1 why_message=$2 why_detail=${4:-}
  say "$2"
  undo_mine
  end aborted "$why_code" "$why_message" "$(running_words)" "$why_detail"
}

undo() { :; }

# Another may have taken the service over by force, by hand: then nothing here is this job's to undo.
undo_mine() {
  [ "$epoch" -gt 0 ] && [ "$(highest_epoch)" != "$epoch" ] && return
  undo
}

on_exit() {
  [ -n "$ended" ] && return
  ended=bug
  undo_mine
  end aborted bug "The job's script ended at step $step, which it should not." "$(running_words)" "$(tail -n 3 "$job_dir/output" 2>/dev/null)"
}

# Past this point there is nothing to undo any more: a job that is asked to stop then ends as it would have.
past_return=
stop_short() { :; }

on_signal() {
  trap '' TERM INT HUP
  # It may have been waiting for the stack's lock (holding_stack); what it has to give back is the service's.
  [ -z "${held_dir:-}" ] || { lock_dir=$held_dir epoch=$held_epoch held_dir=; }
  if [ -n "$past_return" ]; then
    stop_short
    return
  fi
  ended=stopped
  undo_mine
  end aborted cancelled "The $VERB of $SERVICE was asked to stop." "$(running_words)" ""
}

# What has the traffic now, in words.
running_words() {
  live=$(live_state)
  case $live in
    blue-* | green-*) printf '%s keeps the traffic with release %s.' "${live%%-*}" "$(readlink "$service_dir/current" 2>/dev/null | sed 's|.*/0*||')" ;;
    *) printf 'The service runs as before.' ;;
  esac
}
