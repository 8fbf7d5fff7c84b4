# confirm: a flip that would go back unless it is confirmed in time is confirmed; it goes on being watched.
say_completed() { completed "Release $(number_of "$(role_release current)") of $SERVICE is confirmed: it keeps the traffic while it is well."; }

# Confirmed is what the watch's file says, or, when the watch has ended since, where it left the traffic.
recover() {
  recorded keep begin || return 0
  if must_confirm || [ "$(live_slot)" != "$(record_field "$record_file" to)" ]; then return 0; fi
  say_completed
}

start_job gate,keep
begin gate
heal_roles
must_confirm || refuse nothing-to-do "There is nothing to confirm: no flip of $SERVICE waits for it." "$(running_words)" ""
finish
begin keep "\"to\":\"$slot\""
put_line "$service_dir/watch" "$until_ms $until $booted $slot $flip_job watch" ||
  abort disk-full "The confirmation cannot be written." "" ""
finish
say_completed
