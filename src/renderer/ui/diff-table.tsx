import type { ReactNode } from 'react';
import type { DiffLine } from '../../contract/views.ts';
import { oneLine, shortDigest, splitImage } from './format.ts';
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

/** Where only the tag of an image is another: its repository, and the two tags. */
function tagsOf({ field, before, after }: DiffLine): { repository: string; before: string; after: string } | null {
  if (field !== 'image' || before === null || after === null) return null;
  const [left, right] = [splitImage(before), splitImage(after)];
  if (left === null || right === null || left.repository !== right.repository || left.tag === right.tag) return null;
  return { repository: left.repository, before: left.tag, after: right.tag };
}

function BeforeAfter({ line }: { line: DiffLine }) {
  if (line.field === 'environment' && line.hidden === true) {
    const how = line.before === null ? 'set' : line.after === null ? 'taken out' : 'changed';
    return <span className="quiet hidden-value">{how}, its value is hidden</span>;
  }
  const tags = tagsOf(line);
  if (tags !== null) {
    return (
      <>
        <span className="quiet">{oneLine(tags.repository)}</span>
        <p className="diff-tags">
          <del title={line.before ?? ''}>{oneLine(tags.before)}</del> <span aria-hidden>→</span>{' '}
          <ins title={line.after ?? ''}>{oneLine(tags.after)}</ins>
        </p>
      </>
    );
  }
  return (
    <>
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
    </>
  );
}

/** Shows what is hidden, and hides it again. The values are not here before the first click. */
export function ValuesButton({ shown, toggle }: { shown: boolean; toggle(): void }) {
  return (
    <button type="button" className="button small plain" data-testid="values" aria-pressed={shown} onClick={toggle}>
      {shown ? 'Hide values' : 'Show values'}
    </button>
  );
}

/** Before and after, one line a difference, told by a sign and a word as well. `values`: how what is hidden is shown. */
export function DiffTable({ lines, values }: { lines: DiffLine[]; values?: { shown: boolean; toggle(): void } }) {
  const button: ReactNode =
    values !== undefined && (values.shown || lines.some((line) => line.hidden === true)) ? (
      <div className="diff-values">
        <ValuesButton {...values} />
      </div>
    ) : null;
  return (
    <>
      <Lines lines={lines} />
      {button}
    </>
  );
}

function Lines({ lines }: { lines: DiffLine[] }) {
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
              <BeforeAfter line={line} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
