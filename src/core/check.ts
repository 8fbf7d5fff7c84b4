import { z } from 'zod';

/** What decides that a release is healthy. `container` asks Docker's healthcheck; `command` runs inside the slot. */
export const checkSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('http'),
    port: z.number().int().min(1).max(65535),
    path: z.string().regex(/^\/[^\s]*$/, 'a path starts with / and has no spaces'),
    /** Lowest and highest status that passes. */
    low: z.number().int().min(100).max(599).default(200),
    high: z.number().int().min(100).max(599).default(399),
    /** Text the body must contain; empty asks for nothing. */
    contains: z.string().default(''),
  }),
  z.object({ kind: z.literal('tcp'), port: z.number().int().min(1).max(65535) }),
  z.object({ kind: z.literal('container') }),
  z.object({ kind: z.literal('command'), command: z.string().min(1) }),
]);

export type Check = z.infer<typeof checkSchema>;

/** A check in words, e.g. `HTTP GET /healthz on 3000 answers 200 to 399`. */
export function explainCheck(check: Check): string {
  switch (check.kind) {
    case 'http': {
      const words = check.contains === '' ? '' : ` and its body contains “${check.contains}”`;
      return `HTTP GET ${check.path} on ${check.port} answers ${check.low} to ${check.high}${words}`;
    }
    case 'tcp':
      return `port ${check.port} accepts a connection`;
    case 'container':
      return 'the container’s own healthcheck is green';
    case 'command':
      return `the command “${check.command}” succeeds inside the container`;
  }
}

const oneLine = (text: string): string => text.replace(/[\t\r\n]+/g, ' ');

/** The checks as the server kit reads them: one a line, fields by tabs. */
export function renderChecks(checks: Check[]): string {
  return checks
    .map((check) => {
      switch (check.kind) {
        case 'http':
          return ['http', check.port, oneLine(check.path), check.low, check.high, oneLine(check.contains)].join('\t');
        case 'tcp':
          return `tcp\t${check.port}`;
        case 'container':
          return 'container';
        case 'command':
          return `command\t${oneLine(check.command)}`;
      }
    })
    .join('\n');
}

/** Whether a path can stand in HAProxy's configuration and in a request line as it is: nothing to quote, nothing to end a line. */
export const isCheckPath = (path: string): boolean => /^\/[\w.~%?&=+,:@!*;()/-]*$/.test(path);

/** The path an HTTP healthcheck of compose or Docker asks for, when it is one: `curl -f http://localhost:3000/healthz`. */
export function guessCheckPath(test: string[]): string | null {
  const found = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|\$?\w+)(?::\d+)?(\/[^\s"'|;)]*)/.exec(
    test.join(' '),
  );
  const path = found?.[1] ?? null;
  return path !== null && isCheckPath(path) ? path : null;
}
