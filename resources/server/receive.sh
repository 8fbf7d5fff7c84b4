# Takes a whole job from standard input and starts it. Arguments: the state folder, the job's id.
# Until the rename below nothing has happened; after it the job is whole on this server and needs nobody.
set -u
umask 077
root=$1
job=$2
part=$root/jobs/.$job.part
fail() { printf 'switchyard-refused %s\n' "$1"; exit 3; }
if ! [ -d "$root/jobs" ] || ! [ -d "$root/journal" ]; then
  mkdir -p "$root/jobs" "$root/journal" 2>/dev/null || fail folder-read-only
  sync "$root" "${root%/*}" 2>/dev/null || sync
fi
if [ -e "$root/jobs/$job" ]; then printf 'switchyard-started %s\n' "$job"; exit 0; fi
[ -e "$part" ] && rm -rf "$part"
mkdir "$part" 2>/dev/null || fail folder-read-only
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
  left=$(df -Pk "$root" | awk 'NR==2{print $4}')
  rm -rf "$part"
  [ "${left:-99999}" -lt 1024 ] && fail disk-full
  fail upload-damaged
fi
if ! (cd "$part" && sha256sum -c manifest >/dev/null 2>&1); then rm -rf "$part"; fail upload-damaged; fi
sync "$part"/* "$part" 2>/dev/null || sync
mv "$part" "$root/jobs/$job" || fail folder-read-only
# Whole, it needs no more time than a job takes to say that it is there.
read -r up _ 2>/dev/null </proc/uptime && (printf '%s\n' "$((${up%%.*} + 30))" >"$root/jobs/$job/lease") 2>/dev/null
sync "$root/jobs" 2>/dev/null || sync
cd "$root/jobs/$job" || fail bug
if command -v setsid >/dev/null 2>&1; then
  setsid sh ./run.sh </dev/null >output 2>&1 &
else
  nohup sh ./run.sh </dev/null >output 2>&1 &
fi
line_of $! >pid.part && mv pid.part pid
printf 'switchyard-started %s\n' "$job"
