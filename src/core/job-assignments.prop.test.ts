import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderAssignments } from './command.ts';
import { jobNames, parseAssignments } from './job-assignments.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 60 }).map((each) => each.replaceAll('\0', ''));
const shellish = fc.stringMatching(/^[A-Z_='"\\$()` \n;|&x]{0,40}$/);
const names: ReadonlySet<string> = new Set(jobNames);

describe('what is found as a job.sh', () => {
  test('HS7 comes out as it was written, whatever the values are', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...jobNames), fc.oneof(text, shellish)), (values) => {
        const parsed = parseAssignments(renderAssignments(values));
        expect(parsed === null ? null : Object.fromEntries(parsed)).toEqual({ ...values });
      }),
    );
  });

  test('HS7 gives no name outside of the list, and no value but one that a line of ours would say', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc
              .tuple(fc.constantFrom(...jobNames, 'PATH', 'IFS', 'LD_PRELOAD', 'X'), shellish)
              .map(([name, value]) => `${name}='${value}'\n`),
            fc
              .tuple(fc.constantFrom(...jobNames), shellish)
              .map(([name, value]) => renderAssignments({ [name]: value })),
            shellish,
          ),
          { maxLength: 5 },
        ),
        (parts) => {
          const found = parts.join('');
          const parsed = parseAssignments(found);
          if (parsed === null) return;
          for (const name of parsed.keys()) expect(names.has(name)).toBe(true);
          // Byte for byte what we would have written: nothing stands beside the values.
          expect(renderAssignments(Object.fromEntries(parsed))).toBe(found);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ['a name of no job', "PATH='/srv/bin'\n"],
    ['no quotes', 'VERB=flip\n'],
    ['a substitution', "WATCH_S='5'$(id)\n"],
    ['a quote that ends early', "SERVICE='web'`id`''\n"],
    ['a command behind', "VERB='flip'; id\n"],
    ['the same name twice', "VERB='flip'\nVERB='adopt'\n"],
    ['an open quote', "VERB='flip\n"],
    ['no end of line', "VERB='flip'"],
    ['an empty line', "\nVERB='flip'\n"],
  ])('HS7 %s makes it nobody’s', (_name, found) => {
    expect(parseAssignments(found)).toBeNull();
  });
});
