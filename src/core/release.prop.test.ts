import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffServices } from './release.ts';

const name = fc.string({ unit: fc.constantFrom(...'ABCxyz_019'), minLength: 1, maxLength: 12 });
const value = fc.uuid();

describe('a diff', () => {
  it('RE3 SE1 never holds the value of a variable, whatever it is called and wherever it stands', () => {
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.dictionary(name, value), (before, after) => {
        const values = [...Object.values(before), ...Object.values(after)];
        const service = (environment: Record<string, string>) => ({
          environment,
          command: ['serve', ...Object.values(environment), `--at=x${values[0]}`],
          volumes: [
            {
              type: 'bind',
              source: `/srv/${values[0]}`,
              target: `/t/${Object.values(environment)[0]}`,
              read_only: false,
            },
          ],
          healthcheck: { test: ['CMD-SHELL', `curl ${values[1]}`] },
        });
        const said = JSON.stringify(diffServices(service(before), service(after)));
        for (const each of values) expect(said).not.toContain(each);
      }),
      { verbose: fc.VerbosityLevel.Verbose },
    );
  });
});
