import { lifeFunction } from './job-process.ts';

// What a client has the server's shell do beside jobs: read the state folders, and put right what died. A test parses each
// in every shell that there is. Their answers are read by server-state.ts.

/**
 * awk: prints the files given as arguments, framed. Each is opened by itself: one that is gone since the shell saw it, or may
 * not be read, must not cost those behind it, as it does with a plain awk of some makes.
 */
export const frameFiles = `BEGIN {
  for (i = 1; i < ARGC; i++) {
    opened = getline line < ARGV[i]
    if (opened < 0) continue
    print "\\001file " ARGV[i]
    while (opened > 0) { print "\\002" line; opened = getline line < ARGV[i] }
    close(ARGV[i])
  }
}`;

/** Reads every state folder given as arguments, framed by control characters that our own files never hold. */
export const observeScript = `
now=$(date +%s%3N)
case $now in *[!0-9]*) now=$(date +%s)000 ;; esac
printf '\\001now %s\\n' "$now"
${lifeFunction}for root in "$@"; do
  [ -d "$root" ] || continue
  printf '\\001root %s\\n' "$root"
  for job in "$root"/jobs/*; do
    if [ -e "$job/exit" ]; then
      read -r outcome <"$job/exit" && printf '\\001ended %s %s\\n' "\${job##*/}" "$outcome"
      continue
    fi
    [ -e "$job/run.sh" ] || continue
    # Before a job says who it is, who took it in stands for it.
    who=$job/pid
    [ -s "$who" ] || who=$job/receiver
    life "$who"
    [ "$life" = yes ] || [ -e "$job/exit" ] || case $life in no) printf '\\001dead %s\\n' "\${job##*/}" ;; *) printf '\\001unseen %s\\n' "\${job##*/}" ;; esac
  done
  for aside in "$root"/damaged/*.json; do
    [ -e "$aside" ] && printf '\\001aside %s\\n' "$aside"
  done
  for part in "$root"/jobs/.*.part; do
    [ -d "$part" ] || continue
    life "$part/receiver"
    [ "$life" = no ] && printf '\\001torn %s\\n' "$part"
  done
  for watch in "$root"/*/watch; do
    [ -f "$watch" ] && read -r _ _ _ _ job _ <"$watch" && [ -e "$root/jobs/$job/exit" ] && [ -e "$root/jobs/$job/watch.sh" ] || continue
    life=no
    [ -e "$root/jobs/$job/watch-pid" ] && life "$root/jobs/$job/watch-pid"
    [ "$life" != no ] || printf '\\001unwatched %s\\n' "$root/jobs/$job"
  done
  set --
  for file in "$root"/*/service.json "$root"/*/entry/live.map "$root"/*/watch "$root"/*/settled "$root"/*/went-back \\
    "$root"/*/current/release.json "$root"/*/next/release.json "$root"/*/previous/release.json \\
    "$root"/*/current/state "$root"/*/next/state "$root"/*/previous/state; do
    # A service of the name "watch" has a folder of its locks that is called so as well.
    [ -f "$file" ] || continue
    if [ -r "$file" ]; then set -- "$@" "$file"; else printf '\\001unreadable %s\\n' "$file"; fi
  done
  for who in "$root"/lock/*/*/who; do
    [ -e "$who" ] && ! [ -e "\${who%/who}/released" ] || continue
    # Of a process that is gone it is nobody's: the next job takes it over.
    life "\${who%/who}/owner"
    if [ "$life" = no ]; then printf '\\001stale %s\\n' "\${who%/who}"; else set -- "$@" "$who"; fi
  done
  [ $# -gt 0 ] && awk '${frameFiles}' "$@"
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
  [ -d "$lock" ] && : >"$lock/released"
done
`;

/** Removes the folders given as arguments. */
export const removeScript = 'exec rm -rf -- "$@"';

/**
 * Has the jobs in the folders given as arguments finished or undone (SPEC JN8). Each by its own scripts, as they were sent:
 * those of before there was a recovery know no such word, and would begin anew.
 */
export const recoverScript = `
for job in "$@"; do
  cd "$job" && grep -q '^recover_job()' kit.sh || continue
  if command -v setsid >/dev/null 2>&1; then
    setsid sh ./run.sh recover </dev/null >>output 2>&1 &
  else
    nohup sh ./run.sh recover </dev/null >>output 2>&1 &
  fi
done
`;

/** Takes up the watches in the folders given as arguments. Twice is harmless: only one ends it, under the lock. */
export const resumeWatchesScript = `
for job in "$@"; do
  cd "$job" || continue
  if command -v setsid >/dev/null 2>&1; then
    setsid sh ./watch.sh </dev/null >>watch.output 2>&1 &
  else
    nohup sh ./watch.sh </dev/null >>watch.output 2>&1 &
  fi
done
`;
