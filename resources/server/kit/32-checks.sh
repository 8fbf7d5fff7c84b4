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
      command) if timeout 30 docker exec "$1" sh -c "$a" >"$job_dir/command.out" 2>&1; then check_said='good command'; else check_said="bad command: $(tail -n 1 "$job_dir/command.out")"; fi; rm -f "$job_dir/command.out" ;;
      *) check_said="bad unknown check $kind" ;;
    esac
    case $check_said in
      good*) passed=$((passed + 1)) ;;
      *) [ -n "$failing" ] || failing=$(masked "$kind ${a:+$a }${b:+$b }: ${check_said#bad }") ;;
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
  ready_reason=$(masked "$how: $(docker logs --tail 20 "$1" 2>&1 | grep -v '^[[:space:]]*$' | tail -n 1)")
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

