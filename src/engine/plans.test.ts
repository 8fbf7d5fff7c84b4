import { describe, expect, it } from 'vitest';
import { yamlComposeText } from '../adapters/compose-text/yaml-compose-text.ts';
import { composeConfigSchema } from '../core/compose-config.ts';
import { drawMap } from '../core/draw-map.ts';
import { renderRelease, tokens } from '../core/release.ts';
import {
  composed,
  dockerFacts,
  mapFacts,
  release,
  releaseFile,
  serverState,
  serviceState,
  slotOf,
} from '../testkit/engine/facts.ts';
import { endedMark, namedKit } from '../testkit/engine/fake-host.ts';
import { planAdoptJob } from './adopt.ts';
import { planDeployJob, prepareNext } from './deploy.ts';
import { planEjectJob } from './eject.ts';
import { freshMeter, meterReading } from './entry-metrics.ts';
import type { JobPlan } from './job-upload.ts';
import type { Shell } from './ports/shell.ts';
import { planRetireJob } from './retire.ts';
import type { VerbFacts } from './verbs.ts';
import { endLine } from './whole-answer.ts';

const compose = 'services:\n  frontend:\n    image: registry.lan/shop/frontend:1.1.0 # mine\n';
const config = {
  name: 'shop',
  services: {
    frontend: {
      image: 'registry.lan/shop/frontend:1.1.0',
      restart: 'always',
      ports: [{ target: 3000, published: '80', protocol: 'tcp' }],
      environment: { API: `it's "$$x"` },
    },
  },
  networks: { default: { name: 'shop_default' } },
};

/** What the script that reads a stack prints. */
const reading = (more: Record<string, string> = {}, closing: string[] = []): string => {
  const sections: Record<string, string> = {
    user: '1000:1000',
    writable: 'yes',
    compose: '/srv/shop/compose.yaml',
    text: `${compose}.`,
    override: '',
    hashed: '/srv/shop/compose.yaml\n/srv/shop/compose.override.yaml\n/srv/shop/.env',
    hash: 'abc',
    config: JSON.stringify(config),
    exposed: '3000/tcp\n53/udp',
    mentions: '',
    ...more,
  };
  return `${Object.entries(sections)
    .map(([name, text]) => `\u0001${name}\n${text}\n`)
    .join('')}${closing.map((each) => `\u0001${each}\n`).join('')}`;
};

/** An answer that a broken link cut short, right behind what looks whole. */
const torn = `${reading()}torn`;

/** What the script that reads one release prints. */
const written = (number: number, service: object = config.services.frontend, closing = '\u0001end\n') => {
  const template = renderRelease(
    composeConfigSchema.parse({ ...config, services: { frontend: service } }),
    'frontend',
    'shop--frontend',
    '/srv/shop',
  );
  const compose = template
    .replaceAll(tokens.container, 'shop--frontend--blue')
    .replaceAll(tokens.image, releaseFile(number, 'blue').image);
  const framed = (name: string, text: string) => `\u0001file ${name}\n${text.replaceAll(/^/gm, '\u0002')}\n`;
  return `${framed('release.json', JSON.stringify(releaseFile(number, 'blue')))}${framed('compose.yaml', compose)}${closing}`;
};

function facts(adopted: boolean, said: string, more: Partial<VerbFacts> = {}): VerbFacts {
  const state = serviceState({ current: release(1, 'blue'), previous: null });
  const docker = dockerFacts([composed('shop', 'frontend'), ...(adopted ? [slotOf('blue', '0001')] : [])]);
  const map = drawMap(mapFacts(docker, { states: adopted ? [serverState([state])] : [] }));
  const [stack] = map.stacks;
  const service = stack?.services[0];
  if (stack === undefined || service === undefined) throw new Error('no stack');
  const shell: Shell = {
    run: async (command) => ({
      code: 0,
      signal: null,
      stderr: '',
      stdout:
        (command.includes('print release.json')
          ? / 0+(\d+)$/.exec(command)?.[1] === '9'
            ? '\u0001end\n'
            : written(1)
          : command.includes('docker inspect --type')
            ? '[]'
            : said) + (command.includes(endedMark) && said !== torn ? `\n${endLine}\n` : ''),
    }),
    follow: () => Promise.reject(new Error('not here')),
  };
  return {
    shell,
    kit: namedKit,
    composeText: yamlComposeText,
    docker,
    folder: '/srv/shop',
    home: '/home/ada/.local/state/switchyard/stacks/shop-1',
    stack,
    service,
    state: adopted ? state : null,
    by: 'ada@laptop',
    ...more,
  };
}

const planOf = async (
  work: Promise<{ ok: true; value: JobPlan } | { ok: false; failure: unknown }>,
): Promise<JobPlan> => {
  const plan = await work;
  if (!plan.ok) throw new Error(JSON.stringify(plan.failure));
  return plan.value;
};
const file = (plan: JobPlan, path: string) => plan.files.find((each) => each.path === path)?.text;

describe('the plan of an adoption', () => {
  it('AD1 AD2 brings its files, and the compose file is not one of them', async () => {
    const plan = await planOf(planAdoptJob(facts(false, reading()), {}));
    expect([plan.verb, plan.script, plan.root]).toEqual(['adopt', 'adopt', '/srv/shop/.switchyard']);
    expect(plan.files.map((each) => each.path)).toEqual([
      'release.compose.yaml',
      'release.public.yaml',
      'release.json',
      'rollback.sh',
      'haproxy.cfg',
      'override.yaml',
      'service.json',
      'live',
      'exec',
    ]);
    expect(plan.variables).toMatchObject({
      COMPOSE_HASH: 'abc',
      CURRENT_CONTAINER: 'shop-frontend-1',
      ENTRY_PORT: '3000',
      NETWORK: 'shop_default',
      OVERRIDE: '/srv/shop/compose.override.yaml',
      SVC: 'frontend',
      STOP_S: '3',
    });
    expect(file(plan, 'override.yaml')).toContain('# switchyard begin frontend');
    expect(file(plan, 'rollback.sh')).toMatch(/^#!\/bin\/sh\n/);
    expect(JSON.parse(file(plan, 'service.json') ?? '')).toMatchObject({
      version: 1,
      entry: '@SWITCHYARD_ENTRY@',
      checks: [{ kind: 'http', path: '/' }],
    });
  });

  it.each<[string, string, string]>([
    ['a folder that is closed', '\u0001nofolder\n', 'compose-unreadable'],
    ['a file that is gone', '\u0001compose\n/srv/shop/compose.yaml\n\u0001absent\n', 'compose-unreadable'],
    ['a file that is closed', '\u0001compose\n/x\n\u0001unreadable\n', 'compose-unreadable'],
    ['a broken file', reading({}, ['broken\nlevel=warning x\nservices.frontend must be a mapping']), 'compose-broken'],
    ['an answer that was torn', torn, 'no-answer'],
    ['nothing said', '', 'compose-broken'],
    ['a service that is gone', reading({ config: JSON.stringify({ name: 'shop', services: {} }) }), 'service-unknown'],
    ['a closed project folder', reading({ writable: '' }), 'not-adoptable'],
    ['an override nobody can edit', reading({ 'override-text': 'services: {db: {}}\n.' }), 'compose-broken'],
  ])('is refused over %s', async (_name, said, code) => {
    expect(await planAdoptJob(facts(false, said), {})).toMatchObject({ ok: false, failure: { code } });
  });

  it.each([
    { port: 0 },
    { port: 70_000 },
    { port: 1.5 },
    { checkPath: 'healthz' },
    { checkPath: '/a b' },
    { checkPath: '/a"b' },
    { port: Number.NaN },
  ])('is refused for %j', async (options) => {
    expect(await planAdoptJob(facts(false, reading()), options)).toMatchObject({
      ok: false,
      failure: { code: 'input-invalid', message: expect.not.stringContaining('NaN') },
    });
  });
});

describe('the plan of a deploy', () => {
  it('RE1 is what compose.yaml says, and edits nothing', async () => {
    const plan = await planOf(planDeployJob(facts(true, reading()), {}));
    expect(plan.variables).toMatchObject({
      IMAGE: 'registry.lan/shop/frontend:1.1.0',
      BUILD: '',
      REPLACE: '',
      COMPOSE_HASH: 'abc',
    });
    expect(plan.files.map((each) => each.path)).toEqual([
      'release.compose.yaml',
      'release.public.yaml',
      'service.json',
      'release.json',
      'rollback.sh',
    ]);
    expect(file(plan, 'release.public.yaml')).not.toContain('API');
    expect(file(plan, 'release.compose.yaml')).toContain(`API: "it's \\"$$x\\""`);
  });

  it('AD2 is the image that was picked, and the compose file follows by one line', async () => {
    const plan = await planOf(
      planDeployJob(facts(true, reading()), { image: 'registry.lan/shop/frontend:1.2.0', replace: true }),
    );
    expect(plan.variables).toMatchObject({
      IMAGE: 'registry.lan/shop/frontend:1.2.0',
      REPLACE: '1',
      EDITED_FILE: '/srv/shop/compose.yaml',
    });
    expect(file(plan, 'compose.edited')).toBe(compose.replace(':1.1.0', ':1.2.0'));
  });

  it.each(['$(reboot)', "a'b", '-x', 'a b', 'a;b', ''])('is refused for the image %j', async (image) => {
    expect(await planDeployJob(facts(true, reading()), { image })).toMatchObject({
      ok: false,
      failure: { code: 'input-invalid' },
    });
  });

  it('is an older release as it was written', async () => {
    const plan = await planOf(planDeployJob(facts(true, reading()), { release: 1 }));
    expect(plan.variables.IMAGE).toBe(releaseFile(1, 'blue').image);
    expect(JSON.parse(file(plan, 'release.json') ?? '')).toMatchObject({
      reference: 'registry.lan/shop/frontend:1.0.0',
    });
    expect(await planDeployJob(facts(true, reading()), { release: 9 })).toMatchObject({
      ok: false,
      failure: { code: 'release-unknown' },
    });
  });

  it('an older release is compared with what runs as it was written, not as compose.yaml is now', async () => {
    const given = facts(true, reading());
    const run: Shell['run'] = async (command, options) => {
      const outcome = await given.shell.run(command, options);
      const number = Number(/ 0+(\d+)$/.exec(command)?.[1]);
      return command.includes('print release.json')
        ? { ...outcome, stdout: number === 3 ? third : written(1) }
        : outcome;
    };
    const third = written(3, { ...config.services.frontend, environment: { API: 'old' } });
    const next = await prepareNext({ ...given, shell: { ...given.shell, run } }, { release: 3 });
    if (!next.ok) throw new Error(next.failure.message);
    expect(next.value.plan).toMatchObject({ image: 'registry.lan/shop/frontend:1.2.0', upToDate: false, findings: [] });
    expect(next.value.plan.diff).toEqual([
      {
        field: 'image',
        key: 'image',
        before: 'registry.lan/shop/frontend:1.0.0',
        after: 'registry.lan/shop/frontend:1.2.0',
      },
      { field: 'environment', key: 'API', before: '•••', after: '•••', hidden: true },
      {
        field: 'digest',
        key: 'digest',
        before: expect.stringMatching(/^sha256:/),
        after: expect.stringMatching(/^sha256:/),
      },
    ]);
  });

  it('TO8 what broke before is deployed again only where the operator says so, and the plan says why', async () => {
    const given = facts(true, reading());
    const broken = releaseFile(2, 'green', { reference: 'registry.lan/shop/frontend:1.1.0' });
    const history = [
      '\u0001file frontend/releases/0002/release.json',
      `\u0002${JSON.stringify(broken)}`,
      '\u0001file frontend/releases/0002/state',
      '\u0002not-ready 0 1 0 of 1 checks passed after 8 s; http 3000 / : HTTP 503',
    ].join('\n');
    const run: Shell['run'] = async (command, options) => {
      const answer = await given.shell.run(command, options);
      return command.includes('-name release.json') ? { ...answer, stdout: `${history}\n\n${endLine}\n` } : answer;
    };
    const now = { ...given, shell: { ...given.shell, run } };
    const next = await prepareNext(now, {});
    if (!next.ok) throw new Error(next.failure.message);
    expect(next.value.plan).toMatchObject({
      broke: { release: 2, how: 'not-ready', reason: expect.stringContaining('HTTP 503') },
      findings: [{ level: 'warning', title: 'It did not get ready before', answer: 'again' }],
    });
    expect(await planDeployJob(now, {})).toMatchObject({
      ok: false,
      failure: { code: 'broke-before', message: expect.stringContaining('HTTP 503'), running: 'Nothing was changed.' },
    });
    expect((await planDeployJob(now, { again: true })).ok).toBe(true);
    expect((await planDeployJob(now, { image: 'registry.lan/shop/frontend:1.2.0' })).ok).toBe(true);
  });

  it('TR4 TR5 an older release is rendered anew, and what it may not have any more is said before', async () => {
    const service = {
      ...config.services.frontend,
      privileged: true,
      volumes: [{ type: 'bind', source: '/', target: '/host' }],
    };
    const given = facts(true, reading());
    const shell: Shell = {
      ...given.shell,
      run: async (command, options) => {
        const outcome = await given.shell.run(command, options);
        return command.includes('print release.json') && command.endsWith(' 0002')
          ? { ...outcome, stdout: written(2, service) }
          : outcome;
      },
    };
    const plan = await planOf(planDeployJob({ ...given, shell }, { release: 2 }));
    const now = file(plan, 'release.compose.yaml') ?? '';
    expect(now).toBe(renderRelease(composeConfigSchema.parse(config), 'frontend', 'shop--frontend', '/srv/shop'));
    const next = await prepareNext({ ...given, shell }, { release: 2 });
    expect(next).toMatchObject({
      ok: true,
      value: {
        plan: {
          diff: expect.not.arrayContaining([expect.objectContaining({ field: 'mount' })]),
          findings: [
            {
              level: 'warning',
              title: 'Left out of release 2',
              text: expect.stringContaining(
                '“privileged true”: compose.yaml and the running container do not both have it.',
              ),
            },
          ],
        },
      },
    });
  });

  it.each<[string, string, string]>([
    ['an answer that was torn', written(1, undefined, ''), 'no-answer'],
    [
      'a compose.yaml that is no release',
      '\u0001file release.json\n\u0002' +
        JSON.stringify(releaseFile(1, 'blue')) +
        '\n\u0001file compose.yaml\n\u0002include: [/etc/x]\n\u0001end\n',
      'release-unknown',
    ],
    [
      'a compose.yaml that is no YAML',
      '\u0001file release.json\n\u0002' +
        JSON.stringify(releaseFile(1, 'blue')) +
        '\n\u0001file compose.yaml\n\u0002a: [\n\u0001end\n',
      'release-unknown',
    ],
    ['an image that is an option', written(1).replace(releaseFile(1, 'blue').reference, '--help'), 'input-invalid'],
    ['a digest that is an option', written(1).replace(releaseFile(1, 'blue').image, '--help'), 'input-invalid'],
  ])('TR6 an older release is refused for %s', async (_name, stdout, code) => {
    const given = facts(true, reading());
    const shell: Shell = {
      ...given.shell,
      run: async (command, options) => {
        const outcome = await given.shell.run(command, options);
        return command.includes('print release.json') ? { ...outcome, stdout } : outcome;
      },
    };
    expect(await planDeployJob({ ...given, shell }, { release: 1 })).toMatchObject({ ok: false, failure: { code } });
  });
});

describe('the plans of retiring and ejecting', () => {
  it('retire next, or else previous, or what was named', () => {
    const state = serviceState({ next: release(3, 'green'), previous: release(1, 'blue') });
    const role = (more: object, options: object) => {
      const plan = planRetireJob(facts(true, '', { state: { ...state, ...more } }), options);
      return plan.ok ? plan.value.variables.TARGET_ROLE : plan.failure.code;
    };
    expect([
      role({}, {}),
      role({ next: null }, {}),
      role({}, { role: 'previous' }),
      role({ next: null }, { role: 'next' }),
    ]).toEqual(['next', 'previous', 'previous', 'nothing-to-do']);
  });

  it('AD6 eject takes our lines away, and names the image that has the traffic', async () => {
    const added = yamlComposeText.addBlock(
      'services:\n  db:\n    image: x\n',
      'frontend',
      '  frontend:\n    image: haproxy:3.0\n',
    );
    if (!added.ok) throw new Error('no override');
    const plan = await planOf(
      planEjectJob(
        facts(true, reading({ override: '/srv/shop/compose.override.yaml', 'override-text': `${added.value}.` })),
      ),
    );
    expect(file(plan, 'override.after')).toBe('services:\n  db:\n    image: x\n');
    expect(file(plan, 'compose.edited')).toBe(
      compose.replace('registry.lan/shop/frontend:1.1.0', releaseFile(1, 'blue').image),
    );
    expect(await planEjectJob(facts(true, reading()))).toMatchObject({
      ok: false,
      failure: { code: 'compose-changed' },
    });
  });
});

describe('the meter of an entry point', () => {
  const counters = (requests: number, errors = 0) => ({ requests, errors });
  const read = (readings: [number, number, number?][]) =>
    readings.reduce(
      (meter, [atMs, requests, errors]) => meterReading(meter, counters(requests, errors), atMs),
      freshMeter(),
    );

  it('turns totals into rates, and five minutes of points', () => {
    expect(
      read([
        [0, 100],
        [2000, 140, 2],
      ]).traffic,
    ).toEqual({ requestsPerSecond: 20, errorsPerSecond: 1, history: [] });
    const long = read(Array.from({ length: 400 }, (_, index): [number, number] => [index * 1000, index * 10]));
    expect(long.traffic.history).toHaveLength(60);
    expect(new Set(long.traffic.history.map((point) => point.requests))).toEqual(new Set([10]));
  });

  it('begins anew when the entry point did, and never says less than nothing', () => {
    expect(
      read([
        [0, 100],
        [2000, 140],
        [4000, 5],
        [6000, 25],
      ]).traffic.requestsPerSecond,
    ).toBe(10);
    expect(
      read([
        [0, 100, 9],
        [2000, 140, 3],
      ]).traffic.errorsPerSecond,
    ).toBe(0);
    expect(
      read([
        [0, 100],
        [0, 500],
      ]).traffic.requestsPerSecond,
    ).toBe(0);
  });
});
