/** One system call of a trace by `strace -f -y`, once it has ended well. Places are counted in lines of the trace. */
export type Call = {
  pid: number;
  name: string;
  /** Its arguments as strace wrote them. */
  words: string[];
  began: number;
  ended: number;
};

/**
 * The calls of a trace that ended well, in the order in which they ended. A call that another process's line cut in two
 * (`<unfinished ...>`, `<... resumed>`) is one call again. Calls that failed, signals and ends of processes are left out.
 */
export function parseTrace(text: string): Call[] {
  const open = new Map<string, { head: string; began: number }>();
  const calls: Call[] = [];
  text.split('\n').forEach((line, place) => {
    const [, id, said = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (id === undefined) return;
    const cut = /^(\w+)(\(.*) <unfinished \.\.\.>$/.exec(said);
    if (cut !== null) {
      open.set(id, { head: `${cut[1]}${cut[2]}`, began: place });
      return;
    }
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(said);
    const begun = rest === null ? undefined : open.get(id);
    if (rest !== null) open.delete(id);
    const whole = begun === undefined ? said : `${begun.head}${rest?.[1] ?? ''}`;
    const [, name = '', words = '', result = ''] = /^(\w+)\((.*)\) += (-?\d+|\?)/.exec(whole) ?? [];
    if (name === '' || result.startsWith('-') || result === '?') return;
    calls.push({ pid: Number(id), name, words: splitWords(words), began: begun?.began ?? place, ended: place });
  });
  return calls;
}

/** Arguments at their commas, but not at those within quotes, brackets, or the path behind a descriptor. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let depth = 0;
  let quoted = false;
  let path = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? '';
    if (sign === '\\') {
      word += sign + (text[at + 1] ?? '');
      at += 1;
      continue;
    }
    // Within a descriptor's path strace escapes < and >, but not quotes: each of them may be odd.
    if (path) path = sign !== '>';
    else if (sign === '"') quoted = !quoted;
    else if (!quoted) {
      if (sign === '<') path = true;
      else if ('[{('.includes(sign)) depth += 1;
      else if (']})'.includes(sign)) depth -= 1;
    }
    if (sign === ',' && !quoted && !path && depth === 0) {
      words.push(word.trim());
      word = '';
    } else word += sign;
  }
  return word.trim() === '' ? words : [...words, word.trim()];
}

/** The path behind a descriptor as -y shows it, `3</srv/a>`; null where it shows none. */
export function pathOfDescriptor(word: string | undefined): string | null {
  const path = /^(?:\d+|AT_FDCWD)<(\/.*)>$/.exec(word ?? '')?.[1];
  return path === undefined ? null : unescapeText(path);
}

/** A quoted path, from the folder behind the descriptor in front of it where it is relative. */
export function pathOfName(word: string | undefined, folder: string | null): string | null {
  const name = textOf(word);
  if (name === null) return null;
  if (name.startsWith('/')) return name.replace(/\/+$/, '').replaceAll(/\/+/g, '/');
  if (folder === null) return null;
  return name === '.' ? folder : `${folder}/${name.replace(/^\.\//, '').replace(/\/+$/, '')}`;
}

/** A quoted text as it was; null where the word is no text. */
export function textOf(word: string | undefined): string | null {
  const inside = /^"(.*)"(?:\.\.\.)?$/s.exec(word ?? '')?.[1];
  return inside === undefined ? null : unescapeText(inside);
}

const letters: Record<string, number> = { n: 10, t: 9, r: 13, v: 11, f: 12, a: 7, b: 8 };

function unescapeText(text: string): string {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; ) {
    const octal = /^\\([0-7]{1,3})/.exec(text.slice(at, at + 4));
    if (octal !== null) {
      bytes.push(Number.parseInt(octal[1] ?? '0', 8));
      at += octal[0].length;
    } else if (text[at] === '\\') {
      const sign = text[at + 1] ?? '\\';
      bytes.push(letters[sign] ?? sign.charCodeAt(0));
      at += 2;
    } else {
      bytes.push(...Buffer.from(text[at] ?? ''));
      at += 1;
    }
  }
  return Buffer.from(bytes).toString();
}
