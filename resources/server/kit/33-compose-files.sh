# --- the compose files -------------------------------------------------------------------------------------------------------

# compose on the stack's own files, by their names: those that it takes by itself, and what a COMPOSE_FILE in .env says besides is
# not among them. The plan was made of the same (SPEC TR9). Its words come on standard output.
stack_compose() (
  cd "$PROJECT_DIR" || exit
  named=
  for each in compose.yaml compose.yml docker-compose.yml docker-compose.yaml; do [ -e "$each" ] && { named=$each; break; }; done
  for each in compose.override.yml compose.override.yaml docker-compose.override.yml docker-compose.override.yaml; do
    [ -n "$named" ] && [ -e "$each" ] && { set -- -f "./$each" "$@"; break; }
  done
  [ -n "$named" ] || { echo "There is no compose.yaml in $PROJECT_DIR."; exit 1; }
  docker compose -p "$STACK" -f "./$named" "$@" 2>&1
)

# One hash over the files that make the stack, so that a change between plan and job is seen. COMPOSE_FILES: one path a line.
compose_hash() {
  printf '%s\n' "$COMPOSE_FILES" | while IFS= read -r file; do
    [ -n "$file" ] || continue
    # Of files, and not without end: a pipe or a device in the place of one is no file, and no plan was made of a longer one.
    if [ -f "$file" ]; then head -c 1048577 "$file" | sha256sum; elif [ -e "$file" ]; then echo odd; else echo absent; fi
  done | sha256sum | cut -d' ' -f1
}

check_compose_hash() {
  [ "$(compose_hash)" = "$COMPOSE_HASH" ] && return
  refuse compose-changed "The compose files of $STACK changed while this job was being prepared. Nothing was changed." "$(running_words)" ""
}

# The override as our jobs leave it, and where it leads where it is a link: what compose then loads by itself is compared with
# it by every look (SPEC HS4).
keep_override_sum() {
  put_line "$HOME_STATE/override.leads" "$( [ ! -L "$OVERRIDE" ] || readlink -f "$OVERRIDE")" &&
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

# Mode (drwxr-xr-x), names, owner and group of $1 itself; a link is not followed.
look_at() {
  look_mode='' look_names='' look_uid='' look_gid=''
  look_line=$(ls -ldn "$1" 2>/dev/null) || return 1
  read -r look_mode look_names look_uid look_gid _ <<LOOKED
$look_line
LOOKED
}

# The file itself behind the links at $1: sets target and target_folder, or target_code and target_why. Root writes through no
# link that others could lead elsewhere: no folder on its way may be written by others (one like /tmp may, if its owner is
# root), each link is root's or its folder's owner's, and what a user's link leads to lies in a folder of that user (SPEC AD7).
follow_links() { # file, absolute
  target='' walked='' rest=$1 links=0 shared='' strangers=''
  me=$(id -u)
  target_code=link-unsafe
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest= ;; esac
    case $part in '' | .) continue ;; ..) walked=${walked%/*}; continue ;; esac
    look_at "${walked:-/}" || { target_why="$1 cannot be found: ${walked:-/} is not there."; return 1; }
    folder_uid=$look_uid
    # In a sticky folder each may replace only what is their own, but its owner may replace all.
    case $folder_uid/$look_mode in
      */?????w???[!tT]* | */????????w[!tT]*) shared=${shared:-${walked:-/}} ;;
      0/* | "$me"/*) ;;
      *) strangers="$strangers $folder_uid" ;;
    esac
    if ! [ -L "$walked/$part" ]; then walked=$walked/$part; continue; fi
    links=$((links + 1))
    [ "$links" -le 40 ] || { target_why="$1 leads round in a circle of links."; return 1; }
    look_at "$walked/$part" || return 1
    case $look_uid in
      0 | "$me") ;;
      "$folder_uid") strangers="$strangers $look_uid" ;;
      *) target_why="The link $walked/$part belongs to user $look_uid, and its folder to another, so nothing is written through it."; return 1 ;;
    esac
    # The dot keeps a line break at the end of a name.
    leads=$(readlink "$walked/$part" && echo .) || return 1
    leads=${leads%"$line_break".}
    case $leads in
      *"$line_break"*) target_why="The link $walked/$part leads to a name with a line break in it."; return 1 ;;
      /*) walked= ;;
    esac
    rest=$leads${rest:+/$rest}
  done
  target_folder=${walked%/*}
  : "${target_folder:=/}"
  if ! look_at "$target_folder"; then
    target_why="$1 is a link to $walked, and there is no folder $target_folder."
    return 1
  fi
  if [ "$links" -gt 0 ] && [ "$me" = 0 ]; then
    case $look_mode in ?????w???[!tT]* | ????????w[!tT]*) shared=${shared:-$target_folder} ;; esac
    [ -z "$shared" ] || { target_why="There is a link on the way to $1, and other users can write in $shared: root writes nothing through it."; return 1; }
    for stranger in $strangers; do
      [ "$stranger" = "$look_uid" ] || { target_why="A link on the way to $1 is in the hands of user $stranger and leads to $walked, which is not in a folder of that user: root writes nothing through it."; return 1; }
    done
  fi
  if [ -e "$walked" ] && ! [ -f "$walked" ]; then target_why="$walked is not a file."; return 1; fi
  [ -w "$target_folder" ] || { target_code=folder-read-only target_why="The folder $target_folder, where $1 is, cannot be written by this user."; return 1; }
  target=$walked
}
line_break='
'

# The same, looked up once a job and written down: what a job edited is what its undo edits, wherever the link leads by then.
target_of() { # name of what is put there (override.yaml, compose.edited ...), file
  target_note=$job_dir/${1%%.*}.at
  if target_noted "$1"; then return; fi
  follow_links "$2" || return 1
  put_line "$target_note" "$target" 2>/dev/null || { target_code=disk-full target_why="The folder of this job cannot be written."; return 1; }
  look_at "$target" || return 0
  # A rename replaces one name; the others are kept, with the text of before.
  [ "$look_names" = 1 ] || say "$target has $look_names names (hard links). Only this one is edited; under the others the text stays as it was."
}
target_noted() {
  target=
  IFS= read -r target 2>/dev/null <"$job_dir/${1%%.*}.at"
  [ -n "$target" ] || return 1
  target_folder=${target%/*}
  : "${target_folder:=/}"
}

# Does $@ in the target's folder, where names are looked up in it alone: nobody can lead this job elsewhere meanwhile.
inside() { (cd -P "$target_folder" 2>/dev/null && [ "$(pwd -P)" = "$target_folder" ] && "$@"); }

# Does $@ in a folder of this job's own beside the target, where nobody else can put a link in place of what is being written.
# Beside it, because only there is a rename whole or not at all, and needs no room on the disk.
apart() { inside in_own_folder "$@"; }
in_own_folder() {
  part=.${target##*/}.$JOB.part
  mkdir -m 700 "./$part" 2>/dev/null
  cd -P "./$part" 2>/dev/null && [ "$(pwd -P)" = "${target_folder%/}/$part" ] && look_at . || return 1
  me=$(id -u)
  # A disk that knows no owners has no links of others either; only root has somebody to fear.
  case $me/$look_uid/$look_mode in 0/0/drwx--[S-]---* | [!0]*) "$@" ;; *) return 1 ;; esac
}
# Jobs that have ended put nothing back any more.
leave_own_folders() {
  for target_note in "$jobs_dir"/*/*.at; do
    left=${target_note%/*}
    [ -e "$left/exit" ] && IFS= read -r target 2>/dev/null <"$target_note" || continue
    target_folder=${target%/*}
    : "${target_folder:=/}"
    inside rm -rf "./.${target##*/}.${left##*/}.part" && rm -f "$target_note"
  done
}

# Puts file $1 in place of the target, which may have become a folder or a link to one meanwhile.
move_over() {
  mv -fT "$1" "../${target##*/}" 2>/dev/null && sync_path .. && return
  case $(mv --help 2>&1) in *-T*) return 1 ;; esac
  ! [ -L "../${target##*/}" ] && ! [ -d "../${target##*/}" ] && mv -f "$1" "../${target##*/}" && sync_path ..
}

# Keeps what is at $2, so that it can be put back by a rename: an undo must not stop half way because the disk is full.
# As a second name of the same file, or, where there can be none, as a copy.
keep_file() { # name, file
  target_of "$1" "$2" && apart keep_here
}
keep_here() {
  rm -f kept
  sync_path "../${target##*/}"
  ln "../${target##*/}" kept 2>/dev/null || { cp -p "../${target##*/}" kept.part && sync_path kept.part && mv -f kept.part kept; } || return 1
  sync_path .
  sync_path ..
}
is_kept() { target_noted "$1" && [ -e "${target_folder%/}/.${target##*/}.$JOB.part/kept" ]; }
put_back() { is_kept "$1" && apart move_over kept; }

# Puts payload $1 in place of the file at $2, with its mode, owner and access list. Links stay. A new file is its folder's owner's.
replace_file() {
  target_of "$1" "$2" && apart replace_here "$1"
}
replace_here() {
  rm -f new && : >new || return 1
  if [ -e "../${target##*/}" ]; then
    look_at "../${target##*/}" || return 1
    was_mode=$look_mode was_uid=$look_uid was_gid=$look_gid
    # With its access list, where cp knows of them.
    cp -p "../${target##*/}" new
    look_at new && [ "$was_mode" = "$look_mode" ] || return 1
    # Who is not root becomes the owner, as with an editor; nobody else may gain by that.
    if [ "$was_gid" != "$look_gid" ]; then chmod g-w new || return 1; fi
    [ "$me" != 0 ] || [ "$was_uid $was_gid" = "$look_uid $look_gid" ] || return 1
  else
    chmod 644 new || return 1
    if [ "$me" = 0 ]; then look_at .. && chown "$look_uid:$look_gid" new || return 1; fi
  fi
  cat "$job_dir/$1" >new && sync_path new && move_over new || { rm -f new; return 1; }
}

# Takes the file at $2 away again; a link to it stays, and leads nowhere, which compose takes for no file.
remove_file() { # name, file
  target_of "$1" "$2" && inside rm -f "./${target##*/}" && sync_path "$target_folder"
}

# Whether what this job wrote as $1 is there as it wrote it: else it is somebody else's by now.
is_as_written() { target_noted "$1" && cmp -s "$job_dir/$1" "$target"; }
