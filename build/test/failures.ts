import type { Counts } from './counts.ts';

/** Counts, and what failed: a line each, to be read at the end of a long run. */
export type Verdict = Counts & { failures?: readonly string[] };

/** Failed tests of vitest's JSON report, each with the first line of why. */
export function vitestFailures(report: unknown): string[] {
  return items(report, 'testResults').flatMap((file) =>
    items(file, 'assertionResults')
      .filter((test) => field(test, 'status') === 'failed')
      .map((test) => line(String(field(test, 'fullName')), items(test, 'failureMessages')[0])),
  );
}

/** Failed tests of Playwright's JSON report, each with the first line of why. */
export function playwrightFailures(report: unknown): string[] {
  const inSuite = (suite: unknown): string[] => [
    ...items(suite, 'suites').flatMap(inSuite),
    ...items(suite, 'specs')
      .filter((spec) => field(spec, 'ok') === false)
      .map((spec) => {
        const errors = items(spec, 'tests')
          .flatMap((test) => items(test, 'results'))
          .map((result) => field(field(result, 'error'), 'message'));
        return line(
          String(field(spec, 'title')),
          errors.find((error) => error !== undefined),
        );
      }),
  ];
  return items(report, 'suites').flatMap(inSuite);
}

const line = (title: string, why: unknown): string =>
  `${title}: ${(typeof why === 'string' ? plain(why).split('\n')[0] : undefined) ?? 'no reason given'}`.slice(0, 400);

const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '');

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const items = (value: unknown, name: string): unknown[] => {
  const found = field(value, name);
  return Array.isArray(found) ? found : [];
};
