import { ok, type Result } from '../../core/result.ts';
import { serviceFile, stateFolder } from '../../core/server-layout.ts';
import type { ServiceState } from '../../core/server-state.ts';
import { mergeRecord } from '../../core/service-record.ts';
import type { VerbFacts } from '../verbs.ts';
import { readWhole } from '../whole-answer.ts';

// Argument: the path of a service.json. A link is not followed: it may lead out of the folder.
const recordScript = `
if [ -L "$1" ]; then printf '\\001link'; elif ! [ -e "$1" ]; then printf '\\001gone'; elif ! [ -f "$1" ] || ! [ -r "$1" ]; then printf '\\001closed'; else head -c 262144 "$1"; fi
`;

const reasons = new Map([
  ['\u0001link', 'it is a link, which is not followed'],
  ['\u0001gone', 'it is gone'],
  ['\u0001closed', 'it cannot be read by this user'],
]);

/**
 * The facts of a verb with the service's settings as they are on the server now, not as they were at the last look: what the
 * operator has just written is what the next job goes by (SPEC TO5). Damaged, those of before count. Going back does not wait
 * for long, and not at all for an answer that does not come.
 */
export async function withFreshRecord(facts: VerbFacts, isBack: boolean): Promise<Result<VerbFacts>> {
  const { state, shell, folder } = facts;
  if (state === null) return ok(facts);
  const path = serviceFile(stateFolder(folder), state.record.service);
  const asked = readWhole(shell, recordScript, [path], {
    timeoutMs: isBack ? 2_000 : 20_000,
    what: `service.json of ${state.record.service}`,
  });
  const answer = isBack ? await asked.catch(() => null) : await asked;
  if (answer === null || !answer.ok) return answer === null || isBack ? ok(facts) : answer;
  return ok({ ...facts, state: withRecord(state, path, answer.value.stdout) });
}

function withRecord(state: ServiceState, path: string, text: string): ServiceState {
  const why = reasons.get(text);
  if (why !== undefined) return { ...state, recordDamage: { path, line: null, why } };
  const { record, damage } = mergeRecord(state.record, text, path);
  return { ...state, record, recordDamage: damage };
}
