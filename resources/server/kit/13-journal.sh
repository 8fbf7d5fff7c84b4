# --- journal: one file a record; intent before each effect, outcome after ------------------------------------------------

# Steps that only look or wait: what they did not do needs no undoing, so their records need not survive a power cut.
effectless_steps='gate drain'

journal() { # step phase [json fields]
  seq=$((seq + 1))
  record=$(
    printf '{"seq":%d,"job":"%s","epoch":%d,"verb":"%s","service":"%s","by":"%s","step":"%s","phase":"%s","at":%s,"uptime":%s%s}' \
      "$seq" "$JOB" "$epoch" "$VERB" "$(json_text "$SERVICE")" "$BY_JSON" "$1" "$2" "$(now_ms)" "$(uptime_s)" "${3:+,$3}"
  )
  file=$ROOT/journal/$(printf '%08d' "$seq")-$JOB-$1-$2.json
  case " $effectless_steps " in
    *" $1 "*) put_lightly "$file" "$record" 2>/dev/null || { spend_reserve && put_lightly "$file" "$record"; } ;;
    *) put_surely "$file" "$record" ;;
  esac
}

# Whether record file $1 is whole, from brace to brace. One that is not was never written (SPEC JN11).
record_whole() {
  record_line=
  is_file "$1" || return 1
  read -r record_line 2>/dev/null <"$1"
  case $record_line in '{"seq":'*'}') return 0 ;; esac
  return 1
}

# Whether this job has a record of step $1 in phase $2. Sets record_file.
recorded() {
  for record_file in "$ROOT"/journal/*-"$JOB-$1-$2".json; do record_whole "$record_file" && return; done
  return 1
}

# A record that cannot be read is kept where nothing reads it, under its name; the map tells of it. An empty one of a step
# whose records are not synced is what a power cut leaves, and says nothing.
set_aside() { # file
  case ${1##*/} in *-gate-*.json | *-drain-*.json) [ -s "$1" ] || { rm -f "$1"; return 1; } ;; esac
  [ ! -L "$ROOT/damaged" ] && mkdir -p "$ROOT/damaged" && mv -f "$1" "$ROOT/damaged/" && say "The record ${1##*/} cannot be read; it was set aside in $ROOT/damaged."
}

# Text field $2 of record file $1, without quotes; only plain words are taken, for what it says is used as a name.
record_field() {
  is_file "$1" || return 0
  field_value=$(sed -n "s/.*\"$2\":\"\\([A-Za-z0-9-]*\\)\".*/\\1/p" "$1" 2>/dev/null | head -n 1)
  printf '%s' "$field_value"
}

# Where a fault may strike: right after the intent is recorded, after the effect, after the outcome is recorded, and at
# named points in between. It does nothing here; the fault suite plants another one (e2e/faults).
at() { :; }

begin() {
  still_mine
  own_ground || ground_lost
  step=$1
  feed "\"kind\":\"begin\",\"step\":\"$step\""
  # What cannot be written down beforehand is not done, but for going back, and for what follows a move that is made.
  journal "$step" begin "${2:-}" || [ "$VERB" = rollback ] || [ -n "$past_return" ] ||
    abort disk-full "The journal of $STACK cannot be written, so the $VERB of $SERVICE went no further." "" "$(df -Pk "$ROOT" | tail -n 1)"
  at before
}

finish() {
  at effect
  journal "$step" "done" "${1:-}" || [ "$VERB" = rollback ] || [ -n "$past_return" ] || [ -n "$recovering" ] ||
    abort disk-full "The journal of $STACK cannot be written, so the $VERB of $SERVICE is undone." "" "$(df -Pk "$ROOT" | tail -n 1)"
  at record
  feed "\"kind\":\"done\",\"step\":\"$step\""
}
