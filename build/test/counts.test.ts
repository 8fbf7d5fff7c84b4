import { describe, expect, it } from 'vitest';
import { countReport, readFaults, readPlaywright, readVitest, renderCounts, sum, verdict } from './counts.ts';

const file = (status: string, ...states: string[]) => ({
  status,
  assertionResults: states.map((each) => ({ status: each })),
});
const vitest = (...files: unknown[]) => JSON.stringify({ testResults: files });

describe('counting what runners report', () => {
  it('counts the tests of vitest by their state', () => {
    const text = vitest(file('passed', 'passed', 'passed', 'pending'), file('failed', 'failed', 'passed', 'todo'));
    expect(countReport(readVitest, text, 1)).toEqual({ passed: 3, failed: 1, skipped: 2 });
  });

  it('counts a test file that does not load as failed', () => {
    expect(countReport(readVitest, vitest(file('passed', 'passed'), file('failed')), 1)).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
    });
  });

  it('counts a runner that ended badly without a failed test as one failure', () => {
    expect(countReport(readVitest, vitest(file('passed', 'passed')), 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it.each([
    ['no report', null],
    ['a torn report', '{"testResults":[{'],
    ['a report of something else', '{"ok":true}'],
    ['a report that ran nothing', vitest()],
    ['a report that skipped everything', vitest(file('passed', 'skipped'))],
  ])('counts %s as a failure, whatever the exit code', (_name, text) => {
    expect(countReport(readVitest, text, 0).failed).toBe(1);
  });

  it('counts flaky tests and errors outside of tests of Playwright as failed', () => {
    const report = { stats: { expected: 5, unexpected: 1, flaky: 2, skipped: 3 }, errors: [{ message: 'no config' }] };
    expect(countReport(readPlaywright, JSON.stringify(report), 1)).toEqual({ passed: 5, failed: 4, skipped: 3 });
  });

  it('counts the points of the fault suite, and one that ran none as a failure', () => {
    expect(countReport(readFaults, '{"points":108,"violations":2}', 1)).toEqual({ passed: 106, failed: 2, skipped: 0 });
    expect(countReport(readFaults, '{"points":0,"violations":0}', 0).failed).toBe(1);
  });

  it('counts a judge of one thing by its exit code', () => {
    expect(sum([verdict(0), verdict(1), verdict(124)])).toEqual({ passed: 1, failed: 2, skipped: 0 });
  });

  it('renders the last line, with what was skipped only when something was', () => {
    expect(renderCounts({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
    expect(renderCounts({ passed: 1, failed: 2, skipped: 3 })).toBe('1 passed, 2 failed, 3 skipped');
  });
});
