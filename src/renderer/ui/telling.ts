import { oneLine } from './format.ts';

/** `registry.lan:5000/shop/frontend:9.9.9` as `shop/frontend:9.9.9`. */
const withoutRegistry = (image: string): string => image.replace(/^[^/]*[.:][^/]*\//, '');

/** How the server's scripts and Docker put a reason, and its telling part first. What is not known stays as it is. */
const forms: [RegExp, (found: RegExpExecArray) => string][] = [
  [/^Error(?: response from daemon)?: (.+)$/, ([, rest = '']) => tellingOf(rest)],
  [/^manifest for (\S+) not found\b/, ([, image = '']) => `not found: ${withoutRegistry(image)}`],
  // How many passed stands beside the word already.
  [/^\d+ of \d+ checks? passed after \d+ s; (.+)$/, ([, failing = '']) => tellingOf(failing)],
  [
    /^(\d+) checks in a row failed: (.+)$/,
    ([, times, failing = '']) => `${tellingOf(failing)}, ${times} times in a row`,
  ],
  [/^http (\d+) (\S+) : (.+)$/, ([, port, path, said]) => `${said} from ${path} on ${port}`],
  [/^(?:tcp|container|command)\b.*? : (.+)$/, ([, said = '']) => said],
  [
    /^Another job holds .+: (\S+) since ([\d:]+): (\w+)\b/,
    ([, by, since, verb]) => `${by} holds it since ${since}: ${verb}`,
  ],
  [/^the entry point took \w+ out: (.+)$/, ([, why = '']) => why],
  [/^It exited( with code \d+)?: (.+)$/, ([, code = '', words]) => `${words} (exited${code})`],
  [
    /^It keeps exiting at start \(code (\S+)\): (.+)$/,
    ([, code, words]) => `${words} (keeps exiting with code ${code})`,
  ],
];

/** A reason for one line or two of a card: what tells most stands first, so that what is cut off is the rest. Untrusted text. */
export function tellingOf(reason: string): string {
  const line = oneLine(reason);
  for (const [form, render] of forms) {
    const found = form.exec(line);
    if (found !== null) return render(found);
  }
  return line;
}
