import { renderScript } from '../core/command.ts';
import { type Failure, type FailureCode, failure } from '../core/failure.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { Shell } from './ports/shell.ts';

/** Why a job could not be put on the server, where going back needs none: its release's rollback.sh is there already. */
export const canGoWithoutJob = ({ code }: Failure): boolean => code === 'disk-full' || code === 'folder-read-only';

/**
 * Arguments: the service's folder of the stack's files, that of the home state, the slot to go back to, or nothing where that is not known. It runs what the release in the
 * other slot wrote before it got the traffic: asked again, it does not go forth.
 */
const wayBackScript = `cd "$1" || exit 13
go() {
  number=$(readlink "$1") && number=\${number#releases/}
  case $number in '' | *[!0-9]*) return ;; esac
  [ ! -f "$2/releases/$number/rollback.sh" ] || exec sh "$2/releases/$number/rollback.sh" 2>&1
}
for role in current previous next; do
  slot=$(cat "$role/slot" 2>/dev/null)
  [ -n "$slot" ] && [ -n "$3" ] && [ "$slot" != "$3" ] || continue
  go "$role" "$2"
done
go current "$2"
echo 'Refused: the way back of this release is not in the home state.'
exit 11
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
 * full disk stands in no way. `slot` is the one to go back to, or an empty text. Ok carries its last line.
 */
export async function goBackByHand(
  shell: Shell,
  { root, home }: { root: string; home: string },
  slug: string,
  slot: string,
): Promise<Result<string>> {
  const { code, stdout } = await shell.run(renderScript(wayBackScript, [`${root}/${slug}`, `${home}/${slug}`, slot]), {
    timeoutMs: 60_000,
  });
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
