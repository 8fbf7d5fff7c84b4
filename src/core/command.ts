/** One word for a POSIX shell, exactly as given: the only place that quotes. Rejects NUL, which no shell can carry. */
export function quote(word: string): string {
  if (word.includes('\0')) throw new Error('a NUL byte cannot be part of a command');
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** An argv as one line for a POSIX shell. */
export const renderCommand = (argv: string[]): string => argv.map(quote).join(' ');

/** Runs `script` in a shell of its own with positional arguments: the script is a constant, the arguments are data. */
export const renderScript = (script: string, args: string[]): string =>
  renderCommand(['sh', '-c', script, 'switchyard', ...args]);

/** Shell assignments, one a line, for a job's `job.sh`. Names are ours, values are data. */
export function renderAssignments(values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join('');
}
