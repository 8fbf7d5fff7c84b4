import type { ContainerFact, ContainerHistory, ContainerInspection } from './docker-facts.ts';
import { isServing, parseHealth } from './health.ts';

/** What was asked and heard of containers. All text in it is untrusted. */
export type ConditionFacts = {
  /** By id. */
  inspections: ReadonlyMap<string, ContainerInspection>;
  /** By name. */
  histories: ReadonlyMap<string, ContainerHistory>;
  /** By how much the server's clock is ahead of this machine's. */
  aheadMs: number;
  nowMs: number;
};

/** A container that Docker started again this often, and that has not run for as long since, is in a crash loop. */
const crashRestarts = 2;
const steadyMs = 30_000;

/** How a container is, as somebody would say it: `how` follows its name. Times are on this machine's clock. */
export type Condition =
  | { kind: 'well' }
  | { kind: 'starting' }
  | { kind: 'gone'; sinceMs: number | null }
  | { kind: 'paused'; sinceMs: number | null }
  | { kind: 'ill'; sinceMs: number | null; quote: string | null }
  | { kind: 'crashing'; how: string; quote: string | null; sinceMs: number | null }
  | { kind: 'ended'; how: string; onPurpose: boolean; quote: string | null; sinceMs: number | null };

/** Whether the release that may be gone back to runs and is not known to be ill. */
export function isWell(container: ContainerFact | null): boolean {
  const health = container === null ? 'exited' : parseHealth(container.state, container.status);
  return isServing(health) || health === 'starting';
}

/** How a container is; `name` is that of one that is gone. */
export function conditionOf(facts: ConditionFacts, container: ContainerFact | null, name = ''): Condition {
  if (container === null) return { kind: 'gone', sinceMs: facts.histories.get(name)?.removedAtMs ?? null };
  const inspection = facts.inspections.get(container.id) ?? null;
  const history = facts.histories.get(container.name) ?? null;
  const here = (ms: number | null | undefined): number | null =>
    ms === null || ms === undefined ? null : ms - facts.aheadMs;
  const health = parseHealth(container.state, container.status);
  const code = inspection?.exitCode ?? codeIn(container.status);
  switch (container.state) {
    case 'running': {
      const startedAtMs = here(inspection?.startedAtMs);
      if (
        inspection !== null &&
        inspection.restarts >= crashRestarts &&
        startedAtMs !== null &&
        facts.nowMs - startedAtMs < steadyMs
      )
        return { kind: 'crashing', how: crashWords(code, inspection), quote: null, sinceMs: null };
      if (health === 'unhealthy')
        return {
          kind: 'ill',
          sinceMs: history?.illSinceMs ?? here(inspection?.health?.failingSinceMs),
          quote: inspection?.health?.lastLine ?? null,
        };
      return health === 'starting' ? { kind: 'starting' } : { kind: 'well' };
    }
    case 'restarting':
      return { kind: 'crashing', how: crashWords(code, inspection), quote: inspection?.error ?? null, sinceMs: null };
    case 'paused':
      return { kind: 'paused', sinceMs: history?.pausedAtMs ?? null };
    default: {
      const onPurpose = history?.stopped === true || code === 143 || (code === 0 && comesBack(inspection));
      return {
        kind: 'ended',
        how: endWords(container, code, onPurpose, inspection),
        onPurpose,
        quote: inspection?.error ?? null,
        sinceMs: history?.endedAtMs ?? here(inspection?.finishedAtMs),
      };
    }
  }
}

/** Docker starts it again whatever it ends with; one that does not run was stopped. */
export const comesBack = (inspection: ContainerInspection | null): boolean =>
  inspection?.restartPolicy === 'always' || inspection?.restartPolicy === 'unless-stopped';

function endWords(
  container: ContainerFact,
  code: number | null,
  onPurpose: boolean,
  inspection: ContainerInspection | null,
): string {
  if (container.state === 'created') return 'was made, and never started';
  if (container.state === 'removing') return 'is being removed';
  if (inspection?.oomKilled === true) return `ran out of memory${code === null ? '' : ` (exit code ${code})`}`;
  if (onPurpose) return 'was stopped';
  if (code === 137) return 'was killed (exit code 137)';
  return code === null ? 'ended' : `ended with exit code ${code}`;
}

function crashWords(code: number | null, inspection: ContainerInspection | null): string {
  const why =
    inspection?.oomKilled === true
      ? 'runs out of memory'
      : `keeps ending${code === null ? '' : ` with exit code ${code}`}`;
  return inspection === null || inspection.restarts === 0
    ? why
    : `${why}, started again ${inspection.restarts === 1 ? 'once' : `${inspection.restarts} times`}`;
}

/** `Exited (137) 3 seconds ago`, `Restarting (1) 3 seconds ago`. */
function codeIn(status: string): number | null {
  const found = /^(?:Exited|Restarting) \((\d+)\)/.exec(status)?.[1];
  return found === undefined ? null : Number(found);
}
