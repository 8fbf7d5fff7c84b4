import { describe, expect, it } from 'vitest';
import { failure } from './failure.ts';
import { createMask } from './mask.ts';
import { maskTold, rememberedMask } from './mask-told.ts';

const mask = createMask(['watching', 'hunter2!']);

describe('what is told', () => {
  it('SE3 SE4 is masked in its free text, and keeps its kinds and codes', () => {
    const told = {
      kind: 'watching',
      verb: 'deploy',
      failure: failure('not-ready', 'It said hunter2!', { detail: 'x --password=1', running: null }),
      steps: [{ name: 'watching', text: 'hunter2! watching', progress: null }],
      atMs: 1,
    };
    expect(maskTold(told, mask)).toEqual({
      kind: 'watching',
      verb: 'deploy',
      failure: failure('not-ready', 'It said •••', { detail: 'x --password=•••', running: null }),
      steps: [{ name: 'watching', text: '••• •••', progress: null }],
      atMs: 1,
    });
  });

  it('is the same object where nothing is to be hidden', () => {
    const told = { kind: 'x', findings: [{ title: 'A', text: 'b' }], none: null, list: ['hunter2!'] };
    expect(maskTold(told, mask)).toBe(told);
  });

  it('is asked of a mask once a text', () => {
    const asked: string[] = [];
    const remembered = rememberedMask((text) => {
      asked.push(text);
      return `<${text}>`;
    });
    expect([remembered('a'), remembered('a'), remembered('b')]).toEqual(['<a>', '<a>', '<b>']);
    expect(asked).toEqual(['a', 'b']);
  });
});
