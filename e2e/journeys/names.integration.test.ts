import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../src/engine/session.ts';
import { eventually } from '../../src/testkit/eventually.ts';
import type { Lab } from '../lab/lab.ts';
import { completes, composeConfig, connectTo, get, granted, quoted, serviceOn, withoutImages } from './journey.ts';
import { theLab } from './the-lab.ts';

const folder = '/home/home/it\'s a "nasty" $(touch pwned) `touch pwned` 🦊 <b>&amp; stack';
const service = 'Web.App_1';
const values = {
  QUOTES: `it's "both"`,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: what must not be expanded
  COMMAND: '$(touch /tmp/pwned) `touch /tmp/pwned` $HOME ${HOME}',
  LINES: 'one\ntwo\n\tthree',
  EMOJI: '🦊 naïve',
  MARKUP: '<script>alert(1)</script>',
  ENDS: 'back\\slash # no comment: {a} [b] %s & | ; * ?',
  SWITCHYARD: '@SWITCHYARD shop--frontend--blue',
  LEADING: ' spaces ',
  NUMBER: '0123',
  YES: 'yes',
};
const labels = {
  'com.example.quotes': values.QUOTES,
  'com.example.command': values.COMMAND,
  'com.example.lines': values.LINES,
  'com.example.emoji': '🦊',
  'com.example.<script>': values.MARKUP,
  "com.example.'key'": values.ENDS,
};
/** As compose reads it: JSON is YAML, and a dollar is written twice. */
const yaml = (value: unknown): string => JSON.stringify(value).replaceAll('$', '$$$$');
const compose = (image: string) => `# "quotes", 'more', $(touch pwned), 🦊
name: nasty
services:
  ${service}:
    image: ${image} # <- 'here'
    restart: unless-stopped
    ports: ["9099:3000"]
    environment: ${yaml(values)}
    labels: ${yaml(labels)}
    networks:
      the-net:
        aliases: ["al'ias", "shop.example"]
    healthcheck:
      test: ["CMD", "node", "-e", ${yaml("fetch('http://127.0.0.1:3000/healthz').then((r) => process.exit(r.ok ? 0 : 1))")}]
      interval: 5s
      start_period: 30s
      start_interval: 1s
networks:
  the-net:
    name: "nasty net.1"
`;

/** Names and values that break what quotes by hand. Nothing of them is ever run, lost or changed. */
describe('names and values with quotes, commands, newlines, emoji and markup', () => {
  let lab: Lab;
  let session: Session;
  const name = { stack: 'nasty', service };
  const file = `${folder}/compose.yaml`;
  const write = (image: string) =>
    lab.exec('home', `mkdir -p ${quoted(folder)} && cat >${quoted(file)}`, { input: compose(image) });
  const inspect = async (container: string, what: string) =>
    JSON.parse((await lab.exec('home', ['docker', 'inspect', '--format', `{{json ${what}}}`, container])).stdout);
  const answer = () => get(lab.host('home').address, 9099, '/version');
  const untouched = async () =>
    expect(
      (await lab.exec('home', 'ls -d /tmp/pwned */pwned ~/pwned .switchyard* 2>/dev/null || true', { user: 'root' }))
        .stdout,
    ).toBe('');

  beforeAll(async () => {
    lab = await theLab('shop');
    await lab.reset('shop');
    await write('registry.lab:5000/shop/frontend:1.0.0');
    await lab.exec('home', `cd ${quoted(folder)} && docker compose up -d 2>&1`, { timeoutMs: 120_000 });
    await eventually('it runs', async () => (await answer()).status === 200, 60_000);
    session = await connectTo(lab, 'home', { by: `o'brien "root" $(id) 🦊\n<script>@it` });
  });
  afterAll(async () => {
    session?.close();
    await lab?.exec(
      'home',
      `docker rm -f $(docker ps -aq --filter label=dev.switchyard.stack=nasty) nasty-${service}-1; rm -rf ${quoted(folder)} ~/.local/state/switchyard/stacks/nasty-*`,
      {
        okCodes: [0, 1],
      },
    );
  });

  test('adopt, deploy, flip, rollback and eject keep every value and run none', async () => {
    const plain = await composeConfig(lab, 'home', folder);
    const original = `nasty-${service}-1`;
    const environment = ((await inspect(original, '.Config.Env')) as string[]).sort();
    const originalLabels = (await inspect(original, '.Config.Labels')) as Record<string, string>;
    for (const [key, value] of Object.entries(values)) expect(environment).toContain(`${key}=${value}`);

    const plan = granted(await session.planAdopt(name, { checkPath: '/healthz' }));
    expect(plan.findings.filter((finding) => finding.level === 'stop')).toEqual([]);
    await completes(session, name, 'adopt', { checkPath: '/healthz' });
    expect((await answer()).release).toBe('1.0.0');
    const prefix = Object.values(serviceOn(session, name).slots)
      .map((slot) => slot?.container?.name)
      .find((container) => container !== undefined);
    expect(prefix).toMatch(/^nasty--web-app_1-[0-9a-f]{8}--blue$/);
    expect(((await inspect(prefix ?? '', '.Config.Env')) as string[]).sort()).toEqual(environment);
    const entryLabels = (await inspect(original, '.Config.Labels')) as Record<string, string>;
    for (const key of Object.keys(labels)) expect(entryLabels[key]).toBe(originalLabels[key]);
    const aliases = (await inspect(original, '(index .NetworkSettings.Networks "nasty net.1").Aliases')) as string[];
    expect(aliases).toEqual(expect.arrayContaining(["al'ias", 'shop.example', service]));

    await completes(session, name, 'deploy', { image: 'registry.lab:5000/shop/frontend:1.1.0' });
    await completes(session, name, 'flip', { watchMinutes: 0 });
    expect((await answer()).release).toBe('1.1.0');
    const green = serviceOn(session, name).slots.green?.container?.name ?? '';
    expect(
      ((await inspect(green, '.Config.Env')) as string[]).filter((each) => !each.startsWith('RELEASE')).sort(),
    ).toEqual(environment.filter((each) => !each.startsWith('RELEASE')));
    await completes(session, name, 'rollback');
    expect((await answer()).release).toBe('1.0.0');
    const releases = granted(await session.releases(name));
    expect(releases).toHaveLength(2);
    expect(releases[0]?.by).toContain('<script>@it');

    const state = `${folder}/.switchyard/${prefix?.replace(/^nasty--|--blue$/g, '')}`;
    const script = `sh ${quoted(`${state}/releases/0001/rollback.sh`)}`;
    const byHand = await lab.exec('home', `cd /tmp && ${script}`);
    expect(byHand.stdout).toContain('Done: green has the traffic');
    expect((await answer()).release).toBe('1.1.0');
    const live = await lab.exec('home', [`${folder}/.switchyard/bin/live`, state.split('/').pop() ?? '']);
    expect(live.stdout.trim()).toBe(green);
    await eventually('the map follows', () => serviceOn(session, name).live === 'green');

    await completes(session, name, 'deploy', { release: 1 });
    const again = serviceOn(session, name).slots.blue?.container?.name ?? '';
    expect(((await inspect(again, '.Config.Env')) as string[]).sort()).toEqual(environment);

    await completes(session, name, 'eject');
    expect(withoutImages(await composeConfig(lab, 'home', folder))).toEqual(withoutImages(plain));
    expect((await lab.exec('home', ['cat', file])).stdout).toBe(compose('registry.lab:5000/shop/frontend:1.1.0'));
    expect((await answer()).release).toBe('1.1.0');
    await untouched();
  });

  test('an image that is no image is refused before anything is sent', async () => {
    const frontend = { stack: 'shop', service: 'frontend' };
    await completes(session, frontend, 'adopt', { checkPath: '/healthz' });
    for (const image of ['', '-rm', 'a b', '$(touch pwned)', "x'y", 'x;y', 'x\ny', '`id`', '<script>', '🦊']) {
      expect(await session.start(frontend, 'deploy', { image }), image).toMatchObject({
        ok: false,
        failure: { code: 'input-invalid' },
      });
    }
    for (const checkPath of ['no-slash', '/a b', '/a\r\nX: y', '/a"b', "/it's"])
      expect((await session.planAdopt({ stack: 'shop', service: 'backend' }, { checkPath })).ok, checkPath).toBe(false);
    for (const port of [0, -1, 65_536, 1.5, Number.NaN])
      expect((await session.planAdopt({ stack: 'shop', service: 'backend' }, { port })).ok, String(port)).toBe(false);
    for (const strange of [
      { stack: 'shop', service: '../../etc' },
      { stack: '$(id)', service: 'x' },
      { stack: '', service: '' },
    ])
      expect(await session.start(strange, 'flip', {})).toMatchObject({
        ok: false,
        failure: { code: 'service-unknown' },
      });
    expect(await session.jobLog('shop', '../../../etc/passwd')).toMatchObject({
      ok: false,
      failure: { code: 'job-unknown' },
    });
    await untouched();
  });
});
