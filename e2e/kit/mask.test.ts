import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseSecrets, commonWords, createMask, maskShapes } from '../../src/core/mask.ts';
import { renderRelease } from '../../src/core/release.ts';
import { KitServer } from './server.ts';

let server: KitServer;
beforeAll(() => {
  server = new KitServer();
});
afterAll(() => server.close());

const single = (text: string): string => text.replaceAll("'", "'\\''");

/** Puts an environment where a release has it. */
function give(values: string[], more: Record<string, unknown> = {}): void {
  const environment = Object.fromEntries(values.map((value, index) => [`V_${index}`, value.replaceAll('$', '$$$$')]));
  const config = { name: 'shop', services: { frontend: { image: 'x:1', environment, ...more } } };
  const folder = path.join(server.home, 'frontend/releases/0001');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'compose.yaml'), renderRelease(config, 'frontend', 'shop--frontend', '/srv/shop'));
}

/** What the kit makes of texts, each by itself. */
async function masked(texts: string[]): Promise<string[]> {
  const { stdout, stderr } = await server.kitLines(
    texts.map((text) => `masked '${single(text)}'; printf '\\002'`).join('\n'),
  );
  expect(stderr).toBe('');
  return stdout.split('\u0002').slice(0, -1);
}

const odd = [
  'hunter2!',
  'correct horse battery',
  `it's "quoted" \\ back`,
  '.*[a-z]+(x|y)?{2}^$',
  '$HOME`id`$(id)',
  'pässwörd🚂',
  '%41%25&?=#+/',
  '-n --rest',
  '&\\1\\&sed',
  'tab\tin it',
  'a!b~c*d(e)f',
];

describe('what a job does not tell', () => {
  it('SE3 is every value of an environment, however it is spelled and wherever it stands', async () => {
    give(odd);
    const texts = odd.flatMap((value) => [
      value,
      `it said ${value}, twice ${value}`,
      `${value}${value}`,
      JSON.stringify({ said: value }),
      `/?q=${encodeURIComponent(value)}&x`,
    ]);
    const mask = createMask(chooseSecrets(odd));
    expect(await masked(texts)).toEqual(texts.map(mask));
    for (const text of await masked(texts)) for (const value of odd) expect(text).not.toContain(value);
  });

  it('SE3 is each line of a value, and the password within one', async () => {
    give([
      'first line of it\nsecond line of it',
      'postgres://shop:p%40ss-word@db/shop',
      'Host=db;Password=hunter22;Pool=1',
    ]);
    expect(
      await masked([
        'a second line of it b',
        'for shop: p@ss-word',
        'p%40ss-word',
        'not hunter22 again',
        'db and shop',
      ]),
    ).toEqual(['a ••• b', 'for shop: •••', '•••', 'not ••• again', 'db and shop']);
  });

  it('SE3 is what a service is built with, and what its labels and commands are shaped to hide', async () => {
    give([], {
      build: { context: '.', args: { NPM: 'npm-build-secret' } },
      command: ['serve', '--password=command-secret'],
      labels: { 'my.token': 'label-secret' },
      healthcheck: { test: ['CMD-SHELL', 'curl http://u:check-secret@localhost/'] },
    });
    expect(await masked(['npm-build-secret', 'command-secret', 'label-secret', 'check-secret', 'serve'])).toEqual([
      '•••',
      '•••',
      '•••',
      '•••',
      'serve',
    ]);
  });

  it('SE3 is chosen by the rules of the app', async () => {
    const values = [
      ...commonWords,
      'production',
      'true',
      '8080',
      '1234567',
      '12345678',
      '10.0.0.12',
      '172.16.0.0/12',
      '1.25.3-alpine',
      'v2.0.1',
      '256 MB',
      '30s',
      'Europe/Berlin',
      'en_US.UTF-8',
      'abc12',
      'abc123',
      'äöü',
      'frontend',
      'localhost',
      'hunter-2',
      '1.2.3-hunter2',
      '2024-01-01',
      'http://backend:8000',
    ];
    give(values);
    const texts = values.map((value) => `<${value}>`);
    const chosen = new Set(chooseSecrets(values, ['frontend', 'shop']));
    expect(await masked(texts)).toEqual(values.map((value) => (chosen.has(value) ? '<•••>' : `<${value}>`)));
  });

  it('SE3 holds for any values, as the app hides them', async () => {
    const character = fc.constantFrom(...'abcXYZ019"\'\\$&%^*()[]{}|.+?/:@=-_ ;,~`!#<>éß🚂');
    const value = fc.string({ unit: character, minLength: 6, maxLength: 24 });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 8 }), async (values) => {
        give(values);
        const chosen = chooseSecrets(values);
        const texts = values.flatMap((each) => [`a ${each} b`, `${each}${values[0]}`, JSON.stringify(each)]);
        for (const text of await masked(texts)) for (const each of chosen) expect(text).not.toContain(each);
      }),
      { numRuns: 40 },
    );
  });

  it('SE4 is what is shaped like a secret, and no other text', async () => {
    give([]);
    const shaped = [
      '--password=hunter2 -v',
      '--password "two words" -v',
      'mysql --token abc.def',
      'POSTGRES_PASSWORD=x y',
      'PGPASSWORD=x',
      'MYSQL_PASS=x',
      'DB_PASS_RO=x',
      'APP_KEY=base64:x/y=',
      'password: hunter2',
      '{"apiToken":"x","a":1}',
      'Authorization: Bearer abc.def',
      'X-Api-Key: 12 34',
      'Set-Cookie: sid=1; Path=/',
      'postgres://shop:p@ss/w@db:5432/x',
      'redis://:hunter2@cache',
      'https://0123456789abcdef0123@git.lan/x',
      '-----BEGIN RSA PRIVATE KEY-----\nx\ny\n-----END RSA PRIVATE KEY-----',
      '["server","--db-password","x","-v"]',
    ];
    expect((await masked(shaped)).map((text) => text.replaceAll('\n', ''))).toEqual(shaped.map(maskShapes));
    const plain = [
      'http://backend:8000/users/@me',
      'GET http://127.0.0.1:3000/ said HTTP 500',
      'git@github.com:shop/frontend.git',
      'ssh://git@git.lan/x',
      'checks passed: 3 of 4',
      'compass=1 monkey: 2',
      'password authentication failed for user "shop"',
      'a\nb\n\nc',
      '',
      ' ',
      '-n',
      '100% %s',
    ];
    expect(await masked(plain)).toEqual(plain);
  });

  it('SE3 SE4 stands in no line of the feed and no record, and half of it does not either where a text is cut', async () => {
    give([`${'s3cret'.repeat(20)}!`]);
    const text = `${'x'.repeat(1_780)} ${'s3cret'.repeat(20)}! --password=hunter2`;
    const { stdout } = await server.kitLines(`printf '%s' "$(json_text '${text}')"`);
    expect(stdout).toContain('x •••');
    expect(stdout).not.toMatch(/s3cret|hunter2/);
  });

  it('SE5 stands in no argument of a process while it is hidden', async () => {
    give(odd);
    // Programs that are started are told by a shell function each, so that their arguments are seen whole.
    const { stdout } = await server.kitLines(
      `for each in awk cat head tr sed cut; do eval "$each() { printf 'RAN %s\\n' \\"\\$*\\" >&2; command $each \\"\\$@\\"; }"; done
exec 2>&1
json_text '${single(odd.join(' '))}'`,
    );
    const ran = stdout.split('RAN ').slice(1).join('');
    expect(ran).not.toBe('');
    for (const value of odd) expect(ran).not.toContain(value);
  });
});
