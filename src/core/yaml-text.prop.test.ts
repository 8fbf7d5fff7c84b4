import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderScalar, renderYaml } from './yaml-text.ts';

const nasty = fc.constantFrom(
  'yes',
  'No',
  'on',
  'OFF',
  'true',
  'null',
  '~',
  '',
  ' ',
  '0',
  '007',
  '0x1f',
  '1e3',
  '1_000',
  '.5',
  '.inf',
  '12:30:45',
  '2001-12-14',
  'a: b',
  'a #b',
  '#a',
  '- a',
  '? a',
  '!tag',
  '&anchor',
  '*alias',
  '[a]',
  '{a: b}',
  '| a',
  '> a',
  '%a',
  '@a',
  '`a`',
  '"a"',
  "'a'",
  'a\nb',
  'a\tb',
  '\u0000',
  '\u0085',
  '\u2028',
  '\ufeff',
  '---',
  '...',
  '<<',
  '=',
  'y',
  'N',
  'é',
  '🚂',
  '<script>alert(1)</script>',
  '$(id)',
  '$$',
  'C:\\x',
  'a:',
  ':a',
  'sha256:abc',
  '@SWITCHYARD_IMAGE@',
);
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  nasty,
);
const scalar = fc.oneof(
  text,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => (Object.is(each, -0) ? 0 : each)),
  fc.boolean(),
  fc.constant(null),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(
      text.filter((key) => key !== '__proto__' && key !== '<<'),
      tie('tree'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
}));

describe('YAML that is written is read as it was meant', () => {
  it('any plain data, by YAML 1.2 as compose reads it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          text.filter((key) => key !== '__proto__' && key !== '<<'),
          tree,
          { noNullPrototype: true },
        ),
        (value) => {
          expect(parse(renderYaml(value), { uniqueKeys: true })).toEqual(value);
        },
      ),
      { numRuns: 400, verbose: fc.VerbosityLevel.Verbose },
    );
  });

  it('any text as a scalar stays text, by YAML 1.1 too', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(parse(`key: ${renderScalar(value)}\n`, { version: '1.1' })).toEqual({ key: value });
      }),
      { numRuns: 600, verbose: fc.VerbosityLevel.Verbose },
    );
  });
});
