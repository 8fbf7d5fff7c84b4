import { describe, expect, it } from 'vitest';
import { explainInterleaving, explainUnfinished, type JournalRecord, parseRecords } from './journal.ts';

const record = (seq: number, job: string, epoch: number, step: string, phase: string): JournalRecord => ({
  ...{ seq, job, epoch, step, phase },
  service: 'web',
  at: seq,
});

describe('the journal, as the fault suite judges it', () => {
  const whole = [
    record(1, 'a', 1, 'gate', 'begin'),
    record(2, 'a', 1, 'gate', 'done'),
    record(3, 'b', 2, 'gate', 'begin'),
  ];

  it('JN4 takes jobs one after the other, and a job that goes on under a later epoch', () => {
    expect(explainInterleaving(whole)).toEqual([]);
    expect(explainInterleaving([...whole, record(4, 'b', 3, 'gate', 'undone')])).toEqual([]);
  });

  it('JN4 tells two jobs in one epoch', () => {
    expect(explainInterleaving([...whole, record(4, 'a', 2, 'gate', 'done')])).toEqual([
      'epoch 2 of web has records of b and of a',
    ]);
  });

  it('JN4 tells steps of an epoch that was over', () => {
    expect(explainInterleaving([...whole, record(4, 'a', 1, 'move', 'begin')])).toEqual([
      'record 4 (move begin of a) has epoch 1, after one of epoch 2',
    ]);
  });

  it('JN4 leaves the epochs of different services apart', () => {
    expect(explainInterleaving([...whole, { ...record(4, 'c', 1, 'gate', 'begin'), service: 'api' }])).toEqual([]);
  });

  it('JN2 tells what began and has no outcome, and torn records', () => {
    expect(explainUnfinished(whole)).toEqual(['gate of job b began and has no outcome']);
    for (const phase of ['done', 'fail', 'undone'])
      expect(explainUnfinished([...whole, record(4, 'b', 2, 'gate', phase)])).toEqual([]);
    expect(explainUnfinished(parseRecords('{"seq":1,"job":"a","st\n'))).toEqual([
      'torn record: {"seq":1,"job":"a","st',
    ]);
  });
});
