import SSHConfig from 'ssh-config';

/** One directive of an ssh config, in file order, with the conditions (`Host`, `Match`) it stands under. */
export type ConfigLine = { keyword: string; values: string[]; conditions: Condition[] };

export type Condition = { kind: 'host'; patterns: string[] } | { kind: 'match'; words: string[] };

/** Where configs are read from. Injected, so that resolving is tested on plain text. */
export type ConfigSource = {
  /** The text of a file, or null when there is none. */
  read(path: string): Promise<string | null>;
  /** The files that a pattern of `Include` names, sorted. */
  glob(pattern: string): Promise<string[]>;
};

/** sshd and ssh stop at 16 as well: an Include that includes itself must end. */
const includeDepth = 16;

/**
 * All directives of a config and of what it includes, in the order in which ssh would apply them.
 * `includeFolder` is where relative Includes are looked for. Throws an Error that names the file when one is malformed.
 */
export async function readConfigLines(
  path: string,
  source: ConfigSource,
  places: { includeFolder: string; home: string },
): Promise<ConfigLine[]> {
  const visit = async (file: string, conditions: Condition[], depth: number): Promise<ConfigLine[]> => {
    const text = await source.read(file);
    if (text === null) return [];
    let parsed: SSHConfig;
    try {
      parsed = SSHConfig.parse(text);
    } catch (error) {
      throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    }
    const lines: ConfigLine[] = [];
    const commands = proxyCommandsOf(text);
    const walk = async (section: SSHConfig, under: Condition[]): Promise<void> => {
      for (const line of section) {
        if (line.type !== SSHConfig.DIRECTIVE || !('param' in line)) continue;
        const keyword = line.param.toLowerCase();
        const values = (typeof line.value === 'string' ? [line.value] : line.value.map((each) => each.val)).filter(
          (each) => each !== '',
        );
        if (keyword === 'host' || keyword === 'match') {
          const condition: Condition =
            keyword === 'host' ? { kind: 'host', patterns: values } : { kind: 'match', words: values };
          if ('config' in line) await walk(line.config, [...conditions, condition]);
        } else if (keyword === 'include') {
          if (depth >= includeDepth) throw new Error(`${file}: Include goes deeper than ${includeDepth} files`);
          for (const pattern of values) {
            for (const included of await source.glob(includePath(pattern, places))) {
              lines.push(...(await visit(included, under, depth + 1)));
            }
          }
        } else {
          const command = keyword === 'proxycommand' ? commands.shift() : undefined;
          lines.push({ keyword, values: command === undefined ? values : [command], conditions: under });
        }
      }
    };
    await walk(parsed, conditions);
    return lines;
  };
  return visit(path, [], 0);
}

/** A command is for a shell, to the end of its line: the library takes its quotes away. */
function proxyCommandsOf(text: string): string[] {
  return [...text.matchAll(/^[ \t]*proxycommand[ \t]*[ \t=][ \t]*(.*?)[ \t\r]*$/gim)].map((match) => match[1] ?? '');
}

function includePath(pattern: string, places: { includeFolder: string; home: string }): string {
  if (pattern === '~' || pattern.startsWith('~/')) return places.home + pattern.slice(1);
  return /^([/\\]|[A-Za-z]:)/.test(pattern) ? pattern : `${places.includeFolder}/${pattern}`;
}

/** Whether a text fits ssh's pattern list: `*` and `?`, and a `!` that fits wins over everything. Case does not count. */
export function fitsPatterns(patterns: string[], text: string): boolean {
  let fits = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (!fitsPattern(negated ? pattern.slice(1) : pattern, text)) continue;
    if (negated) return false;
    fits = true;
  }
  return fits;
}

function fitsPattern(pattern: string, text: string): boolean {
  const source = pattern
    .toLowerCase()
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 's').test(text.toLowerCase());
}
