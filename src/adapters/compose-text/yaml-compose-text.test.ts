import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Result } from '../../core/result.ts';
import { yamlComposeText as text } from './yaml-compose-text.ts';

const unwrap = <Value>(result: Result<Value>): Value => {
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
};

const compose = `# the shop
x-env: &env
  TZ: Europe/Berlin

services:
  frontend:   # the site
    image: 'registry.lan/shop/frontend:1.0.0'   # pinned by hand
    environment:
      <<: *env
      image: not this one
  "backend":
    build: .
    image: registry.lan/shop/backend:\${TAG:-1.0.0}
  db: { image: "postgres:17", restart: always }
  plain:
    build: .
image: nor this
`;

describe('the image line', () => {
  it('is read as it is written', () => {
    expect(['frontend', 'backend', 'db', 'plain', 'nobody'].map((name) => unwrap(text.image(compose, name)))).toEqual([
      'registry.lan/shop/frontend:1.0.0',
      `registry.lan/shop/backend:\${TAG:-1.0.0}`,
      'postgres:17',
      null,
      null,
    ]);
    expect(unwrap(text.services(compose))).toEqual(['frontend', 'backend', 'db', 'plain']);
  });

  it('AD2 is replaced, and every other byte stays', () => {
    expect(unwrap(text.setImage(compose, 'frontend', 'registry.lan/shop/frontend:1.1.0'))).toBe(
      compose.replace("'registry.lan/shop/frontend:1.0.0'", 'registry.lan/shop/frontend:1.1.0'),
    );
    expect(unwrap(text.setImage(compose, 'db', 'postgres:18'))).toBe(compose.replace('"postgres:17"', 'postgres:18'));
  });

  it('AD2 is replaced in files of Windows and without a last line end', () => {
    const windows = compose.replaceAll('\n', '\r\n').trimEnd();
    const edited = unwrap(text.setImage(windows, 'backend', 'b:2'));
    expect(edited).toBe(windows.replace(`registry.lan/shop/backend:\${TAG:-1.0.0}`, 'b:2'));
    expect(parse(edited, { merge: true }).services.backend.image).toBe('b:2');
  });

  it('AD2 written behind an anchor keeps the anchor', () => {
    const anchored = 'services:\n  web:\n    image: &web "web:1"\n  worker:\n    image: *web\n';
    expect(unwrap(text.setImage(anchored, 'web', 'web:2'))).toBe(anchored.replace('"web:1"', 'web:2'));
    // An alias is not the service's own line: there is none to edit.
    expect(text.setImage(anchored, 'worker', 'web:2')).toMatchObject({ ok: false, failure: { code: 'input-invalid' } });
  });

  it('is refused where there is none, and where the file is no YAML', () => {
    expect(text.setImage(compose, 'plain', 'x')).toMatchObject({ ok: false, failure: { code: 'input-invalid' } });
    expect(text.image('services:\n  a: [', 'a')).toMatchObject({ ok: false, failure: { code: 'compose-broken' } });
    expect(text.services('services: 7\n')).toMatchObject({ ok: false, failure: { code: 'compose-broken' } });
    expect(unwrap(text.services(''))).toEqual([]);
    expect(unwrap(text.services('services:\n'))).toEqual([]);
  });
});

const block = '  frontend:\n    image: haproxy:3.0\n    command: !reset null\n';

describe('the override', () => {
  it('AD2 of ours alone comes and goes whole', () => {
    const added = unwrap(text.addBlock(null, 'frontend', block));
    expect(added).toBe(
      '# Written by Switchyard: what stands between the marks turns a service into its entry point.\nservices:\n  # switchyard begin frontend\n' +
        `${block}  # switchyard end frontend\n`,
    );
    expect(unwrap(text.removeBlock(added, 'frontend'))).toBeNull();
  });

  it('AD2 of several services loses one and keeps the other', () => {
    const one = unwrap(text.addBlock(null, 'frontend', block));
    const two = unwrap(text.addBlock(one, 'backend', block.replace('frontend', 'backend')));
    expect(unwrap(text.services(two))).toEqual(['backend', 'frontend']);
    expect(unwrap(text.removeBlock(two, 'backend'))).toBe(one);
    const left = unwrap(text.removeBlock(two, 'frontend'));
    expect(unwrap(text.removeBlock(left ?? '', 'backend'))).toBeNull();
  });

  it.each([
    ['a usual one', '# mine\nservices:\n  db:\n    ports: ["5432:5432"]   # for me\n\nvolumes:\n  x: {}\n'],
    ['wider indentation', 'services: # all\n    db:\n        ports: ["5432:5432"]\n'],
    ['no services yet', 'networks:\n  default:\n    name: lan\n'],
    ['services with nothing in it', 'services:\n# later\nnetworks: {}\n'],
    ['a comment before the first service', 'services:\n  # the database\n  db:\n    image: x\n'],
    ['Windows line ends', 'services:\r\n  db:\r\n    image: x\r\n'],
    ['no last line end', 'services:\n  db:\n    image: x'],
    ['an anchor', 'x-a: &a {TZ: UTC}\nservices:\n  db:\n    environment: *a\n'],
  ])('AD2 AD6 of the operator’s keeps every byte: %s', (_name, mine) => {
    const added = unwrap(text.addBlock(mine, 'frontend', block));
    const parsed = parse(added, { logLevel: 'silent', merge: true }).services;
    expect(parsed.frontend.image).toBe('haproxy:3.0');
    expect(Object.keys(parsed).filter((name) => name !== 'frontend')).toEqual(unwrap(text.services(mine)));
    const removed = unwrap(text.removeBlock(added, 'frontend')) ?? '';
    // Where there was no services: line, ours stays behind with nothing in it.
    expect(removed.replace(/(?<=\n)services:\n$/, '')).toBe(
      mine.includes('services:') ? mine : mine.replace(/\n?$/, '\n'),
    );
  });

  it('AD2 is refused where nothing can be added without touching the operator’s bytes', () => {
    expect(text.addBlock('services: {db: {image: x}}\n', 'frontend', block)).toMatchObject({
      ok: false,
      failure: { code: 'compose-broken' },
    });
    expect(text.addBlock('services:\n  frontend: {}\n', 'frontend', block)).toMatchObject({
      ok: false,
      failure: { code: 'input-invalid' },
    });
    expect(text.addBlock('services:\n  a: [\n', 'frontend', block)).toMatchObject({
      ok: false,
      failure: { code: 'compose-broken' },
    });
  });

  it('AD6 is refused where the marks are gone', () => {
    const added = unwrap(text.addBlock(null, 'frontend', block));
    expect(text.removeBlock(added.replace('# switchyard end', '# end'), 'frontend')).toMatchObject({
      ok: false,
      failure: { code: 'input-invalid' },
    });
    expect(text.removeBlock(added, 'front')).toMatchObject({ ok: false });
  });
});

describe('hiding values', () => {
  it('SE1 puts a mark in place of each value of an environment and of build arguments, and keeps every other byte', () => {
    const written = `x-env: &env
  SHARED: abc # from the vault
services:
  web:
    image: web:1
    build:
      context: .
      args:
        NPM_TOKEN: 'x y'
    environment:
      <<: *env
      SHORT: p1
      LONG: "a: \\"b\\" #c"
      TEXT: |
        one
        two
      NOTHING:
    command: serve --password=abc
  db:
    environment:
      - PASSWORD=p=2
      - "QUOTED=p 3"
      - PASSED_ON
`;
    expect(text.hideValues(written)).toBe(`x-env: &env
  SHARED: ••• # from the vault
services:
  web:
    image: web:1
    build:
      context: .
      args:
        NPM_TOKEN: •••
    environment:
      <<: *env
      SHORT: •••
      LONG: •••
      TEXT: •••
      NOTHING:
    command: serve --password=•••
  db:
    environment:
      - PASSWORD=•••
      - "QUOTED=•••"
      - PASSED_ON
`);
  });

  it('SE4 hides what is shaped like a secret where a file is no YAML', () => {
    expect(text.hideValues('a: [\n  PASSWORD=x')).toBe('a: [\n  PASSWORD=•••');
  });
});

describe('DN3 what a compose file names', () => {
  const outline = (source: string) => text.outline(source);

  it('is told as written', () => {
    expect(
      outline(`
x-common: &common
  image: registry.lan/shop/frontend:\${TAG:-1}
services:
  frontend:
    <<: *common
    depends_on: [backend, db]
  backend:
    image: "backend:2"
    profiles: [debug, nightly]
    depends_on:
      db:
        condition: service_healthy
  db:
`),
    ).toEqual({
      ok: true,
      value: [
        {
          name: 'frontend',
          image: `registry.lan/shop/frontend:\${TAG:-1}`,
          profiles: [],
          dependsOn: ['backend', 'db'],
        },
        { name: 'backend', image: 'backend:2', profiles: ['debug', 'nightly'], dependsOn: ['db'] },
        { name: 'db', image: null, profiles: [], dependsOn: [] },
      ],
    });
  });

  it('of another kind than compose allows is left out', () => {
    expect(outline('services:\n  a: {image: 7, profiles: x, depends_on: [1, b]}\n  b: text\n')).toEqual({
      ok: true,
      value: [
        { name: 'a', image: null, profiles: [], dependsOn: ['b'] },
        { name: 'b', image: null, profiles: [], dependsOn: [] },
      ],
    });
    for (const source of ['', 'services:\n', 'services: [a]\n', '- a\n', 'services: 7\n'])
      expect(outline(source)).toEqual({ ok: true, value: [] });
  });

  it('that unfolds to millions is given up on, and of a list without end the first are told', () => {
    const levels = Array.from({ length: 12 }, (_, index) =>
      index === 0
        ? 'a0: &a0 [x,x,x,x,x,x,x,x,x]'
        : `a${index}: &a${index} [${Array(9)
            .fill(`*a${index - 1}`)
            .join(',')}]`,
    );
    expect(outline(`${levels.join('\n')}\nservices:\n  web: {image: *a11}\n`)).toMatchObject({ ok: false });
    const many = Array.from({ length: 700 }, (_, index) => `  s${index}: {}`).join('\n');
    const told = outline(`services:\n${many}\n`);
    expect(told.ok && told.value.length).toBe(500);
    expect(outline('services: {\n')).toMatchObject({ ok: false, failure: { code: 'compose-broken' } });
  });
});

describe('a whole file', () => {
  it('TR6 is plain data, and no tag, alias of aliases or merge makes anything else of it', () => {
    const said = (written: string) => {
      const parsed = text.parse(written);
      return parsed.ok ? parsed.value : parsed.failure.code;
    };
    expect(said('a: {1: "$x", b: [yes, 0x1f, 1e3]}\nc: !!js/function "x"\n')).toEqual({
      a: { 1: '$x', b: ['yes', 31, 1000] },
      c: 'x',
    });
    expect(said('base: &b {x: 1}\nweb:\n  <<: *b\n')).toEqual({ base: { x: 1 }, web: { '<<': { x: 1 } } });
    expect(Object.keys(said('__proto__: {privileged: true}\n') as object)).toEqual(['__proto__']);
    const laughs = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefg'.replaceAll(/./g, (each) => `${each}: &${each} [${`*${String.fromCharCode(each.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`;
    for (const bad of [
      laughs,
      '['.repeat(200_000),
      `a: ${'x'.repeat(600_000)}`,
      'a: [',
      'a: 1\na: 2\n',
      '? [a]\n: 1\n',
    ])
      expect(said(bad)).toBe('compose-broken');
  });
});
