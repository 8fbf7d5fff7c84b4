import { lifeFunction } from './job-process.ts';
import { homeStateFolder } from './server-layout.ts';

// What a client has the server's shell do beside jobs: read the state folders, and put right what died. A test parses each
// in every shell that there is. Their answers are read by server-state.ts.

/** awk: prints the files given as arguments, framed. Each is opened by itself: one that is gone since must not cost those behind it. */
export const frameFiles = `BEGIN {
  for (i = 1; i < ARGC; i++) {
    opened = getline line < ARGV[i]
    if (opened < 0) continue
    print "\\001file " ARGV[i]
    while (opened > 0) { print "\\002" line; opened = getline line < ARGV[i] }
    close(ARGV[i])
  }
}`;

/**
 * `closed FOLDER`: whether it is a real folder of this user's that nobody else may enter.
 * `way HOME`: whether no folder from there to the home state is somebody else's, or can be written by everybody.
 * `ours FOLDER`: whether all that is in it is this user's, and nothing of it a link.
 * `ground ROOT REAL`: whether a state folder is this user's, with no link on the way (REAL is where its stack's folder was when
 * it was adopted) nor in it but those of the roles, and with nothing that others may write. Else it sets `why`: gone, moved,
 * or unsafe and the first such place.
 */
export const groundFunction = `
me=$(id -u)
closed() {
  [ -d "$1" ] && [ ! -L "$1" ] || return 1
  set -- $(ls -ldn "$1")
  [ "$3" = "$me" ] || return 1
  case $1 in d???------*) ;; *) return 1 ;; esac
}
way() {
  ls -ldnL "$1" "$1/.local" "$1/.local/state" 2>/dev/null | while read -r mode _ owner _; do
    case $owner in 0 | "$me") ;; *) exit 1 ;; esac
    case $mode in d???????w[!tT]*) exit 1 ;; esac
  done
}
ours() { [ -z "$(find "$1" \\( ! -user "$me" -o -type l \\) -print 2>/dev/null | head -n 1)" ]; }
ground() {
  why=moved
  [ "$(cd "\${1%/*}" 2>/dev/null && pwd -P)" = "$2" ] || return 1
  why=unsafe
  [ ! -L "$1" ] || return 1
  why=gone
  [ -d "$1" ] || return 1
  found=$(find "$1" -maxdepth 2 \\( -path "$1/journal/*" -o -path "$1/damaged/*" -o -path "$1/ejected/*" -o -path "$1/jobs/*" \\) -prune -o \\( -type l ! -name 'current*' ! -name 'next*' ! -name 'previous*' -print \\) -o \\( -type d \\( ! -user "$me" -o -perm -020 -o -perm -002 \\) -print \\) 2>/dev/null | head -n 1)
  why="unsafe $found"
  [ -z "$found" ] || return 1
  why=
}
`;

/**
 * Reads the home state and the state folders that it knows, framed by control characters that begin no line of a file. Nothing
 * is read through a link, from anything but a file, or by a name that is not of ours; what lies in a state folder that is not
 * this user's alone is not read at all (SPEC HS2). Arguments: folders of stacks that the home state may not know yet; whether
 * an earlier version adopted something there is told. The last line is the end: without it the answer was cut short.
 */
export const observeScript = `
now=$(date +%s%3N)
case $now in *[!0-9]*) now=$(date +%s)000 ;; esac
printf '\\001now %s\\n' "$now"
${lifeFunction}${groundFunction}
plain_name() { case $1 in '' | *[!A-Za-z0-9_.-]*) return 1 ;; esac; }
home=\${HOME:-}
case $home in /?*) home=$home/${homeStateFolder} ;; *) home= ;; esac
if [ -z "$home" ]; then word=none-possible
elif ! [ -e "$home" ] && ! [ -L "$home" ]; then word=none
elif way "$HOME" && closed "$home"; then word=closed
else word=unsafe
fi
printf '\\001home %s %s\\n' "$word" "$home"
known=
look_at() {
  stack=$1 folder='' real='' project='' format='' override='' recorded=''
  IFS= read -r folder <"$stack/folder" && IFS= read -r real <"$stack/real" && IFS= read -r project <"$stack/project" && read -r format <"$stack/format" || return 0
  case $folder in /*) ;; *) return 0 ;; esac
  known="$known$folder
"
  root=$folder/.switchyard
  printf '\\001root %s\\n\\001stack %s\\n\\001project %s\\n\\001format %s\\n' "$root" "$stack" "$project" "$format"
  [ -z "$shown" ] || printf '\\001shown\\n'
  ground "$root" "$real"
  safe=$why
  [ -z "$safe" ] || printf '\\001ground %s\\n' "$safe"
  for job in "$stack"/jobs/*; do
    if [ -e "$job/exit" ]; then
      read -r outcome <"$job/exit" && printf '\\001ended %s %s\\n' "\${job##*/}" "$outcome"
      continue
    fi
    [ -d "$job" ] && printf '\\001job %s\\n' "\${job##*/}"
    [ -e "$job/run.sh" ] || continue
    # Before a job says who it is, who took it in stands for it.
    who=$job/pid
    [ -s "$who" ] || who=$job/receiver
    life "$who"
    [ "$life" = yes ] || [ -e "$job/exit" ] || case $life in no) printf '\\001dead %s\\n' "\${job##*/}" ;; *) printf '\\001unseen %s\\n' "\${job##*/}" ;; esac
  done
  for part in "$stack"/jobs/.*.part; do
    [ -d "$part" ] || continue
    life "$part/receiver"
    [ "$life" = no ] && printf '\\001torn %s\\n' "$part"
  done
  # The arguments are from here on what is printed, and then what is compared.
  set --
  for service in "$stack"/*/service.json; do
    [ -f "$service" ] || continue
    slug=\${service%/*} slug=\${slug##*/} adopted=$root/\${slug##*/}
    set -- "$@" "$service"
    [ -z "$safe" ] && [ -d "$adopted" ] || continue
    for role in current next previous; do
      number=$(readlink "$adopted/$role" 2>/dev/null) || continue
      case $number in releases/*[!0-9]* | releases/) continue ;; releases/*) number=\${number#releases/} ;; *) continue ;; esac
      [ ! -L "$adopted/releases/$number" ] || continue
      printf '\\001role %s %s %s\\n' "$slug" "$role" "$number"
      set -- "$@" "$adopted/releases/$number/release.json" "$adopted/releases/$number/state"
    done
    set -- "$@" "$adopted/service.json" "$adopted/watch" "$adopted/settled" "$adopted/went-back"
    [ -L "$adopted/entry" ] || set -- "$@" "$adopted/entry/live.map"
    { [ -L "$adopted/entry" ] || [ -L "$adopted/entry/run" ] || [ -L "$adopted/entry/run/admin.sock" ]; } && printf '\\001linked %s\\n' "$slug"
    if [ -f "$adopted/watch" ] && [ ! -L "$adopted/watch" ]; then
      job=
      read -r _ _ _ _ job _ <"$adopted/watch"
      if plain_name "$job" && [ -e "$stack/jobs/$job/exit" ] && [ -e "$stack/jobs/$job/watch.sh" ]; then
        life=no
        [ -e "$stack/jobs/$job/watch-pid" ] && life "$stack/jobs/$job/watch-pid"
        [ "$life" != no ] || printf '\\001unwatched %s\\n' "$stack/jobs/$job"
      fi
    fi
  done
  if [ -z "$safe" ]; then
    for aside in "$root"/damaged/*.json; do
      [ -e "$aside" ] && plain_name "\${aside##*/}" && printf '\\001aside %s\\n' "$aside"
    done
    for who in "$root"/lock/*/*/who; do
      [ -f "$who" ] && ! [ -e "\${who%/who}/released" ] || continue
      lock=\${who%/who} owned=\${who%/*/who}
      plain_name "\${lock##*/}" && { [ "\${owned##*/}" = + ] || plain_name "\${owned##*/}"; } || continue
      # Of a process that is gone it is nobody's: the next job takes it over.
      life "$lock/owner"
      if [ "$life" = no ]; then printf '\\001stale %s\\n' "$lock"; else set -- "$@" "$who"; fi
    done
  fi
  IFS= read -r override 2>/dev/null <"$stack/override" && read -r recorded 2>/dev/null <"$stack/override.sha256"
  if [ -n "$recorded" ]; then
    sum=$(find -L "$override" -maxdepth 0 -type f -size -2049 -exec sha256sum {} + 2>/dev/null)
    leads='' led=
    [ ! -L "$override" ] || leads=$(readlink -f "$override")
    # What an earlier version wrote has no such line: nothing is known of where it led.
    if [ -f "$stack/override.leads" ]; then IFS= read -r led 2>/dev/null <"$stack/override.leads"; else led=$leads; fi
    if [ "\${sum%% *}" != "$recorded" ] || [ "$leads" != "$led" ]; then
      printf '\\001override %s %s\\n' "\${sum:+changed}" "$override"
      for service in "$stack"/*/override.block; do set -- "$@" "$service"; done
      find -L "$override" -maxdepth 0 -type f -size -513 -exec awk '${frameFiles}' {} + 2>/dev/null
    fi
  fi
  for each in "$@"; do
    { [ -f "$each" ] && [ ! -L "$each" ] && [ -r "$each" ]; } || { { [ -e "$each" ] || [ -L "$each" ]; } && printf '\\001unreadable %s\\n' "$each"; }
  done
  [ $# -eq 0 ] || find "$@" -maxdepth 0 -type f \\( -size +512 -exec printf '\\001unreadable %s\\n' {} \\; -o -exec awk '${frameFiles}' {} + \\) 2>/dev/null
  set --
  for service in "$stack"/*/haproxy.cfg; do
    [ -f "$service" ] || continue
    slug=\${service%/*} slug=\${slug##*/}
    set -- "$@" "$service" "$root/$slug/entry/haproxy.cfg"
    forwards=$(grep 'option[[:space:]]*forwardfor' "$service" 2>/dev/null | head -n 1)
    [ -z "$forwards" ] || printf '\\001forwards %s %s\\n' "$slug" "$forwards"
  done
  [ $# -eq 0 ] || [ -n "$safe" ] || find "$@" -maxdepth 0 -type f -size -2049 -exec sha256sum {} + 2>/dev/null | awk '{ print "\\001sum " $0 }'
}
# Of a home state that is not the operator's alone what is adopted is shown, and nothing of it is run.
case $word in
  closed | unsafe)
    for stack in "$home"/stacks/*; do
      [ ! -L "$home" ] && [ ! -L "$stack" ] && plain_name "\${stack##*/}" || continue
      shown=
      [ "$word" = closed ] && closed "$stack" || shown=1
      look_at "$stack"
    done
    ;;
esac
for folder in "$@"; do
  case "
$known" in *"
$folder
"*) continue ;; esac
  for service in "$folder"/.switchyard/*/service.json; do
    [ -f "$service" ] || continue
    ground "$folder/.switchyard" "$folder"
    printf '\\001found %s\\001%s\\n' "$folder" "$why"
    break
  done
done
printf '\\001end\\n'
`;

const tornRecords = `BEGIN {
  for (i = 1; i < ARGC; i++) {
    if ((getline line < ARGV[i]) > 0 && line !~ /^[{]"seq":.*[}]$/) print ARGV[i]
    close(ARGV[i])
  }
}`;

/**
 * Sets journal records that are not whole aside, in `damaged/`: of the state folders given as arguments. Prints a line for each.
 * It looks at the first line of each only, as the kit does (`record_whole`). Empty ones of steps whose records are not synced
 * are what a power cut leaves, say nothing, and are removed.
 */
export const setAsideScript = `
for root in "$@"; do
  cd "$root/journal" 2>/dev/null || continue
  find . -maxdepth 1 -type f \\( -name '*-gate-*.json' -o -name '*-drain-*.json' \\) -size 0 -exec rm -f {} +
  { find . -maxdepth 1 -type f -name '*.json' -size 0; find . -maxdepth 1 -type f -name '*.json' -exec awk '${tornRecords}' {} +; } |
    while IFS= read -r file; do
      mkdir -p ../damaged && mv -f "$file" ../damaged/ && echo aside
    done
done
`;

/** The same for one state folder and records of it that are known by name, and read as whole only by the shell. */
export const setAsideNamedScript = `
cd "$1/journal" || exit 0
shift
mkdir -p ../damaged && mv -f -- "$@" ../damaged/
`;

/** Lets go of the locks in the folders given as arguments, whose holders are gone. */
export const releaseScript = `
for lock in "$@"; do
  [ -d "$lock" ] && [ ! -L "$lock" ] && [ ! -e "$lock/released" ] && [ ! -L "$lock/released" ] && : >"$lock/released"
done
`;

/** Removes the folders given as arguments. */
export const removeScript = 'exec rm -rf -- "$@"';

/**
 * Has the jobs in the folders given as arguments finished or undone (SPEC JN8), each by its own scripts, as they were sent: the
 * folders are of the home state, and of nowhere else (SPEC HS1).
 */
export const recoverScript = `${groundFunction}
for job in "$@"; do
  ours "$job" && cd "$job" || continue
  if command -v setsid >/dev/null 2>&1; then
    setsid sh ./run.sh recover </dev/null >>output 2>&1 &
  else
    nohup sh ./run.sh recover </dev/null >>output 2>&1 &
  fi
done
`;

/** Takes up the watches in the folders given as arguments. Twice is harmless: only one ends it, under the lock. */
export const resumeWatchesScript = `${groundFunction}
for job in "$@"; do
  ours "$job" && cd "$job" || continue
  if command -v setsid >/dev/null 2>&1; then
    setsid sh ./watch.sh </dev/null >>watch.output 2>&1 &
  else
    nohup sh ./watch.sh </dev/null >>watch.output 2>&1 &
  fi
done
`;
