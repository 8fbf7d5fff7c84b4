import type { Log } from '../../build/setup/progress.ts';
import type { Lab } from '../lab/lab.ts';
import { acts, type Case, caseName } from './cases.ts';
import { type Lane, onLanes } from './lane.ts';
import type { Look } from './look.ts';
import { runPoint } from './point.ts';
import { createRandom } from './random.ts';
import { type Finding, logFinding } from './report.ts';
import { standingOf } from './stage.ts';

const realShare = 0.1;

/** Runs the cases on as many lanes as there are servers; each lane takes, of those left, one that may begin where its service stands. */
export async function runPoints(
  lab: Lab,
  hosts: readonly string[],
  cases: readonly Case[],
  seed: number,
  log: Log,
): Promise<Finding[]> {
  const random = createRandom(seed);
  const left = cases.map((each) => ({ each, forReal: random() < realShare }));
  const findings: Finding[] = [];
  const take = (look: Look) => {
    const at = standingOf(look);
    const index = left.findIndex(
      (one) =>
        one.each ===
        chooseCase(
          left.map(({ each }) => each),
          at,
        ),
    );
    return left.splice(index, 1)[0];
  };
  const run = async (lane: Lane) => {
    let look = await lane.stage.look();
    while (left.length > 0) {
      const next = take(look);
      if (next === undefined) return;
      let violated: Look | null = null;
      try {
        const { finding, left: after } = await runPoint(lane, next.each, look, next.forReal);
        findings.push(finding);
        logFinding(log, finding);
        violated = after;
      } catch (caught) {
        const words = caught instanceof Error ? caught.message : String(caught);
        const finding = {
          name: caseName(next.each),
          kind: next.each.kind,
          violations: [`I0 ${words}`],
          recoveryMs: null,
          ms: 0,
        };
        findings.push(finding);
        logFinding(log, finding);
      }
      if (violated === null && left.length > 0) {
        await lane.stage.reset();
        look = await lane.stage.look();
      } else if (violated !== null) look = violated;
    }
  };
  await onLanes(lab, hosts.slice(0, Math.max(1, Math.min(hosts.length, cases.length))), 'small', run);
  return findings;
}

/** Of what is left: a case that may begin here, of the act with the most left; where none may, any of that act. */
export function chooseCase(left: readonly Case[], at: ReturnType<typeof standingOf>): Case | undefined {
  const counts = new Map<string, number>();
  for (const { act } of left) counts.set(act, (counts.get(act) ?? 0) + 1);
  const here = left.filter(({ act }) => (acts[act].from as readonly string[]).includes(at ?? ''));
  const rank = ({ act }: Case) => counts.get(act) ?? 0;
  return (here.length > 0 ? here : left).toSorted((a, b) => rank(b) - rank(a))[0];
}
