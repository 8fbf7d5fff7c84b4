import type { ServiceView } from '../../../contract/views.ts';
import type { VerbOptions } from '../../../core/job.ts';
import { startVerb } from '../../bridge/store.ts';
import { showSheet } from '../../bridge/window-state.ts';
import { Dialog } from '../../ui/controls.tsx';
import { confirmChoices, oneLine, watchChoices } from '../../ui/format.ts';
import './sheets.css';

/** A flip that goes back unless it is confirmed in time, or one that is watched: how long is chosen here, and choosing is doing. */
export function ArmSheet({ host, service }: { host: string; service: ServiceView }) {
  const close = () => showSheet(null);
  const name = oneLine(service.name);
  const versionIn = (role: 'current' | 'next'): string => {
    const slot = Object.values(service.slots).find((each) => each?.role === role);
    return slot == null ? role : `${oneLine(slot.version ?? `release ${slot.release}`)} in ${slot.slot}`;
  };
  const flip = (options: VerbOptions) => {
    close();
    void startVerb(host, service, 'flip', options);
  };
  return (
    <Dialog className="sheet" label={`Flip ${name}, and choose how it is watched`} testid="sheet-arm" onClose={close}>
      <div className="sheet-head">
        <h2>Flip {name}, and choose how it is watched</h2>
      </div>
      <div className="sheet-body">
        <div>
          <h3 className="block-title">Go back unless I confirm</h3>
          <p>
            The traffic moves to {versionIn('next')} at once. Unless somebody presses Keep in time, it goes back to{' '}
            {versionIn('current')} by itself. The server counts: this window may be closed, and this machine off.
          </p>
        </div>
        <p className="sheet-choices">
          {confirmChoices.map(({ minutes, words }) => (
            <button
              key={minutes}
              type="button"
              className="button"
              data-testid={`arm-${minutes}`}
              onClick={() => flip({ confirmMinutes: minutes })}
            >
              Within {words}
            </button>
          ))}
        </p>
        <div>
          <h3 className="block-title">Go back only if it goes bad</h3>
          <p>
            It keeps the traffic, unless it answers wrongly ten times in a row while the server watches it. What is not
            watched goes back by hand only.
          </p>
        </div>
        <p className="sheet-choices">
          {watchChoices.map(({ minutes, words }) => (
            <button
              key={minutes}
              type="button"
              className="button"
              data-testid={`watch-${minutes}`}
              onClick={() => flip({ watchMinutes: minutes })}
            >
              {minutes === 0 ? 'Watch not at all' : `Watch ${words}`}
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
