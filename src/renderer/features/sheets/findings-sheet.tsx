import type { StackView } from '../../../contract/views.ts';
import { Dialog, Findings } from '../../ui/controls.tsx';
import { oneLine } from '../../ui/format.ts';
import { closeSheet } from './confirm-sheet.tsx';

/** What was found about a stack's own files: each with its path, and what to do. */
export function FindingsSheet({ stack }: { stack: StackView }) {
  const title = `What was found in ${oneLine(stack.name)}`;
  return (
    <Dialog className="sheet" label={title} testid="sheet-findings" onClose={closeSheet}>
      <div className="sheet-head">
        <h2>{title}</h2>
      </div>
      <div className="sheet-body">
        {stack.findings.length === 0 ? <p>Nothing any more.</p> : <Findings findings={stack.findings} />}
      </div>
      <div className="sheet-foot">
        <button type="button" className="button" data-testid="sheet-cancel" onClick={closeSheet}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
