# --- durability: temp, fsync, rename, fsync of the folder ---------------------------------------------------------------

sync_path() { sync "$1" 2>/dev/null || sync; }

# Puts standard input in place of file $1, whole or not at all.
put_file() {
  { cat >"$1.$JOB.tmp" && sync_path "$1.$JOB.tmp" && mv -f "$1.$JOB.tmp" "$1" && sync_path "${1%/*}"; } || { rm -f "$1.$JOB.tmp"; return 1; }
}

# Puts text $2 as a line in place of file $1, whole or not at all; lost in a power cut, which is no harm to what it says.
put_lightly() { { printf '%s\n' "$2" >"$1.$JOB.tmp" && mv -f "$1.$JOB.tmp" "$1"; } || { rm -f "$1.$JOB.tmp"; return 1; }; }

# Puts text $2 as a line in place of file $1, whole or not at all, and durably.
put_line() {
  { printf '%s\n' "$2" >"$1.$JOB.tmp" && sync_path "$1.$JOB.tmp" && mv -f "$1.$JOB.tmp" "$1" && sync_path "${1%/*}"; } || { rm -f "$1.$JOB.tmp"; return 1; }
}

# The same of what must be written though the disk is full: how far it went that went back, or is past its point of no return.
put_surely() { put_line "$1" "$2" 2>/dev/null || { spend_reserve && put_line "$1" "$2"; }; }

# Points symlink $1 at $2 by rename(2).
point() {
  [ ! -L "$1.$JOB.tmp" ] || rm -f "$1.$JOB.tmp"
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
      { dd if=/dev/zero of="$reserved/reserve.$JOB.tmp" bs=1024 count="$reserve_kib" 2>/dev/null && mv -f "$reserved/reserve.$JOB.tmp" "$reserved/reserve"; } ||
      rm -f "$reserved/reserve.$JOB.tmp"
  done
}
spend_reserve() {
  { [ "$VERB" = rollback ] || [ "$mode" != run ] || [ -n "${past_return:-}" ]; } || return 1
  [ -e "$ROOT/reserve" ] || [ -e "$HOME_STATE/reserve" ] || return 1
  rm -f "$ROOT/reserve" "$HOME_STATE/reserve"
}
