import { renderScript } from '../core/command.ts';
import { type Failure, type FailureCode, failure } from '../core/failure.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { Shell } from './ports/shell.ts';

/** Why a job could not be put on the server, where going back needs none: its release's rollback.sh is there already. */
export const canGoWithoutJob = ({ code }: Failure): boolean => code === 'disk-full' || code === 'folder-read-only';

/**
 * Arguments: the service's folder, the release that is to get the traffic. It runs what the release that has the traffic wrote
 * before it got it; live.map says which that is, for a job may have died before it wrote so. Asked again, it must not go forth.
 */
const wayBackScript = `cd "$1" || exit 13
read -r _ state <entry/live.map
for role in current previous next; do
  slot=$(cat "$role/slot" 2>/dev/null)
  [ -n "$slot" ] && [ "$slot" = "\${state%%-*}" ] || continue
  release=$(readlink "$role")
  [ "\${release##*/}" != "$2" ] || { echo 'It has the traffic already.'; exit 0; }
  exec sh "$role/rollback.sh" 2>&1
done
exec sh current/rollback.sh 2>&1
`;

/** Exit 11 of rollback.sh, by what it says. */
const refusalOf = (text: string): FailureCode =>
  /still running|just begun/.test(text)
    ? 'lock-held'
    : /never had the traffic/.test(text)
      ? 'nothing-to-do'
      : 'previous-not-ready';

/**
 * Goes back by the rollback.sh of the release that has the traffic, as one would by hand: it needs no upload, so that a
 * full disk stands in no way. `serviceDir` and the release to go back to, as its folder is called, or an empty text. Ok carries
 * its last line.
 */
export async function goBackByHand(shell: Shell, serviceDir: string, release: string): Promise<Result<string>> {
  const { code, stdout } = await shell.run(renderScript(wayBackScript, [serviceDir, release]), { timeoutMs: 60_000 });
  const lines = stdout.trim().split('\n');
  const last = lines.at(-1) ?? '';
  if (code === 0) return ok(last);
  return failed(
    failure(
      code === 11 ? refusalOf(last) : 'entry-failed',
      last.replace(/^Refused: /, '') || 'rollback.sh said nothing.',
      {
        detail: lines.at(-2) ?? null,
      },
    ),
  );
}
