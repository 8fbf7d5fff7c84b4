import { describe, expect, it } from 'vitest';
import {
  composed,
  container,
  digest,
  dockerFacts,
  job,
  mapFacts,
  release,
  serverState,
  serviceState,
  slotOf,
  step,
} from '../testkit/engine/facts.ts';
import type { ContainerFact, DockerFacts } from './docker-facts.ts';
import { drawMap, type MapFacts } from './draw-map.ts';
import type { Job } from './job.ts';
import type { ServerState, ServiceState } from './server-state.ts';

const shop = (): DockerFacts =>
  dockerFacts(
    [
      composed('shop', 'frontend', {
        dependsOn: 'backend:service_started:false',
        ports: [
          { hostIp: '0.0.0.0', hostPort: 80, containerPort: 3000, protocol: 'tcp' },
          { hostIp: '::', hostPort: 80, containerPort: 3000, protocol: 'tcp' },
          { hostIp: '', hostPort: 0, containerPort: 9100, protocol: 'tcp' },
        ],
      }),
      composed('shop', 'backend', {
        image: 'registry.lan/shop/backend@sha256:x',
        dependsOn: 'db:service_healthy:false,db:service_started:true',
        status: 'Up 2 hours (unhealthy)',
      }),
      composed('shop', 'db', {
        image: 'postgres:17',
        status: 'Up 2 hours (healthy)',
        mounts: [{ kind: 'volume', name: 'shop_data', source: '/var/lib/docker/x', target: '/data', readOnly: false }],
      }),
      composed('shop', 'job', { labels: { 'com.docker.compose.oneoff': 'True' } }),
      container({ name: 'portainer', image: 'portainer/portainer-ce' }),
    ],
    {
      images: [
        {
          id: digest('1'),
          tags: ['registry.lan/shop/frontend:1.0.0'],
          digests: [`other@${digest('9')}`, `registry.lan/shop/frontend@${digest('2')}`],
          labels: { 'org.opencontainers.image.version': '1.0.0-rc' },
          createdAtMs: 1,
          sizeBytes: 1,
        },
      ],
      networks: [
        { name: 'shop_default', driver: 'bridge', internal: true, labels: { 'com.docker.compose.project': 'shop' } },
      ],
      volumes: [{ name: 'shop_data', labels: { 'com.docker.compose.project': 'shop' } }],
    },
  );

const server = (service: ServiceState, more: Partial<ServerState> = {}): ServerState => serverState([service], more);

const serviceNamed = (map: ReturnType<typeof drawMap>, name: string) => {
  const found = map.stacks.flatMap((stack) => stack.services).find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name} is not on the map`);
  return found;
};

describe('a map of plain compose', () => {
  it('has the stack with its services in columns, networks, volumes, and what no stack owns', () => {
    const map = drawMap(mapFacts(shop()));
    expect(map).toMatchObject({
      asOfMs: 99,
      engine: { docker: '26.1.5', compose: '2.29.0', os: 'Debian GNU/Linux 12' },
    });
    expect(map.loose.map((each) => each.name)).toEqual(['portainer']);
    const [stack] = map.stacks;
    expect(stack).toMatchObject({
      name: 'shop',
      folder: '/srv/shop',
      networks: [
        { name: 'shop_default', stack: 'shop', internal: true, services: ['shop/backend', 'shop/db', 'shop/frontend'] },
      ],
      volumes: [{ name: 'shop_data', stack: 'shop', services: ['shop/db'] }],
      findings: [],
    });
    expect(
      stack?.services.map(({ name, tier, depth, dependsOn, blastRadius, health }) => ({
        name,
        tier,
        depth,
        dependsOn,
        blastRadius,
        health,
      })),
    ).toEqual([
      {
        name: 'backend',
        tier: 'service',
        depth: 1,
        dependsOn: ['db'],
        blastRadius: ['shop/frontend'],
        health: 'unhealthy',
      },
      {
        name: 'db',
        tier: 'state',
        depth: 2,
        dependsOn: [],
        blastRadius: ['shop/backend', 'shop/frontend'],
        health: 'healthy',
      },
      { name: 'frontend', tier: 'service', depth: 0, dependsOn: ['backend'], blastRadius: [], health: 'running' },
    ]);
  });

  it('TO7 while it is adopted keeps the version of the service, whose place the entry point has', () => {
    const docker = shop();
    const entry = composed('shop', 'frontend', {
      image: 'haproxy:3.0',
      imageId: digest('8'),
      labels: { 'dev.switchyard.root': '/srv/shop/.switchyard' },
    });
    const containers = [entry, slotOf('blue', '0001', { image: 'switchyard/shop--frontend:r0001' })];
    const adopting = job({ verb: 'adopt', steps: [step('switch', { state: 'running' })] });
    const card = (more: typeof containers) =>
      serviceNamed(drawMap(mapFacts({ ...docker, containers: more }, { jobs: [adopting] })), 'frontend');
    expect(card(containers)).toMatchObject({
      image: 'registry.lan/shop/frontend:1.0.0',
      version: '1.0.0-rc',
      health: 'running',
      tier: 'service',
      switch: { kind: 'preparing', verb: 'adopt', step: 'switch' },
    });
    // Its end is told before what it left is read.
    const done = job({ ...adopting, state: 'completed', endedAt: 2 });
    const facts = mapFacts({ ...docker, containers }, { jobs: [done], unsettled: new Set([done.id]) });
    expect(serviceNamed(drawMap(facts), 'frontend')).toMatchObject({
      version: '1.0.0-rc',
      tier: 'service',
      troubles: [],
    });
    // Behind it, before its roles are written.
    const docker2 = { ...docker, containers };
    const adopted = drawMap(mapFacts(docker2, { states: [server(serviceState({ current: null }))], jobs: [adopting] }));
    expect(serviceNamed(adopted, 'frontend')).toMatchObject({ adopted: true, version: '1.0.0-rc' });
    // Before the entry point has its place, and one that is no entry point, are drawn as they are.
    expect(card([composed('shop', 'frontend'), slotOf('blue', '0001')]).version).toBe('1.0.0-rc');
    expect(card([{ ...entry, labels: composed('shop', 'frontend').labels }, slotOf('blue', '0001')]).image).toBe(
      'haproxy:3.0',
    );
  });

  it('TO6 a job of its own that waits is on its card, behind one that runs', () => {
    const waiting = job({
      id: 'w1',
      verb: 'adopt',
      state: 'waiting',
      waitsFor: { verb: 'adopt', service: 'backend', by: 'bob@desk' },
    });
    const kind = (jobs: Job[]) =>
      serviceNamed(drawMap(mapFacts(shop(), { jobs, ours: new Set(['w1']) })), 'frontend').switch;
    expect(kind([waiting])).toEqual({
      kind: 'waiting',
      verb: 'adopt',
      waitsFor: { verb: 'adopt', service: 'backend', by: 'bob@desk' },
    });
    expect(kind([waiting, job({ verb: 'adopt' })])).toMatchObject({ kind: 'preparing' });
  });

  it('tells version, digest and ports of a service, a port once for IPv4 and IPv6', () => {
    expect(serviceNamed(drawMap(mapFacts(shop())), 'frontend')).toMatchObject({
      id: 'shop/frontend',
      version: '1.0.0-rc',
      digest: digest('2'),
      adopted: false,
      ports: [{ hostIp: '0.0.0.0', hostPort: 80, containerPort: 3000, protocol: 'tcp' }],
      switch: { kind: 'not-adopted', adoptable: true },
    });
  });

  it.each([
    ['It does not run.', composed('s', 'x', { state: 'exited', status: 'Exited (1)' })],
    ['Keeps data that two releases must not open at once.', composed('s', 'x', { image: 'redis:7' })],
    ['A proxy stays where it is: what it routes to is adopted.', composed('s', 'x', { image: 'traefik:3' })],
    ['It has no network of its own.', composed('s', 'x', { networkMode: 'host' })],
  ])('says why a service is left as it is: %s', (reason, only) => {
    expect(serviceNamed(drawMap(mapFacts(dockerFacts([only]))), 'x').switch).toEqual({
      kind: 'not-adopted',
      adoptable: false,
      reason,
    });
  });

  it('shows the worst of several replicas', () => {
    const two = [composed('s', 'x'), composed('s', 'x', { name: 's-x-2', state: 'exited', status: 'Exited (1)' })];
    expect(serviceNamed(drawMap(mapFacts(dockerFacts(two))), 'x').health).toBe('exited');
  });

  it('keeps names as data, whatever they hold', () => {
    const odd = `<script>alert('x')</script> $(id) "🚂"\n`;
    const map = drawMap(mapFacts(dockerFacts([composed(odd, odd, { image: odd })])));
    expect(map.stacks[0]?.services[0]).toMatchObject({ id: `${odd}/${odd}`, stack: odd, name: odd, image: odd });
  });

  it('is the same for the same facts, and changes none of them', () => {
    const given = mapFacts(shop());
    const before = structuredClone({ ...given, dismissed: [] });
    expect(drawMap(given)).toEqual(drawMap(given));
    expect({ ...given, dismissed: [] }).toEqual(before);
  });

  it('says unknown while the host is away, and keeps the rest', () => {
    const map = drawMap(mapFacts(shop(), { awaySinceMs: 7 }));
    expect(map.stacks[0]?.services.map((each) => each.switch)).toEqual(Array(3).fill({ kind: 'unknown', sinceMs: 7 }));
    expect(serviceNamed(map, 'db').health).toBe('healthy');
  });
});

describe('a map with an adopted service', () => {
  const adopted = (
    more: Partial<ServiceState> = {},
    slots = [slotOf('blue', '0001')],
  ): DockerFacts & { state: ServiceState } => {
    const docker = shop();
    return { ...docker, containers: [...docker.containers, ...slots], state: serviceState(more) };
  };

  it('is not a stack of its own slots', () => {
    const { state, ...docker } = adopted();
    const map = drawMap(mapFacts(docker, { states: [server(state)] }));
    expect(map.stacks.map((stack) => stack.name)).toEqual(['shop']);
    expect(map.loose.map((each) => each.name)).toEqual(['portainer']);
  });

  it('EN8 says of an entry point of an earlier version that clients can choose their address', () => {
    const { state, ...docker } = adopted({ entryIsOld: true });
    const service = serviceNamed(drawMap(mapFacts(docker, { states: [server(state)] })), 'frontend');
    expect(service.findings).toMatchObject([{ level: 'warning', title: 'Clients can choose their address' }]);
  });

  it('TR11 takes no container that only has the name of previous’s for a way back', () => {
    const of = (green: ContainerFact) => {
      const more = { live: 'blue-settled' as const, previous: release(2, 'green') };
      const { state, ...docker } = adopted(more, [slotOf('blue', '0001'), green]);
      return serviceNamed(drawMap(mapFacts(docker, { states: [server(state)] })), 'frontend').canFlipBack;
    };
    const own = slotOf('green', '0002');
    expect(of(own)).toBe(true);
    expect(of({ ...own, imageId: digest('9') })).toBe(false);
  });

  it('shows the release that has the traffic, its slot, and what the entry point stands for', () => {
    const { state, ...docker } = adopted();
    const service = serviceNamed(drawMap(mapFacts(docker, { states: [server(state)] })), 'frontend');
    expect(service).toMatchObject({
      adopted: true,
      flipKind: 'http',
      live: 'blue',
      version: '1.0.0',
      digest: digest('1'),
      health: 'running',
      canFlipBack: false,
      dependsOn: ['backend'],
      switch: { kind: 'idle' },
      slots: {
        blue: {
          slot: 'blue',
          role: 'current',
          release: 1,
          health: 'running',
          checks: { passed: 1, total: 1 },
          container: { name: 'shop--frontend--blue' },
        },
        green: null,
      },
      containers: [{ name: 'shop-frontend-1' }],
    });
  });

  it('a next that is ready and runs can be flipped to; one whose container runs another release cannot', () => {
    const next = { next: release(2, 'green') };
    const ready = adopted(next, [slotOf('blue', '0001'), slotOf('green', '0002')]);
    const other = adopted(next, [slotOf('blue', '0001'), slotOf('green', '0007')]);
    const kinds = [ready, other].map(
      ({ state, ...docker }) =>
        serviceNamed(drawMap(mapFacts(docker, { states: [server(state)] })), 'frontend').switch.kind,
    );
    expect(kinds).toEqual(['next-ready', 'not-ready']);
  });

  it('FL11 FL14 can be flipped back while previous is warm, next is not there and nothing runs that would not make way', () => {
    const flipped: Partial<ServiceState> = {
      live: 'green-settled',
      current: release(2, 'green'),
      previous: release(1, 'blue'),
    };
    const both = [slotOf('blue', '0001'), slotOf('green', '0002')];
    const step = { text: null, progress: null, ms: null };
    const can = (more: Partial<ServiceState>, slots = both, jobs: MapFacts['jobs'] = []) => {
      const { state, ...docker } = adopted({ ...flipped, ...more }, slots);
      return serviceNamed(drawMap(mapFacts(docker, { states: [server(state)], jobs })), 'frontend').canFlipBack;
    };
    expect({
      warm: can({}),
      stopped: can({}, [slotOf('blue', '0001', { state: 'exited' }), slotOf('green', '0002')]),
      gone: can({}, [slotOf('green', '0002')]),
      next: can({ next: release(3, 'blue') }),
      moving: can({}, both, [job({ verb: 'flip', steps: [{ ...step, name: 'move', state: 'running' }] })]),
      draining: can({}, both, [job({ verb: 'flip', steps: [{ ...step, name: 'drain', state: 'running' }] })]),
      back: can({}, both, [job({ verb: 'rollback', steps: [{ ...step, name: 'drain', state: 'running' }] })]),
      deploying: can({}, both, [job({ verb: 'deploy' })]),
      ejecting: can({}, both, [job({ verb: 'eject' })]),
    }).toEqual({
      ...{ warm: true, stopped: false, gone: false, next: false },
      ...{ moving: false, draining: true, back: false, deploying: true, ejecting: false },
    });
  });

  it('is as ill as its entry point, or else as the slot that has the traffic', () => {
    const health = (entry: string, slot: string) => {
      const { state, ...docker } = adopted({}, [slotOf('blue', '0001', { status: slot })]);
      const containers = docker.containers.map((each) =>
        each.name === 'shop-frontend-1' ? { ...each, status: entry } : each,
      );
      return serviceNamed(drawMap(mapFacts({ ...docker, containers }, { states: [server(state)] })), 'frontend').health;
    };
    expect([
      health('Up (healthy)', 'Up (unhealthy)'),
      health('Up (unhealthy)', 'Up (healthy)'),
      health('Up (health: starting)', 'Up (healthy)'),
    ]).toEqual(['unhealthy', 'unhealthy', 'healthy']);
  });

  it('shows the newest job’s failure until it is put away', () => {
    const { state, ...docker } = adopted();
    const ended = job({
      state: 'refused',
      failure: { code: 'not-ready', message: 'No.', running: null, detail: null, transient: false },
    });
    const kind = (dismissed: string[]) =>
      serviceNamed(
        drawMap(
          mapFacts(docker, {
            states: [server(state)],
            jobs: [ended],
            ours: new Set(['job1']),
            dismissed: new Set(dismissed),
          }),
        ),
        'frontend',
      ).switch.kind;
    expect([kind([]), kind(['job1'])]).toEqual(['failed', 'idle']);
  });

  it('a refusal is told where it was asked for, until another job of the service has completed', () => {
    const { state, ...docker } = adopted();
    const refused = job({
      id: 'refused',
      startedAt: 20,
      endedAt: 21,
      state: 'refused',
      failure: { code: 'lock-held', message: 'Another job holds it.', running: null, detail: null, transient: false },
    });
    const kind = (ours: string[], ...others: Parameters<typeof job>[0][]) =>
      serviceNamed(
        drawMap(
          mapFacts(docker, {
            states: [server(state)],
            jobs: [refused, ...others.map((each) => job({ id: 'other', startedAt: 10, ...each }))],
            ours: new Set(ours),
          }),
        ),
        'frontend',
      ).switch.kind;
    expect(kind([])).toBe('idle');
    expect(kind(['refused'])).toBe('failed');
    expect(kind(['refused'], { state: 'running' })).toBe('flipping');
    expect(kind(['refused'], { state: 'completed', endedAt: 19 })).toBe('failed');
    expect(kind(['refused'], { state: 'completed', endedAt: 30 })).toBe('idle');
    // What went wrong before it is still told to everybody.
    expect(kind([], { state: 'aborted', endedAt: 15, failure: refused.failure })).toBe('failed');
  });

  it('JN4 a neighbour’s running job changes nothing: not the switch, not what can be gone back to, not what is told', () => {
    const { state, ...docker } = adopted(
      { live: 'green-settled', current: release(2, 'green'), previous: release(1, 'blue') },
      [slotOf('blue', '0001'), slotOf('green', '0002')],
    );
    const held = { ...state, holder: 'bob since 12:00:00: deploy of frontend' };
    const beside = (jobs: MapFacts['jobs']) =>
      serviceNamed(drawMap(mapFacts(docker, { states: [server(held)], jobs })), 'frontend');
    const alone = beside([]);
    expect(beside([job({ id: 'other', verb: 'deploy', service: 'backend', by: 'bob@desk' })])).toEqual(alone);
    expect(alone).toMatchObject({
      canFlipBack: true,
      switch: { kind: 'settled' },
      findings: [{ title: 'The service is locked' }],
    });
  });

  it('tells a flip that is watched also where something else is told first', () => {
    const { state, ...docker } = adopted({ live: 'blue-watching', watchUntilMs: 1_000 });
    const failed = job({
      state: 'aborted',
      failure: { code: 'image-missing', message: 'No.', running: null, detail: null, transient: false },
    });
    const at = (asOfMs: number) =>
      serviceNamed(drawMap(mapFacts(docker, { states: [server(state)], jobs: [failed], asOfMs })), 'frontend');
    expect(at(500)).toMatchObject({ isWatched: true, switch: { kind: 'failed' } });
    expect(at(60_000)).toMatchObject({ isWatched: false, switch: { kind: 'failed' } });
  });

  it('tells whether next got ready, which decides what may take its slot', () => {
    const ready = (word: 'ready' | 'not-ready') => {
      const { state, ...docker } = adopted({ next: release(2, 'green', { word }) });
      return serviceNamed(drawMap(mapFacts(docker, { states: [server(state)] })), 'frontend').slots.green?.ready;
    };
    expect([ready('ready'), ready('not-ready')]).toEqual([true, false]);
  });

  it('names a file that is damaged', () => {
    const { state, ...docker } = adopted();
    const map = drawMap(
      mapFacts(docker, { states: [server(state, { damaged: ['/srv/shop/.switchyard/x/service.json'] })] }),
    );
    expect(map.stacks[0]?.findings).toMatchObject([
      { level: 'warning', text: expect.stringContaining('/srv/shop/.switchyard/x/service.json') },
    ]);
  });
});

describe('what is down on the map', () => {
  const entryMount = {
    kind: 'bind',
    name: null,
    source: '/srv/shop/.switchyard/frontend/entry',
    target: '/usr/local/etc/haproxy',
    readOnly: false,
  };
  const networks = [{ name: 'shop_default', driver: 'bridge', internal: false, labels: {} }];
  const images = ['1', '2'].map((each) => ({
    id: digest(each),
    tags: [],
    digests: [],
    labels: {},
    createdAtMs: 0,
    sizeBytes: 0,
  }));
  const entry = composed('shop', 'frontend', { image: 'haproxy:3.0', mounts: [entryMount] });
  const both = [slotOf('blue', '0001'), slotOf('green', '0002', { imageId: digest('2') })];
  const state = serviceState({ live: 'green-settled', current: release(2, 'green'), previous: release(1, 'blue') });
  const draw = (containers: ContainerFact[], more: Partial<MapFacts> = {}) =>
    drawMap(mapFacts(dockerFacts(containers, { networks, images }), { states: [server(state)], ...more }));
  const causes = (map: ReturnType<typeof drawMap>) => serviceNamed(map, 'frontend').troubles.map(({ cause }) => cause);

  it('DN2 an adopted service is on it without any container, with its folder', () => {
    const map = draw([]);
    expect(map.stacks.map(({ name, folder }) => [name, folder])).toEqual([['shop', '/srv/shop']]);
    expect(serviceNamed(map, 'frontend')).toMatchObject({ adopted: true, version: '1.1.0', health: 'exited' });
    expect(causes(map)).toEqual(['stack-down', 'live-gone']);
  });

  it('DN2 a label hides no container: what says it is a slot, and is none of a service that is adopted, is on it', () => {
    const posing = composed('shop', 'cache', { labels: { 'dev.switchyard.slot': 'blue' } });
    expect(draw([entry, ...both, posing]).stacks.flatMap(({ services }) => services.map(({ id }) => id))).toEqual([
      'shop/cache',
      'shop/frontend',
    ]);
    const loose = container({ name: 'miner', labels: { 'dev.switchyard.slot': 'blue' } });
    expect(draw([entry, ...both, loose]).loose.map(({ name }) => name)).toEqual(['miner']);
  });

  it('DN2 a label of a container moves no adopted service to another folder', () => {
    const elsewhere = composed('shop', 'cache', { folder: '/tmp/evil' });
    const map = draw([elsewhere, entry, ...both]);
    expect(map.stacks).toMatchObject([{ name: 'shop', folder: '/srv/shop' }]);
    expect(serviceNamed(map, 'frontend').adopted).toBe(true);
  });

  it('DN9 what ended well or was stopped on purpose is quiet', () => {
    const health = (status: string, more: Partial<MapFacts> = {}) =>
      serviceNamed(draw([composed('shop', 'job', { state: 'exited', status })], more), 'job').health;
    expect([
      health('Exited (0) 1 hour ago'),
      health('Exited (143) 1 hour ago'),
      health('Exited (1) 1 hour ago'),
    ]).toEqual(['ended', 'stopped', 'exited']);
    const stopped = { stopped: true, endedAtMs: 1, removedAtMs: null, pausedAtMs: null, illSinceMs: null };
    expect(health('Exited (137) 1 hour ago', { histories: new Map([['shop-job-1', stopped]]) })).toBe('stopped');
    expect(health('Exited (137) 1 hour ago')).toBe('exited');
  });

  it('DN9 and not where it has the traffic', () => {
    const green = slotOf('green', '0002', { imageId: digest('2'), state: 'exited', status: 'Exited (0) 1 hour ago' });
    expect(serviceNamed(draw([entry, green]), 'frontend')).toMatchObject({
      health: 'exited',
      troubles: [{ level: 'down', cause: 'live-stopped' }],
    });
  });

  it('DN10 an unhealthy previous is no way back', () => {
    const ill = slotOf('blue', '0001', { status: 'Up 2 hours (unhealthy)' });
    const canFlipBack = (blue: ContainerFact) =>
      serviceNamed(draw([entry, blue, slotOf('green', '0002', { imageId: digest('2') })]), 'frontend').canFlipBack;
    expect([canFlipBack(slotOf('blue', '0001')), canFlipBack(ill)]).toEqual([true, false]);
  });

  it('a job that ejects or frees a slot is not told as trouble', () => {
    const during = (verb: 'eject' | 'deploy', containers: ContainerFact[]) =>
      causes(draw(containers, { jobs: [job({ verb, steps: [] })] }));
    expect(during('eject', [])).toEqual([]);
    expect(during('deploy', [entry, slotOf('green', '0002', { imageId: digest('2') })])).toEqual([]);
    expect(during('deploy', both)).toEqual(['stack-down']);
  });

  it('DN11 an entry point without its files is told, and is not offered as a service', () => {
    const frontend = serviceNamed(draw([entry, ...both], { states: [] }), 'frontend');
    expect(frontend).toMatchObject({
      adopted: false,
      switch: { kind: 'not-adopted', adoptable: false },
      troubles: [{ cause: 'state-gone', mend: null }],
    });
    expect(frontend.troubles[0]?.byHand).toContain('docker compose up -d frontend');
  });

  it('DN11 a slot that is left over is told, with the command that removes it', () => {
    const plain = composed('shop', 'frontend');
    const map = draw([plain, ...both], { states: [] });
    const strays = map.stacks.flatMap(({ services }) => services.flatMap(({ troubles }) => troubles));
    expect(strays.map(({ cause, byHand }) => [cause, byHand])).toEqual([
      ['stray-slot', 'docker rm -f shop--frontend--blue removes it; what it mounts stays.'],
      ['stray-slot', 'docker rm -f shop--frontend--green removes it; what it mounts stays.'],
    ]);
    // While it is being adopted, the first slot is there before anything says so.
    const adopting = draw([plain, ...both], { states: [], jobs: [job({ verb: 'adopt' })] });
    expect(adopting.stacks.flatMap(({ services }) => services.flatMap(({ troubles }) => troubles))).toEqual([]);
  });
});
