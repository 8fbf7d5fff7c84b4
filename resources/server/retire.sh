# retire: stops the slot of next or previous; the release's folder stays.
start_job gate,stop
begin gate
heal_roles
target=$(role_release "$TARGET_ROLE")
[ -n "$target" ] || refuse nothing-to-do "$SERVICE has no $TARGET_ROLE release." "$(running_words)" ""
slot=$(release_slot "$target")
[ "$slot" != "$(live_slot)" ] || refuse nothing-to-do "Release $(number_of "$target") of $SERVICE has the traffic and is not retired." "$(running_words)" ""
finish
begin stop "\"release\":\"$target\""
live=$(live_state)
case $live in
  *-watching)
    printf 'live %s\n' "${live%%-*}-settled" | put_file "$service_dir/entry/live.map"
    open_runtime "$ENTRY" && tell_entry "${live%%-*}-settled"
    rm -f "$service_dir/watch"
    ;;
esac
docker stop -t "$STOP_S" "$(slot_container "$slot")" >/dev/null 2>&1
stop_slot "$slot"
rm -f "$service_dir/$TARGET_ROLE" "$service_dir/settled" "$service_dir/went-back"
[ "$TARGET_ROLE" = next ] && mark_release "$target" "retired 0 0"
finish "\"release\":\"$target\",\"slot\":\"$slot\""
tidy
end completed '' "Release $(number_of "$target") of $SERVICE was retired; $slot is free."
