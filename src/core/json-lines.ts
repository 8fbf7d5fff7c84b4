/** Where the parts of a JSON text stand. */
export type JsonLines = {
  /** The first thing that is no JSON, with its line from 1; null where all of it is. */
  fault: { line: number; why: string } | null;
  /** Lines by `JSON.stringify` of the path: `["checks",0,"path"]`. Of a name that is there twice the last, which is the one that counts. */
  lines: ReadonlyMap<string, number>;
};

const deepest = 200;

/**
 * Says where what stands in a JSON text, and where it ends to be one, by the grammar of RFC 8259: the engine's own parser tells a
 * place in words that differ, or none. `lines` holds what stands before the fault.
 */
export function readJsonLines(text: string): JsonLines {
  const lines = new Map<string, number>();
  let at = 0;
  let line = 1;

  class Fault extends Error {
    readonly line: number;
    constructor(why: string, where = line) {
      super(why);
      this.line = where;
    }
  }

  const skip = () => {
    for (; /[ \t\r\n]/.test(text.charAt(at)); at += 1) if (text[at] === '\n') line += 1;
  };
  const shown = (): string => {
    const character = text.charAt(at);
    return character === ''
      ? 'the file ends'
      : /[!-~]/.test(character)
        ? `“${character}”`
        : 'a character of no use here';
  };
  const wanted = (what: string): Fault =>
    new Fault(at >= text.length ? `the file ends where ${what} is wanted` : `${what} is wanted before ${shown()}`);

  const string = (): string => {
    const began = at;
    at += 1;
    for (;;) {
      const character = text.charAt(at);
      if (character === '"') break;
      if (character === '' || character === '\n' || character === '\r')
        throw new Fault('a text that begins here has no closing quote');
      if (character < ' ') throw new Fault('a tab or another control character stands in a text');
      if (character !== '\\') at += 1;
      else if (/^\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/.test(text.slice(at, at + 6))) at += text[at + 1] === 'u' ? 6 : 2;
      else throw new Fault('a backslash in a text is followed by what it cannot be');
    }
    at += 1;
    return JSON.parse(text.slice(began, at)) as string;
  };

  const value = (path: (string | number)[]): void => {
    if (path.length > deepest) throw new Fault('it is nested too deep');
    skip();
    lines.set(JSON.stringify(path), line);
    const character = text.charAt(at);
    if (character === '"') string();
    else if (character === '{') members(path);
    else if (character === '[') elements(path);
    else {
      const [word = ''] = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(text.slice(at)) ?? [];
      if (word === '') throw wanted('a value');
      at += word.length;
      if (/[\w.+-]/.test(text.charAt(at))) throw new Fault('a value is neither a number, true, false nor null');
    }
  };

  const members = (path: (string | number)[]): void => {
    at += 1;
    skip();
    if (text[at] === '}') {
      at += 1;
      return;
    }
    for (;;) {
      skip();
      if (text[at] !== '"') throw wanted('a name in quotes');
      const name = string();
      skip();
      if (text[at] !== ':') throw wanted('a colon');
      at += 1;
      value([...path, name]);
      if (closed('}')) return;
    }
  };

  const elements = (path: (string | number)[]): void => {
    at += 1;
    skip();
    if (text[at] === ']') {
      at += 1;
      return;
    }
    for (let index = 0; ; index += 1) {
      value([...path, index]);
      if (closed(']')) return;
    }
  };

  /** Behind a value: whether that was the last. A comma that is missing is told of the line that it is missing on. */
  const closed = (end: '}' | ']'): boolean => {
    const before = line;
    skip();
    const character = text.charAt(at);
    if (character !== ',' && character !== end) {
      const where = line > before && character !== '' ? before : line;
      throw new Fault(wanted(`a comma or “${end}”`).message, where);
    }
    at += 1;
    return character === end;
  };

  try {
    value([]);
    skip();
    if (at < text.length) throw new Fault(`${shown()} stands behind its end`);
    return { fault: null, lines };
  } catch (caught) {
    if (!(caught instanceof Fault)) throw caught;
    return { fault: { line: caught.line, why: caught.message }, lines };
  }
}
