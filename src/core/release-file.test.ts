import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { noRights } from '../testkit/engine/facts.ts';
import { composeConfigSchema } from './compose-config.ts';
import { type ContainerRights, parseContainerRights } from './container-rights.ts';
import { parseRelease, renderReleaseAnew } from './release-file.ts';

const today = (web: object = {}, more: object = {}) =>
  composeConfigSchema.parse({
    name: 'shop',
    services: { web },
    networks: { default: { name: 'shop_default' } },
    volumes: { data: { name: 'shop_data' } },
    ...more,
  });

/** A found service, rendered anew: what of it stays, and what is dropped. */
function anew(
  service: object,
  options: { config?: ReturnType<typeof today>; container?: Partial<ContainerRights> | null; top?: object } = {},
) {
  const found = parseRelease({ ...options.top, services: { 'shop--web--blue': service } });
  if (!found.ok) throw new Error(found.failure.message);
  const container = options.container === null ? null : { ...noRights, ...options.container };
  const { text, dropped } = renderReleaseAnew(
    found.value,
    { config: options.config ?? today(), service: 'web', container },
    'shop--web',
    '/srv/shop',
  );
  const whole = parse(text);
  const { container_name, image, pull_policy, networks, labels, ...stays } = whole.services['@SWITCHYARD_CONTAINER@'];
  return { stays, networks, labels, whole, dropped: dropped.map(({ field }) => field) };
}

const bind = (source: string, more: object = {}) => ({
  type: 'bind',
  source,
  target: '/host',
  read_only: false,
  ...more,
});
const mounted = (source: string, more: object = {}) => ({
  kind: 'bind',
  name: '',
  source,
  target: '/host',
  readOnly: false,
  propagation: 'rprivate',
  ...more,
});

describe('a privilege of a found release', () => {
  it.each<[string, object, Partial<ContainerRights>, string]>([
    ['privileged', { privileged: true }, { privileged: true }, 'privileged true'],
    ['cap_add', { cap_add: ['CAP_SYS_ADMIN'] }, { capAdd: ['SYS_ADMIN'] }, 'cap_add SYS_ADMIN'],
    ['devices', { devices: ['/dev/sda'] }, { devices: ['/dev/sda:/dev/sda:rwm'] }, 'devices /dev/sda:/dev/sda:rwm'],
    [
      'device_cgroup_rules',
      { device_cgroup_rules: ['a *:* rwm'] },
      { deviceCgroupRules: ['a *:* rwm'] },
      'device_cgroup_rules a *:* rwm',
    ],
    ['gpus', { gpus: [{ count: -1 }] }, { hasDeviceRequests: true }, 'gpus'],
    [
      'reserved devices',
      { deploy: { resources: { reservations: { devices: [{ capabilities: ['gpu'] }] } } } },
      { hasDeviceRequests: true },
      'deploy devices',
    ],
    [
      'security_opt',
      { security_opt: ['seccomp:unconfined'] },
      { securityOpt: ['seccomp=unconfined'] },
      'security_opt seccomp:unconfined',
    ],
    ['group_add', { group_add: ['docker'] }, { groupAdd: ['docker'] }, 'group_add docker'],
    [
      'sysctls',
      { sysctls: { 'net.ipv4.ip_forward': 1 } },
      { sysctls: { 'net.ipv4.ip_forward': '1' } },
      'sysctls net.ipv4.ip_forward',
    ],
    [
      'annotations',
      { annotations: { 'run.oci.x': 'y' } },
      { annotations: { 'run.oci.x': 'y' } },
      'annotations run.oci.x',
    ],
    ['oom_score_adj', { oom_score_adj: -1000 }, { oomScoreAdj: -1000 }, 'oom_score_adj -1000'],
    ['oom_kill_disable', { oom_kill_disable: true }, { oomKillDisable: true }, 'oom_kill_disable true'],
    ['pid', { pid: 'host' }, { pid: 'host' }, 'pid host'],
    ['ipc', { ipc: 'host' }, { ipc: 'host' }, 'ipc host'],
    ['uts', { uts: 'host' }, { uts: 'host' }, 'uts host'],
    ['userns_mode', { userns_mode: 'host' }, { userns: 'host' }, 'userns_mode host'],
    ['cgroup', { cgroup: 'host' }, { cgroup: 'host' }, 'cgroup host'],
    ['cgroup_parent', { cgroup_parent: '/' }, { cgroupParent: '/' }, 'cgroup_parent /'],
    ['runtime', { runtime: 'own' }, { runtime: 'own' }, 'runtime own'],
    ['network_mode', { network_mode: 'host' }, { networkMode: 'host' }, 'network_mode host'],
    ['volumes_from', { volumes_from: ['container:db'] }, { volumesFrom: ['db'] }, 'volumes_from db'],
    ['a host folder', { volumes: [bind('/')] }, { mounts: [mounted('/')] }, 'volumes /:/host'],
    [
      'Docker’s socket',
      { volumes: [bind('/var/run/docker.sock')] },
      { mounts: [mounted('/var/run/docker.sock')] },
      'volumes /var/run/docker.sock:/host',
    ],
  ])(
    'TR5 %s stays where both compose.yaml and the container have it, and nowhere else',
    (_name, service, container, field) => {
      const config = today(service);
      const both = anew(service, { config, container });
      expect([both.stays, both.dropped]).toEqual([service, []]);
      const left = { ...both.stays };
      for (const key of Object.keys(service)) delete left[key];
      for (const one of [
        anew(service, { config }),
        anew(service, { container }),
        anew(service, { config, container: null }),
      ])
        expect([one.stays, one.dropped]).toEqual([left, [field]]);
    },
  );

  it.each<[string, object, object, Partial<ContainerRights>, object, string[]]>([
    [
      'another of the same kind',
      { cap_add: ['NET_ADMIN', 'SYS_ADMIN'], pid: 'container:db' },
      { cap_add: ['NET_ADMIN'], pid: 'host' },
      { capAdd: ['NET_ADMIN', 'SYS_ADMIN'], pid: 'host' },
      { cap_add: ['NET_ADMIN'] },
      ['cap_add SYS_ADMIN', 'pid container:db'],
    ],
    [
      'a folder that both may only read, to be written',
      { volumes: [bind('/srv/conf')] },
      { volumes: [bind('/srv/conf', { read_only: true })] },
      { mounts: [mounted('/srv/conf', { readOnly: true })] },
      {},
      ['volumes /srv/conf:/host'],
    ],
    [
      'a folder whose mounts would come back to the host',
      { volumes: [bind('/srv/conf', { bind: { propagation: 'rshared' } })] },
      { volumes: [bind('/srv/conf')] },
      { mounts: [mounted('/srv/conf')] },
      {},
      ['volumes /srv/conf:/host'],
    ],
    [
      'the folder above',
      { volumes: [bind('/srv')] },
      { volumes: [bind('/srv/conf')] },
      { mounts: [mounted('/srv/conf')] },
      {},
      ['volumes /srv:/host'],
    ],
  ])('TR5 is not %s', (_name, service, compose, container, stays, dropped) => {
    const said = anew(service, { config: today(compose), container });
    expect([said.stays, said.dropped]).toEqual([stays, dropped]);
  });

  it('TR5 may be less than what both have', () => {
    const volumes = [bind('/srv/conf', { read_only: true })];
    const said = anew(
      { volumes },
      { config: today({ volumes: [bind('/srv/conf')] }), container: { mounts: [mounted('/srv/conf')] } },
    );
    expect([said.stays, said.dropped]).toEqual([{ volumes }, []]);
    const harmless = { security_opt: ['no-new-privileges:true'], ipc: 'private', cgroup: 'private', privileged: false };
    expect(anew(harmless).stays).toEqual(harmless);
  });
});

describe('a found release', () => {
  it.each<[string, object, object, string[]]>([
    [
      'of a hook',
      { post_start: [{ command: ['true'], user: 'app' }] },
      { post_start: [{ command: ['true'], user: 'app' }] },
      [],
    ],
    [
      'of a hook that asks for more than the service has',
      { post_start: [{ command: 'x', privileged: true }] },
      {},
      ['post_start'],
    ],
    [
      'that reads files of the server',
      { env_file: ['/etc/shadow'], label_file: '/x', extends: { file: '/x' } },
      {},
      ['env_file', 'label_file', 'extends'],
    ],
    [
      'that has programs started',
      { build: '.', develop: {}, provider: { type: '/bin/sh' }, credential_spec: {} },
      {},
      ['build', 'develop', 'provider', 'credential_spec'],
    ],
    ['that asks for the engine’s own socket', { use_api_socket: true }, {}, ['use_api_socket']],
    [
      'that publishes ports and depends',
      { ports: ['80:80'], depends_on: ['db'], links: ['db'] },
      {},
      ['ports', 'depends_on', 'links'],
    ],
    ['with fields nobody knows', { 'x-mine': 1, later: true }, {}, ['x-mine', 'later']],
    [
      'whose fields hold something else',
      { init: 'yes', healthcheck: { test: ['x'], more: 1 }, command: { a: 1 } },
      {},
      ['init', 'healthcheck', 'command'],
    ],
    ['whose nulls say nothing', { command: null, privileged: null }, {}, []],
    [
      'whose names are of JavaScript',
      JSON.parse('{"constructor":1,"toString":2,"__proto__":{"privileged":true}}'),
      {},
      ['constructor', 'toString'],
    ],
  ])('TR4 %s keeps what a release may have, and the rest is named', (_name, service, stays, dropped) => {
    const said = anew(service);
    expect([said.stays, said.dropped]).toEqual([stays, dropped]);
  });

  it('TR4 names what the whole file has beside its service', () => {
    const said = anew({}, { top: { include: ['/etc/x.yaml'], name: 'other', 'x-y': 1, models: {} } });
    expect(said.dropped).toEqual(['include', 'x-y', 'models']);
    expect(Object.keys(said.whole)).toEqual(['name', 'services', 'networks']);
    expect(said.whole.name).toBe('shop--web');
  });

  it('TR4 has nothing in it that compose would look up: a `$` is a `$`', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: compose's own.
    const said = anew({ environment: { A: '${DB_PASSWORD}', B: '$$HOME', C: '$$$X' }, command: ['$(id)'] });
    expect(said.stays).toEqual({ environment: { A: '$${DB_PASSWORD}', B: '$$HOME', C: '$$$$X' }, command: ['$$(id)'] });
  });

  it('TR4 gets our labels, and no other', () => {
    const said = anew({ labels: { 'traefik.enable': 'true', 'dev.switchyard.root': '/evil', 'wud.watch': 'true' } });
    expect(said.dropped).toEqual(['labels traefik.enable']);
    expect(said.labels).toMatchObject({ 'dev.switchyard.root': '/srv/shop/.switchyard', 'wud.watch': 'false' });
    expect(said.labels).not.toHaveProperty('traefik.enable');
  });

  it('TR5 joins networks of its stack, or those that its container is in; of none, the service’s', () => {
    const top = {
      networks: { a: { name: 'shop_default', external: true }, b: { name: 'edge' }, c: { name: 'vault_default' } },
    };
    const said = anew(
      { networks: { a: {}, b: {}, c: { aliases: ['db'] } } },
      { top, container: { networks: ['edge'] } },
    );
    expect([said.whole.networks, said.dropped]).toEqual([
      { a: { name: 'shop_default', external: true }, b: { name: 'edge', external: true } },
      ['networks vault_default'],
    ]);
    const none = anew({ networks: { c: {} } }, { top });
    expect(none.whole.networks).toEqual({ default: { name: 'shop_default', external: true } });
  });

  it('TR5 mounts volumes of its stack, or those that its container has, with no options of the file’s', () => {
    const top = {
      volumes: {
        data: { name: 'shop_data', driver_opts: { o: 'bind', device: '/' } },
        old: { name: 'shop_old', external: true },
        theirs: { name: 'vault_data', external: true },
      },
    };
    const volumes = ['data', 'old', 'theirs'].map((source) => ({
      type: 'volume',
      source,
      target: `/${source}`,
      read_only: false,
    }));
    const said = anew(
      { volumes },
      { top, container: { mounts: [{ ...mounted(''), kind: 'volume', name: 'shop_old' }] } },
    );
    expect([said.stays, said.whole.volumes, said.dropped]).toEqual([
      { volumes: volumes.slice(0, 2) },
      { data: { name: 'shop_data', external: true }, old: { name: 'shop_old', external: true } },
      ['volumes vault_data:/theirs'],
    ]);
  });

  it('TR5 is given secrets and files as compose.yaml defines them, and text as it stands', () => {
    const definitions = { key: { name: 'shop_key', file: '/srv/shop/key' }, env: { environment: 'TOKEN' } };
    const config = today({}, { secrets: definitions });
    const container = { mounts: [mounted('/srv/shop/key')] };
    const top = {
      secrets: { ...definitions, shadow: { file: '/etc/shadow' } },
      configs: { motd: { content: 'hi $you' }, own: { file: '/etc/shadow' } },
    };
    const secrets = ['key', 'env', 'shadow'].map((source) => ({ source, target: `/run/secrets/${source}` }));
    const said = anew({ secrets, configs: [{ source: 'motd' }, { source: 'own' }] }, { config, container, top });
    expect([said.stays, said.whole.secrets, said.whole.configs, said.dropped]).toEqual([
      { secrets: secrets.slice(0, 2), configs: [{ source: 'motd' }] },
      definitions,
      { motd: { content: 'hi $$you' } },
      ['secrets shadow', 'configs own'],
    ]);
    // The same path in compose.yaml, but not in the container that runs.
    expect(anew({ secrets: secrets.slice(0, 1) }, { config, top }).dropped).toEqual(['secrets key']);
  });

  it.each([
    null,
    [],
    'x',
    {},
    { services: {} },
    { services: { a: {}, b: {} } },
    { services: { a: null } },
    { services: [] },
  ])('TR4 is none where it is %j', (document) => {
    expect(parseRelease(document)).toMatchObject({ ok: false, failure: { code: 'release-unknown' } });
  });
});

describe('what a container may do', () => {
  it('TR5 is read from what Docker says', () => {
    const said = [
      {
        HostConfig: {
          Privileged: true,
          CapAdd: ['CAP_NET_ADMIN'],
          Devices: [{ PathOnHost: '/dev/a', PathInContainer: '/dev/b', CgroupPermissions: 'r' }],
          DeviceRequests: null,
          PidMode: 'host',
          Sysctls: { a: '1' },
        },
        Mounts: [{ Type: 'bind', Source: '/srv', Destination: '/x', RW: false, Propagation: 'rprivate' }],
        NetworkSettings: { Networks: { shop_default: {} } },
      },
    ];
    expect(parseContainerRights(JSON.stringify(said))).toEqual({
      ...noRights,
      privileged: true,
      capAdd: ['NET_ADMIN'],
      devices: ['/dev/a:/dev/b:r'],
      pid: 'host',
      ipc: '',
      cgroup: '',
      runtime: '',
      networkMode: '',
      sysctls: { a: '1' },
      mounts: [{ kind: 'bind', name: '', source: '/srv', target: '/x', readOnly: true, propagation: 'rprivate' }],
    });
  });

  it.each(['', '[]', '{}', '[{}]', 'x', '[{"HostConfig":{"Privileged":"yes"}}]'])(
    'TR5 is nothing where it says %s',
    (text) => {
      expect(parseContainerRights(text)).toBeNull();
    },
  );
});
