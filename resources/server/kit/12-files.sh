# --- durability: temp, fsync, rename, fsync of the folder ---------------------------------------------------------------

# Whether $1 is a file, and no link: what is read or written without asking first may be a pipe that nobody ever fills, or lead
# elsewhere.
is_file() { [ -f "$1" ] && [ ! -L "$1" ]; }

sync_path() { sync "$1" 2>/dev/null || sync; }

# Names of ours can be guessed, and what is written through a link lands elsewhere (SPEC TR8). So nothing is opened for writing
# but what this shell makes itself (set -C), and what stands in the way of a name is taken away, never followed.
clear_name() { if [ -e "$1" ] || [ -L "$1" ]; then rm -rf "$1"; else return 0; fi; }

# Makes file $1 anew, with text $2 as its line.
make_line() {
  clear_name "$1" && [ ! -L "${1%/*}" ] || return 1
  set -C
  printf '%s\n' "$2" >"$1"
  made=$?
  set +C
  return "$made"
}
# The same with standard input, or what $2 and what follows it print.
make_file() {
  clear_name "$1" && [ ! -L "${1%/*}" ] || return 1
  made_as=$1
  shift
  [ "$#" -gt 0 ] || set -- cat
  set -C
  "$@" >"$made_as"
  made=$?
  set +C
  return "$made"
}
# Renames $1 to $2; a link there is replaced, also one to a folder, and nothing is put into a folder of that name.
rename_to() {
  [ ! -L "$2" ] || rm -f "$2" || return 1
  [ ! -d "$2" ] && mv -f "$1" "$2"
}
# Makes an empty file; fails where anything has its name.
touch_new() { (set -C; : >"$1") 2>/dev/null; }

# Puts standard input in place of file $1, whole or not at all.
put_file() {
  { make_file "$1.$JOB.tmp" && sync_path "$1.$JOB.tmp" && rename_to "$1.$JOB.tmp" "$1" && sync_path "${1%/*}"; } || { rm -f "$1.$JOB.tmp"; return 1; }
}

# Puts text $2 as a line in place of file $1, whole or not at all; lost in a power cut, which is no harm to what it says.
put_lightly() { { make_line "$1.$JOB.tmp" "$2" && rename_to "$1.$JOB.tmp" "$1"; } || { rm -f "$1.$JOB.tmp"; return 1; }; }

# Puts text $2 as a line in place of file $1, whole or not at all, and durably.
put_line() {
  { make_line "$1.$JOB.tmp" "$2" && sync_path "$1.$JOB.tmp" && rename_to "$1.$JOB.tmp" "$1" && sync_path "${1%/*}"; } || { rm -f "$1.$JOB.tmp"; return 1; }
}

# Whether the folders that this job writes in are folders, and no links: what led elsewhere since the job was taken in is not
# gone through. Sets ground_why. Builtins alone, for it is asked at each step of a flip.
own_ground() {
  for ground_why in "$ROOT" "$ROOT/journal" "$ROOT/lock" "$ROOT/lock/+" "$ROOT/lock/$SVC" "$ROOT/damaged" "$ROOT/ejected" "$ROOT/bin" \
    "$service_dir" "$service_dir/entry" "$service_dir/entry/run" "$service_dir/releases"; do
    [ ! -L "$ground_why" ] && { [ -d "$ground_why" ] || [ ! -e "$ground_why" ]; } || return 1
  done
  ground_why=
}

# The same of what must be written though the disk is full: how far it went that went back, or is past its point of no return.
put_surely() { put_line "$1" "$2" 2>/dev/null || { spend_reserve && put_line "$1" "$2"; }; }

# Points symlink $1 at $2 by rename(2).
point() {
  clear_name "$1.$JOB.tmp" && [ ! -L "${1%/*}" ] || return 1
  ln -s "$2" "$1.$JOB.tmp" || return 1
  mv -fT "$1.$JOB.tmp" "$1" 2>/dev/null && return
  # Only where there is no -T is the old one taken away first.
  case $(mv --help 2>&1) in *-T*) rm -f "$1.$JOB.tmp"; return 1 ;; esac
  rm -f "$1" && mv -f "$1.$JOB.tmp" "$1"
}

# A little of the disk is kept back, so that going back on a full one can still write down what it does (SPEC JN10). Kept by
# each job that ends; spent by who goes back, recovers, or is past the point of no return, and finds not a byte left.
# Of both places: the stack's folder and the home state may be on two disks.
reserve_kib=256
keep_reserve() {
  for reserved in "$ROOT" "$HOME_STATE"; do
    [ -s "$reserved/reserve" ] ||
      { make_file "$reserved/reserve.$JOB.tmp" dd if=/dev/zero bs=1024 count="$reserve_kib" 2>/dev/null && rename_to "$reserved/reserve.$JOB.tmp" "$reserved/reserve"; } ||
      rm -f "$reserved/reserve.$JOB.tmp"
  done
}
spend_reserve() {
  { [ "$VERB" = rollback ] || [ "$mode" != run ] || [ -n "${past_return:-}" ]; } || return 1
  [ -e "$ROOT/reserve" ] || [ -e "$HOME_STATE/reserve" ] || return 1
  rm -f "$ROOT/reserve" "$HOME_STATE/reserve"
}
