import { describe, expect, it } from 'vitest';
import { citedRules, definedRules, findGaps } from './rules.ts';

// Written in two pieces, so that this file itself cites nothing.
const call = (name: string, title: string): string => `${name}(${title}, () => {});`;

describe('which rule is proven by a test', () => {
  it('reads the rules of a spec in their order', () => {
    expect(definedRules('# x\n- **FL1** One. (`a.ts`)\n- **EN12** Two, as FL1 says.\ntext **AD3** no rule\n')).toEqual([
      'FL1',
      'EN12',
    ]);
  });

  it('reads the rules that titles begin with', () => {
    const source = [
      call('it', `'FL1 the gate'`),
      call('test', '"EN3, EN5: both"'),
      call('it.each([1])', '`AD2 %s`'),
      call('describe', `'JN1 JN3 feed'`),
      call('it', `'the rule FL9 in passing'`),
      `expect('FL8 x')`,
    ].join('\n');
    expect(citedRules(source)).toEqual(['FL1', 'EN3', 'EN5', 'AD2', 'JN1', 'JN3']);
    expect(citedRules(`it.each<[string]>([\n  ['x'],\n${call('])', "'FL1 by %s'")}`)).toEqual(['FL1']);
  });

  it('names a rule without a test, and a test without a rule', () => {
    const cited = new Map([
      ['a.test.ts', ['FL1', 'FL7', 'FL7']],
      ['b.test.ts', ['FL1']],
    ]);
    expect(findGaps(['FL1', 'FL2'], cited)).toEqual({ uncited: ['FL2'], unknown: [{ id: 'FL7', file: 'a.test.ts' }] });
  });
});
