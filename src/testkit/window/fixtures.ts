import type { HostView } from '../../contract/views.ts';
import { freshLadder, type Rung } from '../../core/connection.ts';
import { failure } from '../../core/failure.ts';
import type { Job } from '../../core/job.ts';
import type { AdoptPlan, DiffLine, NextPlan, ReleaseRecord } from '../../core/plan.ts';
import type { Service, SlotState, Stack, StackMap, Traffic } from '../../core/stack-map.ts';
import type { Trouble } from '../../core/trouble.ts';
import { serviceView, troubleOf } from '../session/views.ts';

/** Hosts as a window would be told of them: made up, but each line of it could be true. */

const minute = 60_000;
const day = 86_400_000;

const hex = (seed: string): string => {
  let value = 2166136261;
  for (const character of seed) value = Math.imul(value ^ character.charCodeAt(0), 16777619);
  return Array.from({ length: 8 }, (_, index) => ((value >>> 0) ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0)
    .map((part) => part.toString(16).padStart(8, '0'))
    .join('');
};

export const digestOf = (image: string): string => `sha256:${hex(image)}`;

export function traffic(requestsPerSecond: number, errorsPerSecond = 0): Traffic {
  const history = Array.from({ length: 60 }, (_, index) => ({
    requests: Math.max(
      0,
      Math.round(requestsPerSecond * 5 * (0.7 + 0.3 * Math.sin(index / 5) + 0.25 * Math.sin(index * 1.7))),
    ),
    errors: index > 48 ? Math.round(errorsPerSecond * 5) : 0,
  }));
  return { requestsPerSecond, errorsPerSecond, history };
}

export function slot(
  at: SlotState['slot'],
  role: SlotState['role'],
  release: number,
  image: string,
  more: Partial<SlotState> = {},
): SlotState {
  const version = image.slice(image.lastIndexOf(':') + 1);
  return {
    slot: at,
    role,
    release,
    version,
    digest: digestOf(image),
    image,
    health: 'healthy',
    checks: null,
    ready: true,
    container: {
      id: hex(`${image}${at}`),
      name: `${at}-${release}`,
      health: 'healthy',
      status: 'Up 6 days (healthy)',
      image,
      createdAtMs: Date.now() - 6 * day,
    },
    startedAtMs: Date.now() - 6 * day - 4 * 3_600_000,
    ...more,
  };
}

export function service(stack: string, name: string, image: string, more: Partial<Service> = {}): Service {
  return serviceView(name, {
    id: `${stack}/${name}`,
    stack,
    image,
    version: null,
    digest: digestOf(image),
    createdAtMs: Date.now() - 12 * day,
    health: 'running',
    adopted: false,
    live: null,
    switch: { kind: 'not-adopted', adoptable: true, reason: 'HTTP on port 8000, no state of its own' },
    networks: [`${stack}_default`],
    containers: [
      {
        id: hex(`${stack}${name}`),
        name: `${stack}-${name}-1`,
        health: 'running',
        status: 'Up 12 days',
        image,
        createdAtMs: Date.now() - 12 * day,
      },
    ],
    ...more,
  });
}

export function stack(name: string, services: Service[], more: Partial<Stack> = {}): Stack {
  return {
    name,
    folder: `/srv/${name}`,
    services,
    networks: [{ name: `${name}_default`, stack: name, services: services.map((each) => each.id), internal: false }],
    volumes: [],
    findings: [],
    ...more,
  };
}

const tcp = (hostPort: number, containerPort = hostPort) => ({
  hostIp: '0.0.0.0',
  hostPort,
  containerPort,
  protocol: 'tcp' as const,
});

export function shop(frontend: Partial<Service> = {}): Stack {
  const services = [
    service('shop', 'frontend', 'registry.home.lan/shop/frontend:1.0.0', {
      ports: [tcp(8080, 3000)],
      dependsOn: ['shop/backend'],
      networks: ['shop_web'],
      health: 'healthy',
      findings: [],
      ...frontend,
    }),
    service('shop', 'backend', 'registry.home.lan/shop/backend:1.0.0', {
      dependsOn: ['shop/db'],
      blastRadius: ['shop/frontend'],
      networks: ['shop_web', 'shop_data'],
      health: 'healthy',
    }),
    service('shop', 'db', 'postgres:17.2', {
      tier: 'state',
      blastRadius: ['shop/backend', 'shop/frontend'],
      networks: ['shop_data'],
      health: 'healthy',
      flipKind: 'tcp',
      mounts: [{ kind: 'volume', source: 'shop_pgdata', target: '/var/lib/postgresql/data', readOnly: false }],
      switch: { kind: 'not-adopted', adoptable: false, reason: 'Keeps data that two releases must not open at once.' },
    }),
  ];
  return stack('shop', services, {
    networks: [
      { name: 'shop_web', stack: 'shop', services: ['shop/frontend', 'shop/backend'], internal: false },
      { name: 'shop_data', stack: 'shop', services: ['shop/backend', 'shop/db'], internal: true },
    ],
    volumes: [{ name: 'shop_pgdata', stack: 'shop', services: ['shop/db'] }],
  });
}

const frontendImage = (version: string): string => `registry.home.lan/shop/frontend:${version}`;

export const adoptedIdle = (): Partial<Service> => ({
  adopted: true,
  live: 'blue',
  slots: { blue: slot('blue', 'current', 12, frontendImage('1.4.2')), green: null },
  switch: { kind: 'idle', reason: 'up to date' },
  traffic: traffic(12.4),
  blastRadius: [],
  checks: ['HTTP 200 from /healthz', 'container health'],
});

export const nextReady = (): Partial<Service> => ({
  ...adoptedIdle(),
  slots: {
    blue: slot('blue', 'current', 12, frontendImage('1.4.2')),
    green: slot('green', 'next', 13, frontendImage('1.5.0'), {
      checks: { passed: 4, total: 4 },
      startedAtMs: Date.now() - 2 * minute,
    }),
  },
  switch: { kind: 'next-ready', checks: 4, from: 'blue', to: 'green' },
});

export const watching = (): Partial<Service> => ({
  ...nextReady(),
  live: 'green',
  slots: {
    blue: slot('blue', 'previous', 12, frontendImage('1.4.2')),
    green: slot('green', 'current', 13, frontendImage('1.5.0'), { startedAtMs: Date.now() - minute }),
  },
  switch: {
    kind: 'watching',
    untilMs: Date.now() + 252_000,
    mustConfirm: false,
    from: 'blue',
    to: 'green',
    errors: 0,
    requests: 412,
  },
  canFlipBack: true,
  isWatched: true,
});

export const pullFailed = (): Partial<Service> => ({
  ...adoptedIdle(),
  switch: {
    kind: 'failed',
    verb: 'deploy',
    step: 'pull',
    outcome: 'aborted',
    recovered: false,
    failure: failure('image-missing', 'The image shop/frontend:1.9.0 does not exist in registry.home.lan.', {
      detail: 'manifest for registry.home.lan/shop/frontend:1.9.0 not found: manifest unknown',
      running: 'Release 12 (1.4.2) in blue still has the traffic.',
    }),
  },
});

function traefik(): Stack {
  return stack(
    'edge',
    [
      service('edge', 'traefik', 'traefik:3.3', {
        tier: 'proxy',
        ports: [tcp(80), tcp(443)],
        networks: ['edge_default', 'proxy'],
        health: 'healthy',
        version: '3.3.1',
      }),
      service('edge', 'whoami', 'traefik/whoami:v1.11', { networks: ['edge_default', 'proxy'] }),
    ],
    {
      networks: [
        { name: 'edge_default', stack: 'edge', services: ['edge/traefik', 'edge/whoami'], internal: false },
        { name: 'proxy', stack: null, services: ['edge/traefik', 'edge/whoami', 'media/jellyfin'], internal: false },
      ],
    },
  );
}

function media(): Stack {
  return stack(
    'media',
    [
      service('media', 'jellyfin', 'jellyfin/jellyfin:10.10.3', {
        networks: ['media_default', 'proxy'],
        mounts: [{ kind: 'volume', source: 'media_config', target: '/config', readOnly: false }],
        switch: {
          kind: 'not-adopted',
          adoptable: true,
          reason: 'Keeps data that two releases must not open at once.',
        },
      }),
      service('media', 'sonarr 📺 <script>alert("x")</script>\nnew line', 'lscr.io/linuxserver/sonarr:latest', {
        health: 'unhealthy',
        managedBy: 'Watchtower',
        switch: { kind: 'not-adopted', adoptable: false, reason: 'Watchtower would overwrite it: turn that off first' },
      }),
    ],
    { volumes: [{ name: 'media_config', stack: 'media', services: ['media/jellyfin'] }] },
  );
}

const names = 'app web api worker cache db queue cron auth mail search files'.split(' ');
const stackNames =
  'nextcloud immich paperless gitea vaultwarden home-assistant grafana mealie bookstack forgejo miniflux arr'.split(
    ' ',
  );

/** A hundred services in twelve stacks. */
export function crowd(): Stack[] {
  const sizes = [9, 6, 7, 5, 4, 12, 8, 6, 9, 7, 5, 22];
  return stackNames.map((name, index) => {
    const services = Array.from({ length: sizes[index] ?? 5 }, (_, at) => {
      const own = at < names.length ? (names[at] ?? 'x') : `worker-${at}`;
      return service(name, own, `${name}/${own}:${1 + (at % 4)}.${index}.${at}`, {
        tier: own === 'db' || own === 'cache' ? 'state' : 'service',
        ports: at === 1 ? [tcp(8100 + index)] : [],
        dependsOn:
          own === 'web'
            ? [`${name}/api`]
            : own === 'api' || own === 'worker'
              ? [`${name}/db`].slice(0, (sizes[index] ?? 0) > 5 ? 1 : 0)
              : [],
        health: index === 4 && at === 2 ? 'restarting' : at % 3 === 0 ? 'healthy' : 'running',
        ...(at === 1 && index % 2 === 0
          ? {
              adopted: true,
              live: index % 4 === 0 ? ('blue' as const) : ('green' as const),
              slots: {
                blue: slot('blue', index % 4 === 0 ? 'current' : 'previous', 3, `${name}/web:2.${index}.0`),
                green: slot('green', index % 4 === 0 ? 'idle' : 'current', 4, `${name}/web:2.${index}.1`),
              },
              switch: { kind: 'idle' as const, reason: 'up to date' },
              traffic: traffic(index * 1.3),
            }
          : {}),
      });
    });
    const db = services.find((each) => each.name === 'db');
    return stack(name, services, {
      volumes: db === undefined ? [] : [{ name: `${name}_data`, stack: name, services: [db.id] }],
    });
  });
}

export function mapOf(stacks: Stack[]): StackMap {
  return {
    stacks,
    loose: [],
    asOfMs: Date.now(),
    dockerAwaySinceMs: null,
    engine: { docker: '28.5.1', compose: '2.40.2', os: 'Debian GNU/Linux 13' },
  };
}

const ladderDetails: Record<string, string> = {
  name: 'home is 192.168.1.20, port 22',
  reachable: 'answered in 3 ms',
  'host-key': 'ED25519, in known_hosts',
  login: 'anna, by ssh-agent',
  docker: 'Docker 28.5.1 on Debian GNU/Linux 13',
  compose: '2.40.2',
  rights: 'anna is in the group docker',
};

export const ladderUpTo = (passed: number, last: Rung['state'] = 'running', detail: string | null = null): Rung[] =>
  freshLadder().map((rung, index) => {
    if (index < passed) return { ...rung, state: 'passed', detail: ladderDetails[rung.name] ?? null };
    return index === passed ? { ...rung, state: last, detail } : rung;
  });

export function connected(target: string, stacks: Stack[], jobs: Job[] = []): HostView {
  return {
    id: target,
    target,
    connection: { kind: 'connected', ladder: ladderUpTo(7), sinceMs: Date.now() - 3 * minute },
    map: mapOf(stacks),
    jobs,
  };
}

export const jobs = (): Job[] => [
  {
    id: '20261122-210411-deploy',
    verb: 'deploy',
    stack: 'shop',
    service: 'frontend',
    by: 'anna@laptop',
    startedAt: Date.now() - 40_000,
    endedAt: null,
    state: 'running',
    failure: null,
    figures: { release: 14 },
    recovered: false,
    steps: [
      { name: 'gate', state: 'done', text: 'rollback.sh parses', progress: null, ms: 42 },
      {
        name: 'pull',
        state: 'running',
        text: 'layer 4 of 9',
        progress: { done: 43e6, total: 120e6, unit: 'bytes' },
        ms: 18_400,
      },
      { name: 'start', state: 'waiting', text: null, progress: null, ms: null },
      { name: 'ready', state: 'waiting', text: null, progress: null, ms: null },
    ],
  },
  {
    id: '20261122-203011-flip',
    verb: 'flip',
    stack: 'shop',
    service: 'frontend',
    by: 'anna@laptop',
    startedAt: Date.now() - 34 * minute,
    endedAt: Date.now() - 34 * minute + 6_200,
    state: 'completed',
    failure: null,
    figures: { switchMs: 7, drainMs: 5_400 },
    recovered: false,
    steps: [
      { name: 'gate', state: 'done', text: '4 of 4 checks', progress: null, ms: 310 },
      { name: 'move', state: 'done', text: 'live.map says green; read back', progress: null, ms: 7 },
      { name: 'drain', state: 'done', text: '0 requests left in blue', progress: null, ms: 5_400 },
    ],
  },
  {
    id: '20261121-193011-deploy',
    verb: 'deploy',
    stack: 'shop',
    service: 'frontend',
    by: 'cron@nas',
    startedAt: Date.now() - day - 34 * minute,
    endedAt: Date.now() - day - 33 * minute,
    state: 'aborted',
    failure: failure('not-ready', 'Release 11 of frontend on home did not become ready in 60 s.', {
      detail: 'GET /healthz answered 500 Internal Server Error',
      running: 'Release 10 in blue still has the traffic.',
    }),
    figures: {},
    recovered: false,
    steps: [
      { name: 'pull', state: 'done', text: null, progress: null, ms: 18_400 },
      { name: 'ready', state: 'failed', text: 'GET /healthz answered 500', progress: null, ms: 60_000 },
    ],
  },
];

export const releases = (): ReleaseRecord[] => {
  const record = (number: number, version: string, more: Partial<ReleaseRecord>): ReleaseRecord => ({
    number,
    slot: number % 2 === 0 ? 'blue' : 'green',
    role: 'old',
    image: frontendImage(version),
    version,
    digest: digestOf(frontendImage(version)),
    by: 'anna@laptop',
    createdAtMs: Date.now() - (14 - number) * 4 * day,
    deployMs: 21_400 + number * 700,
    liveSinceMs: Date.now() - (14 - number) * 4 * day,
    liveForMs: 4 * day,
    leftAtMs: Date.now() - (13 - number) * 4 * day,
    outcome: 'left',
    reason: null,
    pruned: null,
    warm: false,
    ...more,
  });
  return [
    record(13, '1.5.0', {
      role: 'next',
      outcome: 'ready',
      liveSinceMs: null,
      liveForMs: null,
      warm: true,
      createdAtMs: Date.now() - 2 * minute,
    }),
    record(12, '1.4.2', { role: 'current', outcome: 'live', liveForMs: 6 * day, warm: true }),
    record(11, '1.4.1', {
      outcome: 'not-ready',
      deployMs: null,
      liveSinceMs: null,
      liveForMs: null,
      by: 'cron@nas',
      reason: 'GET /healthz answered 500 Internal Server Error',
    }),
    record(10, '1.4.0', { role: 'previous', warm: true }),
    record(9, '1.3.0', {
      outcome: 'went-back',
      reason: 'the entry point took green out: 10 wrong answers in a row',
      liveForMs: 42_000,
    }),
    record(8, '1.2.0', {}),
  ];
};

export const diff: DiffLine[] = [
  { field: 'digest', key: '', before: digestOf('a'), after: digestOf('b') },
  { field: 'environment', key: 'CACHE_TTL_SECONDS', before: '60', after: '300' },
  { field: 'environment', key: 'FEATURE_CHECKOUT', before: null, after: 'on' },
  { field: 'other', key: 'stop_grace_period', before: '10s', after: '30s' },
];

export const nextPlan = (image: string): NextPlan => ({
  image,
  composeImage: frontendImage('1.5.0'),
  diff,
  upToDate: false,
  broke: null,
  findings: [],
});

export const adoptPlan: AdoptPlan = {
  adoptable: true,
  flipKind: 'http',
  reasons: ['It listens on 3000 and answered GET / with 200 over HTTP/1.1.', 'It mounts nothing that it writes to.'],
  findings: [
    {
      level: 'warning',
      title: 'A cron line names the container',
      text: '/etc/cron.d/shop runs docker exec shop-frontend-1. After adoption that reaches the entry point; use .switchyard/bin/exec frontend instead.',
    },
  ],
  override: [
    'services:',
    '  frontend:',
    '    image: haproxy:3.2-alpine@sha256:0c4f',
    '    build: !reset null',
    '    environment: !reset null',
    '    volumes: !override',
    '      - ./.switchyard/frontend/entry:/etc/switchyard:ro',
    '    healthcheck:',
    '      test: ["CMD", "/etc/switchyard/healthy"]',
    '',
  ].join('\n'),
  overridePath: '/srv/shop/compose.override.yaml',
  containerPort: 3000,
  checks: ['GET / on port 3000 answers 200', 'the container runs'],
  gap: { estimateMs: 1400, because: 'Stopping took 0.3 s the last time; the entry point starts in about 1 s here.' },
};

export const homeHost = (frontend: Partial<Service>): HostView =>
  connected('home', [shop(frontend), traefik(), media()], jobs());

export const notReady = (): Partial<Service> => ({
  ...nextReady(),
  slots: {
    blue: slot('blue', 'current', 12, frontendImage('1.4.2')),
    green: slot('green', 'next', 13, frontendImage('1.5.0'), { checks: { passed: 2, total: 4 }, ready: false }),
  },
  switch: { kind: 'not-ready', passed: 2, total: 4, reason: 'GET /healthz answered 500 Internal Server Error' },
});

/** An adopted service with something wrong, an entry point that is gone unless said otherwise. */
export const troubled = (...troubles: Partial<Trouble>[]): Partial<Service> => ({
  ...adoptedIdle(),
  health: 'exited',
  traffic: null,
  troubles: (troubles.length === 0 ? [{}] : troubles).map((each) =>
    troubleOf({ sinceMs: Date.now() - 3 * minute, ...each }),
  ),
});
