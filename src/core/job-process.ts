/**
 * `lives FILE`: whether the process that a file names (`pid starttime bootid`) lives; `id` is its number then. Another
 * may have that number by now, and has after a reboot.
 */
export const livesFunction = `
lives() {
  read -r id begun boot 2>/dev/null <"$1" || return 1
  [ -d /proc/self ] || { kill -0 "$id" 2>/dev/null; return; }
  [ "$boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] && [ "$begun" = "$(sed 's/.*) //' "/proc/$id/stat" 2>/dev/null | cut -d' ' -f20)" ]
}
`;

/** What asking a job to stop came to. */
export const stopAnswers = ['stopping', 'not-running', 'unknown'] as const;

export type StopAnswer = (typeof stopAnswers)[number];

/** Asks the runner of a job to stop. Arguments: the state folder, the job's id. The runner undoes what it began by itself. */
export const stopScript = `${livesFunction}
job=$1/jobs/$2
say() { printf 'switchyard-stop %s\\n' "$1"; exit 0; }
[ -d "$job" ] || say unknown
[ ! -e "$job/exit" ] && lives "$job/pid" || say not-running
case $id in '' | *[!0-9]*) say not-running ;; esac
kill -TERM "$id" 2>/dev/null || say not-running
say stopping
`;

/** Reads what `stopScript` printed; null when it printed nothing of the kind. */
export const parseStopAnswer = (output: string): StopAnswer | null =>
  stopAnswers.find((answer) => output.split('\n').includes(`switchyard-stop ${answer}`)) ?? null;
