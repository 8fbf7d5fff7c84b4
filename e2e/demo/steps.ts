import { type Log, renderSeconds } from '../../build/setup/progress.ts';

/** One line of the summary; what a step returns is added to its own. */
export type StepReport = { name: string; ok: boolean; ms: number } & Record<string, unknown>;

export type Steps = {
  /** Runs a step. After one that failed, no other is begun: it is not ok, and says why. */
  step(name: string, run: () => Promise<Record<string, unknown> | undefined>): Promise<void>;
  reports: StepReport[];
};

export function createSteps(log: Log, onFailure: (name: string) => Promise<void>): Steps {
  const reports: StepReport[] = [];
  let broken: string | null = null;
  return {
    reports,
    async step(name, run) {
      if (broken !== null) {
        reports.push({ name, ok: false, ms: 0, error: `not begun: “${broken}” failed` });
        return;
      }
      const startedMs = performance.now();
      const took = () => Math.round(performance.now() - startedMs);
      try {
        const more = (await run()) ?? {};
        reports.push({ name, ok: true, ms: took(), ...more });
        log(`  ✓ ${name} (${renderSeconds(took())})${renderFigures(more)}`);
      } catch (caught) {
        broken = name;
        const error = caught instanceof Error ? caught.message : String(caught);
        reports.push({ name, ok: false, ms: took(), error });
        log(`  ✗ ${name} (${renderSeconds(took())})\n${error}`);
        await onFailure(name).catch(() => {});
      }
    },
  };
}

/** `switchMs 7.1, says …`: what can be told in one line. */
function renderFigures(more: Record<string, unknown>): string {
  const told = Object.entries(more)
    .filter(([, value]) => typeof value !== 'object')
    .map(([name, value]) => `${name} ${typeof value === 'number' ? Math.round(value * 10) / 10 : value}`);
  return told.length === 0 ? '' : `: ${told.join(', ')}`;
}
