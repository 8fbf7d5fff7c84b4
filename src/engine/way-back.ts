import { renderScript } from '../core/command.ts';
import { type Failure, failure } from '../core/failure.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { Shell } from './ports/shell.ts';

/** Why a job could not be put on the server, where going back needs none: its release's rollback.sh is there already. */
export const canGoWithoutJob = ({ code }: Failure): boolean => code === 'disk-full' || code === 'folder-read-only';

// Arguments: the state folder, the service's folder name. What the service's current release wrote before it had the traffic.
const wayBackScript = 'exec sh "$1/$2/current/rollback.sh" 2>&1';

/**
 * Goes back by the rollback.sh of the release that has the traffic, as one would by hand: it needs no upload, so that a
 * full disk stands in no way. Ok carries its last line.
 */
export async function goBackByHand(shell: Shell, root: string, slug: string): Promise<Result<string>> {
  const { code, stdout } = await shell.run(renderScript(wayBackScript, [root, slug]), { timeoutMs: 60_000 });
  const lines = stdout.trim().split('\n');
  const last = lines.at(-1) ?? '';
  if (code === 0) return ok(last);
  return failed(
    failure(code === 11 ? 'not-ready' : 'entry-failed', last.replace(/^Refused: /, '') || 'rollback.sh said nothing.', {
      detail: lines.at(-2) ?? null,
    }),
  );
}
