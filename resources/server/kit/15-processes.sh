# --- processes: who lives, and who is left over ----------------------------------------------------------------------------

process_started() { # pid: when it was started, in ticks since boot
  read -r stat 2>/dev/null <"/proc/$1/stat" || return
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  shift 19
  printf '%s\n' "$1"
}

# Which processes this shell can see; empty where the system does not tell.
process_space() { readlink /proc/self/ns/pid 2>/dev/null; }

# This process, so that it is known again: number, start, boot, and the space that its number counts in.
self_line() { printf '%s %s %s %s' "$$" "$(process_started $$)" "$(boot_id)" "$(process_space)"; }

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

# Processes of session $1, but this one and its own.
session_left() {
  for each_stat in /proc/[0-9]*/stat; do
    read -r stat_line 2>/dev/null <"$each_stat" || continue
    stat_rest=${stat_line##*) }
    # shellcheck disable=SC2086
    set -- "$1" $stat_rest
    [ "$5" = "$1" ] && [ "$2" != Z ] || continue
    stat_pid=${stat_line%% *}
    [ "$stat_pid" = "$$" ] || printf '%s ' "$stat_pid"
  done
}

# What a job that died had started ends by itself within two seconds, or is ended: it must act no more (SPEC JN7).
end_session() { # pid of the job that led it
  [ -d /proc/self ] || return 0
  case $1 in '' | *[!0-9]*) return 0 ;; esac
  session_tries=0
  while [ -n "$(session_left "$1")" ]; do
    session_tries=$((session_tries + 1))
    if [ "$session_tries" -gt 20 ]; then
      # shellcheck disable=SC2046
      kill -KILL $(session_left "$1") 2>/dev/null
      [ "$session_tries" -gt 40 ] && return 0
    fi
    sleep 0.1 2>/dev/null || sleep 1
  done
}
