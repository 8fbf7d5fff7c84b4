/** How many tests of a runner ended how. */
export type Counts = { passed: number; failed: number; skipped: number };

export const none: Counts = { passed: 0, failed: 0, skipped: 0 };

export const sum = (all: readonly Counts[]): Counts =>
  all.reduce(
    (left, right) => ({
      passed: left.passed + right.passed,
      failed: left.failed + right.failed,
      skipped: left.skipped + right.skipped,
    }),
    none,
  );

/** The last line of a run. */
export const renderCounts = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;

/** A runner that judges one thing: its exit code is the verdict. */
export const verdict = (code: number): Counts => ({ ...none, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 });

/**
 * What a runner's report and its exit code say together. A report that is missing or damaged, a runner that ended
 * badly without a failed test, and one that ran nothing each count as one failure: silence is no success.
 */
export function countReport(read: (report: unknown) => Counts | null, text: string | null, code: number): Counts {
  let counts: Counts | null = null;
  try {
    counts = text === null ? null : read(JSON.parse(text));
  } catch {
    counts = null;
  }
  if (counts === null) return { ...none, failed: 1 };
  const silent = counts.failed === 0 && (code !== 0 || counts.passed === 0);
  return silent ? { ...counts, failed: 1 } : counts;
}

/** vitest's JSON report. A file that does not load has no test to fail, so the file itself is counted. */
export function readVitest(report: unknown): Counts | null {
  if (!isRecord(report) || !Array.isArray(report.testResults)) return null;
  let counts = none;
  for (const file of report.testResults) {
    if (!isRecord(file) || !Array.isArray(file.assertionResults)) return null;
    const states = file.assertionResults.map((each) => (isRecord(each) ? each.status : null));
    const failed = states.filter((state) => state === 'failed').length;
    counts = sum([
      counts,
      {
        passed: states.filter((state) => state === 'passed').length,
        failed: failed === 0 && file.status === 'failed' ? 1 : failed,
        skipped: states.filter((state) => state !== 'passed' && state !== 'failed').length,
      },
    ]);
  }
  return counts;
}

/** Playwright's JSON report. A test that passed only when tried again is no pass; an error outside of tests is one more. */
export function readPlaywright(report: unknown): Counts | null {
  if (!isRecord(report) || !isRecord(report.stats)) return null;
  const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
  const errors = Array.isArray(report.errors) ? report.errors.length : 0;
  return {
    passed: number(report.stats.expected),
    failed: number(report.stats.unexpected) + number(report.stats.flaky) + errors,
    skipped: number(report.stats.skipped),
  };
}

/** The fault suite's result: each point is a test, and failed when something was violated. */
export function readFaults(report: unknown): Counts | null {
  if (!isRecord(report) || typeof report.points !== 'number' || typeof report.violations !== 'number') return null;
  return { passed: report.points - report.violations, failed: report.violations, skipped: 0 };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
