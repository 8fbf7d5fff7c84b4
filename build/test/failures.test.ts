import { expect, test } from 'vitest';
import { playwrightFailures, vitestFailures } from './failures.ts';

test('a failed test of vitest is told with the first line of why', () => {
  const report = {
    testResults: [
      {
        assertionResults: [
          { status: 'passed', fullName: 'a' },
          { status: 'failed', fullName: 'b c', failureMessages: ['\u001b[31mError: no\u001b[39m\n at x'] },
        ],
      },
    ],
  };
  expect(vitestFailures(report)).toEqual(['b c: Error: no']);
});

test('a failed test of Playwright is found in nested suites', () => {
  const failed = { ok: false, title: 'flips', tests: [{ results: [{ error: { message: 'Error: late\nmore' } }] }] };
  const report = { suites: [{ specs: [], suites: [{ specs: [failed, { ok: true, title: 'fine' }] }] }] };
  expect(playwrightFailures(report)).toEqual(['flips: Error: late']);
});

test('what is no report tells nothing', () => {
  expect([vitestFailures(null), playwrightFailures({ suites: 3 })]).toEqual([[], []]);
});
