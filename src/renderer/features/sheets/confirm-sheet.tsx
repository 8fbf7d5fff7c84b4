import type { ReactNode } from 'react';
import { showSheet } from '../../bridge/window-state.ts';
import { Dialog } from '../../ui/controls.tsx';
import './sheets.css';

export const closeSheet = (): void => showSheet(null);

/** What is asked before something begins: what it is, what it means, and a way out. Enter in a field confirms. */
export function ConfirmSheet({
  label,
  testid,
  title,
  lead,
  promise,
  confirm,
  calm = false,
  disabled = false,
  others,
  onConfirm,
  children,
}: {
  label: string;
  testid: string;
  title: string;
  lead?: string;
  /** One line beside the buttons. */
  promise?: string;
  /** The word on the button. */
  confirm: string;
  /** Confirming is not what is advised. */
  calm?: boolean;
  disabled?: boolean;
  /** Buttons between the way out and the confirmation. */
  others?: ReactNode;
  onConfirm: () => void;
  children: ReactNode;
}) {
  return (
    <Dialog className="sheet" label={label} testid={testid} onClose={closeSheet}>
      <form
        className="sheet-form"
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm();
        }}
      >
        <div className="sheet-head">
          <h2>{title}</h2>
          {lead !== undefined && <p className="quiet">{lead}</p>}
        </div>
        <div className="sheet-body">{children}</div>
        <div className="sheet-foot">
          {promise !== undefined && <p className="quiet">{promise}</p>}
          <button type="button" className="button" data-testid="sheet-cancel" onClick={closeSheet}>
            Cancel
          </button>
          {others}
          <button
            type="submit"
            className={calm ? 'button' : 'button primary'}
            data-testid="sheet-confirm"
            disabled={disabled}
          >
            {confirm}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
