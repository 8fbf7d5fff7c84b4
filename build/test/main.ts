import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { outFolder } from '../setup/folders.ts';
import { renderSeconds } from '../setup/progress.ts';
import { none, renderCounts, sum } from './counts.ts';
import type { Verdict } from './failures.ts';
import { checkParts, labParts, type Part, prepare } from './parts.ts';
import { endTogether, isStopping } from './processes.ts';

// npm test                 everything, one part after the other
// npm run check            what needs no Docker
// npm test -- unit knip    these parts alone
// The last line is `N passed, N failed`.

const all = [...checkParts, ...labParts];
const words = process.argv.slice(2);
const wanted: readonly Part[] =
  words.length === 0
    ? all
    : all.filter((part) => words.includes(part.name) || (words.includes('check') && checkParts.includes(part)));
const unknown = words.filter((word) => word !== 'check' && !all.some((part) => part.name === word));

async function runPart(part: Part): Promise<{ counts: Verdict; ms: number }> {
  const startedMs = performance.now();
  process.stdout.write(`\n── ${part.name}: ${part.about}\n`);
  let counts: Verdict;
  try {
    counts = await part.run();
  } catch (caught) {
    process.stdout.write(`${caught instanceof Error ? (caught.stack ?? caught.message) : String(caught)}\n`);
    counts = { ...none, failed: 1 };
  }
  return { counts, ms: performance.now() - startedMs };
}

if (unknown.length > 0) {
  process.stderr.write(
    `There is no part ${unknown.join(', ')}. There are: check, ${all.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(2);
}

endTogether();
await mkdir(path.join(outFolder, 'test'), { recursive: true });
const results: { name: string; counts: Verdict; ms: number }[] = [];
try {
  await prepare();
} catch (caught) {
  process.stdout.write(`${caught instanceof Error ? caught.message : String(caught)}\n`);
  results.push({ name: 'prepare', counts: { ...none, failed: 1 }, ms: 0 });
}
for (const part of wanted) {
  // A run that was stopped has not passed: what was left out counts as failed.
  if (isStopping()) results.push({ name: part.name, counts: { ...none, failed: 1 }, ms: 0 });
  else results.push({ name: part.name, ...(await runPart(part)) });
}

process.stdout.write('\n');
for (const { name, counts } of results) {
  for (const failure of counts.failures ?? []) process.stdout.write(`failed in ${name}: ${failure}\n`);
}
for (const { name, counts, ms } of results) {
  process.stdout.write(`${name.padEnd(12)} ${renderSeconds(ms).padStart(8)}  ${renderCounts(counts)}\n`);
}
const total = sum(results.map((result) => result.counts));
// Written last and whole, before the process ends by itself.
process.exitCode = isStopping() ? 130 : total.failed === 0 ? 0 : 1;
process.stdout.write(`${renderCounts(total)}\n`);
