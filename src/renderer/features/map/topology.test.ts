import { expect, test } from 'vitest';
import { adoptedIdle, crowd, mapOf, nextReady, service, shop, stack } from '../../../testkit/window/fixtures.ts';
import { keepPlaces, topologyOf } from './topology.ts';

test('health, versions and switches do not move anything', () => {
  expect(topologyOf(mapOf([shop(nextReady())]), {})).toEqual(topologyOf(mapOf([shop(adoptedIdle())]), {}));
});

test('stacks above twelve services open collapsed, and as they were left', () => {
  const collapsed = (expanded: Record<string, boolean>) =>
    topologyOf(mapOf(crowd()), expanded)
      .stacks.filter((each) => each.collapsed)
      .map((each) => each.name);
  expect(collapsed({})).toEqual(['arr']);
  expect(collapsed({ arr: true, gitea: false })).toEqual(['gitea']);
});

test('a port bound on two addresses families is one door, a range is one door', () => {
  const port = (hostPort: number, hostIp: string) => ({
    hostIp,
    hostPort,
    containerPort: 80,
    protocol: 'tcp' as const,
  });
  const doors = (ports: ReturnType<typeof port>[]) =>
    topologyOf(mapOf([stack('a', [service('a', 'web', 'x:1', { ports })])]), {}).stacks[0]?.doors.map(
      (door) => door.label,
    );
  expect(doors([port(80, '0.0.0.0'), port(80, '::')])).toEqual(['80']);
  expect(doors([9000, 9001, 9002, 9003].map((each) => port(each, '')))).toEqual(['9000 +3']);
});

test('names and ids both mean a service, and what is not there is no line', () => {
  const map = mapOf([
    stack('a', [
      service('a', 'web', 'x:1', { dependsOn: ['db', 'a/cache', 'gone'] }),
      service('a', 'db', 'x:1'),
      service('a', 'cache', 'x:1'),
    ]),
  ]);
  expect(topologyOf(map, {}).stacks[0]?.depends).toEqual([
    { from: 'a/web', to: 'a/db' },
    { from: 'a/web', to: 'a/cache' },
  ]);
});

test('a proxy routes to what was told, else to what nothing else reaches', () => {
  const services = (routedBy?: string[]) => [
    service('a', 'traefik', 'traefik:3', { tier: 'proxy' }),
    service('a', 'web', 'x:1', { dependsOn: ['api'] }),
    service('a', 'api', 'x:1', routedBy === undefined ? {} : { routedBy }),
  ];
  const routes = (all: ReturnType<typeof services>) => topologyOf(mapOf([stack('a', all)]), {}).stacks[0]?.routes;
  expect(routes(services())).toEqual([{ from: 'a/traefik', to: 'a/web' }]);
  expect(routes(services(['a/traefik']))).toEqual([
    { from: 'a/traefik', to: 'a/web' },
    { from: 'a/traefik', to: 'a/api' },
  ]);
});

test('what was removed or stopped by hand moves nothing: its ports, networks and volumes stay where they were', () => {
  const running = {
    id: 'c',
    name: 'c',
    health: 'healthy',
    status: 'Up',
    image: 'x:1',
    createdAtMs: 0,
  } as const;
  const at = (names: string[]) =>
    mapOf([
      stack(
        'a',
        names.map((name) =>
          service('a', name, 'x:1', {
            containers: [running],
            ports: [{ hostIp: '', hostPort: 80, containerPort: 80, protocol: 'tcp' }],
          }),
        ),
        { volumes: [{ name: 'data', stack: 'a', services: ['a/web'] }] },
      ),
    ]);
  const gone = mapOf([stack('a', [service('a', 'web', 'x:1', { containers: [] })])]);
  const stopped = mapOf([
    stack('a', [service('a', 'web', 'x:1', { containers: [{ ...running, health: 'stopped' }] })]),
  ]);
  const before = topologyOf(at(['web']), {});
  expect(keepPlaces(before, topologyOf(gone, {}), gone)).toEqual(before);
  expect(keepPlaces(before, topologyOf(stopped, {}), stopped)).toEqual(before);
  // What is there and has no port any more is drawn as it is, and so is a stack of other services.
  const closed = mapOf([stack('a', [service('a', 'web', 'x:1', { containers: [running] })])]);
  expect(keepPlaces(before, topologyOf(closed, {}), closed)).toEqual(topologyOf(closed, {}));
  expect(keepPlaces(topologyOf(at(['web', 'api']), {}), topologyOf(gone, {}), gone)).toEqual(topologyOf(gone, {}));
});
