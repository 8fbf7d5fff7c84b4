import type { Log } from '../../build/setup/progress.ts';
import { quantile } from '../load/load.ts';

/** What came of one case, cut or power cut. */
export type Finding = {
  name: string;
  kind: string;
  violations: string[];
  /** From the new client's connecting to its being told; null where nothing had to be recovered. */
  recoveryMs: number | null;
  ms: number;
};

/** Whether what is wrong would be found again in whatever comes after it. */
export const spoils = (violation: string): boolean => !/^(I2|I7 process|I9) /.test(violation);

export type Report = {
  violations: number;
  kinds: Record<string, number>;
  recoveryMs: { p50: number; p95: number; max: number };
};

export function renderReport(findings: readonly Finding[]): Report {
  const kinds: Record<string, number> = {};
  for (const { kind } of findings) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const recoveries = findings
    .flatMap(({ recoveryMs }) => recoveryMs ?? [])
    .map(Math.round)
    .sort((a, b) => a - b);
  return {
    violations: findings.filter(({ violations }) => violations.length > 0).length,
    kinds,
    recoveryMs: {
      p50: quantile(recoveries, 0.5),
      p95: quantile(recoveries, 0.95),
      max: recoveries.at(-1) ?? 0,
    },
  };
}

export function logFinding(log: Log, { name, violations, ms, recoveryMs }: Finding): void {
  const told = recoveryMs === null ? '' : `, told after ${Math.round(recoveryMs)} ms`;
  log(`${violations.length === 0 ? '  ok  ' : '  FAIL'} ${name} (${(ms / 1000).toFixed(1)} s${told})`);
  for (const words of violations) log(`         ${words}`);
}

/** The violations once more, for who reads the end alone, each with how to see it again. */
export function logViolations(log: Log, findings: readonly Finding[]): void {
  const bad = findings.filter(({ violations }) => violations.length > 0);
  if (bad.length === 0) return;
  log(`\n${bad.length} violations. One alone: npm run faults -- --only NAME`);
  for (const { name, violations } of bad) log(`  ${name}\n${violations.map((words) => `    ${words}`).join('\n')}`);
}
