# The watch after a flip: follows the entry point until the watch ends, then settles; or makes it final when the entry
# point went back by itself. It holds the lock only for that last act, so that an operator can flip back meanwhile.
. ./job.sh
. ./kit.sh
BY_JSON=watch
BY='the watch'
VERB=rollback
flip_job=$JOB
job_dir=$ROOT/jobs/$flip_job
read -r _ until booted to _ <"$service_dir/watch"
from=$(other_slot "$to")
watching=$to-watching
trap 'close_runtime' EXIT
mine() { [ "$(live_state)" = "$watching" ] && read -r _ _ _ _ watch_job <"$service_dir/watch" && [ "$watch_job" = "$flip_job" ]; }

# An entry point that was started during the watch, with all else perhaps, is given a minute: a release that is still
# coming up is not ill. One that was young at the flip already is not what this is about.
began=$(uptime_s) resumed=
[ -e "$job_dir/watch-pid" ] && resumed=1
young() {
  age=$(ask 'show info' | awk '$1=="Uptime_sec:"{print $2; exit}')
  # What does not tell its age is not taken for young: an ill release must not be spared for that.
  [ -n "$age" ] || return 1
  [ "$age" -lt 60 ] && { [ -n "$resumed" ] || [ "$age" -lt "$(($(uptime_s) - began))" ]; }
}

printf '%s\n' "$$ $(process_started $$) $(boot_id)" >"$job_dir/watch-pid"
open_runtime "$ENTRY"
failures=0
verdict=
while mine; do
  stat=$(ask "show stat -1 4 -1") && [ -n "$stat" ] || { close_runtime; sleep 1; open_runtime "$ENTRY"; continue; }
  set -- "$(printf '%s\n' "$stat" | awk -F, -v b="p${ENTRY_PORT}_$watching" -v s="$to" '$1==b && $2==s{print $18; exit}')" \
    "$(printf '%s\n' "$stat" | awk -F, -v b="p${ENTRY_PORT}_$watching" -v s="$from" '$1==b && $2==s{print $18; exit}')"
  case $1 in DOWN*) down=1 ;; *) down= ;; esac
  if [ -z "$down" ]; then
    if run_checks "$(slot_container "$to")"; then failures=0; else failures=$((failures + 1)); fi
    # Four probes in a row: two seconds of a release that answers nobody.
    if [ "$failures" -ge 4 ]; then verdict="4 checks in a row failed: $failing"; fi
  else
    # Columns 37 and 38, by HAProxy's fixed order: what the last check came to. HANA: what was watched in the answers.
    verdict="the entry point took $to out: $(printf '%s\n' "$stat" | awk -F, -v b="p${ENTRY_PORT}_$watching" -v s="$to" '$1==b && $2==s{print ($37 ~ /HANA/ ? "10 wrong answers in a row" : "its check said " ($38 ? "HTTP " $38 : $37)); exit}')"
  fi
  if [ -n "$verdict" ] && young; then verdict='' failures=1; fi
  if [ -n "$verdict" ]; then
    case $2 in UP* | 'no check') break ;; esac
    if run_checks "$(slot_container "$from")"; then break; fi
    say "Release in $to is ill ($verdict), but so is previous: the traffic stays."
    verdict=
    failures=0
  fi
  [ "$(uptime_s)" -ge "$until" ] && break
  # After a reboot nobody knows how long it has been: it ends as soon as the release is known to be well.
  [ "$(boot_id)" = "$booted" ] || [ -n "$down" ] || [ "$failures" -gt 0 ] || break
  sleep 0.5 2>/dev/null || sleep 1
done
mine || exit 0

# From here on it acts, as a job of its own.
JOB=$flip_job-watch
mkdir -p "$ROOT/jobs/$JOB"
close_runtime
job_dir=$ROOT/jobs/$JOB
refuse() { sleep 1; }
waited=0
until lock_acquire; do
  waited=$((waited + 1))
  [ "$waited" -lt 60 ] && mine || exit 0
done
mine || { lock_release; exit 0; }
open_runtime "$ENTRY"
if [ -n "$verdict" ]; then final=$from-settled; else final=$to-settled; fi
step=watch
[ -n "$verdict" ] && feed "\"kind\":\"job\",\"verb\":\"rollback\",\"stack\":\"$(json_text "$STACK")\",\"service\":\"$(json_text "$SERVICE")\",\"by\":\"the watch\",\"steps\":\"watch\"" && feed '"kind":"begin","step":"watch"'
journal watch begin "\"from\":\"$watching\",\"to\":\"$final\""
printf 'live %s\n' "$final" | put_file "$service_dir/entry/live.map"
tell_entry "$final"
left=$(role_release current)
if [ -n "$verdict" ]; then
  back=$(role_release previous)
  point "$service_dir/current" "releases/$back"
  point "$service_dir/previous" "releases/$left"
  mark_release "$left" "not-ready 0 0 went back by itself: $verdict"
  printf '%s %s\n' "$(now_ms)" "$verdict" | put_file "$service_dir/went-back"
  journal watch "done" "\"release\":\"$back\",\"slot\":\"$from\",\"left\":\"$left\",\"verdict\":\"$(json_text "$verdict")\""
else
  rm -f "$service_dir/went-back"
  printf '%s %s\n' "$(now_ms)" "$to" | put_file "$service_dir/settled"
  journal watch "done" "\"release\":\"$left\",\"slot\":\"$to\""
fi
rm -f "$service_dir/watch"
close_runtime
lock_release
if [ -n "$verdict" ]; then
  echo rolled-back >"$job_dir/exit"
  feed '"kind":"done","step":"watch"'
  feed "\"kind\":\"end\",\"outcome\":\"rolled-back\",\"code\":\"not-ready\",\"message\":\"$(json_text "$SERVICE went back by itself: $verdict")\",\"running\":\"$(json_text "$(running_words)")\",\"detail\":\"\""
else
  rm -rf "$job_dir"
  feed '"kind":"settled","step":"watch"'
fi
