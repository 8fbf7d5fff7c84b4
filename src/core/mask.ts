/** What stands in a text where something is not told. */
export const hiddenMark = '•••';

/**
 * A value of fewer bytes than this is not looked for in texts: `app` or `1234` stands in half of all sentences. In a diff it is
 * hidden like any other.
 */
const shortestBytes = 6;

/**
 * Values that say nothing by themselves, in lower case: hiding them would make sentences unreadable and keep nothing secret.
 * `resources/server/kit/17-mask.sh` has the same list; a test compares what the two choose.
 */
export const commonWords: readonly string[] = [
  'production',
  'development',
  'staging',
  'testing',
  'release',
  'default',
  'enabled',
  'disabled',
  'required',
  'optional',
  'always',
  'public',
  'private',
  'internal',
  'external',
  'warning',
  'notice',
  'verbose',
  'localhost',
  'database',
  'postgres',
  'postgresql',
  'mariadb',
  'sqlite',
  'sqlite3',
  'mongodb',
  'rabbitmq',
  'memcached',
  'backend',
  'frontend',
  'server',
  'worker',
  'service',
  'docker',
  'compose',
];

/**
 * Numbers of up to seven digits (ports, limits, seconds), addresses, versions, sizes, durations, time zones and languages: told
 * apart by their shape, lower case. Without counted repetition, so that an awk of any make reads the same expressions.
 */
const plainShapes: readonly RegExp[] = [
  /^[0-9][0-9]?[0-9]?[0-9]?[0-9]?[0-9]?[0-9]?$/,
  /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(:[0-9]+)?(\/[0-9]+)?$/,
  /^v?[0-9]+(\.[0-9]+)+([.+-]?(alpine|alpha|beta|rc|slim|bookworm|bullseye|trixie|jammy|noble|lts|ls|dev)?[0-9.]*)?$/,
  /^[0-9]+(\.[0-9]+)? ?(b|k|m|g|kb|mb|gb|kib|mib|gib|ms|s|h|d|seconds|minutes|hours|days)$/,
  /^(africa|america|antarctica|asia|atlantic|australia|europe|indian|pacific|etc)\/[a-z_/+-]+[0-9]*$/,
  /^[a-z][a-z]_[a-z][a-z](\.utf-?8)?$/,
];

/**
 * Whether a value of an environment is hidden wherever it turns up, and not only in its own line of a diff. `openWords`: what
 * everybody sees of a stack anyway, its names, hosts, images and folders, in lower case.
 */
function isTelling(value: string, openWords: ReadonlySet<string>): boolean {
  const lower = value.toLowerCase();
  if (utf8Bytes(value) < shortestBytes || openWords.has(lower) || commonWords.includes(lower)) return false;
  return !plainShapes.some((shape) => shape.test(lower)) && !value.includes('•');
}

const utf8Bytes = (text: string): number =>
  [...text].reduce((sum, each) => sum + (each < '\u0080' ? 1 : each < '\u0800' ? 2 : each.length === 1 ? 3 : 4), 0);

/** What is looked for of one value: each of its lines, and the secrets within it, of a URL or a connection string. */
function partsOf(value: string): string[] {
  const lines = value
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return [...lines, ...lines.flatMap(secretsWithin)];
}

/** What a text is shaped to hide, as in `--password=…`, `TOKEN=…` or `://user:…@`; percent-encoded values also decoded. */
export function secretsWithin(text: string): string[] {
  const found: string[] = [];
  const keep = (secret: string) => {
    found.push(secret, secret.split(/[;&]/)[0] ?? '');
    return hiddenMark;
  };
  hideShapes(text, keep);
  return found.flatMap((each) => [each, decoded(each)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The values that are hidden wherever they turn up, of all values of a service's environment (whatever their variables are
 * called, for no list of names is whole). Left out is what cannot be told apart from other text: what is shorter than six
 * bytes, short numbers and what is shaped like them, common words, and `openWords`, the names of the stack itself.
 */
export function chooseSecrets(values: Iterable<string>, openWords: Iterable<string> = []): string[] {
  const open = new Set([...openWords].map((word) => word.toLowerCase()));
  const chosen = new Set<string>();
  for (const value of values) {
    if (!isTelling(value, open)) continue;
    for (const part of partsOf(value)) if (isTelling(part, open)) chosen.add(part);
  }
  return [...chosen];
}

/** How a value may be spelled where it turns up: as it is, in JSON, in a URL, and with compose's doubled `$`. */
const spellings = (value: string): string[] => [
  value,
  JSON.stringify(value).slice(1, -1),
  encodedForUrl(value),
  value.replaceAll('$', '$$$$'),
];

function encodedForUrl(value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    return value;
  }
}

/** Hides the given values, wherever they stand, and whatever is shaped like a secret. Pure; doing it twice changes nothing more. */
export function createMask(secrets: Iterable<string>): (text: string) => string {
  const needles = [...new Set([...secrets].flatMap(spellings))].filter((each) => each !== '');
  return (text) => maskShapes(maskValues(text, needles));
}

/** Every occurrence counts, also those that overlap: of `abcdef` and `defghi` nothing stays of `abcdefghi`. */
function maskValues(text: string, needles: readonly string[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const needle of needles) {
    for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + 1)) {
      ranges.push({ from: at, to: at + needle.length });
    }
  }
  ranges.sort((a, b) => a.from - b.from);
  let masked = '';
  let told = 0;
  for (const [index, { from, to }] of ranges.entries()) {
    // One that touches what was just hidden is hidden by the same mark.
    if (index === 0 || from > told) masked += text.slice(told, from) + hiddenMark;
    told = Math.max(told, to);
  }
  return masked + text.slice(told);
}

// --- shapes -------------------------------------------------------------------------------------------------------------

const inName = '[\\w.-]{0,64}';
const strongWord =
  'password|passwd|passphrase|passcode|secret|token|credentials?|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|master[_-]?key|license[_-]?key';
const weakWord = 'pass|pwd|pw|auth|dsn|key|salt|pin';
/** A name that says that a secret follows: `POSTGRES_PASSWORD`, `apiToken`, `MYSQL_PWD`. */
const strongName = `(?<![\\w.-])${inName}(?:${strongWord})${inName}`;
/** Words that are part of others (`compass`, `monkey`): counted where they stand alone in a name, or end one in capitals. */
const weakName = `(?<![\\w.-])(?:${inName}[_.-])?(?:${weakWord})(?:[_.-]${inName})?`;
/** To the next space, but not over the end of a JSON text: what is hidden too much harms less than what is told. */
const value = '(?:"(?:[^"\\\\\\n]|\\\\.)+"|\'[^\'\\n]+\'|(?:(?!["\']\\s*[,\\]}:])\\S)+)';

const shapes: readonly { test: RegExp; shape: RegExp }[] = [
  // A private key, whole or cut short, on several lines or with its line ends spelled.
  {
    test: /PRIVATE KEY/,
    shape:
      /(?<before>-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----)(?<secret>[\s\S]*?)(?=-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
  },
  // `://user:pass@host`: up to the last @ of the word, for passwords are often written with one. A port is none.
  {
    test: /:\/\//,
    shape: /(?<before>:\/\/[^\s/:"'<>]{0,255}:)(?!\d{1,5}(?:[/?#\s"']|$))(?<secret>[^\s"'<>]{1,2048})(?=@)/g,
  },
  { test: /:\/\//, shape: /(?<before>:\/\/)(?<secret>[\w.~+/=-]{20,1024})(?=@)/g },
  // A header with its value, to the end of its line or of its quotes.
  {
    test: /authorization|cookie|x-api-key|x-auth/i,
    shape:
      /(?<before>\b(?:proxy-)?(?:authorization|(?:set-)?cookie|x-[\w-]*(?:api-?key|auth|token|secret)[\w-]*)["']?\s*[:=]\s*["']?)(?<secret>(?:(?!["']\s*(?:[,\]})]|$|\s-))[^\n\r])+)/gi,
  },
  {
    test: /bearer|basic/i,
    shape: /(?<before>\b(?:bearer|basic)\s+)(?<secret>(?=[\w.~+/=-]*[\d=._+/-])[\w.~+/=-]{8,})/gi,
  },
  // `PASSWORD=x`, `"password": "x"`, `password: x`, `--password=x`.
  {
    test: new RegExp(strongWord, 'i'),
    shape: new RegExp(
      `(?<before>${strongName}["']?(?:\\s?=\\s?|\\s*:\\s+|["']\\s*:\\s*|:(?=["'])|=>\\s*))(?<secret>${value})`,
      'gi',
    ),
  },
  // `--password x`, also as words of a list in JSON.
  {
    test: /--/,
    shape: new RegExp(
      `(?<before>(?<![\\w-])--?${strongName.replace('(?<![\\w.-])', '')}(?:\\s+|["']\\s*,\\s*(?=["'])))(?<secret>${value})`,
      'gi',
    ),
  },
  {
    test: /--/,
    shape: new RegExp(
      `(?<before>--${weakName.replace('(?<![\\w.-])', '')}(?:\\s+|["']\\s*,\\s*(?=["'])))(?<secret>${value})`,
      'gi',
    ),
  },
  { test: /=/, shape: new RegExp(`(?<before>${weakName}["']?=)(?<secret>${value})`, 'gi') },
  {
    test: /=/,
    shape: new RegExp(`(?<before>(?<![\\w.-])[A-Z][A-Z0-9_]{0,64}(?:PASS|KEY|PWD|AUTH|DSN)=)(?<secret>${value})`, 'g'),
  },
  // Tokens that tell by themselves what they are.
  {
    test: /gh[a-z]_|github_pat_|glpat-|xox|sk-|AKIA|eyJ/,
    shape:
      /(?<before>\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|sk-|AKIA|eyJ))(?<secret>[\w-]{14,}(?:\.[\w-]+){0,2})/g,
  },
];

function hideShapes(text: string, hide: (secret: string) => string): string {
  let hidden = text;
  for (const { test, shape } of shapes) {
    if (!test.test(hidden)) continue;
    hidden = hidden.replace(shape, (...found) => {
      const { before = '', secret = '' } = found.at(-1) as { before?: string; secret?: string };
      if (secret === '' || secret.replaceAll(/["']/g, '') === hiddenMark) return found[0];
      // In its quotes, so that what was JSON stays it.
      const [, quote = '', bare = secret] = /^(["'])([\s\S]*)\1$/.exec(secret) ?? [];
      return `${before}${quote}${hide(bare)}${quote}`;
    });
  }
  return hidden;
}

/**
 * Hides what is shaped like a secret: `--password=…`, `--token …`, `PASSWORD=…`, `Authorization: …`, `://user:…@`, private keys,
 * and tokens that tell by their beginning what they are. What stands before it stays, so that one sees what is hidden.
 */
export const maskShapes = (text: string): string => hideShapes(text, () => hiddenMark);
