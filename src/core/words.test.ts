import { describe, expect, it } from 'vitest';
import { type Check, explainCheck, guessCheckPath, renderChecks } from './check.ts';
import { deployerOf } from './deployer.ts';
import { FailureError, failure, failureOf } from './failure.ts';
import { isServing, isTrouble, parseHealth } from './health.ts';
import { tagOf, tierOf } from './image-kind.ts';
import { releaseFolder, serviceSlug, slotContainer, slotPrefix, stateFolder } from './server-layout.ts';
import { digestOf } from './service-record.ts';
import { otherSlot } from './slot.ts';

describe('names on the server', () => {
  it('are plain, short enough for DNS, and never the same for two services', () => {
    expect([serviceSlug('frontend'), slotPrefix('shop', 'frontend'), slotContainer('shop--frontend', 'blue')]).toEqual([
      'frontend',
      'shop--frontend',
      'shop--frontend--blue',
    ]);
    expect(new Set(['Web', 'web', 'w.b', 'w-b', 'w b', 'w🚂b'].map(serviceSlug)).size).toBe(6);
    for (const name of ['Web', '🚂', '$(id)', '../..', 'a\nb', '<script>'])
      expect(serviceSlug(name)).toMatch(/^[a-z0-9_-]+$/);
    const long = slotPrefix('a'.repeat(50), 'b'.repeat(50));
    expect(slotContainer(long, 'green').length).toBeLessThanOrEqual(63);
    expect(slotPrefix('a'.repeat(50), `${'b'.repeat(49)}c`)).not.toBe(long);
    expect([releaseFolder(1), releaseFolder(12345), stateFolder('/srv/x')]).toEqual([
      '0001',
      '12345',
      '/srv/x/.switchyard',
    ]);
    expect([otherSlot('blue'), otherSlot('green')]).toEqual(['green', 'blue']);
  });
});

describe('checks', () => {
  const checks: Check[] = [
    { kind: 'http', port: 3000, path: '/h', low: 200, high: 399, contains: 'a\tb\nc' },
    { kind: 'tcp', port: 22 },
    { kind: 'container' },
    { kind: 'command', command: 'pg_isready\n-q' },
  ];

  it('are one line each for the server, fields by tabs, whatever they hold', () => {
    expect(renderChecks(checks)).toBe('http\t3000\t/h\t200\t399\ta b c\ntcp\t22\ncontainer\ncommand\tpg_isready -q');
  });

  it('are told in words', () => {
    expect(checks.map(explainCheck)).toEqual([
      'HTTP GET /h on 3000 answers 200 to 399 and its body contains “a\tb\nc”',
      'port 22 accepts a connection',
      'the container’s own healthcheck is green',
      'the command “pg_isready\n-q” succeeds inside the container',
    ]);
  });

  it.each([
    [['CMD', 'curl', '-f', 'http://localhost:3000/healthz'], '/healthz'],
    [['CMD-SHELL', 'wget -qO- http://127.0.0.1/ready?x=1 || exit 1'], '/ready?x=1'],
    [['CMD-SHELL', 'node -e "fetch(\'http://[::1]:8000/a/b\')"'], '/a/b'],
    [['CMD', 'curl', 'http://localhost:3000'], null],
    [['CMD', 'pg_isready'], null],
    [[], null],
  ])('guess the path of %j', (test, path) => {
    expect(guessCheckPath(test)).toBe(path);
  });
});

describe('health', () => {
  it.each([
    ['running', 'Up 3 days (healthy)', 'healthy'],
    ['running', 'Up 3 days (unhealthy)', 'unhealthy'],
    ['running', 'Up 1 second (health: starting)', 'starting'],
    ['running', 'Up 3 days', 'running'],
    ['restarting', 'Restarting (1) 2 seconds ago', 'restarting'],
    ['exited', 'Exited (1) 2 hours ago', 'exited'],
    ['exited', 'Exited (137) 2 hours ago', 'exited'],
    ['exited', 'Exited (0) 2 hours ago', 'ended'],
    ['exited', 'Exited (143) 2 hours ago', 'stopped'],
    ['removing', '', 'exited'],
    ['dead', '', 'dead'],
  ])('%s, %s', (state, status, health) => {
    expect(parseHealth(state, status)).toBe(health);
  });

  it('serves, is in trouble, or neither', () => {
    expect([isServing('healthy'), isServing('starting'), isTrouble('starting'), isTrouble('restarting')]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});

describe('images', () => {
  it.each([
    ['postgres:17', 'db', 'state'],
    ['registry.lan:5000/library/redis@sha256:abc', 'cache', 'state'],
    ['traefik:v3', 'edge', 'proxy'],
    ['my/app:1', 'postgres', 'state'],
    ['my/postgres-exporter', 'metrics', 'service'],
  ])('%s as %s stands with %s', (image, service, tier) => {
    expect(tierOf(image, service)).toBe(tier);
  });

  it.each([
    ['a/b:1.2', '1.2'],
    ['localhost:5000/b', 'latest'],
    ['localhost:5000/b:x@sha256:abc', 'x'],
    ['b@sha256:abc', null],
    ['sha256:abc', null],
  ])('the tag of %s', (image, tag) => {
    expect(tagOf(image)).toBe(tag);
  });

  it('a digest is one only when it is whole', () => {
    expect([digestOf(`a@sha256:${'0'.repeat(64)}`), digestOf('a@sha256:0'), digestOf('a:1')]).toEqual([
      `sha256:${'0'.repeat(64)}`,
      null,
      null,
    ]);
  });
});

describe('deployers', () => {
  it.each([
    [{ 'coolify.managed': 'true' }, 'Coolify'],
    [{ 'com.docker.swarm.service.name': 'x' }, 'Docker Swarm'],
    [{ 'com.centurylinklabs.watchtower.enable': 'true' }, 'Watchtower'],
    [{ 'com.centurylinklabs.watchtower.enable': 'false' }, null],
    [{ 'com.docker.compose.project': 'x' }, null],
  ])('%j', (labels, deployer) => {
    expect(deployerOf(labels as Record<string, string>)).toBe(deployer);
  });
});

describe('failures', () => {
  it('are found in what was caught, and anything else is a bug with its text', () => {
    const known = failure('disk-full', 'Full.', { transient: true });
    expect(failureOf(new FailureError(known))).toBe(known);
    expect(failureOf(new TypeError('x is not a function'))).toMatchObject({
      code: 'bug',
      message: 'Switchyard itself failed: x is not a function',
    });
    expect(failureOf('odd')).toEqual({
      code: 'bug',
      message: 'Switchyard itself failed: odd',
      running: null,
      detail: null,
      transient: false,
    });
  });
});
