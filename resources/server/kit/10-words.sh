# The kit that every job is made of: the files of this folder in the order of their names, sent as one file, kit.sh.
# Sourced by run.sh after job.sh, which sets (quoted by the app, never evaluated from the server):
#   ROOT HOME_STATE JOB VERB STACK SERVICE BY PROJECT_DIR SVC ENTRY NETWORK PROBE_IMAGE ENTRY_PORT ...
# shellcheck shell=sh disable=SC2034
# POSIX sh. Needs: docker, tar, awk, sed, sync, sha256sum, mkfifo, timeout.
umask 077
LC_ALL=C
export LC_ALL
COMPOSE_IGNORE_ORPHANS=1
COMPOSE_PROGRESS=plain
COMPOSE_ANSI=never
export COMPOSE_IGNORE_ORPHANS COMPOSE_PROGRESS COMPOSE_ANSI
unset COMPOSE_FILE COMPOSE_PROJECT_NAME COMPOSE_PROFILES 2>/dev/null
# compose also takes what is meant for itself from the .env of the stack's folder. What stands here goes before it: no repository
# or registry is asked for files of a stack, which starts git, and no other engine than this shell's is spoken to (SPEC TR9).
COMPOSE_EXPERIMENTAL_GIT_REMOTE=0
COMPOSE_EXPERIMENTAL_OCI_REMOTE=0
DOCKER_HOST=${DOCKER_HOST-}
DOCKER_CONTEXT=${DOCKER_CONTEXT-}
[ -n "${DOCKER_CONFIG:-}" ] || DOCKER_CONFIG=${HOME:-}/.docker
export COMPOSE_EXPERIMENTAL_GIT_REMOTE COMPOSE_EXPERIMENTAL_OCI_REMOTE DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG

# A pipe to the entry point whose other end is gone is an answer, not the end of the job.
trap '' PIPE

# Of the stack's folder: data. Of the home state: what is run, and what tells whether that data is as it was left (SPEC HS1).
jobs_dir=$HOME_STATE/jobs
job_dir=$jobs_dir/$JOB
service_dir=$ROOT/$SVC
home_service=$HOME_STATE/$SVC
step=start
epoch=0
seq=0
ended=
recovering=
# run.sh is started to run the job, or, when its process is gone, to recover it.
mode=${1:-run}

# --- numbers -----------------------------------------------------------------------------------------------------------

# Whether text that was found in a file or a name is a number that may be reckoned with: plain digits, few enough, and no leading
# nought, which would make it octal. Whatever else stands there a shell may read as a name, and run what is in it (SPEC TR7).
is_number() { case $1 in '' | *[!0-9]* | 0?* | ????????????????*) return 1 ;; esac; }

# --- words -----------------------------------------------------------------------------------------------------------

# Text as the inside of a JSON string: one line, control characters and invalid bytes gone, nothing in it that is not to be told.
json_text() {
  # Most texts are plain, and a process less on the way to a flip is a millisecond less.
  case $1 in
    *[!A-Za-z0-9\ ._:/@,\;\(\)+=-]*) ;;
    *) [ "${#1}" -le 2000 ] && ! may_tell "$1" && { printf '%s' "$1"; return; } ;;
  esac
  # Masked before it is cut, for half a secret is one; cut before it is escaped: a cut inside an escape would be no JSON any more.
  masked "$1" | tr '\n\t\r' '   ' | tr -d '\000-\037\177' | cut -c1-1800 | sed 's/\\/\\\\/g; s/"/\\"/g'
}

# Unix milliseconds.
exact_ms() {
  now=$(date +%s%3N)
  case $now in *[!0-9]*) now=$(date +%s)000 ;; esac
  printf '%s' "$now"
}

# The same to 10 ms, without a process of its own: one look at the clock, and the uptime since.
now_ms() {
  if [ -n "$clock_base" ] && read -r up _ 2>/dev/null </proc/uptime; then
    printf '%s' "$((clock_base + ${up%.*} * 1000 + 1${up#*.} * 10 - 1000))"
  else
    exact_ms
  fi
}
clock_base=
if read -r up _ 2>/dev/null </proc/uptime; then
  case $up in *[0-9].[0-9][0-9]) clock_base=$(($(exact_ms) - ${up%.*} * 1000 - 1${up#*.} * 10 + 1000)) ;; esac
fi

# Seconds since boot, whole. No wall clock decides anything.
uptime_s() {
  if read -r up _ 2>/dev/null </proc/uptime; then printf '%s' "${up%%.*}"; else date +%s; fi
}

boot_id() {
  if read -r id 2>/dev/null </proc/sys/kernel/random/boot_id; then printf '%s' "$id"; else sysctl -n kern.boottime 2>/dev/null | tr -dc '0-9'; fi
}

