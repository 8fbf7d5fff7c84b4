import { type Kit, kitFile } from '../../../src/engine/job-upload.ts';

/** The kit with one text of a file replaced. Throws unless the text is there exactly once. */
export function replaceText(kit: Kit, file: string, before: string, after: string): Kit {
  const parts = kitFile(kit, file).split(before);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times, not once: ${before}`);
  return { ...kit, [file]: parts.join(after) };
}

/** A shell function of a file of the kit, from its name to its closing brace. Throws unless it is there exactly once. */
export function functionText(kit: Kit, file: string, name: string): string {
  const found = [...kitFile(kit, file).matchAll(new RegExp(`^${name}\\(\\) \\{(?:.*\\}$|[^]*?^\\}$)`, 'gm'))];
  if (found.length !== 1) throw new Error(`${file} has ${found.length} functions ${name}, not one`);
  return found[0]?.[0] ?? '';
}

/** The kit with a whole function replaced. */
export const replaceFunction = (kit: Kit, file: string, name: string, text: string): Kit =>
  replaceText(kit, file, functionText(kit, file, name), text);

/** The kit with a text of one of its functions replaced. */
export function replaceInFunction(kit: Kit, name: string, before: string, after: string): Kit {
  const text = functionText(kit, 'kit.sh', name);
  const parts = text.split(before);
  if (parts.length !== 2) throw new Error(`${name} has ${parts.length - 1} times, not once: ${before}`);
  return replaceFunction(kit, 'kit.sh', name, parts.join(after));
}
