import { chooseSecrets, createMask, hiddenMark } from './mask.ts';

/**
 * The line of what compose printed that tells what is wrong, without values: it quotes what stands in the files, which cannot be
 * resolved just then. `files`: the texts of the compose files and of `.env`. Null when it printed nothing.
 */
export function tellComposeError(printed: string, files: string[]): string | null {
  const lines = printed.split('\n').filter((line) => line.trim() !== '' && !line.includes('level=warning'));
  // Of this one the value itself is the last line.
  const telling = lines.find((line) => line.startsWith('invalid interpolation format for')) ?? lines.at(-1);
  if (telling === undefined) return null;
  const mask = createMask(chooseSecrets(files.flatMap(writtenValues)));
  return mask(telling.replace(/`[^`]*`/g, `\`${hiddenMark}\``).replace(/(interpolation format for \S+?):? ".*$/, '$1'));
}

/** What stands behind names in `.env`, and under `environment:`, `args:` and extension fields of a compose file, as written. */
function writtenValues(text: string): string[] {
  const values: string[] = [];
  let inside: number | null = null;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    const indent = line.length - line.trimStart().length;
    if (inside !== null && indent <= inside && !line.trimStart().startsWith('- ')) inside = null;
    const variable = /^(?:export )?\w+=(.*)$/.exec(line)?.[1];
    if (inside !== null || variable !== undefined) {
      const written = variable ?? /^\s*(?:- )?["']?[\w.<-]+["']?\s*[:=]\s?(.*)$/.exec(line)?.[1] ?? line.trim();
      values.push(written.replace(/^(["'])(.*)\1\s*$/, '$2'));
    } else if (/^\s*(?:environment|args|x-[\w-]+)\s*:/.test(line)) inside = indent;
  }
  return values;
}
