import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderAssignments, renderCommand, renderScript } from './command.ts';

// A real shell is the judge. Each run asks it once, for several words.

const word = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.string({
      unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', '!', '~', '*', '(', ';', '\r', '\u0001', 'é', '🚂'),
      maxLength: 12,
    }),
    fc.constantFrom('', '-n', '--', '$(touch /tmp/no)', '`id`', '<script>', '#', '=x', '~', "'", "\\'", '$IFS', '\n'),
  )
  .map((text) => text.replaceAll('\0', ''));

const shell = (command: string, shellName = 'sh') =>
  spawnSync(shellName, ['-c', command], { encoding: 'utf8', maxBuffer: 1e7 });

describe('any text reaches the other side of a shell as it is', () => {
  it('as a word of a command', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
        const { stdout } = shell(renderCommand(['printf', '%s\\0', ...words]));
        expect(stdout.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 150, verbose: fc.VerbosityLevel.Verbose },
    );
  });

  it('as an argument of a script, in a shell inside a shell', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        const { stdout } = shell(renderCommand(['sh', '-c', renderScript(`printf '%s\\0' "$@"`, words)]));
        expect(stdout.split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 60, verbose: fc.VerbosityLevel.Verbose },
    );
  });

  it('as an assignment of a job', () => {
    fc.assert(
      fc.property(word, word, (first, second) => {
        const script = `${renderAssignments({ FIRST: first, SECOND: second })}printf '%s\\0%s' "$FIRST" "$SECOND"`;
        expect(shell(script).stdout).toBe(`${first}\0${second}`);
      }),
      { numRuns: 80, verbose: fc.VerbosityLevel.Verbose },
    );
  });
});
