import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type AdoptFacts, planAdoption } from './adoption.ts';
import { type ComposeService, composeConfigSchema } from './compose-config.ts';

const facts = (service: unknown, more: Partial<AdoptFacts> = {}): AdoptFacts => ({
  config: composeConfigSchema.parse({
    name: 'shop',
    services: { frontend: service, db: { image: 'postgres:17' } },
    networks: { default: { name: 'shop_default' } },
  }),
  service: 'frontend',
  projectFolder: '/srv/shop',
  folderWritable: true,
  configFiles: ['/srv/shop/compose.yaml'],
  overridePath: '/srv/shop/compose.override.yaml',
  override: null,
  overrideServices: [],
  user: '1000:1000',
  dockerMajor: 26,
  container: { name: 'shop-frontend-1', running: true, exposedPorts: [] },
  containers: 1,
  managedBy: null,
  runsEntry: false,
  mentions: [],
  options: {},
  ...more,
});

const usual = {
  image: 'registry.lan/shop/frontend:1.0.0',
  restart: 'unless-stopped',
  ports: [{ target: 3000, published: '80', protocol: 'tcp' }],
  healthcheck: { test: ['CMD', 'curl', '-f', 'http://localhost:3000/healthz'] },
};

const plan = (service: unknown, more: Partial<AdoptFacts> = {}) => planAdoption(facts(service, more), 'shop--frontend');
const titles = (service: unknown, level: string, more: Partial<AdoptFacts> = {}) =>
  plan(service, more)
    .plan.findings.filter((each) => each.level === level)
    .map((each) => each.title);

/** YAML with compose's tags, kept as `{ tag: value }`. */
const parseTagged = (text: string): Record<string, Record<string, unknown>> => {
  const tag = (name: string) => ({ tag: `!${name}`, resolve: (value: unknown) => ({ [name]: value }) });
  const collection = (name: string, base: 'map' | 'seq') => ({ tag: `!${name}`, collection: base });
  return parse(text, {
    customTags: [tag('reset'), tag('override'), collection('override', 'map'), collection('override', 'seq')] as never,
    logLevel: 'silent',
  });
};

describe('AD1 planning an adoption', () => {
  it('AD1 of a usual service: adoptable, with its reasons, checks and gap', () => {
    const adoption = plan(usual);
    expect(adoption).toMatchObject({
      entry: {
        prefix: 'shop--frontend',
        ports: [{ port: 3000, mode: 'http' }],
        check: { path: '/healthz', low: 200, high: 399 },
        firstHop: true,
      },
      checks: [
        { kind: 'http', port: 3000, path: '/healthz', low: 200, high: 399, contains: '' },
        { kind: 'container' },
      ],
      networks: ['shop_default'],
      stopSeconds: 3,
    });
    expect(adoption.plan).toMatchObject({
      adoptable: true,
      flipKind: 'http',
      containerPort: 3000,
      overridePath: '/srv/shop/compose.override.yaml',
      reasons: [
        'It listens on 3000, as its published port says.',
        'It mounts nothing that it writes to, so two releases can run at once.',
        'Its requests are moved one by one, so it has to speak HTTP on 3000; that is checked before anything is switched.',
      ],
      checks: ['HTTP GET /healthz on 3000 answers 200 to 399', 'the container’s own healthcheck is green'],
      gap: { estimateMs: 1200 },
    });
    expect(adoption.plan.findings.map(({ level, title }) => `${level}: ${title}`)).toEqual([
      'note: What changes for you',
      'note: Who the client is',
    ]);
  });

  it('AD1 changes nothing it was given', () => {
    const given = facts(usual);
    const before = structuredClone(given);
    planAdoption(given, 'shop--frontend');
    expect(given).toEqual(before);
  });

  it.each<[string, unknown, Partial<AdoptFacts>]>([
    ['It does not run', usual, { container: null }],
    ['It does not run', usual, { container: { name: 'x', running: false, exposedPorts: [] } }],
    ['The folder is read-only', usual, { folderWritable: false }],
    ['Several replicas', usual, { containers: 2 }],
    ['Several replicas', { ...usual, deploy: { replicas: 3 } }, {}],
    ['Several replicas', { ...usual, scale: 2 }, {}],
    ['No network of its own', { ...usual, network_mode: 'host' }, {}],
    ['No network of its own', { ...usual, network_mode: 'service:vpn' }, {}],
    ['An exclusive device', { ...usual, devices: ['/dev/ttyUSB0'] }, {}],
    ['UDP', { ...usual, ports: [...usual.ports, { target: 53, published: '53', protocol: 'udp' }] }, {}],
    [
      'State that only one release may open',
      { ...usual, volumes: [{ type: 'volume', source: 'd', target: '/data' }] },
      {},
    ],
    [
      'State that only one release may open',
      { ...usual, volumes: [{ type: 'bind', source: '/srv/x', target: '/x' }] },
      {},
    ],
    ['An entry point is in its place', usual, { runsEntry: true }],
    ['Coolify manages it', usual, { managedBy: 'Coolify' }],
    ['The override sets it already', usual, { overrideServices: ['frontend'] }],
    ['Several compose files', usual, { configFiles: ['/srv/shop/a.yaml', '/srv/shop/b.yaml'] }],
    ['Which port?', { ...usual, ports: [] }, {}],
  ])('AD1 DN11 refuses: %s', (title, service, more) => {
    expect(titles(service, 'stop', more)).toEqual([title]);
    expect(plan(service, more).plan.adoptable).toBe(false);
  });

  it('says in no face’s words what would answer a finding, and names it', () => {
    const { healthcheck: _, ...bare } = usual;
    const findings = [
      ...plan({ ...usual, volumes: [{ type: 'volume', source: 'd', target: '/data' }] }).plan.findings,
      ...plan({ ...usual, ports: [] }).plan.findings,
      ...plan(bare).plan.findings,
    ];
    expect(findings.filter((each) => each.answer !== undefined).map((each) => [each.title, each.answer])).toEqual([
      ['State that only one release may open', 'shareVolumes'],
      ['Which port?', 'port'],
      ['Unverified', 'checkPath'],
    ]);
    expect(findings.map((each) => each.text).join()).not.toMatch(/(?:^|[\s(])--\w/);
  });

  it('AD3 AD1 a service that writes is adopted only when told that two releases may', () => {
    const writes = { ...usual, volumes: [{ type: 'volume', source: 'd', target: '/data' }] };
    expect(plan(writes).plan.adoptable).toBe(false);
    expect(plan(writes, { options: { shareVolumes: true } }).plan.adoptable).toBe(true);
    expect(titles(writes, 'warning', { options: { shareVolumes: true } })).toEqual(['Both releases write']);
  });

  it('AD3 what cannot be written, or is no state, is none', () => {
    const volumes = [
      { type: 'bind', source: '/srv/conf', target: '/conf', read_only: true },
      { type: 'bind', source: '/etc/localtime', target: '/etc/localtime' },
      { type: 'bind', source: '/var/run/docker.sock', target: '/var/run/docker.sock' },
      { type: 'tmpfs', target: '/cache' },
    ];
    expect(titles({ ...usual, volumes }, 'stop')).toEqual([]);
    expect(titles({ ...usual, volumes: [{ type: 'bind', source: '/x', target: '/tmpfiles' }] }, 'stop')).toHaveLength(
      1,
    );
  });

  it('AD1 warns of what an operator would not think of', () => {
    const { restart: _, healthcheck: __, ...bare } = usual;
    expect(
      titles({ ...bare, environment: { TRUSTED_PROXIES: '10.0.0.1' } }, 'warning', { mentions: ['backup.sh'] }),
    ).toEqual([
      'Unverified',
      'Scripts that name it',
      'It has a list of trusted proxies',
      'It does not come back by itself',
    ]);
    expect(titles({ ...usual, image: undefined, build: { context: '.' } }, 'note')).toContain('Built here');
  });
});

describe('which port the service listens on', () => {
  const traefik = { 'traefik.http.services.web.loadbalancer.server.port': '4000' };
  it.each<[string, unknown, Partial<AdoptFacts>, number]>([
    ['the port you named', { ...usual, labels: traefik }, { options: { port: 8080 } }, 8080],
    ['its proxy labels', { ...usual, labels: traefik, environment: { VIRTUAL_PORT: '5000' } }, {}, 4000],
    ['its proxy labels', { ...usual, labels: { 'caddy.reverse_proxy': '{{upstreams 4100}}' } }, {}, 4100],
    ['its proxy labels', { ...usual, labels: { caddy_0_reverse_proxy: '{{upstreams http 4200}}' } }, {}, 4200],
    ['VIRTUAL_PORT', { ...usual, environment: { VIRTUAL_PORT: '5000' } }, {}, 5000],
    ['its published port', { ...usual, expose: ['7000'] }, {}, 3000],
    ['its exposed port', { ...usual, ports: [], expose: ['7000'] }, {}, 7000],
    [
      'what its image exposes',
      { ...usual, ports: [] },
      { container: { name: 'x', running: true, exposedPorts: [9000, 9001] } },
      9000,
    ],
  ])('%s', (because, service, more, port) => {
    const adoption = plan(service, more);
    expect(adoption.plan.containerPort).toBe(port);
    expect(adoption.plan.reasons[0]).toBe(`It listens on ${port}, as ${because} says.`);
  });

  it('labels that are no port tell none', () => {
    const labels = {
      'traefik.http.services.web.loadbalancer.server.port': 'http',
      'caddy.reverse_proxy': '{{upstreams}}',
    };
    expect(plan({ ...usual, labels }).plan.containerPort).toBe(3000);
  });

  it('all further ports are carried as they are, once each', () => {
    const service = {
      ...usual,
      ports: [
        ...usual.ports,
        { target: 9100, published: '9100', protocol: 'tcp' },
        { target: 3000, published: '81', protocol: 'tcp' },
      ],
      expose: ['9100', '7000'],
    };
    expect(plan(service).entry.ports).toEqual([
      { port: 3000, mode: 'http' },
      { port: 9100, mode: 'tcp' },
      { port: 7000, mode: 'tcp' },
    ]);
  });
});

describe('what is checked', () => {
  it.each<[string, ComposeService['healthcheck'], string | undefined, unknown[]]>([
    [
      'a path that was named',
      undefined,
      '/ready',
      [{ kind: 'http', port: 3000, path: '/ready', low: 200, high: 399, contains: '' }],
    ],
    [
      'no healthcheck',
      undefined,
      undefined,
      [{ kind: 'http', port: 3000, path: '/', low: 200, high: 499, contains: '' }],
    ],
    [
      'a disabled healthcheck',
      { disable: true, test: ['CMD', 'curl', 'http://localhost/x'] },
      undefined,
      [{ kind: 'http', port: 3000, path: '/', low: 200, high: 499, contains: '' }],
    ],
    [
      'NONE',
      { test: ['NONE'] },
      undefined,
      [{ kind: 'http', port: 3000, path: '/', low: 200, high: 499, contains: '' }],
    ],
    [
      'a healthcheck that is no request',
      { test: ['CMD', 'pg_isready'] },
      undefined,
      [{ kind: 'http', port: 3000, path: '/', low: 200, high: 499, contains: '' }, { kind: 'container' }],
    ],
  ])('%s', (_name, healthcheck, checkPath, checks) => {
    expect(plan({ ...usual, healthcheck }, { options: { checkPath } }).checks).toEqual(checks);
  });
});

describe('the gap that is said before', () => {
  it('is what stopping may take, as compose says', () => {
    expect(plan({ ...usual, stop_grace_period: '1m30s' })).toMatchObject({
      stopSeconds: 90,
      plan: { gap: { estimateMs: 91_200 } },
    });
    expect(plan({ ...usual, stop_grace_period: '10s' })).toMatchObject({
      stopSeconds: 10,
      plan: { gap: { estimateMs: 11_200 } },
    });
  });
});

describe('the override’s lines', () => {
  it('AD2 set one service: its image, its start, what is reset, and nothing by which a proxy finds it', () => {
    const { block } = plan({
      ...usual,
      command: ['node', 'x.js'],
      environment: { VIRTUAL_HOST: `shop.lan "x"`, SECRET: 'not here' },
      labels: { 'traefik.enable': 'true' },
      cap_add: ['NET_ADMIN'],
      volumes: [{ type: 'bind', source: '/srv/conf', target: '/conf', read_only: true }],
      container_name: 'web',
    });
    expect(block.split('\n').every((line) => line === '' || line.startsWith('  '))).toBe(true);
    expect(block).not.toContain('SECRET');
    const parsed = parseTagged(`services:\n${block}`).services as Record<string, Record<string, unknown>>;
    expect(Object.keys(parsed)).toEqual(['frontend']);
    expect(Object.keys(parsed.frontend ?? {})).toEqual([
      'image',
      'entrypoint',
      'user',
      'cap_add',
      'command',
      'depends_on',
      'env_file',
      'environment',
      'volumes',
      'healthcheck',
      'stop_signal',
      'stop_grace_period',
      'labels',
    ]);
    for (const key of ['cap_add', 'command', 'depends_on', 'env_file'])
      expect(block).toContain(`    ${key}: !reset null\n`);
    expect(block).toContain('    environment: !override\n      VIRTUAL_HOST: "shop.lan \\"x\\""\n');
    expect(parsed.frontend).toMatchObject({ image: 'haproxy:3.0', user: '1000:1000', stop_signal: 'SIGUSR1' });
  });

  it('AD2 a dollar in the folder is no variable of compose', () => {
    const { block } = plan(usual, { projectFolder: '/srv/$HOME "x"' });
    expect(block).toContain('source: "/srv/$$HOME \\"x\\"/.switchyard/frontend/entry"');
    expect(block).toContain('"/srv/$$HOME \\"x\\"/.switchyard"');
  });

  it('the healthcheck sleeps where the engine can start it quicker at first', () => {
    expect(plan(usual, { dockerMajor: 25 }).block).toContain('interval: 5m');
    expect(plan(usual, { dockerMajor: 24 }).block).not.toContain('start_interval');
  });
});
