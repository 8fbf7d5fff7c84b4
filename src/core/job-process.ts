/**
 * `life FILE`: whether the process that a file names (`pid start boot space`, as the server kit's self_line writes it)
 * lives: yes, no, or unknown where it cannot be seen from here. `id` is its number then. Another may have that number by now,
 * and has after a reboot; in another process space it is somebody else's: there the lease beside the file decides, as in the
 * kit's job_died (SPEC JN5).
 */
export const lifeFunction = `
life() {
  id='' begun='' boot='' space=''
  read -r id begun boot space 2>/dev/null <"$1" || [ -n "$id" ] || { life=unknown; return; }
  case $id in *[!0-9]*) life=unknown; return ;; esac
  life=no
  now=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.boottime 2>/dev/null | tr -dc '0-9')
  if [ "$boot" = "$now" ]; then
    if ! [ -d /proc/self ]; then
      if kill -0 "$id" 2>/dev/null; then life=yes; else life=unknown; fi
    elif [ -n "$space" ] && [ "$space" != "$(readlink /proc/self/ns/pid)" ]; then
      life=unknown lease='' up=''
      read -r lease 2>/dev/null <"\${1%/*}/lease" && read -r up _ 2>/dev/null </proc/uptime
      if [ -n "$up" ] && { [ "\${up%%.*}" -gt "$lease" ] || [ "$lease" -gt "$((\${up%%.*} + 120))" ]; }; then life=no; fi
    elif [ "$begun" = "$(sed 's/.*) //; /^[ZX]/d' "/proc/$id/stat" 2>/dev/null | cut -d' ' -f20)" ]; then
      life=yes
    fi
  fi
}
`;

/** What asking a job to stop came to. */
export const stopAnswers = ['stopping', 'not-running', 'unknown'] as const;

export type StopAnswer = (typeof stopAnswers)[number];

/** Asks the runner of a job to stop. Arguments: the stack's home state, the job's id. The runner undoes what it began by itself. */
export const stopScript = `${lifeFunction}
job=$1/jobs/$2
say() { printf 'switchyard-stop %s\\n' "$1"; exit 0; }
[ -d "$job" ] || say unknown
life "$job/pid"
[ ! -e "$job/exit" ] && [ "$life" = yes ] || say not-running
# The whole group, so that what the job waits for ends with it; where it leads none, the job alone.
kill -TERM "-$id" 2>/dev/null || kill -TERM "$id" 2>/dev/null || say not-running
say stopping
`;

/** Reads what `stopScript` printed; null when it printed nothing of the kind. */
export const parseStopAnswer = (output: string): StopAnswer | null =>
  stopAnswers.find((answer) => output.split('\n').includes(`switchyard-stop ${answer}`)) ?? null;
