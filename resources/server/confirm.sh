# confirm: keeps a flip that waits to be confirmed. The watch goes on as any other.
start_job keep
begin keep
read -r until_ms until_s booted slot flip_job word 2>/dev/null <"$service_dir/watch" || word=
[ "$word" = confirm ] || refuse nothing-to-do "$SERVICE has no flip that waits to be confirmed." "$(running_words)" ""
put_line "$service_dir/watch" "$until_ms $until_s $booted $slot $flip_job watch" ||
  abort disk-full "The watch of $SERVICE cannot be written." "" "$(df -Pk "$ROOT" | tail -n 1)"
finish "\"slot\":\"$slot\""
end completed '' "The flip of $SERVICE is kept: the watch goes on, and settles."
