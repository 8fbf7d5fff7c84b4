# --- processes: who lives, and who is left over ----------------------------------------------------------------------------

# When process $1 was started, in ticks since boot; nothing when it is gone. One that ended and that nobody waits for is gone.
process_started() {
  is_number "$1" || return
  read -r stat 2>/dev/null <"/proc/$1/stat" || return
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  case $1 in Z | X) return ;; esac
  shift 19
  printf '%s\n' "$1"
}

# Which processes this shell can see; empty where the system does not tell.
process_space() { printf '%s' "$space_here"; }
space_here=$(readlink /proc/self/ns/pid 2>/dev/null)

# This process, so that it is known again: number, start, boot, and the space that its number counts in.
# Where the system does not tell when it was started a dash stands for it, so that what follows keeps its place.
self_line() {
  self_started=$(process_started $$)
  printf '%s %s %s %s\n' "$$" "${self_started:--}" "$(boot_id)" "$(process_space)"
}

# Whether the process named by a line of self_line lives: yes, no, or unknown when it cannot be seen from here.
life_of() { # pid start boot space
  [ "${3:-}" = "$(boot_id)" ] || { echo no; return; }
  if ! [ -d /proc/self ]; then
    if kill -0 "$1" 2>/dev/null; then echo yes; else echo unknown; fi
  elif [ -n "${4:-}" ] && [ "$4" != "$(process_space)" ]; then
    echo unknown
  elif [ "$(process_started "$1")" = "$2" ]; then
    echo yes
  else
    echo no
  fi
}

# Whether a process that a lock names is a job's or its watch's, which the home state knows. Locks lie where others may write: a
# process that only they name is neither asked to stop nor ended.
job_process() { # pid start boot space
  is_number "$1" && cat "$jobs_dir"/*/pid "$jobs_dir"/*/watch-pid 2>/dev/null | grep -qxF "$1 ${2:-} ${3:-} ${4:-}"
}

# Processes of session $1 that live, but this one; without those that run the command $2.
session_left() {
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v session="$1" -v self="$$" -v without="(${2:-})" '$2 != without { pid = $1; sub(/.*\) /, ""); if ($4 == session && $1 != "Z" && pid != self) printf "%s ", pid }'
}

# What a job that died had started ends by itself within two seconds, or is ended: it must act no more (SPEC JN7).
# Only where its number is nobody's now: after a reboot, in another process space, or given to another process since, the
# session of that number is a stranger's.
end_session() { # the job that led it, as self_line names it: pid start boot space
  [ -d /proc/self ] || return 0
  is_number "$1" || return 0
  [ "${3:-}" = "$(boot_id)" ] && [ "${4:-}" = "$(process_space)" ] && [ -z "$(process_started "$1")" ] || return 0
  # One that only sleeps is not waited for: it acts no more.
  session_tries=0
  while [ "$session_tries" -lt 20 ] && [ -n "$(session_left "$1" sleep)" ]; do
    session_tries=$((session_tries + 1))
    sleep 0.1 2>/dev/null || sleep 1
  done
  # shellcheck disable=SC2046
  kill -KILL $(session_left "$1") 2>/dev/null
  return 0
}
