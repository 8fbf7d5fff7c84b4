import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainData, plainLine, plainText } from './plain-text.ts';

const odd = fc.constantFrom(
  '\u001b[31m',
  '\u0007',
  '\u009b2J',
  '\u0090',
  '\u007f',
  '\u202e',
  '\u2066',
  '\u2069',
  '\u200e',
  '\u200f',
  '\u061c',
  '\u200b',
  '\u200d',
  '\u2028',
  '\u2029',
  '\u0085',
  '\ufeff',
  '\u2060',
  '\u{e0041}',
  '\u{e0001}',
  '\ufe01',
  '\n',
  '\r',
  '\r\n',
  '\t',
  '\v',
  '\f',
  '🚂',
  'é',
  'a',
  ' ',
  '\ud800',
);
const text = fc.array(fc.oneof(odd, fc.string({ unit: 'binary', maxLength: 3 }))).map((parts) => parts.join(''));
const acted =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

describe('text from a server', () => {
  it('SE6 holds nothing that a terminal acts on, and nothing that is not seen', () => {
    fc.assert(
      fc.property(text, (each) => {
        expect(plainText(each)).not.toMatch(acted);
        expect(plainLine(each)).not.toMatch(acted);
        expect(plainLine(each)).not.toMatch(/[\n\t]/);
        expect(plainText(plainText(each))).toBe(plainText(each));
      }),
    );
  });

  it('SE6 keeps what people write', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'abc XYZ-._/:äß€漢字🚂\n\t') }), (each) => {
        expect(plainText(each)).toBe(each);
      }),
    );
  });

  it('SE6 is taken out of every text and key of a document, which stays the same otherwise', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const document = JSON.stringify(plainData(value));
        expect(document).not.toMatch(acted);
        // By their text: a key may be called __proto__, which comparing takes for more than a key.
        expect(JSON.stringify(JSON.parse(document))).toBe(document);
      }),
    );
    expect(plainData({ a: ['x\u009b', { 'k\u202e': null }], n: 1, b: true })).toEqual({
      a: ['x', { k: null }],
      n: 1,
      b: true,
    });
  });
});
