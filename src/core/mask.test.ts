import { describe, expect, it } from 'vitest';
import { chooseSecrets, createMask, maskShapes } from './mask.ts';

describe('which values are looked for', () => {
  it('SE3 are all but those that cannot be told apart from other text', () => {
    const said = [
      'hunter2!',
      'correct horse',
      '12345678',
      'pässword',
      'http://backend:8000',
      // what cannot be told apart
      'abc12',
      '8080',
      '1234567',
      'true',
      'production',
      'Production',
      '10.0.0.12',
      '172.16.0.0/12',
      '1.25.3-alpine',
      'v2.0.1',
      '256 MB',
      '30s',
      'Europe/Berlin',
      'en_US.UTF-8',
      'backend-api',
      '/srv/shop/uploads',
    ];
    expect(chooseSecrets(said, ['backend-api', '/srv/shop/uploads'])).toEqual([
      'hunter2!',
      'correct horse',
      '12345678',
      'pässword',
      'http://backend:8000',
    ]);
  });

  it('SE3 are each line of a value, and the secrets within a URL or a connection string', () => {
    expect(chooseSecrets(['-----BEGIN-----\nabcdefgh\r\nijklmnop\n'])).toEqual([
      '-----BEGIN-----',
      'abcdefgh',
      'ijklmnop',
    ]);
    expect(chooseSecrets(['postgres://shop:p%40ss:word@db/shop'])).toEqual([
      'postgres://shop:p%40ss:word@db/shop',
      'p%40ss:word',
      'p@ss:word',
    ]);
    expect(chooseSecrets(['Host=db;Password=hunter22;Pooling=true'])).toEqual(expect.arrayContaining(['hunter22']));
  });
});

describe('a mask', () => {
  const mask = createMask(['hunter2!', 'a"b\\c$d', 'abcdef', 'defghi', 'sp ace&é']);

  it.each([
    ['login with hunter2! failed', 'login with ••• failed'],
    ['hunter2!hunter2!', '•••'],
    ['abcdefghi', '•••'],
    ['a"b\\c$d', '•••'],
    ['{"x":"a\\"b\\\\c$d"}', '{"x":"•••"}'],
    ['as a"b\\c$$d in compose', 'as ••• in compose'],
    ['?q=sp%20ace%26%C3%A9', '?q=•••'],
    ['nothing here', 'nothing here'],
    ['', ''],
  ])('SE3 hides its values wherever they stand and however they are spelled: %j', (text, masked) => {
    expect(mask(text)).toBe(masked);
  });

  it.each([
    ['--password=hunter2 -v', '--password=••• -v'],
    ['--password "two words" -v', '--password "•••" -v'],
    ['mysql --token abc.def', 'mysql --token •••'],
    ['["server","--db-password","x","-v"]', '["server","--db-password","•••","-v"]'],
    ['["server","--password=x","-v"]', '["server","--password=•••","-v"]'],
    ['POSTGRES_PASSWORD=x y', 'POSTGRES_PASSWORD=••• y'],
    ['PGPASSWORD=x', 'PGPASSWORD=•••'],
    ['MYSQL_PASS=x', 'MYSQL_PASS=•••'],
    ['DB_PASS_RO=x', 'DB_PASS_RO=•••'],
    ['APP_KEY=base64:x/y=', 'APP_KEY=•••'],
    ['password: hunter2', 'password: •••'],
    ['{"apiToken":"x","a":1}', '{"apiToken":"•••","a":1}'],
    ["{'secret': 'x y'}", "{'secret': '•••'}"],
    ['Authorization: Bearer abc.def', 'Authorization: •••'],
    ['curl -H "Authorization: Basic eDp5" http://x', 'curl -H "Authorization: •••'],
    ['X-Api-Key: 12 34', 'X-Api-Key: •••'],
    ['Set-Cookie: sid=1; Path=/', 'Set-Cookie: •••'],
    ['sent Bearer abcdef123456', 'sent Bearer •••'],
    ['postgres://shop:p@ss/w@db:5432/x', 'postgres://shop:•••@db:5432/x'],
    ['redis://:hunter2@cache', 'redis://:•••@cache'],
    ['https://0123456789abcdef0123@git.lan/x', 'https://•••@git.lan/x'],
    ['push with ghp_0123456789abcdefABCDEF0123', 'push with ghp_•••'],
    [
      '-----BEGIN RSA PRIVATE KEY-----\nx\ny\n-----END RSA PRIVATE KEY-----',
      '-----BEGIN RSA PRIVATE KEY-----•••-----END RSA PRIVATE KEY-----',
    ],
  ])('SE4 hides what is shaped like a secret: %j', (text, masked) => {
    expect(maskShapes(text)).toBe(masked);
    expect(maskShapes(masked)).toBe(masked);
  });

  it.each([
    'http://backend:8000/users/@me',
    'GET http://127.0.0.1:3000/ said HTTP 500',
    'git@github.com:shop/frontend.git',
    'ssh://git@git.lan/x',
    'registry.lan:5000/shop/frontend@sha256:0123456789abcdef',
    'checks passed: 3 of 4',
    'The key of home is not known. ED25519 SHA256:JRNnoLhiGkq2sZt1m0wqZx2i3dKcYcJ0h4qg6b7VtOw',
    'password authentication failed for user "shop"',
    'no password was given',
    'compass=1 monkey: 2',
    'release 2 runs; blue keeps the traffic.',
    'basic checks and bearer of news',
  ])('SE4 leaves other text as it is: %j', (text) => {
    expect(maskShapes(text)).toBe(text);
  });

  it('SE4 comes to an end with a long text that is no secret', { timeout: 60_000 }, () => {
    for (const text of ['a_b-c.d'.repeat(40_000), 'password '.repeat(30_000), '://a:b'.repeat(40_000)])
      expect(maskShapes(text)).toBe(text);
  });
});
