import { renderScript } from '../core/command.ts';
import { failure } from '../core/failure.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { Shell } from './ports/shell.ts';

/** The very last line of an answer that is whole. What is read from files has it nowhere but by ill will, and then not last. */
export const endLine = '\u0001end';

/**
 * A script that reads, and a line behind it that says that all of it was printed. In a shell of its own, so that it may exit where
 * it likes; one that was killed says no end.
 */
export const withEnd = (script: string): string => `(
${script}
)
ended=$?
[ "$ended" -lt 128 ] || exit "$ended"
printf '\\n\\001end\\n' || exit 74
exit "$ended"
`;

/** What was printed before the end line, to the byte; null when the answer was cut short. */
export function wholeText(printed: string): string | null {
  const end = `\n${endLine}\n`;
  return printed.endsWith(end) ? printed.slice(0, -end.length) : null;
}

/**
 * Has a script read something, and takes its answer whole or not at all: one that was cut short (a link that broke, a shell that
 * was killed, a full pipe) is `no-answer`, and what was known before stays (SPEC TO2). `what` is what was asked for, for people.
 */
export async function readWhole(
  shell: Shell,
  script: string,
  args: string[],
  { timeoutMs, what }: { timeoutMs: number; what: string },
): Promise<Result<{ stdout: string; stderr: string }>> {
  const { stdout, stderr } = await shell.run(renderScript(withEnd(script), args), { timeoutMs });
  const text = wholeText(stdout);
  return text === null ? failed(cutShort(what, stderr)) : ok({ stdout: text, stderr });
}

/** An answer that was not whole. */
const cutShort = (what: string, stderr = '') =>
  failure('no-answer', `The server’s answer was cut short while ${what} was being read.`, {
    detail: stderr.trim().split('\n').pop() || null,
    transient: true,
  });
