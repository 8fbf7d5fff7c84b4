import { renderScript } from '../core/command.ts';
import { type Failure, type FailureCode, failure, failureOf } from '../core/failure.ts';
import { exitCodes, type Outcome } from '../core/job.ts';
import type { Shell } from './ports/shell.ts';

/** Why a job could not be put on the server, where going back needs none: its release's rollback.sh is there already. */
export const canGoWithoutJob = ({ code }: Failure): boolean => code === 'disk-full' || code === 'folder-read-only';

/**
 * Arguments: the service's folder of the stack's files, that of the home state, the slot to go back to, or nothing where that is not known. It runs what the release in the
 * other slot wrote before it got the traffic: asked again, it does not go forth.
 */
const wayBackScript = `cd "$1" || { echo 'Refused: the folder of the service cannot be entered.'; exit 11; }
go() {
  number=$(readlink "$1") && number=\${number#releases/}
  case $number in '' | *[!0-9]*) return ;; esac
  [ ! -f "$2/releases/$number/rollback.sh" ] || exec sh "$2/releases/$number/rollback.sh" 2>&1
}
for role in current previous next; do
  slot=
  [ ! -f "$role/slot" ] || slot=$(head -c 64 "$role/slot" 2>/dev/null)
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

/** How going back by hand ended, by the exit code of rollback.sh. One that a signal ended says nothing of how far it came. */
const outcomeOf = (code: number | null): Exclude<Outcome, 'completed' | 'rolled-back'> =>
  code === exitCodes.refused ? 'refused' : code === exitCodes.aborted ? 'aborted' : 'indeterminate';

export type WayBack =
  | { outcome: 'completed'; said: string }
  | { outcome: Exclude<Outcome, 'completed' | 'rolled-back'>; failure: Failure };

/**
 * Goes back by the rollback.sh of the release that has the traffic, as one would by hand: it needs no upload, so that a
 * full disk stands in no way. `slot` is the one to go back to, or an empty text. Rejects with nothing: a link that was lost, or an
 * answer that did not come, is `indeterminate` (SPEC TO2).
 */
export async function goBackByHand(
  shell: Shell,
  { root, home }: { root: string; home: string },
  slug: string,
  slot: string,
): Promise<WayBack> {
  let code: number | null = null;
  let stdout = '';
  const args = [`${root}/${slug}`, `${home}/${slug}`, slot];
  try {
    ({ code, stdout } = await shell.run(renderScript(wayBackScript, args), { timeoutMs: 60_000 }));
  } catch (caught) {
    const lost = failureOf(caught);
    const message = 'The link was lost while rollback.sh ran. The server is looked at again.';
    return { outcome: 'indeterminate', failure: failure('indeterminate', message, { detail: lost.message }) };
  }
  const lines = stdout.trim().split('\n');
  const last = lines.at(-1) ?? '';
  if (code === 0) return { outcome: 'completed', said: last };
  const outcome = outcomeOf(code);
  const failureCode =
    outcome === 'refused'
      ? refusalOf(last)
      : outcome === 'aborted'
        ? 'cancelled'
        : code === 13
          ? 'entry-failed'
          : 'indeterminate';
  const message = last.replace(/^Refused: /, '') || 'rollback.sh ended without a word.';
  return { outcome, failure: failure(failureCode, message, { detail: lines.at(-2) ?? null }) };
}
