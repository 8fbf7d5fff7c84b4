/** How a secret gets into a service. `short` ones cannot be told apart in a text; they are hidden in their own line of a diff. */
export type PlantedKind =
  | 'environment'
  | 'env-file'
  | 'command'
  | 'label'
  | 'health-check'
  | 'version'
  | 'printed'
  | 'short';

/** A secret with a mark of its own in it: where that mark is found, the secret was told, whole or in part and however it was spelled. */
export type Planted = { kind: PlantedKind; name: string; value: string; mark: string };

const names = [
  'POSTGRES_PASS',
  'POSTGRES_PASSWORD_RO',
  'DB_PASSWORD',
  'dbPassword',
  'PGPASSWORD',
  'MYSQL_ROOT_PW',
  'SECRET',
  'APP_KEY',
  'apiKey',
  'API_TOKEN',
  'STRIPE',
  'SENTRY_DSN',
  'DATABASE_URL',
  'AMQP',
  'SMTP_LOGIN',
  'PIN',
  'SALT',
  'JWT',
  'COOKIE',
  'LICENCE',
  'HARMLESS',
  'GREETING',
  'COLOR',
  'A',
  'x1',
];

/** Values that a mask which takes them for a pattern, a path or a word of a shell would miss. `@` stands for the mark. */
const oddValues = [
  "it's @ quoted",
  'say "@" twice "@"',
  'back\\slash\\@\\n',
  '.*[@]+(a|b)?{2}^$',
  '&@\\1|/@/g',
  '$(echo @)`id`',
  `$HOME/$@x/\${NONE:-@}`,
  '-n --@ -e',
  '100%@%s%d%n',
  'pässwörd-@-ß',
  '🚂-@-🚂',
  '漢字@漢字',
  '  two  spaces @ ',
  'tab\t@\ttab',
  '*?[a-z]@~!#',
  '<b>@</b>&amp;',
  '{"user":"x","password":"@"}',
  'first-of-@\nsecond-of-@\nthird-of-@',
  '-----BEGIN PRIVATE KEY-----\nMIIE@abc\nQQ==@\n-----END PRIVATE KEY-----\n',
  'postgres://shop:@/w@rd@db:5432/shop',
  'redis://:p%40@%2F@cache/0',
  'Host=db;Username=shop;Password=@;Pooling=true',
  'https://hooks.example/services/T0/@/x?token=@',
  'YWJj@ZGVm==',
  `${'long-@-'.repeat(60)}end`,
  '@',
];

const printed = [
  'connect --password=@ refused',
  'started with --api-token @ twice',
  'PGPASSWORD=@ psql',
  'Authorization: Bearer @abc.def',
  'dial amqp://guest:@@queue:5672/',
  '{"level":"fatal","clientSecret":"@"}',
];

const given: { kind: PlantedKind; name: string; template: string }[] = [
  ...names.map((name) => ({ kind: 'environment' as const, name, template: `${name.toLowerCase()}-@` })),
  ...oddValues.map((template, index) => ({ kind: 'environment' as const, name: `ODD_${index}`, template })),
  ...['FILED', 'FILE_TOKEN', 'plain.name'].map((name) => ({ kind: 'env-file' as const, name, template: 'filed-@-x' })),
  { kind: 'command', name: '--password', template: 'given-@' },
  { kind: 'command', name: '--db-token', template: 'given-@' },
  { kind: 'label', name: 'planted.password', template: 'labelled-@' },
  { kind: 'health-check', name: 'check', template: 'checked-@' },
  { kind: 'version', name: 'VERSION_KEY', template: 'version-@' },
  ...printed.map((template, index) => ({ kind: 'printed' as const, name: `line ${index}`, template })),
  { kind: 'short', name: 'SHORT', template: '@' },
];

export const planted: readonly Planted[] = given.map(({ kind, name, template }, index) => {
  const mark = kind === 'short' ? 'zQ9' : `zq${String(index).padStart(2, '0')}wx`;
  return {
    kind,
    name,
    mark,
    value: template.replaceAll('@', (at, place: number) => (isMark(template, place) ? mark : at)),
  };
});

/** In a URL the last @ is its own; a lone one is the mark. */
function isMark(template: string, place: number): boolean {
  const url = /:\/\/\S*@/.exec(template);
  return url === null || place !== url.index + url[0].length - 1;
}

export const ofKind = (...kinds: PlantedKind[]): Planted[] => planted.filter(({ kind }) => kinds.includes(kind));

/** What of the planted secrets stands in a text. */
export const toldIn = (text: string, among: readonly Planted[] = planted): string[] =>
  among.filter(({ mark }) => text.includes(mark)).map(({ kind, name, mark }) => `${kind} ${name} (${mark})`);
