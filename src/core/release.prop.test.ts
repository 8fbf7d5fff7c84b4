import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffServices } from './release.ts';

const secretName = fc
  .tuple(
    fc.constantFrom('', 'APP_', 'db_'),
    fc.constantFrom('PASSWORD', 'secret', 'Api_Token', 'KEY', 'AUTH', 'DSN', 'DATABASE_URL'),
    fc.constantFrom('', '_2'),
  )
  .map((parts) => parts.join(''))
  .filter((name) => /pass|secret|token|key|credential|auth|dsn|database_url|_url$/i.test(name));
const value = fc.uuid();

describe('a diff', () => {
  it('RE3 never holds the value of a variable that looks like a secret', () => {
    fc.assert(
      fc.property(fc.dictionary(secretName, value), fc.dictionary(secretName, value), (before, after) => {
        const said = JSON.stringify(diffServices({ environment: before }, { environment: after }));
        for (const each of [...Object.values(before), ...Object.values(after)]) expect(said).not.toContain(each);
      }),
      { verbose: fc.VerbosityLevel.Verbose },
    );
  });
});
