import { describe, expect, it } from 'vitest';
import { job } from '../testkit/engine/facts.ts';
import type { Verb, VerbOptions } from './job.ts';
import { blockerOf, mayWait, wantsStack } from './waiting.ts';

const blocks = (
  running: { verb: Verb; service: string; stack?: string; edits?: boolean },
  verb: Verb,
  service: string,
  options: VerbOptions = {},
): boolean => {
  const { edits = false, ...more } = running;
  const other = job({ id: 'other', ...more });
  const wanting = { stack: 'shop', service, wantsStack: wantsStack(verb, options) };
  return blockerOf(wanting, [other], new Set(edits ? ['other'] : [])) === other;
};

describe('TO6 which job waits for which', () => {
  it('those of one service do, whatever they are', () => {
    for (const verb of ['adopt', 'deploy', 'flip', 'confirm', 'retire', 'eject'] as const)
      expect(blocks({ verb: 'flip', service: 'web' }, verb, 'web'), verb).toBe(true);
  });

  it('those that edit the stack’s files do, of whatever service, and no others', () => {
    const image = { image: 'shop/web:2' };
    expect([
      blocks({ verb: 'adopt', service: 'api' }, 'adopt', 'web'),
      blocks({ verb: 'adopt', service: 'api' }, 'eject', 'web'),
      blocks({ verb: 'adopt', service: 'api' }, 'deploy', 'web', image),
      blocks({ verb: 'deploy', service: 'api', edits: true }, 'adopt', 'web'),
      blocks({ verb: 'deploy', service: 'api', edits: true }, 'deploy', 'web', image),
    ]).toEqual([true, true, true, true, true]);
    expect([
      blocks({ verb: 'adopt', service: 'api' }, 'deploy', 'web'),
      blocks({ verb: 'adopt', service: 'api' }, 'flip', 'web'),
      blocks({ verb: 'deploy', service: 'api' }, 'adopt', 'web'),
      blocks({ verb: 'adopt', service: 'api', stack: 'blog' }, 'adopt', 'web'),
      blocks({ verb: 'flip', service: 'web', stack: 'blog' }, 'flip', 'web'),
    ]).toEqual([false, false, false, false, false]);
  });

  it('nobody waits for what has ended or only waits itself', () => {
    const wanting = { stack: 'shop', service: 'frontend', wantsStack: false };
    const states = ['waiting', 'completed', 'refused', 'aborted', 'rolled-back', 'indeterminate'] as const;
    expect(states.map((state) => blockerOf(wanting, [job({ state })], new Set()))).toEqual(states.map(() => null));
  });

  it('going back waits for nobody, nor does who said so', () => {
    expect([mayWait('rollback', {}), mayWait('flip', { noWait: true }), mayWait('flip', {})]).toEqual([
      false,
      false,
      true,
    ]);
  });
});
