import { describe, expect, it } from 'vitest';
import { foldDeath, foldEnd, foldFeed, parseFeedLine } from './feed.ts';
import type { Job } from './job.ts';

const fold = (lines: string[]): ReadonlyMap<string, Job> =>
  lines.reduce<ReadonlyMap<string, Job>>((jobs, text) => {
    const line = parseFeedLine(text);
    return line === null ? jobs : foldFeed(jobs, line);
  }, new Map());

const begin = `{"job":"j1","at":1000,"kind":"job","verb":"deploy","stack":"shop","service":"frontend","by":"ada@laptop","steps":"gate,pull"}`;

describe('a feed, folded', () => {
  it('JN3 tells a job from its first line to its end', () => {
    const jobs = fold([
      begin,
      `{"job":"j1","at":1010,"kind":"begin","step":"gate"}`,
      `{"job":"j1","at":1030,"kind":"done","step":"gate"}`,
      `{"job":"j1","at":1040,"kind":"begin","step":"pull"}`,
      `{"job":"j1","at":1050,"kind":"text","step":"pull","text":"asking <script>"}`,
      `{"job":"j1","at":1060,"kind":"progress","step":"pull","done":5,"total":null,"unit":"layers"}`,
      `{"job":"j1","at":1070,"kind":"figure","name":"deployMs","value":42}`,
      `{"job":"j1","at":1090,"kind":"fail","step":"pull"}`,
      `{"job":"j1","at":1100,"kind":"end","outcome":"aborted","code":"image-missing","message":"Gone.","running":"blue keeps the traffic.","detail":""}`,
    ]);
    expect(jobs.get('j1')).toEqual({
      id: 'j1',
      verb: 'deploy',
      stack: 'shop',
      service: 'frontend',
      by: 'ada@laptop',
      startedAt: 1000,
      endedAt: 1100,
      steps: [
        { name: 'gate', state: 'done', text: null, progress: null, ms: 20 },
        {
          name: 'pull',
          state: 'failed',
          text: 'asking <script>',
          progress: { done: 5, total: null, unit: 'layers' },
          ms: 50,
        },
      ],
      state: 'aborted',
      failure: {
        code: 'image-missing',
        message: 'Gone.',
        running: 'blue keeps the traffic.',
        detail: null,
        transient: false,
      },
      figures: { gateBeganAt: 1010, pullBeganAt: 1040, deployMs: 42 },
      recovered: false,
    } satisfies Job);
  });

  it.each([
    '',
    'Pulling fs layer',
    '{"job":"j1","at":1',
    '[]',
    '{"kind":"done"}',
    '{"job":"j1","at":1,"kind":"later"}',
    '{"job":"j1","at":1,"kind":"end","outcome":"great","code":"","message":"","running":"","detail":""}',
    '{"job":7,"at":1,"kind":"settled"}',
  ])('JN3 skips %j', (text) => {
    expect(parseFeedLine(text)).toBeNull();
  });

  it('TO1 a job that was refused before its first step has no step that failed', () => {
    const adopt = begin.replace('gate,pull', 'check,start').replace('deploy', 'adopt');
    const jobs = fold([
      adopt,
      `{"job":"j1","at":1010,"kind":"fail","step":"start"}`,
      `{"job":"j1","at":1020,"kind":"end","outcome":"refused","code":"lock-held","message":"Held.","running":"","detail":""}`,
    ]);
    expect(jobs.get('j1')?.steps.map(({ state }) => state)).toEqual(['waiting', 'waiting']);
  });

  it('JN3 ignores lines of a job whose beginning is gone', () => {
    expect(fold([`{"job":"old","at":1,"kind":"begin","step":"gate"}`])).toEqual(new Map());
  });

  it('a code nobody knows is a bug of ours, not a crash', () => {
    const end = `{"job":"j1","at":5,"kind":"end","outcome":"refused","code":"constructor","message":"?","running":"","detail":"x"}`;
    expect(fold([begin, end]).get('j1')?.failure).toEqual({
      code: 'bug',
      message: '?',
      running: null,
      detail: 'x',
      transient: false,
    });
  });

  it('JN3 a job that somebody else took to its end says so, read once or twice', () => {
    const recovery = [
      `{"job":"j1","at":50,"kind":"recovered","by":"bob@desk"}`,
      `{"job":"j1","at":60,"kind":"end","outcome":"aborted","code":"job-died","message":"Undone.","running":"","detail":""}`,
    ];
    const died = foldDeath(fold([begin]).get('j1') as Job, 40);
    const [recovered, end] = recovery.map(
      (text) => parseFeedLine(text) as NonNullable<ReturnType<typeof parseFeedLine>>,
    );
    if (recovered === undefined || end === undefined) throw new Error('the lines do not parse');
    const ended = foldFeed(foldFeed(new Map([['j1', died]]), recovered), end);
    expect(foldFeed(new Map([['j1', died]]), recovered).get('j1')).toMatchObject({
      recovered: true,
      state: 'running',
      endedAt: null,
      failure: null,
    });
    expect(ended.get('j1')).toMatchObject({ recovered: true, state: 'aborted', endedAt: 60 });
    expect(fold([begin, ...recovery])).toEqual(ended);
    expect(fold([begin, ...recovery, begin, ...recovery])).toEqual(ended);
    expect(foldFeed(ended, recovered)).toEqual(ended);
  });

  it('a completed job has no failure', () => {
    const end = `{"job":"j1","at":5,"kind":"end","outcome":"completed","code":"","message":"Ready.","running":"","detail":""}`;
    expect(fold([begin, end]).get('j1')).toMatchObject({ state: 'completed', failure: null, endedAt: 5 });
  });

  it('a job whose process is gone is indeterminate, and one that ended stays as it ended', () => {
    const running = fold([begin, `{"job":"j1","at":1010,"kind":"begin","step":"gate"}`]).get('j1') as Job;
    const dead = foldDeath(running, 9_000);
    expect(dead).toMatchObject({ state: 'indeterminate', endedAt: 9_000, failure: { code: 'job-died' } });
    expect(dead.failure?.message).toContain('ended while looking first without a word');
    expect(foldDeath(dead, 10_000)).toBe(dead);
  });

  it('JN12 a job whose last line was lost is told by how it ended; one that told more stays as it is', () => {
    const running = fold([begin, `{"job":"j1","at":1010,"kind":"begin","step":"gate"}`]).get('j1') as Job;
    expect(foldEnd(running, 'completed', 9_000)).toMatchObject({ state: 'completed', failure: null, endedAt: 9_000 });
    const aborted = foldEnd(running, 'aborted', 9_000);
    expect(aborted).toMatchObject({ state: 'aborted', failure: { code: 'job-died' } });
    expect(aborted.steps.some(({ state }) => state === 'running')).toBe(false);
    expect(foldEnd(aborted, 'completed', 10_000)).toBe(aborted);
  });
});
