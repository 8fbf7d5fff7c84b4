import { kinds } from './case.ts';
import type { Played } from './play.ts';

/** One line a case, by kind: what it was, and what became of it. */
export function renderTable({ verdicts, honest, seconds }: Played): string {
  const failed = verdicts.filter(({ complaints }) => complaints.length > 0);
  const lines = [`${verdicts.length} cases, ${failed.length} of them not clean`, ''];
  for (const kind of kinds) {
    const mine = verdicts.filter((each) => each.kind === kind);
    if (mine.length === 0) continue;
    lines.push(`${kind}: ${mine.filter(({ complaints }) => complaints.length > 0).length} of ${mine.length} not clean`);
    for (const { id, about, complaints, control, toldMs } of mine) {
      const seen = control === true ? ', control seen' : '';
      const told = toldMs === null ? '' : `, told after ${toldMs} ms`;
      lines.push(`  ${complaints.length === 0 ? 'clean ' : 'FAILED'} ${id}: ${about}${seen}${told}`);
      for (const each of complaints) lines.push(`           ${each.replaceAll('\n', ' / ')}`);
    }
  }
  lines.push(
    '',
    honest.length === 0 ? 'The honest neighbour was not harmed.' : `The honest neighbour: ${honest.join('; ')}`,
  );
  lines.push(
    Object.entries(seconds)
      .map(([what, each]) => `${what} ${each} s`)
      .join(', '),
    '',
  );
  return lines.join('\n');
}
