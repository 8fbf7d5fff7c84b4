import { describe, expect, test } from 'vitest';
import type { HostView } from '../../contract/views.ts';
import { freshLadder } from '../../core/connection.ts';
import { failure } from '../../core/failure.ts';
import type { Health } from '../../core/health.ts';
import { hostView, runningJob, serviceView, troubleOf } from '../../testkit/session/views.ts';
import {
  awayAfterMs,
  confirmLeftMs,
  decideNotices,
  freshMemory,
  goodLookGapMs,
  type Memory,
  type Notice,
  quietAfterJobMs,
  troubleAfterMs,
} from './decide.ts';

/** Shows one host over time; every look returns what was announced. */
function watcher() {
  let memory: Memory = freshMemory;
  return (atMs: number, view: HostView): { notices: Notice[]; againMs: number | null } => {
    const decision = decideNotices(memory, view, atMs);
    memory = decision.memory;
    return { notices: decision.notices, againMs: decision.againMs };
  };
}

const quiet = { notices: [], againMs: null };
const frontend = (health: Health) => hostView([serviceView('frontend', { health })]);
const good = frontend('healthy');
const ill = frontend('unhealthy');
const away = hostView([serviceView('frontend')], {
  connection: { kind: 'away', sinceMs: 0, retryAtMs: 0, failure: failure('host-unreachable', 'home does not answer.') },
});

describe('a service', () => {
  test('that is well is nothing to talk about', () => {
    const look = watcher();
    expect([look(0, good), look(60_000, good)]).toEqual([quiet, quiet]);
  });

  test('whose health check fails is announced once', () => {
    const look = watcher();
    look(0, good);
    expect(look(1_000, ill).notices).toEqual([
      {
        kind: 'failing',
        host: 'h1',
        service: 'shop/frontend',
        title: 'frontend on home is failing',
        body: 'Its health check fails.',
      },
    ]);
    expect([look(2_000, ill), look(600_000, ill)]).toEqual([quiet, quiet]);
  });

  test('that can go back says so', () => {
    const look = watcher();
    look(0, good);
    const warm = hostView([serviceView('frontend', { health: 'unhealthy', canFlipBack: true })]);
    expect(look(1_000, warm).notices[0]?.body).toContain('you can flip back');
  });

  test('that was ill before we looked is shown, not announced, nor is its recovery', () => {
    const look = watcher();
    expect([look(0, ill), look(60_000, ill), look(90_000, good), look(120_000, good)]).toEqual([
      quiet,
      quiet,
      quiet,
      quiet,
    ]);
  });

  test('that passes through exited in a restart by hand is not announced', () => {
    const look = watcher();
    look(0, good);
    expect(look(1_000, frontend('exited'))).toEqual({ notices: [], againMs: troubleAfterMs });
    expect(look(4_000, frontend('starting'))).toEqual(quiet);
    expect(look(9_000, good)).toEqual(quiet);
    expect(look(60_000, good)).toEqual(quiet);
  });

  test('that stays stopped is announced when that lasted', () => {
    const look = watcher();
    look(0, good);
    look(1_000, frontend('exited'));
    expect(look(1_000 + troubleAfterMs, frontend('exited')).notices).toMatchObject([{ body: 'It stopped.' }]);
  });

  test('that only ever ran to its end, like a migration, is not announced', () => {
    const look = watcher();
    look(0, hostView([]));
    look(1_000, frontend('starting'));
    expect(look(2_000, frontend('exited'))).toEqual(quiet);
  });

  test('has recovered after two good looks, and not after one', () => {
    const look = watcher();
    look(0, good);
    look(1_000, ill);
    expect(look(2_000, good)).toEqual({ notices: [], againMs: goodLookGapMs });
    expect(look(3_000, ill)).toEqual(quiet);
    expect(look(4_000, good)).toEqual({ notices: [], againMs: goodLookGapMs });
    expect(look(4_000 + goodLookGapMs, good).notices).toMatchObject([
      { kind: 'recovered', title: 'frontend on home has recovered' },
    ]);
    expect(look(600_000, good)).toEqual(quiet);
  });
});

describe('one cause', () => {
  const services = (health: Health) => [
    serviceView('db', { health, blastRadius: ['shop/backend', 'shop/frontend'] }),
    serviceView('backend', { health, blastRadius: ['shop/frontend'] }),
    serviceView('frontend', { health }),
  ];

  test('that takes others with it is one notice, of the cause', () => {
    const look = watcher();
    look(0, hostView(services('healthy')));
    expect(look(1_000, hostView(services('unhealthy'))).notices).toMatchObject([
      { kind: 'failing', service: 'shop/db' },
    ]);
  });

  test('that takes others with it later stays one notice', () => {
    const look = watcher();
    const [db, backend, front] = services('healthy');
    if (!db || !backend || !front) throw new Error('three');
    look(0, hostView([db, backend, front]));
    look(1_000, hostView([{ ...db, health: 'unhealthy' }, backend, front]));
    expect(look(9_000, hostView(services('unhealthy')))).toEqual(quiet);
  });

  test('two that need each other are announced as one of them', () => {
    const look = watcher();
    const pair = (health: Health) =>
      hostView([
        serviceView('a', { health, blastRadius: ['shop/b'] }),
        serviceView('b', { health, blastRadius: ['shop/a'] }),
      ]);
    look(0, pair('healthy'));
    expect(look(1_000, pair('unhealthy')).notices).toMatchObject([{ service: 'shop/a' }]);
  });

  test('several at once that do not depend on each other are one notice for the host', () => {
    const look = watcher();
    const pair = (health: Health) => hostView([serviceView('a', { health }), serviceView('b', { health })]);
    look(0, pair('healthy'));
    expect(look(1_000, pair('unhealthy')).notices).toEqual([
      { kind: 'failing', host: 'h1', service: null, title: '2 services on home are failing', body: 'a, b.' },
    ]);
  });
});

describe('UI6 what is down', () => {
  const down = hostView([serviceView('frontend', { health: 'exited', troubles: [troubleOf()] })]);

  test('is told once, in the words of the headline, and leads to the service', () => {
    const look = watcher();
    look(0, good);
    expect(look(1_000, down)).toEqual({ notices: [], againMs: troubleAfterMs });
    expect(look(1_000 + troubleAfterMs, down).notices).toEqual([
      {
        kind: 'failing',
        host: 'h1',
        service: 'shop/frontend',
        title: 'home: The entry point of frontend is gone',
        body: 'Its container was removed. Release 1 runs on in blue, and nobody reaches it. One click puts it back.',
      },
    ]);
    expect([look(30_000, down), look(600_000, down)]).toEqual([quiet, quiet]);
  });

  test('has recovered when it is well again, told once', () => {
    const look = watcher();
    look(0, good);
    look(1_000, down);
    look(1_000 + troubleAfterMs, down);
    expect(look(50_000, good)).toEqual({ notices: [], againMs: goodLookGapMs });
    expect(look(50_000 + goodLookGapMs, good).notices).toEqual([
      {
        kind: 'recovered',
        host: 'h1',
        service: 'shop/frontend',
        title: 'frontend on home has recovered',
        body: 'It answers again.',
      },
    ]);
  });

  test('is quiet while it is being put back', () => {
    const look = watcher();
    look(0, good);
    look(1_000, down);
    const mending = { ...down, jobs: [runningJob({ verb: 'mend' })] };
    expect(look(9_000, mending).notices).toEqual([]);
    expect(look(9_000 + quietAfterJobMs - 1, down).notices).toEqual([]);
    expect(look(9_000 + quietAfterJobMs, good)).toEqual(quiet);
  });

  test('a stack that is down is one notice and one recovery, not one for each service', () => {
    const cause = { cause: 'stack-down', title: 'shop is down: all 2 services are gone' } as const;
    const stack = hostView([
      serviceView('backend', { health: 'exited', troubles: [troubleOf({ ...cause, mend: null })] }),
      serviceView('frontend', { health: 'exited', troubles: [troubleOf(cause)] }),
    ]);
    const well = hostView([serviceView('backend'), serviceView('frontend')]);
    const look = watcher();
    look(0, well);
    look(1_000, stack);
    expect(look(1_000 + troubleAfterMs, stack).notices).toMatchObject([
      { service: 'shop/frontend', title: 'home: shop is down, with frontend and backend' },
    ]);
    expect(look(30_000, stack)).toEqual(quiet);
    look(50_000, well);
    expect(look(50_000 + goodLookGapMs, well).notices).toMatchObject([{ title: 'frontend on home has recovered' }]);
  });

  test('what is wrong or at risk interrupts nobody', () => {
    const look = watcher();
    look(0, good);
    const wrong = hostView([
      serviceView('frontend', { troubles: [troubleOf({ level: 'wrong', cause: 'override-gone' })] }),
    ]);
    expect([look(1_000, wrong), look(60_000, wrong)]).toEqual([quiet, quiet]);
  });

  test('Docker that does not answer is one cause, told once, and so is that it answers again', () => {
    const { map } = down;
    if (map === null) throw new Error('no map');
    const stopped = { ...down, map: { ...map, dockerAwaySinceMs: 1_000 } };
    const look = watcher();
    look(0, good);
    expect(look(1_000, stopped)).toEqual({ notices: [], againMs: troubleAfterMs });
    expect(look(1_000 + troubleAfterMs, stopped).notices).toMatchObject([
      { kind: 'failing', service: null, title: 'Docker does not answer on home' },
    ]);
    expect(look(30_000, stopped)).toEqual(quiet);
    look(50_000, good);
    expect(look(50_000 + goodLookGapMs, good).notices).toMatchObject([{ title: 'Docker answers again on home' }]);
  });
});

describe('one’s own work', () => {
  const during = (health: Health) => hostView([serviceView('frontend', { health })], { jobs: [runningJob()] });

  test('is quiet while it runs and while the containers settle', () => {
    const look = watcher();
    look(0, good);
    expect(look(1_000, during('exited')).notices).toEqual([]);
    expect(look(60_000, during('unhealthy'))).toEqual({ notices: [], againMs: quietAfterJobMs });
    expect(look(60_000 + quietAfterJobMs - 1, ill).notices).toEqual([]);
    expect(look(60_000 + quietAfterJobMs, good)).toEqual(quiet);
  });

  test('that leaves the service ill is announced after that', () => {
    const look = watcher();
    look(0, good);
    look(1_000, during('unhealthy'));
    expect(look(1_000 + quietAfterJobMs, ill).notices).toMatchObject([{ kind: 'failing' }]);
  });

  test('does not silence the neighbours', () => {
    const look = watcher();
    const pair = (health: Health) =>
      hostView([serviceView('frontend', { health: 'exited' }), serviceView('backend', { health })], {
        jobs: [runningJob()],
      });
    look(0, pair('healthy'));
    expect(look(1_000, pair('unhealthy')).notices).toMatchObject([{ service: 'shop/backend' }]);
  });
});

describe('traffic that went back by itself', () => {
  const wentBack = (atMs: number, jobs = [runningJob()]) =>
    hostView(
      [
        serviceView('frontend', {
          health: 'unhealthy',
          switch: { kind: 'went-back', atMs, reason: '10 errors in a row' },
        }),
      ],
      { jobs },
    );

  test('is announced even while the job runs, and once', () => {
    const look = watcher();
    look(0, good);
    expect(look(1_000, wentBack(900)).notices).toEqual([
      {
        kind: 'went-back',
        host: 'h1',
        service: 'shop/frontend',
        title: 'frontend on home went back by itself',
        body: '10 errors in a row. The release before has the traffic.',
      },
    ]);
    expect(look(2_000, wentBack(900)).notices).toEqual([]);
  });

  test('a second time is announced again', () => {
    const look = watcher();
    look(0, good);
    look(1_000, wentBack(900));
    expect(look(90_000, wentBack(80_000)).notices).toMatchObject([{ kind: 'went-back' }]);
  });

  test('before we looked is shown on the card only', () => {
    const look = watcher();
    expect(look(0, wentBack(-5_000)).notices).toEqual([]);
    expect(look(1_000, wentBack(-5_000)).notices).toEqual([]);
  });
});

describe('a flip that waits to be confirmed', () => {
  const armed = (untilMs: number, mustConfirm = true) =>
    hostView([
      serviceView('frontend', {
        switch: { kind: 'watching', untilMs, mustConfirm, from: 'blue', to: 'green', errors: 0, requests: 0 },
      }),
    ]);

  test('is announced when a minute is left, once, however its end is off by the clocks', () => {
    const look = watcher();
    expect(look(0, armed(600_000))).toEqual({ notices: [], againMs: 600_000 - confirmLeftMs });
    expect(look(540_000, armed(600_000)).notices).toEqual([
      {
        kind: 'unconfirmed',
        host: 'h1',
        service: 'shop/frontend',
        title: 'frontend on home waits to be confirmed',
        body: 'Keep the flip within a minute, or the traffic goes back to the release before.',
      },
    ]);
    expect([look(541_000, armed(600_900)), look(590_000, armed(599_200)), look(601_000, armed(600_000))]).toEqual([
      quiet,
      quiet,
      quiet,
    ]);
    expect(look(700_000, armed(720_000)).notices).toMatchObject([{ kind: 'unconfirmed' }]);
  });

  test('is announced although nothing was seen before, and not once it was kept', () => {
    expect(watcher()(0, armed(30_000)).notices).toMatchObject([{ kind: 'unconfirmed' }]);
    expect(watcher()(0, armed(30_000, false))).toEqual(quiet);
  });
});

describe('a host', () => {
  test('that blinks is not announced', () => {
    const look = watcher();
    look(0, good);
    expect(look(1_000, away)).toEqual({ notices: [], againMs: awayAfterMs });
    expect([look(5_000, good), look(60_000, good)]).toEqual([quiet, quiet]);
  });

  test('that stays away is announced once, and its services not at all', () => {
    const look = watcher();
    look(0, good);
    look(1_000, away);
    expect(look(1_000 + awayAfterMs, away)).toEqual({
      notices: [{ kind: 'away', host: 'h1', service: null, title: 'home is away', body: 'home does not answer.' }],
      againMs: null,
    });
    expect(look(600_000, away)).toEqual(quiet);
  });

  test('is back after two good looks', () => {
    const look = watcher();
    look(0, good);
    look(1_000, away);
    look(1_000 + awayAfterMs, away);
    expect(look(50_000, good)).toEqual({ notices: [], againMs: goodLookGapMs });
    expect(look(50_000 + goodLookGapMs, good).notices).toMatchObject([{ kind: 'back', title: 'home is back' }]);
  });

  test('that was never reached is the window’s business', () => {
    const look = watcher();
    expect([look(0, away), look(600_000, away)]).toEqual([quiet, quiet]);
  });

  test('being tried again is neither away nor back', () => {
    const look = watcher();
    look(0, good);
    look(1_000, away);
    look(20_000, hostView([], { connection: { kind: 'connecting', ladder: freshLadder() } }));
    expect(look(1_000 + awayAfterMs, away).notices).toMatchObject([{ kind: 'away' }]);
  });

  test('that the operator disconnected is forgotten', () => {
    const look = watcher();
    look(0, good);
    look(1_000, hostView([], { connection: { kind: 'idle' } }));
    expect([look(2_000, ill), look(60_000, ill)]).toEqual([quiet, quiet]);
  });
});
