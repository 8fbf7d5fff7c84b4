# eject: the stack is plain compose again, running what is live. Payload: compose.edited (the image line says what is
# live), override.after (absent: the override goes away whole).
# Puts the files back as they were kept, where they are still those that this job wrote, and the entry point with them.
edited='' replaced=''
undo() {
  [ -n "$replaced" ] || [ -n "$edited" ] || return 0
  is_as_written compose.edited && put_back compose
  # What is not as this job left it is somebody else's by now.
  is_kept override && override_as_left && put_back override
  edited='' replaced=''
  at put-back
  needs_docker
  masked "$(stack_compose up -d --no-deps --no-build --pull never "$SERVICE")"
}

override_as_left() {
  if [ -e "$target" ]; then is_as_written override.after; else ! [ -e "$job_dir/override.after" ]; fi
}

clean() {
  stop_slot blue
  stop_slot green
  at stopped
  for each in "$service_dir"/releases/[0-9]*; do docker rmi "switchyard/$SLOT_PREFIX:r${each##*/}" >/dev/null 2>&1; done
  [ ! -L "$ROOT/ejected" ] || rm -f "$ROOT/ejected"
  mkdir -p "$ROOT/ejected"
  [ ! -d "$service_dir" ] || mv "$service_dir" "$ROOT/ejected/$SVC-$JOB"
  keep_override_sum
  rm -rf "${home_service:?}"
}

# Of what the service depends on as its files say now, directly or not, the first that has no container: compose would make it,
# and nobody asked for that. By compose's own reading of the files; services are the keys two blanks deep.
missing_neighbour() {
  stack_compose config "$SERVICE" | awk '/^[^ ]/ { inside = $0 == "services:" } inside && /^  [^ ].*:$/ { gsub(/^  ["\047]?|["\047]?:$/, ""); print }' | while IFS= read -r each; do
    [ "$each" != "$SERVICE" ] || continue
    # Docker that does not answer says of none that it is missing.
    found=$(docker ps -aq --filter "label=com.docker.compose.project=$STACK" --filter "label=com.docker.compose.service=$each" 2>/dev/null) || break
    [ -n "$found" ] || { printf '%s' "$each"; break; }
  done
}

say_completed() { completed "$SERVICE is plain compose again and runs release $(number_of "$current")."; }

# Once plain compose answered, it is finished, unless the files were put back since; until then the entry point comes back.
# Where a record cannot be read, the files tell what there is to put back.
recover() {
  if recorded edit begin; then current=$(record_field "$record_file" release); else
    [ -n "$unreadable" ] || return 0
    current=$(role_release current)
  fi
  if recorded replace "done" && is_kept override; then
    recorded clean begin || begin clean
    recorded clean "done" || { clean; open_step=clean; }
    say_completed
  fi
  edited=1 replaced=1
  undo
  open_runtime "$ENTRY"
  tell_entry "$(live_state)"
}

start_job check,edit,replace,clean
begin check
heal_live
heal_roles
refuse_unconfirmed
check_compose_hash
current=$(role_release current)
[ -n "$current" ] || refuse release-unknown "$SERVICE has no current release." "" ""
id=$(docker inspect --format '{{.Image}}' "$(slot_container "$(live_slot)")" 2>/dev/null)
[ "$(image_id "$EJECT_IMAGE")" = "$id" ] || refuse image-missing "The name $EJECT_IMAGE is not the image that has the traffic." "$(running_words)" "$id"
target_of override "$OVERRIDE" || refuse "$target_code" "$target_why" "$(running_words)" "$OVERRIDE"
[ ! -e "$job_dir/compose.edited" ] || target_of compose "$EDITED_FILE" || refuse "$target_code" "$target_why" "$(running_words)" "$EDITED_FILE"
finish

begin edit "\"release\":\"$current\""
keep_file override "$OVERRIDE" || abort disk-full "$OVERRIDE could not be kept aside." "" ""
if [ -e "$job_dir/compose.edited" ]; then
  keep_file compose "$EDITED_FILE" || abort disk-full "$EDITED_FILE could not be kept aside." "" ""
  edited=1
  replace_file compose.edited "$EDITED_FILE" || abort folder-read-only "$EDITED_FILE cannot be written." "" ""
fi
at edited
replaced=1
if [ -e "$job_dir/override.after" ]; then
  replace_file override.after "$OVERRIDE" || abort folder-read-only "$OVERRIDE cannot be written." "" ""
else
  remove_file override "$OVERRIDE" || abort folder-read-only "$OVERRIDE cannot be removed." "" ""
fi
said=$(stack_compose config --quiet) || abort compose-broken "Without the override, the stack's compose files are not valid." "" "$(printf '%s' "$said" | tail -n 1)"
needs_docker
missing=$(missing_neighbour)
[ -z "$missing" ] || abort service-not-running "$SERVICE depends on $missing, which has no container: compose would make it with $SERVICE. Start it yourself if it shall run (docker compose up -d $missing), then eject again." "" ""
finish

begin replace
begun=$(now_ms)
needs_docker
said=$(plain_again) ||
  abort entry-failed "compose could not start $SERVICE as it was." "" "$(printf '%s' "$said" | tail -n 1)"
plain=$(composed_container)
open_prober || abort bug "The probe cannot be started." "" ""
wait_ready "$plain" || { close_runtime; abort put-back "$SERVICE as plain compose does not get ready." "" "$ready_reason"; }
close_runtime
# Plain compose answers: from here on it is finished, not undone.
past_return=1
figure gapMs $(($(now_ms) - begun))
finish

begin clean
clean
finish
say_completed
