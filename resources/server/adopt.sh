# adopt: the service becomes its entry point; what runs now goes on in slot blue. Payload: release.compose.yaml,
# release.json, rollback.sh, haproxy.cfg, override.yaml, service.json, live, exec.
made_slot='' made_override='' made_folder=''
undo() {
  if [ -n "$made_override" ]; then
    made_override=
    # Whoever goes on from here must not take it for adopted.
    rm -f "$home_service/service.json"
    # What is not as this job wrote it is somebody else's by now.
    if is_as_written override.yaml; then
      if is_kept override; then put_back override; else remove_file override "$OVERRIDE"; fi
    fi
    at put-back
    needs_docker
    # Until the service runs as plain compose again, its copy in blue is all that there is.
    said=$(plain_again) || leave_unfinished "$SERVICE could not be started as plain compose yet: $(printf '%s' "$said" | tail -n 1)"
  fi
  [ -n "$made_slot" ] && { made_slot=; stop_slot blue; }
  [ -n "$made_folder" ] && { made_folder=; docker rmi "switchyard/$SLOT_PREFIX:r0001" >/dev/null 2>&1; rm -rf "${service_dir:?}" "${home_service:?}"; }
  return 0
}
running_words() { printf 'The service runs as before, as plain compose.'; }

say_completed() { completed "$SERVICE is adopted: its entry point answers, release 1 runs in blue." '"release":"0001","slot":"blue"'; }

# It is adopted when the last of its files is written; until then it is as if it had never begun.
recover() {
  recorded release begin || [ -n "$unreadable" ] || return 0
  # Somebody else's adoption may be what is here.
  of_job=
  is_file "$service_dir/releases/0001/job" && IFS= read -r of_job 2>/dev/null <"$service_dir/releases/0001/job"
  if [ -n "$unreadable" ] && [ "$of_job" != "$JOB" ] && { [ -n "$of_job" ] || [ -e "$home_service/service.json" ]; }; then return 0; fi
  [ -s "$home_service/service.json" ] && say_completed
  made_folder=1
  { recorded start begin || [ -n "$unreadable" ]; } && made_slot=1
  # A record that cannot be read may be the one that says so; the file tells as well.
  { recorded switch begin || is_as_written override.yaml; } && made_override=1
  undo
}

start_job check,image,release,start,ready,switch,confirm
begin check
check_compose_hash
[ -e "$home_service/service.json" ] && refuse already-adopted "$SERVICE of $STACK is adopted already." "" ""
id=$(docker inspect --format '{{.Image}} {{.State.Running}}' "$CURRENT_CONTAINER" 2>/dev/null) || refuse service-not-running "$SERVICE of $STACK does not run: there is no container $CURRENT_CONTAINER." "" ""
[ "${id#* }" = true ] || refuse service-not-running "$SERVICE of $STACK does not run." "" ""
id=${id% *}
# HAProxy in its place is the entry point of an earlier adoption, which must not become the service's first release.
[ -z "$(docker inspect --format '{{range .Mounts}}{{if eq .Destination "/usr/local/etc/haproxy"}}{{.Source}}{{end}}{{end}}' "$CURRENT_CONTAINER" 2>/dev/null | grep "/$SVC/entry\$")" ] ||
  refuse not-adoptable "What runs in the place of $SERVICE of $STACK is an entry point, and not the service." "" "$CURRENT_CONTAINER"
left=$(docker inspect --type container --format '{{index .Config.Labels "com.docker.compose.project"}}' "$(slot_container blue)" 2>/dev/null) &&
  [ "$left" != "$SLOT_PREFIX" ] && refuse no-free-slot "A container that is not ours has the name $(slot_container blue), which the first release needs." "" ""
probe_file=$PROJECT_DIR/.switchyard-$JOB
touch_new "$probe_file" || refuse folder-read-only "The folder of $STACK cannot be written by this user." "" "$PROJECT_DIR"
rm -f "$probe_file"
target_of override "$OVERRIDE" || refuse "$target_code" "$target_why" "$(running_words)" "$OVERRIDE"
finish

begin image
if ! docker image inspect "$ENTRY_IMAGE" >/dev/null 2>&1; then
  pull_image "$ENTRY_IMAGE" || abort "$pull_code" "The image of the entry point, $ENTRY_IMAGE, cannot be pulled." "" "$pull_detail"
fi
finish

begin release
made_folder=1
mkdir -p "$service_dir/releases" "$service_dir/entry/run" "$home_service/releases"
# The image is named by what the operator wrote where that still is the image that runs, so that its registry digest is found.
reference=$id
[ "$(image_id "$IMAGE")" = "$id" ] && reference=$IMAGE
write_release 0001 blue "$reference" || abort disk-full "The release folder cannot be written." "" "$(tail -n 2 "$job_dir/output")"
chmod 755 "$service_dir/entry"
put_file "$service_dir/entry/haproxy.cfg" <"$job_dir/haproxy.cfg"
put_file "$home_service/haproxy.cfg" <"$job_dir/haproxy.cfg"
set_live blue-settled
put_line "$service_dir/prefix" "$SLOT_PREFIX"
own_ground && mkdir -p "$ROOT/bin"
for each in live exec; do put_file "$ROOT/bin/$each" <"$job_dir/$each" && chmod 700 "$ROOT/bin/$each"; done
finish '"release":"0001"'

begin start
made_slot=1
# One that an earlier adoption left there is of another release: it is made anew.
said=$(slot_compose 0001 up -d --no-build --force-recreate 2>&1) || abort exited-at-start "The slot of $SERVICE does not start." "" "$(printf '%s' "$said" | tail -n 1)"
finish

begin ready
open_prober || abort bug "The probe cannot be started." "" ""
wait_ready "$(slot_container blue)" || abort put-back "The copy of $SERVICE in slot blue does not get ready, so nothing was switched." "" "$ready_reason"
close_runtime
mark_release 0001 "ready $passed $total"
finish

begin switch
check_compose_hash
target_of override "$OVERRIDE" || abort "$target_code" "$target_why" "" "$OVERRIDE"
[ ! -e "$target" ] || keep_file override "$OVERRIDE" || abort disk-full "$OVERRIDE could not be kept aside." "" ""
made_override=1
replace_file override.yaml "$OVERRIDE" || abort folder-read-only "$OVERRIDE cannot be written." "" ""
said=$(stack_compose config --quiet) || abort compose-broken "With the override, the stack's compose files are not valid." "" "$(printf '%s' "$said" | tail -n 1)"
since=$(date +%s)
at written
said=$(stack_compose up -d --no-deps --no-build --pull never --timeout "$STOP_S" "$SERVICE") ||
  abort entry-failed "compose could not put the entry point in place." "" "$(printf '%s' "$said" | tail -n 1)"
finish

begin confirm
ENTRY=$(composed_container)
[ -n "$ENTRY" ] || abort entry-failed "The entry point does not run." "" ""
tries=0
open_runtime "$ENTRY"
while :; do
  answer=$(request "$(printf '%s' "$ENTRY_CHECK")") || { close_runtime; sleep 0.2 2>/dev/null; open_runtime "$ENTRY"; }
  case $answer in good*) break ;; esac
  tries=$((tries + 1))
  [ "$tries" -gt 100 ] && abort entry-failed "The entry point does not answer for $SERVICE." "" "$answer; $(docker logs --tail 1 "$ENTRY" 2>&1)"
  sleep 0.1 2>/dev/null || sleep 1
done
up_at=$(exact_ms)
down_at=$(docker events --since "$((since - 1))" --until "${up_at%???}.${up_at#"${up_at%???}"}" --filter "container=$CURRENT_ID" --filter event=kill --filter event=die --format '{{.TimeNano}}' 2>/dev/null | head -n 1)
[ -n "$down_at" ] && figure gapMs $((up_at - ${down_at%??????}))
sed "s|@SWITCHYARD_ENTRY@|$ENTRY|g" "$job_dir/service.json" | put_file "$service_dir/service.json"
for each in "$home_service" "$service_dir"; do
  sed "s|@SWITCHYARD_ENTRY@|$ENTRY|g" "$each/releases/0001/rollback.sh" | put_file "$each/releases/0001/rollback.sh"
done
point "$service_dir/current" releases/0001
at roles
keep_override_sum
our_block | put_file "$home_service/override.block"
# Adopted is what has this file, in the home state.
put_file "$home_service/service.json" <"$service_dir/service.json" || abort disk-full "The files of $SERVICE cannot be written." "" "$(df -Pk "$HOME_STATE" | tail -n 1)"
past_return=1
finish '"release":"0001","slot":"blue"'
say_completed
