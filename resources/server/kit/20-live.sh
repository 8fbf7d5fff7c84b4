# --- live.map: alone says who has the traffic -----------------------------------------------------------------------------

live_state() {
  is_file "$service_dir/entry/live.map" && [ -r "$service_dir/entry/live.map" ] || return 0
  while read -r key value _; do
    # Of its own letters only, for it is written into records.
    [ "$key" = live ] && { case $value in *[!a-z-]*) ;; *) printf '%s\n' "$value" ;; esac; break; }
  done <"$service_dir/entry/live.map"
}
# Writes who has the traffic, durably. What is told to the running entry point comes after.
# Going back must not fail for a full disk: what is there is overwritten in its place then, which needs no space.
set_live() {
  put_line "$service_dir/entry/live.map" "live $1" && return
  [ "$VERB" = rollback ] && is_file "$service_dir/entry/live.map" && printf 'live %s\n\n' "$1" 2>/dev/null 1<>"$service_dir/entry/live.map" && sync_path "$service_dir/entry/live.map" && [ "$(live_state)" = "$1" ]
}

# A watch that is on ends with what is done next: what has the traffic keeps it, and previous is no backup any more.
settle_live() {
  case $(live_state) in *-watching) ;; *) return 0 ;; esac
  settled=$(live_slot)-settled
  set_live "$settled" || return 1
  at settled
  settle_told=
  open_runtime "$ENTRY" && tell_entry "$settled" && settle_told=1
  close_runtime
  rm -f "$service_dir/watch"
  [ -n "$settle_told" ]
}

# A flip that goes back unless somebody confirms it: whatever would make it final is refused meanwhile (SPEC WA8).
must_confirm() { is_file "$service_dir/watch" && read -r until_ms until booted slot flip_job word 2>/dev/null <"$service_dir/watch" && [ "$word" = confirm ] && [ "$(live_state)" = "$slot-watching" ]; }
refuse_unconfirmed() {
  ! must_confirm || refuse not-confirmed "The last flip of $SERVICE waits to be confirmed, and goes back unless it is. Until then its way back is kept. Nothing was changed." "$(running_words)" ""
}

live_slot() { live=$(live_state); printf '%s' "${live%%-*}"; }
other_slot() { if [ "$1" = blue ]; then echo green; else echo blue; fi; }
slot_container() { printf '%s--%s' "$SLOT_PREFIX" "$1"; }
# The release that a role's link names, by its number alone.
role_release() {
  folder=$(readlink "$service_dir/$1" 2>/dev/null) || return
  folder=${folder##*/}
  case $folder in '' | *[!0-9]* | ??????????*) return 1 ;; esac
  printf '%s\n' "$folder"
}
is_live_state() { case $1 in blue-watching | blue-settled | green-watching | green-settled) ;; *) return 1 ;; esac; }

# A live.map that says nothing anybody understands (a damaged disk, an editor) is written anew: by what the running entry point
# goes by, and where that does not know either, by who is current.
heal_live() {
  if [ "$(live_state)" = hold ] || is_live_state "$(live_state)"; then return 0; fi
  heal_shut=
  [ -n "$runtime_open" ] || { open_runtime "$ENTRY" && heal_shut=1; }
  heal_state=$(entry_state)
  is_live_state "$heal_state" || heal_state=$(release_slot "$(role_release current)")-settled
  if is_live_state "$heal_state" && set_live "$heal_state"; then
    tell_entry "$heal_state"
    say "live.map of $SERVICE could not be read; it says $heal_state again, as the entry point does."
  fi
  [ -z "$heal_shut" ] || close_runtime
  is_live_state "$(live_state)"
}

# live.map alone says who has the traffic: when a job died between the move and the roles, the roles follow it now.
heal_roles() {
  heal_live=$(live_slot) heal_current=$(role_release current)
  case $heal_live in blue | green) ;; *) return 0 ;; esac
  [ -n "$heal_current" ] && [ "$(role_release next)" = "$heal_current" ] && rm -f "$service_dir/next"
  [ -n "$heal_current" ] && [ "$(release_slot "$heal_current")" != "$heal_live" ] || return 0
  for heal_role in next previous; do
    heal_release=$(role_release "$heal_role")
    [ -n "$heal_release" ] && [ "$(release_slot "$heal_release")" = "$heal_live" ] || continue
    point "$service_dir/current" "releases/$heal_release"
    point "$service_dir/previous" "releases/$heal_current"
    [ "$heal_role" = next ] && rm -f "$service_dir/next"
    say "An earlier job ended before it wrote that release $(number_of "$heal_release") has the traffic; it is written now."
    return 0
  done
}

# A release's number as people say it: 0012 is 12.
number_of() { printf '%s' "$1" | sed 's/^0*//'; }
release_slot() {
  slot_of=
  is_file "$service_dir/releases/$1/slot" && read -r slot_of 2>/dev/null <"$service_dir/releases/$1/slot"
  case $slot_of in blue | green) printf '%s\n' "$slot_of" ;; *) return 1 ;; esac
}

