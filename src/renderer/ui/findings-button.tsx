import { TriangleAlert } from 'lucide-react';
import type { FindingView } from '../../contract/views.ts';
import { oneLine } from './format.ts';

/** That something was found about a stack's own files; pressed, what. Nothing where nothing was found. */
export function FindingsButton({
  stack,
  findings,
  onOpen,
}: {
  stack: string;
  findings: FindingView[];
  onOpen: () => void;
}) {
  const [first] = findings;
  if (first === undefined) return null;
  return (
    <button
      type="button"
      className="finding-button nodrag nopan"
      data-testid={`findings-${stack}`}
      aria-haspopup="dialog"
      title={findings.map((finding) => finding.title).join('\n')}
      onClick={(event) => {
        event.stopPropagation();
        onOpen();
      }}
    >
      <TriangleAlert size={13} aria-hidden />
      <span className="clip">{oneLine(first.title)}</span>
      {findings.length > 1 && <span>and {findings.length - 1} more</span>}
    </button>
  );
}
