import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { job, step } from '../testkit/engine/facts.ts';
import { endingOfJob } from './ending.ts';
import { failure } from './failure.ts';
import type { Job } from './job.ts';
import { explainOutcome, explainStep, stepNow } from './job-words.ts';

describe('a job in words', () => {
  it.each(['gate', 'check', 'start', 'edit'])('TO1 says refused by how it ended, in the step %s', (name) => {
    const ended = job({ steps: [step(name, { state: 'failed' })], failure: failure('lock-held', 'Held.') });
    expect([
      explainOutcome({ ...ended, state: 'refused' }),
      explainOutcome({ ...ended, state: 'aborted' }),
      endingOfJob({ ...ended, state: 'refused' }),
      endingOfJob({ ...ended, state: 'aborted' }),
      endingOfJob({ ...ended, state: 'completed' }),
    ]).toEqual(['refused, nothing changed', 'failed, undone', 'refused', 'failed', null]);
  });

  it.each<[Partial<Job>, string]>([
    [{}, 'running'],
    [{ state: 'completed' }, 'completed'],
    [{ state: 'rolled-back' }, 'went back'],
    [{ state: 'refused' }, 'refused, nothing changed'],
    [{ state: 'aborted' }, 'failed, undone'],
    [{ state: 'aborted', failure: failure('cancelled', 'Asked to.') }, 'stopped, undone'],
    [{ verb: 'mend', state: 'aborted' }, 'failed, what was put back stays'],
    [
      { verb: 'deploy', state: 'aborted', failure: failure('not-ready', '1 of 2 checks.') },
      'failed, next did not get ready',
    ],
    [{ state: 'indeterminate' }, 'not known yet'],
    [{ recovered: true }, 'being ended after its process died'],
    [{ recovered: true, state: 'completed' }, 'finished after its process died'],
    [{ recovered: true, state: 'rolled-back' }, 'went back after its process died'],
    [{ recovered: true, state: 'aborted' }, 'undone after its process died'],
  ])('%j', (more, words) => {
    expect(explainOutcome(job(more))).toBe(words);
  });

  it('has words for every step of every script, and leaves a name it does not know as it is', () => {
    const folder = new URL('../../resources/server/', import.meta.url);
    const steps = readdirSync(folder)
      .filter((name) => name.endsWith('.sh'))
      .flatMap(
        (name) => /^start_job ([\w,]+)$/m.exec(readFileSync(new URL(name, folder), 'utf8'))?.[1]?.split(',') ?? [],
      );
    expect(steps.length).toBeGreaterThan(20);
    expect([...steps, 'watch'].filter((name) => explainStep(name) === name)).toEqual([]);
    expect(explainStep('ready')).toBe('checking');
    expect(explainStep('constructor')).toBe('constructor');
  });

  it('is in the step that runs, else in the last one that did, else in none', () => {
    const [gate, move, drain] = [step('gate', { state: 'done' }), step('move', { state: 'running' }), step('drain')];
    expect(stepNow(job({ steps: [gate, move, drain] }))).toEqual({ step: move, number: 2, of: 3 });
    expect(stepNow(job({ steps: [gate, step('move'), drain] }))).toEqual({ step: gate, number: 1, of: 3 });
    expect(stepNow(job())).toBeNull();
  });
});
