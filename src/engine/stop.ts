import { renderScript } from '../core/command.ts';
import { failure } from '../core/failure.ts';
import { parseStopAnswer, stopScript } from '../core/job-process.ts';
import { failed, ok, type Result, unreachable } from '../core/result.ts';
import type { Shell } from './ports/shell.ts';

/**
 * Asks the runner of a job to stop. Ok means that it was told; it undoes what it began by itself, and its end comes
 * through the feed. May be called twice.
 */
export async function stopJob(shell: Shell, home: string, id: string): Promise<Result<null>> {
  const unknown = failed(failure('job-unknown', `There is no job “${id}”.`, { running: 'Nothing was changed.' }));
  if (!/^[\w-]+$/.test(id)) return unknown;
  const outcome = await shell.run(renderScript(stopScript, [home, id]), { timeoutMs: 20_000 });
  const answer = parseStopAnswer(outcome.stdout);
  switch (answer) {
    case 'stopping':
      return ok(null);
    case 'unknown':
      return unknown;
    case 'not-running':
      return failed(failure('nothing-to-do', `The job ${id} does not run any more: there is nothing to stop.`));
    case null:
      return failed(
        failure(
          'no-answer',
          `The server did not say whether it told the job ${id} to stop. Asking again does no harm.`,
          {
            detail: outcome.stderr.trim().split('\n').pop() || null,
            transient: true,
          },
        ),
      );
    default:
      return unreachable(answer);
  }
}
