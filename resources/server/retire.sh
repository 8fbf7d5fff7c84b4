# retire: stops the slot of next or previous; the release's folder stays.
stop_role() {
  needs_docker
  settle_live
  docker stop -t "$STOP_S" "$(slot_container "$slot")" >/dev/null 2>&1
  stop_slot "$slot"
  at stopped
  [ "$(role_release "$TARGET_ROLE")" = "$target" ] && rm -f "$service_dir/$TARGET_ROLE" "$service_dir/settled" "$service_dir/went-back"
  [ "$TARGET_ROLE" = next ] || return 0
  # Why one did not get ready stays in its history.
  was=
  is_file "$service_dir/releases/$target/state" && read -r was _ 2>/dev/null <"$service_dir/releases/$target/state"
  [ "$was" = not-ready ] || mark_release "$target" "retired 0 0"
  return 0
}

# Nothing is gained by starting again what was to be stopped: once begun, it is finished.
recover() {
  recorded stop begin || return 0
  target=$(record_field "$record_file" release)
  slot=$(release_slot "$target")
  [ -n "$slot" ] && [ "$slot" != "$(live_slot)" ] || return 0
  recorded stop "done" || stop_role
  say_completed
}

say_completed() { figure release "$(number_of "$target")"; completed "Release $(number_of "$target") of $SERVICE was retired; $slot is free." "\"release\":\"$target\",\"slot\":\"$slot\""; }

start_job gate,stop
begin gate
heal_live
heal_roles
refuse_unconfirmed
target=$(role_release "$TARGET_ROLE")
[ -n "$target" ] || refuse nothing-to-do "$SERVICE has no $TARGET_ROLE release." "$(running_words)" ""
slot=$(release_slot "$target")
[ "$slot" != "$(live_slot)" ] || refuse nothing-to-do "Release $(number_of "$target") of $SERVICE has the traffic and is not retired." "$(running_words)" ""
finish
begin stop "\"release\":\"$target\""
# From here on it is finished, whoever asks it to stop.
past_return=1
stop_role
finish "\"release\":\"$target\",\"slot\":\"$slot\""
say_completed
