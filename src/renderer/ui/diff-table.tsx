import type { DiffLine } from '../../contract/views.ts';
import { oneLine, shortDigest } from './format.ts';
import './diff-table.css';

const fieldWords: Record<DiffLine['field'], string> = {
  image: 'image',
  digest: 'digest',
  environment: 'variable',
  mount: 'mount',
  command: 'command',
  other: 'setting',
};

const shown = (line: DiffLine, text: string): string =>
  line.field === 'digest' ? (shortDigest(text) ?? text) : oneLine(text);

/** Before and after, one line a difference, told by a sign and a word as well. */
export function DiffTable({ lines }: { lines: DiffLine[] }) {
  return (
    <table className="diff" data-testid="diff">
      <colgroup>
        <col className="diff-what" />
        <col />
      </colgroup>
      <thead className="only-read">
        <tr>
          <th>What</th>
          <th>Before and after</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={`${line.field} ${line.key}`}>
            <th scope="row">
              <span className="quiet">{fieldWords[line.field]}</span>
              {line.key !== '' && line.key !== line.field && <span className="mono clip">{oneLine(line.key)}</span>}
            </th>
            <td>
              {line.before !== null && (
                <del title={line.before}>
                  <span aria-hidden>−</span>
                  {shown(line, line.before)}
                </del>
              )}
              {line.after !== null && (
                <ins title={line.after}>
                  <span aria-hidden>+</span>
                  {shown(line, line.after)}
                </ins>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
