# Takes a whole job from standard input and starts it. Arguments: the stack's part of the home state, the stack's folder, its
# project, the version of the format, the job's id. Behind `closed` and `ground` (server-scripts.ts).
# Until the rename below nothing has happened; after it the job is whole on this server and needs nobody.
set -u
umask 077
home=$1
folder=$2
project=$3
format=$4
job=$5
root=$folder/.switchyard
part=$home/jobs/.$job.part
fail() { printf 'switchyard-refused %s\n' "$1"; exit 3; }
state=${home%/stacks/*}
case $state in */.local/state/switchyard) way "${state%/.local/state/switchyard}" || fail home-unsafe ;; esac
for each in "$state" "$home"; do
  if ! [ -e "$each" ] && ! [ -L "$each" ]; then
    mkdir -p "$each" 2>/dev/null || { [ "$(df -Pk "${HOME:-/}" 2>/dev/null | awk 'NR==2{print $4}')" = 0 ] && fail disk-full; fail home-read-only; }
  fi
  closed "$each" || fail home-unsafe
done
if ! [ -e "$home/format" ]; then
  real=$(cd "$folder" 2>/dev/null && pwd -P) || fail folder-read-only
  mkdir -p "$home/jobs" && printf '%s\n' "$folder" >"$home/folder" && printf '%s\n' "$real" >"$home/real" && printf '%s\n' "$project" >"$home/project" &&
    printf '%s\n' "$format" >"$home/format" || fail disk-full
  sync "$home"/* "$home" "${home%/*}" "$state" 2>/dev/null || sync
fi
[ "$(cat "$home/folder")" = "$folder" ] && [ "$(cat "$home/project")" = "$project" ] || fail home-unsafe
[ "$(cat "$home/format")" -le "$format" ] || fail newer-format
mkdir -p "$home/jobs" || fail home-read-only
if ! [ -d "$root/journal" ]; then
  [ -L "$root" ] || mkdir -p "$root/journal" 2>/dev/null || fail folder-read-only
  sync "$root" "${root%/*}" 2>/dev/null || sync
fi
IFS= read -r real <"$home/real"
ground "$root" "$real" || fail ground-unsafe
{ [ -w "$root" ] && [ -w "$root/journal" ]; } || fail folder-read-only
[ -e "$root/.gitignore" ] || (printf '*\n' >"$root/.gitignore") 2>/dev/null
if [ -e "$home/jobs/$job" ]; then printf 'switchyard-started %s\n' "$job"; exit 0; fi
[ -e "$part" ] && rm -rf "$part"
mkdir "$part" 2>/dev/null || fail home-read-only
space=$(readlink /proc/self/ns/pid 2>/dev/null)
# A process, so that it is known again: number, start, boot, and the space that its number counts in.
line_of() {
  read -r stat 2>/dev/null <"/proc/$1/stat" && read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id || { printf '%s - %s \n' "$1" "$(sysctl -n kern.boottime 2>/dev/null | tr -dc '0-9')"; return; }
  who=$1
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  shift 19
  printf '%s %s %s %s\n' "$who" "$1" "$boot" "$space"
}
# Until the job has a process of its own, this one stands for it: when it is gone before, the job never began (SPEC JN7).
{ read -r up _ 2>/dev/null </proc/uptime && printf '%s\n' "$((${up%%.*} + 120))" >"$part/lease"; line_of $$ >"$part/receiver"; } || { rm -rf "$part"; fail disk-full; }
if ! tar -xf - -C "$part" 2>/dev/null; then
  left=$(df -Pk "$home" | awk 'NR==2{print $4}')
  rm -rf "$part"
  [ "${left:-99999}" -lt 1024 ] && fail disk-full
  fail upload-damaged
fi
if ! (cd "$part" && sha256sum -c manifest >/dev/null 2>&1); then rm -rf "$part"; fail upload-damaged; fi
sync "$part"/* "$part" 2>/dev/null || sync
mv "$part" "$home/jobs/$job" || fail folder-read-only
# Whole, it needs no more time than a job takes to say that it is there.
read -r up _ 2>/dev/null </proc/uptime && (printf '%s\n' "$((${up%%.*} + 30))" >"$home/jobs/$job/lease") 2>/dev/null
sync "$home/jobs" 2>/dev/null || sync
cd "$home/jobs/$job" || fail bug
if command -v setsid >/dev/null 2>&1; then
  setsid sh ./run.sh </dev/null >output 2>&1 &
else
  nohup sh ./run.sh </dev/null >output 2>&1 &
fi
line_of $! >pid.part && mv pid.part pid
printf 'switchyard-started %s\n' "$job"
