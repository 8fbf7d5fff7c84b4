# eject: the stack is plain compose again, running what is live. Payload: compose.edited (the image line says what is
# live), override.after (absent: the override goes away whole).
start_job check,edit,replace,clean
edited='' replaced=''
undo() {
  [ -n "$replaced" ] || [ -n "$edited" ] || return 0
  [ -n "$edited" ] && cp -p "$job_dir/compose.kept" "$EDITED_FILE"
  cp -p "$job_dir/override.kept" "$OVERRIDE"
  edited='' replaced=''
  (cd "$PROJECT_DIR" && docker compose -p "$STACK" up -d --no-deps --no-build --pull never "$SERVICE") 2>&1
}

begin check
heal_roles
check_compose_hash
current=$(role_release current)
[ -n "$current" ] || refuse release-unknown "$SERVICE has no current release." "" ""
id=$(docker inspect --format '{{.Image}}' "$(slot_container "$(live_slot)")" 2>/dev/null)
[ "$(image_id "$EJECT_IMAGE")" = "$id" ] || refuse image-missing "The name $EJECT_IMAGE is not the image that has the traffic." "$(running_words)" "$id"
finish

begin edit
cp -p "$OVERRIDE" "$job_dir/override.kept"
if [ -e "$job_dir/compose.edited" ]; then
  cp -p "$EDITED_FILE" "$job_dir/compose.kept"
  edited=1
  replace_file compose.edited "$EDITED_FILE" || abort folder-read-only "$EDITED_FILE cannot be written." "" ""
fi
replaced=1
if [ -e "$job_dir/override.after" ]; then replace_file override.after "$OVERRIDE"; else rm -f "$OVERRIDE"; fi
said=$(cd "$PROJECT_DIR" && docker compose -p "$STACK" config --quiet 2>&1) || abort compose-broken "Without the override, the stack's compose files are not valid." "" "$(printf '%s' "$said" | tail -n 1)"
finish

begin replace
begun=$(now_ms)
said=$(plain_again) ||
  abort entry-failed "compose could not start $SERVICE as it was." "" "$(printf '%s' "$said" | tail -n 1)"
plain=$(docker ps --filter "label=com.docker.compose.project=$STACK" --filter "label=com.docker.compose.service=$SERVICE" --format '{{.Names}}' | head -n 1)
open_prober || abort bug "The probe cannot be started." "" ""
wait_ready "$plain" || { close_runtime; abort "$ready_code" "$SERVICE as plain compose does not get ready." "" "$ready_reason"; }
close_runtime
figure gapMs $(($(now_ms) - begun))
finish

begin clean
stop_slot blue
stop_slot green
for each in "$service_dir"/releases/[0-9]*; do docker rmi "switchyard/$SLOT_PREFIX:r${each##*/}" >/dev/null 2>&1; done
mkdir -p "$ROOT/ejected"
mv "$service_dir" "$ROOT/ejected/$SVC-$JOB"
finish
tidy
end completed '' "$SERVICE is plain compose again and runs release $(number_of "$current")."
