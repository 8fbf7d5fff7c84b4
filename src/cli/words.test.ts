import { describe, expect, it } from 'vitest';
import { remedies } from '../contract/remedies.ts';
import { failure, failureCodes } from '../core/failure.ts';
import type { StackMap, Switch } from '../core/stack-map.ts';
import type { Trouble } from '../core/trouble.ts';
import { job, step } from '../testkit/engine/facts.ts';
import { hostView, serviceView } from '../testkit/session/views.ts';
import {
  explainDiff,
  explainFailure,
  explainFinding,
  explainJob,
  explainJobs,
  explainMap,
  explainReleases,
  explainSwitch,
  stepLine,
} from './words.ts';

describe('words in a terminal', () => {
  it('SE6 hold nothing that a terminal would act on, and no line that the server began', () => {
    const odd = '\u001b]0;title\u0007\u009b2J\u202e\u{e0041}\nposing as a line of ours\u2028';
    const problem = failure('not-ready', `No ${odd}`, { detail: odd, running: odd });
    const said = [
      explainFailure(problem),
      explainJob(job({ service: odd, by: odd })),
      stepLine(job({ service: odd, steps: [step('pull', { state: 'running', text: odd })] })),
      explainJobs(
        [job({ service: odd, by: `${odd}\n`, steps: [step(odd, { state: 'running' })], failure: problem })],
        0,
      ),
      explainDiff([{ field: 'image', key: odd, before: odd, after: null }]),
    ].join('\n');
    expect(said).not.toMatch(/[\u0007\u001b\u009b\u202e\u2028\u{e0041}]/u);
    expect(said).not.toMatch(/^posing/m);
  });

  it('tell a failure with what runs now and what to do, for every code', () => {
    expect(
      explainFailure(
        failure('lock-held', 'Somebody works on it.', { running: 'blue keeps the traffic.', detail: 'since 12:00' }),
      )
        .split('\n')
        .slice(0, 4),
    ).toEqual([
      'Somebody works on it.',
      '  since 12:00',
      'What runs now: blue keeps the traffic.',
      `What to do: ${remedies['lock-held'].advice}`,
    ]);
    for (const code of failureCodes) expect(explainFailure(failure(code, 'x'))).toContain('What to do: ');
  });

  it('tell a job while it runs and when it has ended', () => {
    const progress = { done: 1_500_000, total: 10_250_000, unit: 'bytes' as const };
    expect([
      stepLine(job({ verb: 'deploy', steps: [step('pull', { state: 'running', progress, text: 'asking' })] })),
      stepLine(
        job({ steps: [step('drain', { state: 'running', progress: { done: 3, total: null, unit: 'requests' } })] }),
      ),
      stepLine(job({ state: 'completed' })),
      explainJob(job({ state: 'completed', endedAt: 11_234, figures: { switchMs: 7.4, release: 2, gateBeganAt: 5 } })),
    ]).toEqual([
      'deploy frontend: pulling, 1.5 MB of 10.3 MB  asking',
      'flip frontend: finishing requests, 3 requests',
      'flip frontend: completed',
      'job1  flip shop/frontend by ada@laptop: completed in 1.2 s (switchMs 7)',
    ]);
  });

  it('tell jobs as a table: how each ended, or where it is and for how long', () => {
    const steps = [step('pull', { state: 'done' }), step('ready', { state: 'running' })];
    expect(
      explainJobs(
        [
          job({ id: 'b', verb: 'deploy', startedAt: 5_000, steps }),
          job({
            id: 'a',
            by: 'cron@nas',
            startedAt: 0,
            endedAt: 1_234,
            state: 'refused',
            failure: failure('lock-held', 'Another job holds frontend\nof shop.'),
          }),
        ],
        12_300,
      ).split('\n'),
    ).toEqual([
      'JOB  VERB    SERVICE        BY          STARTED               TOOK   OUTCOME                   REASON',
      'b    deploy  shop/frontend  ada@laptop  1970-01-01T00:00:05Z  7.3 s  running, 2 of 2: ready',
      'a    flip    shop/frontend  cron@nas    1970-01-01T00:00:00Z  1.2 s  refused, nothing changed  Another job holds frontend of shop.',
    ]);
    expect(explainJobs([], 0)).toBe('No job has run here yet.');
  });

  it.each<[Switch, string]>([
    [{ kind: 'not-adopted', adoptable: true, reason: '' }, 'plain compose, can be adopted'],
    [{ kind: 'not-adopted', adoptable: false, reason: 'It does not run.' }, 'plain compose: It does not run.'],
    [{ kind: 'idle', reason: 'Release 1 runs.' }, 'Release 1 runs.'],
    [
      { kind: 'preparing', verb: 'deploy', step: 'ready', text: null, progress: null, holder: null },
      'deploying: checking',
    ],
    [{ kind: 'next-ready', checks: 2, from: 'blue', to: 'green' }, 'next is ready in green (2 checks)'],
    [{ kind: 'not-ready', passed: 1, total: 2, reason: 'HTTP 500' }, 'next is not ready (1 of 2 checks): HTTP 500'],
    [
      { kind: 'flipping', from: 'blue', to: 'green', step: 'move', inFlight: 1, holder: null },
      'flipping to green: moving the traffic',
    ],
    [
      {
        kind: 'flipping',
        from: 'blue',
        to: 'green',
        step: 'move',
        inFlight: 1,
        holder: { by: 'bob@desk', sinceMs: new Date(2026, 10, 22, 21, 4, 11).getTime() },
      },
      `flipping to green: moving the traffic (bob@desk since ${new Date(2026, 10, 22, 21, 4, 11).toLocaleTimeString()})`,
    ],
    [
      { kind: 'watching', untilMs: 0, mustConfirm: true, from: 'blue', to: 'green', errors: 0, requests: 0 },
      `goes back to blue at ${new Date(0).toLocaleTimeString()} unless confirmed`,
    ],
    [
      { kind: 'watching', untilMs: 0, mustConfirm: false, from: 'blue', to: 'green', errors: 0, requests: 0 },
      `watching green until ${new Date(0).toLocaleTimeString()}`,
    ],
    [
      {
        kind: 'failed',
        verb: 'deploy',
        step: null,
        outcome: 'aborted',
        recovered: false,
        failure: failure('cancelled', 'Asked to.'),
      },
      'deploy stopped, undone: Asked to.',
    ],
    [{ kind: 'held', waiting: null, sinceMs: null, reason: null }, 'held: requests wait'],
    [
      { kind: 'held', waiting: null, sinceMs: null, reason: 'live.map cannot be read' },
      'no decision: live.map cannot be read; requests wait',
    ],
    [{ kind: 'settled', atMs: 0, to: 'blue' }, 'settled; can flip back to blue'],
    [{ kind: 'went-back', atMs: 0, reason: 'ten wrong answers' }, 'went back by itself: ten wrong answers'],
    [
      {
        kind: 'failed',
        verb: 'flip',
        step: null,
        outcome: 'aborted',
        recovered: false,
        failure: failure('bug', 'Oh.'),
      },
      'flip failed: Oh.',
    ],
    [
      {
        kind: 'failed',
        verb: 'flip',
        step: 'gate',
        outcome: 'refused',
        recovered: false,
        failure: failure('bug', 'No.'),
      },
      'flip refused, nothing changed: No.',
    ],
    [
      { kind: 'failed', verb: 'flip', step: null, outcome: 'aborted', recovered: true, failure: failure('bug', 'Oh.') },
      'flip undone after its process died: Oh.',
    ],
    [
      {
        kind: 'failed',
        verb: 'flip',
        step: null,
        outcome: 'indeterminate',
        recovered: false,
        failure: failure('bug', '?'),
      },
      'flip not known yet: ?',
    ],
    [{ kind: 'unknown', sinceMs: 0 }, 'unknown: the host is away'],
    [{ kind: 'locked', by: 'bob', verb: 'retire', sinceMs: 0 }, 'locked: bob is retiring'],
    [
      {
        kind: 'failed',
        verb: 'adopt',
        step: 'check',
        outcome: 'refused',
        recovered: false,
        failure: failure('lock-held', 'Held.'),
      },
      'adopt refused, nothing changed: Held.',
    ],
    [
      {
        kind: 'failed',
        verb: 'deploy',
        step: 'gate',
        outcome: 'aborted',
        recovered: false,
        failure: failure('disk-full', 'Full.'),
      },
      'deploy failed: Full.',
    ],
  ])('TO1 tell the switch: %j', (value, said) => {
    expect(explainSwitch(value)).toBe(said);
  });

  it('tell a finding with the option that answers it', () => {
    const finding = { level: 'stop', title: 'Which port?', text: 'Name it.' } as const;
    expect([
      explainFinding(finding),
      ...(['port', 'checkPath', 'shareVolumes', 'again'] as const).map((answer) =>
        explainFinding({ ...finding, answer }),
      ),
    ]).toEqual([
      'stop: Which port?. Name it.',
      'stop: Which port?. Name it. (--port N)',
      'stop: Which port?. Name it. (--check-path /PATH)',
      'stop: Which port?. Name it. (--share-volumes)',
      'stop: Which port?. Name it. (--again)',
    ]);
  });

  it('tell releases one a line, and that there are none', () => {
    expect(explainReleases([])).toBe('No releases yet: the service is plain compose.');
    const line = explainReleases([
      {
        number: 2,
        slot: 'green',
        role: 'old',
        image: 'a:2',
        version: '1.1.0',
        digest: 'sha256:x',
        by: 'ada@laptop',
        createdAtMs: 0,
        deployMs: 4_200,
        liveSinceMs: null,
        liveForMs: 61_000,
        leftAtMs: 62_000,
        outcome: 'left',
        reason: 'HTTP 500',
        pruned: null,
        warm: false,
      },
    ]);
    expect(line).toBe(
      '   2  green old      1.1.0      left       1970-01-01T00:00:00.000Z  ada@laptop  deployed in 4.2 s, live for 61 s, HTTP 500',
    );
  });
});

describe('the map in words', () => {
  const trouble = (more: Partial<Trouble>): Trouble => ({
    level: 'down',
    cause: 'entry-gone',
    title: 'frontend is down: its entry point is gone',
    text: 'There is no container shop-frontend-1 any more.',
    sinceMs: null,
    mend: { kind: 'put-back' },
    orElse: null,
    byHand: null,
    quote: null,
    ...more,
  });
  const mapOf = (more: Partial<StackMap>, ...troubles: Trouble[][]): StackMap => {
    const { map } = hostView(
      troubles.map((each, index) => serviceView(['frontend', 'backend', 'db'][index] ?? 'x', { troubles: each })),
    );
    if (map === null) throw new Error('no map');
    return { ...map, ...more };
  };

  it('DN1 DN8 begins with what is down, the worst first, and the command that mends it', () => {
    const at = new Date(2026, 10, 28, 20, 58).getTime();
    const map = mapOf(
      { asOfMs: at + 60_000 },
      [trouble({ level: 'wrong', title: 'x was changed', mend: null, byHand: 'Do it.' })],
      [
        trouble({
          sinceMs: at,
          mend: { kind: 'go', to: 'green', verb: 'rollback', version: '1.0.0' },
          orElse: { kind: 'start' },
          quote: 'no\u001b[31m such\nfile',
        }),
      ],
    );
    expect(explainMap(map, 'home').split('\n').slice(0, 10)).toEqual([
      'DOWN  shop: frontend is down: its entry point is gone, since 20:58',
      '  There is no container shop-frontend-1 any more.',
      '  It said: no[31m such file',
      '  Go to 1.0.0: switchyard rollback home shop/backend',
      '  or Start it again: switchyard mend home shop/backend',
      'WRONG  shop: x was changed',
      '  There is no container shop-frontend-1 any more.',
      '  By hand: Do it.',
      '',
      'home: Docker 26.1.5, compose 2.30.0',
    ]);
  });

  it('DN5 begins with Docker where it does not answer, and with nothing else where all is well', () => {
    const since = new Date(2026, 10, 28, 20, 58).getTime();
    const away = explainMap(mapOf({ dockerAwaySinceMs: since, asOfMs: since }, []), 'home');
    expect(away.split('\n').slice(0, 3)).toEqual([
      'Docker does not answer on home since 20:58',
      expect.any(String),
      '  Start it on the server: sudo systemctl start docker',
    ]);
    expect(explainMap(mapOf({}, []), 'home')).toMatch(/^home: Docker/);
  });
});
