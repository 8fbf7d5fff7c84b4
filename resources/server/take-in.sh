# Takes what was rendered anew of a stack that an earlier version adopted from standard input, and puts it in the home state.
# Arguments: the stack's part of the home state, the stack's folder. Behind `life`, `closed` and `ground` (job-process.ts,
# server-scripts.ts). The rename below is what takes the stack in: before it nothing is changed but processes of that version,
# which a reboot would have ended as well, and tags of images. Run twice, or by two at once, it happens once (SPEC HS9).
set -u
umask 077
home=$1
folder=$2
root=$folder/.switchyard
stacks=${home%/*}
part=$stacks/.${home##*/}.$$.part
fail() { rm -rf "$part"; printf 'switchyard-refused %s\n' "$1"; exit 3; }
for each in "${stacks%/*}" "$stacks"; do
  if ! [ -e "$each" ] && ! [ -L "$each" ]; then mkdir -p "$each" 2>/dev/null || fail home-read-only; fi
  closed "$each" || fail home-unsafe
done
ground "$root" "$folder" || fail ground-unsafe
if [ -e "$home" ] || [ -L "$home" ]; then printf 'switchyard-known\n'; exit 0; fi
find "$stacks" -maxdepth 1 -name ".${home##*/}.*.part" -mmin +10 -exec rm -rf {} + 2>/dev/null
mkdir "$part" 2>/dev/null || fail home-read-only
tar -xf - -C "$part" 2>/dev/null || fail upload-damaged
(cd "$part" && sha256sum -c manifest >/dev/null 2>&1) || fail upload-damaged
rm -f "$part/manifest"
mkdir -p "$part/jobs" || fail home-read-only
for each in "$part"/*/releases/*/rollback.sh; do
  [ -e "$each" ] || continue
  sh -n "$each" && chmod 700 "$each" || fail upload-damaged
done

# Scripts of that version that run as this user in its jobs' folders: told by where they run and what they are. A number in a
# file of theirs may be anybody's by now.
old_processes() {
  [ -d /proc/self/fd ] || return 0
  # One look at all of them, and a closer one at those that may be meant.
  for process in $(ls -ld /proc/[0-9]*/cwd 2>/dev/null | awk '/ -> .*\/jobs\// { sub(/ -> .*/, ""); sub(/.* /, ""); sub(/\/cwd$/, ""); print }'); do
    runs_in=$(readlink "$process/cwd" 2>/dev/null) || continue
    case $runs_in in "$root"/jobs/*) ;; *) continue ;; esac
    [ "$(awk '$1 == "Uid:" { print $2; exit }' "$process/status" 2>/dev/null)" = "$me" ] || continue
    case $(tr '\000' ' ' <"$process/cmdline" 2>/dev/null) in 'sh ./run.sh ' | 'sh ./run.sh recover ' | 'sh ./watch.sh ') printf '%s %s\n' "${process#/proc/}" "$runs_in" ;; esac
  done
}
# What one of them leads, docker and compose among it, ends with it.
session_of() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v session="$1" '{ number = $1; sub(/.*\) /, ""); if ($4 == session && $1 != "Z") printf "%s ", number }'; }
end_old() {
  tries=0
  while :; do
    running=$(old_processes | cut -d' ' -f1)
    [ -n "$running" ] || return 0
    tries=$((tries + 1))
    [ "$tries" -le 50 ] || return 1
    for process in $running; do
      # shellcheck disable=SC2046
      kill -KILL "$process" $(session_of "$process") 2>/dev/null
    done
    sleep 0.1 2>/dev/null || sleep 1
  done
}
# What nobody would go on with is not ended.
for each in $(old_processes | sed 's|^[0-9]* .*/jobs/||'); do
  case $each in *[!A-Za-z0-9_.-]*) continue ;; esac
  [ -e "$root/jobs/$each/exit" ] || ! grep -q "^VERB='\(adopt\|eject\)'\$" "$root/jobs/$each/job.sh" 2>/dev/null || fail busy
done
end_old || fail busy
# Who is left to hold the stack or a service goes back by hand just now, or cannot be seen from here.
for each in "$root"/lock/*/*/owner; do
  [ -s "$each" ] && [ -f "$each" ] && [ ! -e "${each%/owner}/released" ] || continue
  life "$each"
  [ "$life" = no ] || fail busy
done
while read -r image tag; do
  case $image in sha256:*[!0-9a-f]*) fail upload-damaged ;; sha256:?*) ;; *) fail upload-damaged ;; esac
  case $tag in switchyard/*[!A-Za-z0-9._/:-]*) fail upload-damaged ;; switchyard/?*) ;; *) fail upload-damaged ;; esac
  docker tag "$image" "$tag" >/dev/null 2>&1 || fail image-gone
done <"$part/tags"
rm -f "$part/tags"
find "$part" -exec sync {} + 2>/dev/null || sync
if ! mv -T "$part" "$home" 2>/dev/null; then
  # Where mv knows no -T, or another client was first.
  case $(mv --help 2>&1) in *-T*) rm -rf "$part"; [ -e "$home/format" ] || fail home-read-only ;; *)
    [ -e "$home" ] || mv "$part" "$home" || fail home-read-only
    # It came into the folder of another that was first.
    rm -rf "$part" "${home:?}/${part##*/}"
    ;;
  esac
fi
sync "$stacks" 2>/dev/null || sync
# From here on a client of that version mends nothing there. No link is followed.
for each in "$root"/jobs/*; do
  [ -d "$each" ] && [ ! -L "$each" ] || continue
  (
    cd "$each" 2>/dev/null && [ "$(pwd -P)" = "$each" ] || exit
    if [ -e ./run.sh ] && ! [ -e ./exit ]; then set -C; printf 'indeterminate\n' 2>/dev/null >./exit; fi
    if [ -f ./watch.sh ] && [ ! -L ./watch.sh ] && [ -e "$home/jobs/${each##*/}/watch.sh" ]; then mv -f ./watch.sh ./watch.sh.ended; fi
  ) 2>/dev/null
done
end_old
[ -e "$root/.gitignore" ] || [ -L "$root/.gitignore" ] || (printf '*\n' >"$root/.gitignore") 2>/dev/null
printf 'switchyard-taken-in\n'
