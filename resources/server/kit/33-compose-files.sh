# --- the compose files -------------------------------------------------------------------------------------------------------

# One hash over the files that make the stack, so that a change between plan and job is seen. COMPOSE_FILES: one path a line.
compose_hash() {
  printf '%s\n' "$COMPOSE_FILES" | while IFS= read -r file; do
    [ -n "$file" ] || continue
    if [ -e "$file" ]; then sha256sum <"$file"; else echo absent; fi
  done | sha256sum | cut -d' ' -f1
}

check_compose_hash() {
  [ "$(compose_hash)" = "$COMPOSE_HASH" ] && return
  refuse compose-changed "The compose files of $STACK changed while this job was being prepared. Nothing was changed." "$(running_words)" ""
}

# The override as our jobs leave it: what compose then loads by itself is compared with it by every look (SPEC TR4).
keep_override_sum() {
  put_line "$HOME_STATE/override" "$OVERRIDE" && put_line "$HOME_STATE/override.sha256" "$( ([ ! -e "$OVERRIDE" ] || sha256sum <"$OVERRIDE") | cut -d' ' -f1)"
}
# Our lines for this service in the override, with their marks.
our_block() { block_of "$SERVICE"; }
block_of() { # service
  awk -v service="$1" '{ line = $0; sub(/^ */, "", line); sub(/ *$/, "", line) } line == "# switchyard begin " service { inside = 1 } inside { print } line == "# switchyard end " service { exit }' "$OVERRIDE"
}

# Whether the lines of all adopted services of this stack are in the override as they were written.
blocks_intact() {
  for each in "$HOME_STATE"/*/override.block; do
    [ -e "$each" ] || continue
    intact=
    IFS= read -r intact <"$each"
    block_of "${intact#*# switchyard begin }" | cmp -s - "$each" || return 1
  done
}

# Keeps file $2 as $1 in the job's folder, so that it can be put back by a rename, which needs no room on the disk: an undo must
# not stop half way because there is none.
keep_file() { # name in the job's folder, file
  cp -p "$2" "$job_dir/$1.part" && sync_path "$job_dir/$1.part" && mv -f "$job_dir/$1.part" "$job_dir/$1" && sync_path "$job_dir" || { rm -f "$job_dir/$1.part"; return 1; }
}
put_back() { mv -f "$job_dir/$1" "$2" && sync_path "${2%/*}"; }

# Puts payload $1 in place of file $2, keeping its mode and owner's rights.
replace_file() {
  cp "$job_dir/$1" "$2.$JOB.tmp" && { [ ! -e "$2" ] || chmod "$(stat -c %a "$2" 2>/dev/null || echo 644)" "$2.$JOB.tmp"; } && { [ -e "$2" ] || chmod 644 "$2.$JOB.tmp"; } &&
    sync_path "$2.$JOB.tmp" && mv -f "$2.$JOB.tmp" "$2" && sync_path "${2%/*}" || { rm -f "$2.$JOB.tmp"; return 1; }
}

