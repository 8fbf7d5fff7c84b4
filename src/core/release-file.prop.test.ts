import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { noRights } from '../testkit/engine/facts.ts';
import { composeConfigSchema } from './compose-config.ts';
import type { ContainerRights } from './container-rights.ts';
import { renderRelease, tokens } from './release.ts';
import { type Allowance, parseRelease, renderReleaseAnew } from './release-file.ts';

// As compose resolves it: `$` is doubled.
const text = fc
  .string({ unit: fc.constantFrom('a', 'Z', '0', ' ', ':', '#', '"', "'", '$$', '\n', '\\', '{', 'é', '🚂', '-', '@') })
  .map((each) => each);
const plain = fc.string({ unit: fc.constantFrom('a', 'b', '1', '_'), minLength: 1, maxLength: 8 });
const word = fc.oneof(text, fc.integer({ min: 0, max: 1e9 }));
const listOf = <Value>(each: fc.Arbitrary<Value>) => fc.array(each, { minLength: 1, maxLength: 3 });
const mapOf = <Value>(each: fc.Arbitrary<Value>) => fc.dictionary(plain, each, { minKeys: 1, maxKeys: 3 });
const path = plain.map((each) => `/srv/${each}`);

const fields = {
  image: plain,
  build: fc.constant({ context: '/x' }),
  container_name: plain,
  command: fc.oneof(listOf(text), fc.constant(null)),
  entrypoint: fc.oneof(listOf(text), fc.constant(null)),
  environment: mapOf(fc.oneof(text, fc.constant(null), fc.integer())),
  working_dir: path,
  user: plain,
  hostname: plain,
  restart: fc.constantFrom('no', 'always', 'unless-stopped'),
  platform: plain,
  init: fc.boolean(),
  read_only: fc.boolean(),
  tty: fc.boolean(),
  stdin_open: fc.boolean(),
  stop_signal: plain,
  stop_grace_period: fc.constantFrom('10s', '1m30s'),
  tmpfs: listOf(path),
  dns: listOf(plain),
  dns_search: listOf(plain),
  extra_hosts: listOf(plain.map((each) => `${each}=10.0.0.1`)),
  cap_drop: fc.constant(['ALL']),
  shm_size: word,
  mem_limit: word,
  cpus: fc.double({ min: 0.1, max: 8, noNaN: true }),
  pids_limit: fc.integer({ min: 1, max: 999 }),
  ulimits: mapOf(fc.oneof(fc.integer({ min: 0, max: 99 }), fc.record({ soft: fc.nat(9), hard: fc.nat(9) }))),
  logging: fc.record({ driver: plain, options: mapOf(text) }),
  healthcheck: fc.record(
    { test: listOf(text), interval: fc.constant('30s'), retries: fc.nat(9) },
    { requiredKeys: ['test'] },
  ),
  labels: mapOf(text),
  ports: fc.constant([{ target: 80, published: '80', protocol: 'tcp' }]),
  security_opt: fc.constantFrom(
    ['no-new-privileges:true'],
    ['no-new-privileges:true', 'apparmor=unconfined'],
    ['label:disable'],
  ),
  privileged: fc.boolean(),
  cap_add: fc.subarray(['NET_ADMIN', 'CAP_SYS_TIME', 'sys_nice'], { minLength: 1 }),
  devices: fc.constantFrom([{ source: '/dev/a', target: '/dev/b', permissions: 'rwm' }], ['/dev/a:/dev/b'], ['/dev/c']),
  group_add: listOf(plain),
  sysctls: mapOf(plain),
  pid: fc.constant('host'),
  ipc: fc.constantFrom('host', 'private'),
  oom_score_adj: fc.integer({ min: -100, max: 100 }),
  userns_mode: fc.constant('host'),
  runtime: fc.constantFrom('runc', 'nvidia'),
  deploy: fc.constantFrom(
    { replicas: 1, resources: { limits: { cpus: 0.5, memory: '268435456' } } },
    { resources: { reservations: { memory: '1', devices: [{ capabilities: ['gpu'], count: 1 }] } } },
  ),
  networks: fc.constantFrom(null, { default: null }, { default: { aliases: ['web'] }, proxy: null }),
  volumes: fc.subarray(
    [
      { type: 'volume', source: 'data', target: '/data', volume: {} },
      { type: 'volume', target: '/anonymous', volume: { nocopy: true } },
      { type: 'tmpfs', target: '/run', tmpfs: { size: '1048576' } },
      { type: 'bind', source: '/srv/shop/$$x', target: '/conf', read_only: true, bind: { create_host_path: true } },
      { type: 'bind', source: '/var/run/docker.sock', target: '/var/run/docker.sock', bind: { propagation: 'rslave' } },
    ],
    { minLength: 1 },
  ),
  secrets: fc.constant([{ source: 'key', target: '/run/secrets/key' }]),
  configs: fc.constantFrom([{ source: 'motd', target: '/etc/motd' }], [{ source: 'own', target: '/own' }]),
} satisfies Record<string, fc.Arbitrary<unknown>>;

const service = fc.record(fields, { requiredKeys: [] });

const configOf = (web: object) =>
  composeConfigSchema.parse({
    name: 'shop',
    services: { web },
    networks: { default: { name: 'shop_default' }, proxy: { name: 'edge', external: true } },
    volumes: { data: { name: 'shop_data' } },
    secrets: { key: { name: 'shop_key', file: '/srv/shop/key.txt' } },
    configs: { motd: { name: 'shop_motd', content: 'hello $$you' }, own: { file: '/srv/shop/own' } },
  });

/** What Docker would say of a container that compose made of a service. */
function rightsOf(web: Record<string, unknown>): ContainerRights {
  const list = (key: string) => ((web[key] as string[] | undefined) ?? []).map(String);
  return {
    ...noRights,
    privileged: web.privileged === true,
    capAdd: list('cap_add').map((each) => each.toUpperCase().replace('CAP_', '')),
    devices: ((web.devices as (string | { source: string; target: string })[] | undefined) ?? []).map((each) =>
      each === '/dev/c' ? '/dev/c:/dev/c:rwm' : '/dev/a:/dev/b:rwm',
    ),
    hasDeviceRequests: true,
    securityOpt: list('security_opt'),
    groupAdd: list('group_add'),
    sysctls: (web.sysctls as Record<string, string> | undefined) ?? {},
    oomScoreAdj: Number(web.oom_score_adj ?? 0),
    pid: String(web.pid ?? ''),
    ipc: String(web.ipc ?? 'private'),
    userns: String(web.userns_mode ?? ''),
    runtime: String(web.runtime ?? 'runc'),
    mounts: [
      { kind: 'bind', name: '', source: '/srv/shop/$x', target: '/conf', readOnly: true, propagation: 'rprivate' },
      {
        kind: 'bind',
        name: '',
        source: '/var/run/docker.sock',
        target: '/var/run/docker.sock',
        readOnly: false,
        propagation: 'rslave',
      },
      {
        kind: 'bind',
        name: '',
        source: '/srv/shop/key.txt',
        target: '/run/secrets/key',
        readOnly: true,
        propagation: 'rprivate',
      },
      { kind: 'bind', name: '', source: '/srv/shop/own', target: '/own', readOnly: true, propagation: 'rprivate' },
    ],
  };
}

/** What the job's sed makes of a template. */
const filled = (template: string): string =>
  template
    .replaceAll(tokens.image, 'registry.lan/web@sha256:1')
    .replaceAll(tokens.release, '0003')
    .replaceAll(tokens.slot, 'green')
    .replaceAll(tokens.container, 'shop--web--green');

function again(written: string, allowed: Allowance) {
  const found = parseRelease(parse(filled(written)));
  if (!found.ok) throw new Error(found.failure.message);
  return renderReleaseAnew(found.value, allowed, 'shop--web', '/srv/shop');
}

describe('a release that was written, read and rendered anew', () => {
  it('TR4 TR5 is the same, whatever it holds', () => {
    fc.assert(
      fc.property(service, (web) => {
        const config = configOf(web);
        const written = renderRelease(config, 'web', 'shop--web', '/srv/shop');
        const allowed = { config, service: 'web', container: rightsOf(web) };
        expect(again(written, allowed)).toMatchObject({ text: written, dropped: [] });
      }),
      { numRuns: 150 },
    );
  });

  it('TR5 has no privilege where nothing of today has one', () => {
    fc.assert(
      fc.property(service, fc.boolean(), (web, runs) => {
        const written = renderRelease(configOf(web), 'web', 'shop--web', '/srv/shop');
        const allowed = { config: configOf({}), service: 'web', container: runs ? noRights : null };
        const { text: now } = again(written, allowed);
        const [slot] = Object.values(parse(now).services) as Record<string, unknown>[];
        expect(slot).not.toHaveProperty('cap_add');
        for (const key of ['devices', 'pid', 'group_add', 'sysctls', 'userns_mode', 'secrets'])
          expect(slot).not.toHaveProperty(key);
        expect(slot?.privileged).not.toBe(true);
        expect(now).not.toMatch(
          /docker\.sock|\/srv\/shop\/\$|"type": "bind"|type: bind|unconfined|label:disable|nvidia|gpu/,
        );
      }),
      { numRuns: 100 },
    );
  });

  it('TR4 is a release, or none, whatever was found; nothing is thrown', () => {
    const key = fc.oneof(fc.constantFrom(...Object.keys(fields), '__proto__', 'include', 'constructor'), plain);
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, tree), fc.dictionary(key, tree), (found, top) => {
        const parsed = parseRelease({ ...top, services: { x: found } });
        if (!parsed.ok) return;
        const { text: now } = renderReleaseAnew(
          parsed.value,
          { config: configOf({}), service: 'web', container: null },
          'shop--web',
          '/srv/shop',
        );
        expect(Object.keys(parse(now).services)).toEqual([tokens.container]);
      }),
      { numRuns: 300 },
    );
  });
});
