import type { ServiceView } from '../../../contract/views.ts';
import { startVerb } from '../../bridge/store.ts';
import { showSheet } from '../../bridge/window-state.ts';
import { Dialog } from '../../ui/controls.tsx';
import { confirmChoices, oneLine } from '../../ui/format.ts';
import './sheets.css';

/** A flip that goes back unless it is confirmed in time: how long is chosen here, and choosing is doing. */
export function ArmSheet({ host, service }: { host: string; service: ServiceView }) {
  const close = () => showSheet(null);
  const name = oneLine(service.name);
  const versionIn = (role: 'current' | 'next'): string => {
    const slot = Object.values(service.slots).find((each) => each?.role === role);
    return slot == null ? role : `${oneLine(slot.version ?? `release ${slot.release}`)} in ${slot.slot}`;
  };
  return (
    <Dialog className="sheet" label={`Flip ${name} until confirmed`} testid="sheet-arm" onClose={close}>
      <div className="sheet-head">
        <h2>Flip {name}, and go back unless I confirm</h2>
      </div>
      <div className="sheet-body">
        <p>
          The traffic moves to {versionIn('next')} at once. Unless somebody presses Keep in time, it goes back to{' '}
          {versionIn('current')} by itself. The server counts: this window may be closed, and this machine off.
        </p>
        <p className="sheet-choices">
          {confirmChoices.map(({ minutes, words }) => (
            <button
              key={minutes}
              type="button"
              className="button"
              data-testid={`arm-${minutes}`}
              onClick={() => {
                close();
                void startVerb(host, service, 'flip', { confirmMinutes: minutes });
              }}
            >
              Within {words}
            </button>
          ))}
        </p>
      </div>
      <div className="sheet-foot">
        <button type="button" className="button" data-testid="sheet-cancel" onClick={close}>
          Cancel
        </button>
      </div>
    </Dialog>
  );
}
