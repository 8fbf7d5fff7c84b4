import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type ComposeConfig, composeConfigSchema } from './compose-config.ts';
import { diffServices, isProxyVariable, renderRelease, renderReleaseFile, withoutValues } from './release.ts';

/** What `docker compose config --format json` says of a service that has everything. */
const config: ComposeConfig = composeConfigSchema.parse({
  name: 'shop',
  services: {
    frontend: {
      image: 'registry.lan/shop/frontend:1.1.0',
      build: { context: '/srv/shop/frontend' },
      command: ['node', 'server.js', '--title', `it's "$$HOME" <script>`],
      container_name: 'the-frontend',
      depends_on: { backend: { condition: 'service_started', required: true } },
      deploy: { replicas: 1, resources: { limits: { memory: '268435456' } } },
      entrypoint: null,
      environment: {
        API: 'http://backend:8000',
        VIRTUAL_HOST: 'shop.lan',
        LETSENCRYPT_EMAIL: 'a@b',
        TOKEN: 's3cret',
        EMPTY: null,
      },
      expose: ['3000'],
      healthcheck: { test: ['CMD', 'true'] },
      labels: { 'traefik.enable': 'true' },
      networks: { default: { aliases: ['web'] }, proxy: null },
      ports: [{ mode: 'ingress', target: 3000, published: '80', protocol: 'tcp' }],
      restart: 'unless-stopped',
      volumes: [
        { type: 'volume', source: 'uploads', target: '/uploads' },
        { type: 'bind', source: '/srv/shop/conf', target: '/conf', read_only: true },
      ],
      secrets: [{ source: 'key', target: '/run/secrets/key' }],
    },
  },
  networks: { default: { name: 'shop_default' }, proxy: { name: 'edge', external: true } },
  volumes: { uploads: { name: 'shop_uploads' }, other: {} },
  secrets: { key: { name: 'shop_key', file: '/srv/shop/key.txt' }, unused: { file: '/x' } },
});

describe('a release’s compose.yaml', () => {
  it('AD4 has its own name, and no port, alias, label or variable of the operator’s by which it could be found', () => {
    const text = renderRelease(config, 'frontend', 'shop--frontend', '/srv/shop');
    expect(parse(text)).toEqual({
      name: 'shop--frontend',
      services: {
        '@SWITCHYARD_CONTAINER@': {
          container_name: '@SWITCHYARD_CONTAINER@',
          image: '@SWITCHYARD_IMAGE@',
          pull_policy: 'never',
          command: ['node', 'server.js', '--title', `it's "$$HOME" <script>`],
          healthcheck: { test: ['CMD', 'true'] },
          restart: 'unless-stopped',
          volumes: [
            { type: 'volume', source: 'uploads', target: '/uploads', read_only: false },
            { type: 'bind', source: '/srv/shop/conf', target: '/conf', read_only: true },
          ],
          secrets: [{ source: 'key', target: '/run/secrets/key' }],
          environment: { API: 'http://backend:8000', TOKEN: 's3cret', EMPTY: null },
          deploy: { resources: { limits: { memory: '268435456' } } },
          networks: { default: {}, proxy: {} },
          labels: {
            'dev.switchyard.stack': 'shop',
            'dev.switchyard.service': 'frontend',
            'dev.switchyard.slot': '@SWITCHYARD_SLOT@',
            'dev.switchyard.release': '@SWITCHYARD_RELEASE@',
            'dev.switchyard.root': '/srv/shop/.switchyard',
            'com.centurylinklabs.watchtower.enable': 'false',
            'wud.watch': 'false',
            'diun.enable': 'false',
            'dev.dozzle.group': 'switchyard',
            autoheal: 'false',
          },
        },
      },
      networks: { default: { name: 'shop_default', external: true }, proxy: { name: 'edge', external: true } },
      volumes: { uploads: { name: 'shop_uploads', external: true } },
      secrets: { key: { name: 'shop_key', file: '/srv/shop/key.txt' } },
    });
  });

  it('keeps text that sed will read: every placeholder stands in it as it is', () => {
    const text = renderRelease(config, 'frontend', 'shop--frontend', '/srv/shop');
    for (const name of ['IMAGE', 'CONTAINER', 'SLOT', 'RELEASE']) expect(text).toContain(`@SWITCHYARD_${name}@`);
    expect(text.split('\n')[0]).toBe('# Written by Switchyard: release @SWITCHYARD_RELEASE@ of "frontend".');
  });

  it.each(["o'neil", 'a\nservices: {evil: 1}\n#', '🚂 "x"', '$(id)', '<script>'])(
    'AD4 takes the name %j as data',
    (name) => {
      const text = renderRelease(
        { name: 'shop', services: { [name]: { image: 'x', command: name } } },
        name,
        'shop--odd',
        `/srv/${name.replaceAll('\n', ' ')}`,
      );
      const parsed = parse(text);
      expect(Object.keys(parsed)).toEqual(['name', 'services', 'networks']);
      expect(Object.keys(parsed.services)).toEqual(['@SWITCHYARD_CONTAINER@']);
      expect(parsed.services['@SWITCHYARD_CONTAINER@'].labels['dev.switchyard.service']).toBe(name);
      expect(parsed.services['@SWITCHYARD_CONTAINER@'].command).toBe(name);
    },
  );

  it('AD4 tells variables of proxies from others', () => {
    const all = [
      'VIRTUAL_HOST',
      'VIRTUAL_PORT',
      'LETSENCRYPT_HOST',
      'ACME_X',
      'CERT_NAME',
      'VIRTUAL_ENV',
      'HOST',
      'MY_VIRTUAL_HOST',
    ];
    expect(all.filter(isProxyVariable)).toEqual([
      'VIRTUAL_HOST',
      'VIRTUAL_PORT',
      'LETSENCRYPT_HOST',
      'ACME_X',
      'CERT_NAME',
    ]);
  });

  it('release.json is JSON whatever it names', () => {
    expect(JSON.parse(renderReleaseFile('img:1', `o'neil "x" \\ \n@box`))).toMatchObject({
      version: 1,
      reference: 'img:1',
      by: `o'neil "x" \\ \n@box`,
      image: '@SWITCHYARD_IMAGE@',
    });
  });
});

describe('what differs between two releases', () => {
  const before = {
    environment: {
      POSTGRES_PASS: 'old-secret',
      API_TOKEN: 'gone-secret',
      SESSION_KEY: 'same-secret',
      HARMLESS: 'postgres://u:p1-secret@db',
      SHORT: 'p1',
    },
    command: ['serve', '--dsn', 'postgres://u:p1-secret@db', '--greeting', 'hello'],
  };
  const after = {
    environment: {
      POSTGRES_PASS: 'new-secret',
      SESSION_KEY: 'same-secret',
      HARMLESS: 'postgres://u:p2-secret@db',
      SMTP: 'fresh-secret',
      SHORT: 'p2',
    },
    command: ['serve', '--key', 'same-secret', '--greeting', 'hello'],
  };

  it('RE3 SE1 names variables and shows no value of any, also not where it stands in something else', () => {
    const lines = diffServices(before, after);
    expect(lines).toEqual([
      { field: 'environment', key: 'API_TOKEN', before: '•••', after: null, hidden: true },
      { field: 'environment', key: 'HARMLESS', before: '•••', after: '•••', hidden: true },
      { field: 'environment', key: 'POSTGRES_PASS', before: '•••', after: '•••', hidden: true },
      { field: 'environment', key: 'SHORT', before: '•••', after: '•••', hidden: true },
      { field: 'environment', key: 'SMTP', before: null, after: '•••', hidden: true },
      {
        field: 'command',
        key: 'command',
        before: '["serve","--dsn","•••","--greeting","hello"]',
        after: '["serve","--key","•••","--greeting","hello"]',
        hidden: true,
      },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/secret|p1|p2/);
  });

  it('SE1 tells values only where that is asked for', () => {
    expect(diffServices(before, after, 'shown')).toMatchObject([
      { key: 'API_TOKEN', before: 'gone-secret', after: null },
      { key: 'HARMLESS', before: 'postgres://u:p1-secret@db', after: 'postgres://u:p2-secret@db' },
      { key: 'POSTGRES_PASS', before: 'old-secret', after: 'new-secret' },
      { key: 'SHORT', before: 'p1', after: 'p2' },
      { key: 'SMTP', before: null, after: 'fresh-secret' },
      { key: 'command' },
    ]);
  });

  it('is told by field, and the same service differs in nothing', () => {
    const service = config.services.frontend ?? {};
    expect(diffServices(service, structuredClone(service))).toEqual([]);
    const after = {
      ...service,
      image: 'registry.lan/shop/frontend:1.2.0',
      command: 'node other.js',
      environment: { ...service.environment, API: 'http://backend:9000', VIRTUAL_HOST: 'other.lan' },
      volumes: [{ type: 'volume', source: 'uploads', target: '/uploads', read_only: true }],
      restart: 'always',
    };
    expect(diffServices(service, after)).toEqual([
      {
        field: 'image',
        key: 'image',
        before: 'registry.lan/shop/frontend:1.1.0',
        after: 'registry.lan/shop/frontend:1.2.0',
      },
      { field: 'environment', key: 'API', before: '•••', after: '•••', hidden: true },
      { field: 'mount', key: '/conf', before: '/srv/shop/conf (read-only)', after: null },
      { field: 'mount', key: '/uploads', before: 'uploads', after: 'uploads (read-only)' },
      { field: 'command', key: 'command', before: JSON.stringify(service.command), after: 'node other.js' },
      { field: 'other', key: 'restart', before: 'unless-stopped', after: 'always' },
    ]);
  });
});

it('RE9 what is kept beside the stack names no value of an environment, and is the same otherwise', () => {
  const whole = renderRelease(config, 'frontend', 'shop--frontend', '/srv/shop');
  const told = withoutValues(whole);
  expect(told).not.toContain('http://backend:8000');
  expect(told).not.toContain('# hidden:');
  const [service] = Object.values((parse(told) as { services: Record<string, Record<string, unknown>> }).services);
  const [kept] = Object.values((parse(whole) as { services: Record<string, Record<string, unknown>> }).services);
  const { environment, ...rest } = kept ?? {};
  expect(environment).toBeDefined();
  expect(service).toEqual(rest);
});
