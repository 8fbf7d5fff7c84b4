import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJsonLines } from './json-lines.ts';

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('TO5 where a JSON text breaks', () => {
  const good = '{\n  "name": "web",\n  "checks": [\n    { "port": 80 },\n    true\n  ]\n}\n';

  it('knows the line of each part', () => {
    expect(readJsonLines(good)).toEqual({
      fault: null,
      lines: new Map([
        ['[]', 1],
        ['["name"]', 2],
        ['["checks"]', 3],
        ['["checks",0]', 4],
        ['["checks",0,"port"]', 4],
        ['["checks",1]', 5],
      ]),
    });
  });

  it.each([
    ['a closing quote', good.replace('"web"', '"web'), 2, 'a text that begins here has no closing quote'],
    ['an opening quote', good.replace('"web"', 'web"'), 2, 'a value is wanted before “w”'],
    ['the quote of a name', good.replace('"checks"', '"checks'), 3, 'a text that begins here has no closing quote'],
    ['a comma', good.replace('"web",', '"web"'), 2, 'a comma or “}” is wanted before “"”'],
    ['a colon', good.replace('"name":', '"name"'), 2, 'a colon is wanted before “"”'],
    ['a value', good.replace(' "web",', ','), 2, 'a value is wanted before “,”'],
    ['its end', good.slice(0, -3), 6, 'the file ends where a comma or “}” is wanted'],
    ['everything', '', 1, 'the file ends where a value is wanted'],
  ])('without %s', (_name, text, line, why) => {
    expect(readJsonLines(text).fault).toEqual({ line, why });
  });

  it('with a comma too many, a comment, an odd number, or more behind', () => {
    const why = (text: string) => readJsonLines(text).fault?.why;
    expect([
      why('{"a":1,}'),
      why('{"a":1 // one\n}'),
      why('{"a":01}'),
      why('{"a":1}}'),
      why('"\\x"'),
      why('"\t"'),
    ]).toEqual([
      'a name in quotes is wanted before “}”',
      'a comma or “}” is wanted before “/”',
      'a value is neither a number, true, false nor null',
      '“}” stands behind its end',
      'a backslash in a text is followed by what it cannot be',
      'a tab or another control character stands in a text',
    ]);
  });

  it('takes what JSON.parse takes, and nothing else', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom('', '"', ',', '}', '\n', '\\', '0', 'e'), (text, place, put) => {
        const at = place % (text.length + 1);
        const damaged = text.slice(0, at) + put + text.slice(at + 1);
        for (const each of [text, damaged]) expect(readJsonLines(each).fault === null).toBe(parses(each));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is not brought down by what is nested', () => {
    expect(readJsonLines('['.repeat(100_000)).fault).toEqual({ line: 1, why: 'it is nested too deep' });
  });
});
