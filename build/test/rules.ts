import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import { repositoryFolder } from '../setup/folders.ts';

/** The ids that SPEC.md defines, in its order: lines like `- **FL1** …`. */
export const definedRules = (spec: string): string[] =>
  [...spec.matchAll(/^- \*\*([A-Z]{2}\d+)\*\*/gm)].map(([, id]) => id ?? '');

/**
 * The ids that titles of tests begin with, or name one after another: `it('FL1 FL2 …`, `test("EN3, EN5: …`,
 * `])('FL10 …` behind a table.
 */
export function citedRules(source: string): string[] {
  const titles = source.matchAll(
    /(?:\b(?:it|test|describe)(?:\.\w+)*(?:\([^)'"`]*\))?|^\s*\]\))\(\s*(['"`])((?:[A-Z]{2}\d+[ ,:&]+)+)/gm,
  );
  return [...titles].flatMap(([, , ids]) => ids?.match(/[A-Z]{2}\d+/g) ?? []);
}

export type RuleGaps = {
  /** Rules that no test cites. */
  uncited: string[];
  /** Ids that tests cite and the spec does not define, with the file. */
  unknown: { id: string; file: string }[];
};

export function findGaps(defined: readonly string[], cited: ReadonlyMap<string, readonly string[]>): RuleGaps {
  const all = new Set([...cited.values()].flat());
  return {
    uncited: defined.filter((id) => !all.has(id)),
    unknown: [...cited].flatMap(([file, ids]) =>
      [...new Set(ids)].filter((id) => !defined.includes(id)).map((id) => ({ id, file })),
    ),
  };
}

/** Compares src/core/SPEC.md with every test of the repository; says the gaps, returns how many there are. */
export async function checkRules(say: (line: string) => void): Promise<number> {
  const defined = definedRules(await readFile(path.join(repositoryFolder, 'src/core/SPEC.md'), 'utf8'));
  const cited = new Map<string, string[]>();
  const tests = glob(
    ['src/**/*.test.{ts,tsx}', 'src/testkit/**/*.ts', 'e2e/**/*.{test,e2e}.ts', 'build/**/*.test.ts'],
    {
      cwd: repositoryFolder,
    },
  );
  for await (const file of tests) {
    const ids = citedRules(await readFile(path.join(repositoryFolder, file), 'utf8'));
    if (ids.length > 0) cited.set(file, ids);
  }
  const { uncited, unknown } = findGaps(defined, cited);
  for (const id of uncited) say(`${id} of src/core/SPEC.md is proven by no test`);
  for (const { id, file } of unknown) say(`${file} cites ${id}, which src/core/SPEC.md does not define`);
  if (defined.length === 0) say('src/core/SPEC.md defines no rule');
  const gaps = uncited.length + unknown.length + (defined.length === 0 ? 1 : 0);
  if (gaps === 0) say(`${defined.length} rules, each proven by a test`);
  return gaps;
}
