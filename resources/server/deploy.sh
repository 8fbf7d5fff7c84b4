# deploy: the next release is pulled, written down, started in the free slot under its own name and checked.
# Nothing of the release that has the traffic is touched. Payload: release.compose.yaml, release.json, rollback.sh,
# compose.edited (when the operator picked an image; put in place only when next is ready).
number='' started='' keep=''
undo() {
  [ -n "${puller:-}" ] && kill "$puller" 2>/dev/null
  [ -n "$number" ] && rm -rf "$service_dir/releases/.$number.part" "$home_service/releases/.$number.part"
  [ -n "$keep" ] || take_back "$(json_text "${why_message:-}")"
}

# Next stays where it is, stopped or not, so that its logs can be read; whatever else ends this job takes it back.
keep_next() { # why it is not ready
  keep=1
  mark_release "$number" "not-ready ${passed:-0} ${total:-0} $1"
}

# Takes next out of its slot again. Its folder stays, for it is in the history; one that no role names has no part in it yet.
# Only its own container is stopped: the slot may still hold a previous that was not touched yet, warm and wanted (SPEC RE5).
take_back() {
  [ -n "$number" ] && [ -d "$service_dir/releases/$number" ] || return 0
  if [ -n "$started" ]; then
    needs_docker
    held=$(slot_holds "$slot")
    [ "$held" != "$number" ] || { stop_slot "$slot" && held=; }
    [ -n "$held" ] || { give_up_previous && rm -f "$service_dir/next"; }
    [ "$(role_release next)" = "$number" ] && rm -f "$service_dir/next"
  fi
  mark_release "$number" "not-ready 0 0 ${1:-it was stopped before it was ready}"
}

# What was in the slot is gone, whatever it was called.
give_up_previous() { rm -f "$service_dir/previous" "$service_dir/went-back" "$service_dir/settled"; }

# A next that was ready is ready; what was not is taken back. Which release it is, is written in its folder.
recover() {
  rm -rf "$service_dir"/releases/.*.part "$home_service"/releases/.*.part
  # live.map may have been settled for this deploy, and the running entry point not been told.
  open_runtime "$ENTRY"
  tell_entry "$(live_state)"
  close_runtime
  for folder in "$service_dir"/releases/[0-9]*; do
    case ${folder##*/} in *[!0-9]* | ??????????*) continue ;; esac
    is_file "$folder/job" && [ "$(cat "$folder/job" 2>/dev/null)" = "$JOB" ] && number=${folder##*/}
  done
  [ -n "$number" ] || return 0
  slot=$(release_slot "$number")
  state='' had='' of=''
  is_file "$service_dir/releases/$number/state" && read -r state had of _ <"$service_dir/releases/$number/state"
  # It died between its last check and the word for it, which comes behind the line in compose.yaml.
  if [ "$state" = preparing ] && [ "${had:-0}" -gt 0 ] && [ "$had" = "$of" ] && [ "$(role_release next)" = "$number" ] && [ "$(slot_holds "$slot")" = "$number" ] &&
    { [ ! -e "$job_dir/compose.edited" ] || is_as_written compose.edited; }; then
    mark_release "$number" "ready $had $of" || { spend_reserve && mark_release "$number" "ready $had $of"; } ||
      leave_unfinished "Release $(number_of "$number") passes its checks, but that cannot be written down yet."
    state=ready
  fi
  if [ "$state" = ready ]; then completed "Release $(number_of "$number") of $SERVICE is ready in $slot." "\"release\":\"$number\",\"slot\":\"$slot\""; fi
  # Where the traffic is, or was moved to by hand meanwhile, nothing is stopped.
  [ "$slot" != "$(live_slot)" ] || return 0
  recorded start begin && started=1
  [ "$state" = not-ready ] || take_back 'its job ended before it was ready'
}

# Past it there is no return: compose.yaml names next's image, and next passed its checks.
write_image_line() {
  [ "$(compose_hash)" = "$COMPOSE_HASH" ] || return 2
  at checked
  past_return=1
  replace_file compose.edited "$EDITED_FILE" && return
  past_return=
  return 3
}

start_job gate,pull,release,start,ready
started_at=$(now_ms)

begin gate
heal_live
heal_roles
refuse_unconfirmed
check_compose_hash
live=$(live_state)
case $live in
  blue-* | green-*) ;;
  *) refuse entry-failed "live.map of $SERVICE does not say who has the traffic: '$live'." "" "" ;;
esac
slot=$(other_slot "${live%%-*}")
# What is in there is removed for next; what is not ours is not.
[ "$(slot_holds "$slot")" != - ] ||
  refuse no-free-slot "$(slot_container "$slot") is not a container of a release of $SERVICE: it may be somebody’s. Remove it or give it another name first." "$(running_words)" ""
waiting=$(role_release next)
if [ -n "$waiting" ] && [ -z "$REPLACE" ]; then
  state=
  is_file "$service_dir/releases/$waiting/state" && read -r state _ <"$service_dir/releases/$waiting/state"
  [ "$state" = ready ] && refuse no-free-slot "$slot holds release $(number_of "$waiting") of $SERVICE, which is ready. Flip to it or retire it first, or deploy with --replace." "$(running_words)" ""
fi
[ ! -e "$job_dir/compose.edited" ] || target_of compose "$EDITED_FILE" || refuse "$target_code" "$target_why" "$(running_words)" "$EDITED_FILE"
finish

begin pull
before=$(image_id "$IMAGE")
if [ -n "$BUILD" ]; then
  said=$(cd "$PROJECT_DIR" && docker compose -p "$STACK" -f "$BUILD" build "$SERVICE" 2>&1) || abort image-missing "The image of $SERVICE could not be built." "" "$(printf '%s' "$said" | tail -n 1)"
elif ! pull_image "$IMAGE"; then
  # A digest or an image built on this machine that is here already needs no registry; a tag must be asked for.
  case $IMAGE in
    *@sha256:* | switchyard/*) [ -n "$before" ] || abort "$pull_code" "The image $IMAGE cannot be pulled." "" "$pull_detail" ;;
    *) abort "$pull_code" "The image $IMAGE of $SERVICE cannot be pulled." "" "$pull_detail" ;;
  esac
fi
id=$(image_id "$IMAGE")
[ -n "$id" ] || abort image-missing "The image $IMAGE is not on this server after the pull." "" ""
finish "\"image\":\"$(json_text "$IMAGE")\",\"id\":\"$id\""

begin release
# What was read of the operator's settings for this job is what counts from here on, should the file be torn one day.
put_file "$home_service/service.json" <"$job_dir/service.json" || abort disk-full "The settings of $SERVICE cannot be kept." "" "$(df -Pk "$HOME_STATE" | tail -n 1)"
# By the home state, where the latest ten always are. The stack's folder may hold more, and names of anybody's: they are only
# stepped over.
last=0
for each in "$home_service"/releases/[0-9]*; do
  each=${each##*/}
  while :; do case $each in 0?*) each=${each#0} ;; *) break ;; esac; done
  case $each in *[!0-9]* | ????????*) continue ;; esac
  [ "$each" -le "$last" ] || last=$each
done
while :; do
  last=$((last + 1))
  number=$(printf '%04d' "$last")
  for each in "$service_dir/releases/$number" "$home_service/releases/$number"; do
    [ ! -e "$each" ] && [ ! -L "$each" ] || continue 2
  done
  break
done
write_release "$number" "$slot" "$IMAGE" || abort disk-full "The folder of release $(number_of "$number") cannot be written." "" "$(tail -n 2 "$job_dir/output")"
finish "\"release\":\"$number\""
figure release "$(printf '%s' "$number" | sed 's/^0*//')"

begin start
# Only now, with all that next needs at hand, does previous give up its slot; the watch ends with it.
settle_live || abort entry-failed "The watch of the last flip of $SERVICE could not be ended, so its release was not replaced." "" ""
started=1
stop_slot "$slot"
held=$(slot_holds "$slot")
[ -z "$held" ] || abort no-free-slot "The container of release $(number_of "$held") of $SERVICE in $slot cannot be removed." "" "$(slot_container "$slot")"
at freed
give_up_previous
point "$service_dir/next" "releases/$number"
said=$(start_slot "$number") || {
  keep_next "$(json_text "$(printf '%s' "$said" | tail -n 1)")"
  abort exited-at-start "Release $(number_of "$number") of $SERVICE does not start." "" "$(printf '%s' "$said" | tail -n 1)"
}
# Its checks must not be answered by somebody else's container.
[ "$(slot_holds "$slot")" = "$number" ] || abort no-free-slot "The container in $slot is not the one of release $(number_of "$number") of $SERVICE." "" "$(slot_container "$slot")"
finish

begin ready
open_runtime "$ENTRY" || abort entry-failed "The entry point $ENTRY cannot be reached." "" ""
if ! wait_ready "$(slot_container "$slot")"; then
  # One that ends at its start was asked nothing.
  [ "$ready_code" != exited-at-start ] || passed=0 total=0
  keep_next "$(json_text "$ready_reason")"
  # A container that keeps exiting would be restarted for ever; its logs stay.
  [ "$ready_code" = exited-at-start ] && { docker update --restart no "$(slot_container "$slot")" && docker stop -t 1 "$(slot_container "$slot")"; } >/dev/null 2>&1
  abort "$ready_code" "Release $(number_of "$number") of $SERVICE did not get ready in slot $slot." "" "$ready_reason"
fi
# The entry point finds the new container by its name within seconds; telling it the address now makes that at once.
address=$(docker inspect --format '{{range .NetworkSettings.Networks}}{{println .IPAddress}}{{end}}' "$(slot_container "$slot")" | head -n 1)
root_server=p${ENTRY_PORT}_$slot-watching/$slot
tries=0
until ask "show servers state p${ENTRY_PORT}_$slot-watching" | awk -v s="$slot" '$4==s && $6==2 {up=1} END{exit !up}'; do
  tries=$((tries + 1))
  [ "$tries" = 20 ] && [ -n "$address" ] && ask "set server $root_server addr $address" >/dev/null
  [ "$tries" -gt 150 ] && { keep_next 'the entry point does not see it'; abort not-ready "Release $(number_of "$number") passes its checks, but the entry point does not see it." "" "$address"; }
  sleep 0.1 2>/dev/null || sleep 1
done
# Should this job die from here on, its checks are known (see recover).
mark_release "$number" "preparing $passed $total"
if [ -e "$job_dir/compose.edited" ]; then
  holding_stack write_image_line
  case $? in
    0) ;;
    2)
      keep_next 'the compose files were changed while it was being prepared'
      abort compose-changed "The compose files of $STACK were changed while release $(number_of "$number") was being prepared, so its image: line was not written. Deploy again." "" "$EDITED_FILE"
      ;;
    99)
      keep_next 'another job holds the compose files'
      abort lock-held "Another job holds the compose files of $STACK, so the image: line of release $(number_of "$number") was not written. Deploy again." "" "$EDITED_FILE"
      ;;
    *)
      keep_next 'the compose files cannot be written'
      abort folder-read-only "$EDITED_FILE cannot be written." "" ""
      ;;
  esac
fi
past_return=1
mark_release "$number" "ready $passed $total" || { spend_reserve && mark_release "$number" "ready $passed $total"; } ||
  leave_unfinished "Release $(number_of "$number") passes its checks, but that cannot be written down yet."
figure deployMs $(($(now_ms) - started_at))
finish "\"release\":\"$number\",\"slot\":\"$slot\",\"ms\":$(($(now_ms) - started_at))"

# Keep what a rollback or a redeploy of the last ten may need; older releases keep their folder, not their image.
kept=0
for each in $(cd "$service_dir/releases" && ls -1r); do
  case $each in '' | *[!0-9]* | ??????????*) continue ;; esac
  kept=$((kept + 1))
  [ "$kept" -gt 10 ] || continue
  case " $(role_release current) $(role_release previous) $(role_release next) " in *" $each "*) continue ;; esac
  docker rmi "switchyard/$SLOT_PREFIX:r$each" >/dev/null 2>&1
  [ ! -d "$home_service/releases/$each" ] || { rm -rf "${home_service:?}/releases/$each"; put_line "$service_dir/releases/$each/pruned" "$(now_ms)"; }
done
# The override that this job was planned on is taken as it is, where all of our lines are still in it.
IFS= read -r OVERRIDE 2>/dev/null <"$HOME_STATE/override" && blocks_intact && keep_override_sum
completed "Release $(number_of "$number") of $SERVICE is ready in $slot."
