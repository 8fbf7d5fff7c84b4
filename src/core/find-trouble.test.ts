import { describe, expect, it } from 'vitest';
import { composed, digest, release, serviceRecord, serviceState, slotOf } from '../testkit/engine/facts.ts';
import type { ContainerFact, ContainerHistory, ContainerInspection } from './docker-facts.ts';
import { findTroubles, type ServiceFacts } from './find-trouble.ts';
import type { Trouble } from './trouble.ts';

const entryMount = {
  kind: 'bind',
  name: null,
  source: '/srv/shop/.switchyard/frontend/entry',
  target: '/usr/local/etc/haproxy',
  readOnly: false,
};

const entry = (more: Partial<ContainerFact> = {}): ContainerFact =>
  composed('shop', 'frontend', { image: 'haproxy:3.0', imageId: digest('e'), mounts: [entryMount], ...more });

const ended = (code: number): Partial<ContainerFact> => ({ state: 'exited', status: `Exited (${code}) 3 seconds ago` });

const inspected = (more: Partial<ContainerInspection> = {}): ContainerInspection => ({
  exitCode: 0,
  restarts: 0,
  oomKilled: false,
  startedAtMs: null,
  finishedAtMs: null,
  restartPolicy: 'unless-stopped',
  error: null,
  health: null,
  ...more,
});

const heard = (more: Partial<ContainerHistory>): ContainerHistory => ({
  stopped: false,
  endedAtMs: null,
  removedAtMs: null,
  pausedAtMs: null,
  illSinceMs: null,
  ...more,
});

/** Adopted, 1.1.0 live in green, 1.0.0 warm in blue. */
const state = serviceState({ live: 'green-settled', current: release(2, 'green'), previous: release(1, 'blue') });
const ready = serviceState({ live: 'blue-settled', next: release(2, 'green') });

const facts = (more: Partial<ServiceFacts> = {}): ServiceFacts => {
  const container = entry();
  return {
    state,
    filesGone: false,
    stackHasContainers: true,
    composed: [container],
    named: container,
    slots: { blue: slotOf('blue', '0001'), green: slotOf('green', '0002', { imageId: digest('2') }) },
    imageIds: new Set([digest('1'), digest('2'), digest('e')]),
    networkNames: new Set(['shop_default']),
    composeImage: 'registry.lan/shop/frontend:1.1.0',
    inspections: new Map(),
    histories: new Map(),
    drift: [],
    aheadMs: 0,
    nowMs: 1_000_000,
    ...more,
  };
};

const withEntry = (container: ContainerFact, more: Partial<ServiceFacts> = {}): ServiceFacts =>
  facts({ composed: [container], named: container.name === 'shop-frontend-1' ? container : null, ...more });

const green = (more: Partial<ContainerFact>): ServiceFacts['slots'] => ({
  ...facts().slots,
  green: slotOf('green', '0002', { imageId: digest('2'), ...more }),
});
const alone = { state: serviceState({ live: 'green-settled', current: release(2, 'green') }) };

const short = ({ level, cause, title, mend, orElse }: Trouble) => [
  level,
  cause,
  title,
  mend === null ? null : mend.kind === 'go' ? `${mend.verb} ${mend.to} ${mend.version}` : mend.kind,
  orElse === null ? null : orElse.kind === 'go' ? `${orElse.verb} ${orElse.to} ${orElse.version}` : orElse.kind,
];

it('DN1 nothing is said of what is well', () => {
  expect(findTroubles(facts())).toEqual([]);
  expect(findTroubles(facts({ state: ready }))).toEqual([]);
});

it('DN1 a trouble is told whole', () => {
  expect(
    findTroubles(
      facts({ composed: [], named: null, histories: new Map([['shop-frontend-1', heard({ removedAtMs: 7 })]]) }),
    ),
  ).toEqual([
    {
      level: 'down',
      cause: 'entry-gone',
      title: 'frontend is down: its entry point is gone',
      text: 'There is no container shop-frontend-1 any more. 1.1.0 in green runs. Nothing leads there.',
      sinceMs: 7,
      mend: { kind: 'put-back' },
      orElse: null,
      byHand: null,
      quote: null,
    },
  ]);
});

const bypass = composed('shop', 'frontend', { image: 'registry.lan/shop/frontend:1.1.0', imageId: digest('2') });
const stranger = composed('shop', 'frontend', { image: 'nginx:1', imageId: digest('9'), labels: {} });

describe('DN1 the entry point', () => {
  it.each<[string, ServiceFacts, unknown[]]>([
    [
      'removed',
      facts({ composed: [], named: null }),
      ['down', 'entry-gone', 'frontend is down: its entry point is gone', 'put-back', null],
    ],
    [
      'removed with all of the stack',
      facts({ composed: [], named: null, stackHasContainers: false }),
      ['down', 'stack-down', 'frontend is down: compose has no container of shop any more', 'put-back', null],
    ],
    [
      'stopped, as was heard',
      withEntry(entry(ended(0)), { histories: new Map([['shop-frontend-1', heard({ stopped: true })]]) }),
      ['down', 'entry-stopped', 'frontend is down: its entry point was stopped', 'start', null],
    ],
    [
      'killed',
      withEntry(entry(ended(137))),
      ['down', 'entry-stopped', 'frontend is down: its entry point was killed (exit code 137)', 'put-back', null],
    ],
    [
      'never started',
      withEntry(entry({ state: 'created', status: 'Created' })),
      ['down', 'entry-stopped', 'frontend is down: its entry point was made, and never started', 'put-back', null],
    ],
    [
      'in a crash loop',
      withEntry(entry({ state: 'restarting', status: 'Restarting (1) 3 seconds ago' }), {
        inspections: new Map([['id-of-shop-frontend-1', inspected({ exitCode: 1, restarts: 7 })]]),
      }),
      [
        'down',
        'entry-stopped',
        'frontend is down: its entry point keeps ending with exit code 1, started again 7 times',
        'put-back',
        null,
      ],
    ],
    [
      'paused',
      withEntry(entry({ state: 'paused', status: 'Up 2 hours (Paused)' })),
      ['down', 'entry-paused', 'frontend hangs: its entry point is paused', 'start', null],
    ],
    [
      'renamed',
      withEntry(entry({ name: 'web-of-old' })),
      ['wrong', 'entry-renamed', 'The entry point of frontend has another name: web-of-old', 'put-back', null],
    ],
    [
      'renamed, and its name taken',
      withEntry(entry({ name: 'web-of-old', id: 'e' }), { named: stranger }),
      ['wrong', 'entry-renamed', 'The entry point of frontend has another name: web-of-old', null, null],
    ],
    [
      'replaced by somebody’s container',
      facts({ composed: [], named: stranger }),
      ['down', 'entry-replaced', 'frontend is down: another container is in the place of its entry point', null, null],
    ],
    [
      'replaced by one that says it is compose’s, with our labels and another mount',
      withEntry({
        ...stranger,
        labels: { ...entry().labels, 'dev.switchyard.root': '/srv/shop/.switchyard' },
        mounts: [{ ...entryMount, source: '/tmp/other' }],
      }),
      ['down', 'entry-replaced', 'frontend is down: another container is in the place of its entry point', null, null],
    ],
    [
      'gone past',
      withEntry(bypass),
      ['wrong', 'bypassed', 'The traffic of frontend goes past its entry point', 'put-back', null],
    ],
    [
      'gone past, by plain compose that does not run',
      withEntry({ ...bypass, ...ended(1) }),
      [
        'down',
        'bypassed',
        'frontend is down: plain compose is in the place of its entry point, and does not run',
        'put-back',
        null,
      ],
    ],
  ])('%s', (_, given, said) => {
    expect(findTroubles(given).map(short)).toEqual([said]);
  });
});

describe('DN1 DN8 the release that has the traffic', () => {
  const name = 'shop--frontend--green';
  it.each<[string, ServiceFacts, unknown[]]>([
    [
      'stopped by somebody: started again',
      facts({ slots: green(ended(143)) }),
      ['down', 'live-stopped', 'frontend is down: 1.1.0 in green was stopped', 'start', 'rollback blue 1.0.0'],
    ],
    [
      'stopped by somebody, and it took a KILL',
      facts({ slots: green(ended(137)), histories: new Map([[name, heard({ stopped: true })]]) }),
      ['down', 'live-stopped', 'frontend is down: 1.1.0 in green was stopped', 'start', 'rollback blue 1.0.0'],
    ],
    [
      'killed: the other one takes over',
      facts({ slots: green(ended(137)) }),
      [
        'down',
        'live-stopped',
        'frontend is down: 1.1.0 in green was killed (exit code 137)',
        'rollback blue 1.0.0',
        'start',
      ],
    ],
    [
      'killed, with no other',
      facts({ slots: green(ended(137)), ...alone }),
      ['down', 'live-stopped', 'frontend is down: 1.1.0 in green was killed (exit code 137)', 'start', null],
    ],
    [
      'out of memory',
      facts({
        slots: green(ended(137)),
        inspections: new Map([[`id-of-${name}`, inspected({ exitCode: 137, oomKilled: true })]]),
      }),
      [
        'down',
        'live-stopped',
        'frontend is down: 1.1.0 in green ran out of memory (exit code 137)',
        'rollback blue 1.0.0',
        'start',
      ],
    ],
    [
      'removed',
      facts({ slots: { ...facts().slots, green: null } }),
      [
        'down',
        'live-gone',
        'frontend is down: the container of 1.1.0 in green is gone',
        'rollback blue 1.0.0',
        'put-back',
      ],
    ],
    [
      'removed, with no other',
      facts({ slots: { blue: null, green: null }, ...alone }),
      ['down', 'live-gone', 'frontend is down: the container of 1.1.0 in green is gone', 'put-back', null],
    ],
    [
      'removed, and its image too',
      facts({ slots: { blue: null, green: null }, imageIds: new Set(), ...alone }),
      ['down', 'live-gone', 'frontend is down: the container of 1.1.0 in green is gone', null, null],
    ],
    [
      'paused',
      facts({ slots: green({ state: 'paused', status: 'Up 2 hours (Paused)' }) }),
      ['down', 'live-paused', 'frontend hangs: 1.1.0 in green is paused', 'start', 'rollback blue 1.0.0'],
    ],
    [
      'in a crash loop, between two starts',
      facts({
        slots: green({ state: 'restarting', status: 'Restarting (1) 3 seconds ago' }),
        inspections: new Map([[`id-of-${name}`, inspected({ exitCode: 1, restarts: 12 })]]),
      }),
      [
        'down',
        'live-crashing',
        'frontend is down: 1.1.0 in green keeps ending with exit code 1, started again 12 times',
        'rollback blue 1.0.0',
        null,
      ],
    ],
    [
      'in a crash loop, in a moment in which it runs',
      facts({
        slots: green({ status: 'Up 2 seconds' }),
        inspections: new Map([[`id-of-${name}`, inspected({ exitCode: 3, restarts: 4, startedAtMs: 998_000 })]]),
        ...alone,
      }),
      [
        'down',
        'live-crashing',
        'frontend is down: 1.1.0 in green keeps ending with exit code 3, started again 4 times',
        null,
        null,
      ],
    ],
    [
      'unhealthy',
      facts({ slots: green({ status: 'Up 2 hours (unhealthy)' }) }),
      ['down', 'live-ill', 'frontend is unhealthy: 1.1.0 in green fails its health check', 'rollback blue 1.0.0', null],
    ],
    [
      'killed while a flip is watched',
      facts({ slots: green(ended(137)), state: { ...state, live: 'green-watching', watchUntilMs: 2_000_000 } }),
      [
        'down',
        'live-stopped',
        'frontend is down: 1.1.0 in green was killed (exit code 137)',
        'rollback blue 1.0.0',
        'start',
      ],
    ],
    [
      'killed while a next is ready',
      facts({ state: ready, slots: { ...facts().slots, blue: slotOf('blue', '0001', ended(137)) } }),
      [
        'down',
        'live-stopped',
        'frontend is down: 1.0.0 in blue was killed (exit code 137)',
        'flip green 1.1.0',
        'start',
      ],
    ],
  ])('%s', (_, given, said) => {
    expect(findTroubles(given).map(short)).toEqual([said]);
  });

  it('a crash loop that ended is none', () => {
    const inspections = new Map([[`id-of-${name}`, inspected({ restarts: 4, startedAtMs: 960_000 })]]);
    expect(findTroubles(facts({ inspections }))).toEqual([]);
  });

  it.each([
    ['its container is of another release', slotOf('blue', '0009')],
    ['it is unhealthy', slotOf('blue', '0001', { status: 'Up 2 hours (unhealthy)' })],
    ['it does not run', slotOf('blue', '0001', ended(0))],
    ['it has none', null],
  ])('DN8 the other release is not offered where %s', (_, blue) => {
    const [first] = findTroubles(facts({ slots: { ...green(ended(137)), blue } }));
    expect(first).toMatchObject({ cause: 'live-stopped', mend: { kind: 'start' }, orElse: null });
  });

  it('DN8 nor while the entry point is down: both are put back together', () => {
    const given = facts({ composed: [], named: null, slots: green(ended(137)) });
    expect(findTroubles(given).map(({ cause, mend }) => [cause, mend?.kind])).toEqual([
      ['entry-gone', 'put-back'],
      ['live-stopped', 'start'],
    ]);
  });

  it('says since when, on this machine’s clock, and what its health check said', () => {
    const health = { failingSinceMs: 905_000, lastLine: 'connection refused' };
    expect(
      findTroubles(
        facts({
          aheadMs: 5_000,
          slots: green({ status: 'Up 2 hours (unhealthy)' }),
          inspections: new Map([[`id-of-${name}`, inspected({ health })]]),
        }),
      ),
    ).toMatchObject([{ sinceMs: 900_000, quote: 'connection refused' }]);
    expect(
      findTroubles(
        facts({
          aheadMs: 5_000,
          slots: green(ended(1)),
          inspections: new Map([[`id-of-${name}`, inspected({ exitCode: 1, finishedAtMs: 805_000 })]]),
        }),
      ),
    ).toMatchObject([{ sinceMs: 800_000 }]);
  });

  it('a release behind live.map that nobody understands is not guessed', () => {
    expect(findTroubles(facts({ state: { ...state, live: null } }))).toEqual([]);
  });
});

describe('DN1 networks', () => {
  it('gone', () => {
    expect(findTroubles(facts({ networkNames: new Set() })).map(short)).toEqual([
      ['down', 'network-gone', 'frontend is down: its network shop_default is gone', 'put-back', null],
    ]);
  });

  it('the release cut off', () => {
    expect(findTroubles(facts({ slots: green({ networks: [] }) })).map(short)).toEqual([
      [
        'down',
        'network-gone',
        'frontend is down: shop--frontend--green is cut off from the network shop_default',
        'put-back',
        null,
      ],
    ]);
  });

  it('one of two cut off, where the other one still leads there', () => {
    const networks = [
      { name: 'shop_default', address: '' },
      { name: 'shop_front', address: '' },
    ];
    const record = serviceRecord({ networks: ['shop_default', 'shop_front'] });
    const given = withEntry(entry(), {
      state: { ...state, record },
      slots: green({ networks }),
      networkNames: new Set(['shop_default', 'shop_front']),
    });
    expect(findTroubles(given).map(short)).toEqual([
      ['wrong', 'network-gone', 'shop-frontend-1 of frontend is cut off from the network shop_front', 'put-back', null],
    ]);
  });
});

describe('DN1 DN4 files', () => {
  it.each([
    ['override-block', 'gone', 'override-gone', 'The override lacks our lines for frontend'],
    ['override-block', 'changed', 'override-changed', 'Our lines for frontend in the override were changed'],
    ['entry-config', 'gone', 'entry-config-changed', 'The configuration of the entry point of frontend is gone'],
    ['entry-config', 'changed', 'entry-config-changed', 'The configuration of the entry point of frontend was changed'],
  ] as const)('%s %s', (file, found, cause, title) => {
    const drift = [
      { service: 'frontend', file, found, path: '/srv/shop/it' },
      { service: 'backend', file, found, path: '/srv/shop/other' },
    ];
    expect(findTroubles(facts({ drift })).map(short)).toEqual([['wrong', cause, title, 'put-back', null]]);
    expect(findTroubles(facts({ drift }))[0]?.text).toContain('/srv/shop/it');
  });

  it('gone altogether', () => {
    const drift = [{ service: 'frontend', file: 'entry-config', found: 'gone', path: 'x' }] as const;
    const [first, ...others] = findTroubles(facts({ filesGone: true, drift }));
    expect(others).toEqual([]);
    expect(first).toMatchObject({ level: 'wrong', cause: 'state-gone', mend: { kind: 'put-back' }, byHand: null });
    // A client that never read them goes by the entry point; when that does not run, nobody knows who has the traffic.
    const unread = { ...state, live: null, current: null, previous: null };
    expect(findTroubles(facts({ filesGone: true, state: unread }))[0]).toMatchObject({ mend: { kind: 'put-back' } });
    const down = withEntry(entry(ended(1)), { filesGone: true, state: unread });
    const said = findTroubles(down).find(({ cause }) => cause === 'state-gone');
    expect(said?.mend).toBeNull();
    expect(said?.byHand).toContain('docker compose up -d frontend');
  });
});

describe('DN10 the way back', () => {
  const blue = (container: ContainerFact | null) => ({ slots: { ...facts().slots, blue: container } });
  it.each<[string, ServiceFacts, unknown[]]>([
    [
      'stopped',
      facts(blue(slotOf('blue', '0001', ended(143)))),
      ['at-risk', 'previous-sick', 'frontend has no way back: 1.0.0 in blue was stopped', 'start', null],
    ],
    [
      'unhealthy',
      facts(blue(slotOf('blue', '0001', { status: 'Up 2 hours (unhealthy)' }))),
      ['at-risk', 'previous-sick', 'frontend has no way back: 1.0.0 in blue is unhealthy', null, null],
    ],
    [
      'removed',
      facts(blue(null)),
      [
        'at-risk',
        'previous-sick',
        'frontend has no way back: the container of 1.0.0 in blue is gone',
        'put-back',
        null,
      ],
    ],
    [
      'in whose slot another container is (TR11)',
      facts(blue(slotOf('blue', '0001', { imageId: digest('9') }))),
      ['at-risk', 'previous-sick', 'frontend has no way back: another container is in blue', null, null],
    ],
    [
      'removed, and its image pruned',
      facts({ ...blue(null), imageIds: new Set([digest('2')]) }),
      ['at-risk', 'way-back-gone', 'frontend has no way back: the image of 1.0.0 in blue is gone', null, null],
    ],
  ])('%s', (_, given, said) => {
    expect(findTroubles(given).map(short)).toEqual([said]);
  });

  it('is not missed where there was none: a release that was left because it was ill', () => {
    const left = { ...state, previous: release(1, 'blue', { word: 'not-ready', reason: 'went back by itself' }) };
    expect(findTroubles(facts({ state: left, ...blue(null) }))).toEqual([]);
  });

  it('is not said while nobody is served', () => {
    const given = facts({ composed: [], named: null, ...blue(null) });
    expect(findTroubles(given).map(({ cause }) => cause)).toEqual(['entry-gone']);
  });
});

it('DN1 the worst is said first', () => {
  const drift = [{ service: 'frontend', file: 'override-block', found: 'gone', path: 'x' }] as const;
  const given = facts({ composed: [], named: null, slots: green(ended(1)), drift });
  expect(findTroubles(given).map(({ level, cause }) => [level, cause])).toEqual([
    ['down', 'entry-gone'],
    ['down', 'live-stopped'],
    ['wrong', 'override-gone'],
  ]);
});
