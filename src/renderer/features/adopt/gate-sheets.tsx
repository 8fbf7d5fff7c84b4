import type { ServiceView } from '../../../contract/views.ts';
import type { Offer } from '../../bridge/offers.ts';
import { startVerb } from '../../bridge/store.ts';
import { showSheet } from '../../bridge/window-state.ts';
import { Dialog, Note } from '../../ui/controls.tsx';
import { count, oneLine } from '../../ui/format.ts';
import './sheets.css';

/** A gate that is not green: what, why, and what to do. */
export function GateSheet({
  host,
  service,
  onOffer,
}: {
  host: string;
  service: ServiceView;
  onOffer: (offer: Offer, service: ServiceView) => void;
}) {
  const state = service.switch;
  const close = () => showSheet(null);
  const name = oneLine(service.name);
  return (
    <Dialog className="sheet" label={`Flip ${name}`} testid="sheet-flip" onClose={close}>
      <div className="sheet-head">
        <h2>Next of {name} may not take over yet</h2>
      </div>
      <div className="sheet-body">
        {state.kind === 'not-ready' ? (
          <Note
            level="warning"
            title={`${state.passed} of ${count(state.total, 'check')} ${state.total === 1 ? 'passes' : 'pass'}`}
          >
            <pre className="file telling">{state.reason}</pre>
          </Note>
        ) : (
          <Note level="note" title="Something changed meanwhile">
            <p>Next is no longer said to be not ready.</p>
          </Note>
        )}
        <p>
          The release that has the traffic is not touched. Look at the logs of next, or retire it and deploy another. If
          you believe it is ready by now, the server checks again before anything moves, and refuses if it is not.
        </p>
      </div>
      <div className="sheet-foot">
        <button type="button" className="button" data-testid="sheet-cancel" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          className="button"
          onClick={() => {
            close();
            onOffer('logs', service);
          }}
        >
          Logs of next
        </button>
        <button
          type="button"
          className="button"
          data-testid="sheet-confirm"
          onClick={() => {
            close();
            void startVerb(host, service, 'flip');
          }}
        >
          Check again and flip
        </button>
      </div>
    </Dialog>
  );
}

/** Back to plain compose: it has a gap of its own, so that it is asked about. */
export function EjectSheet({ host, service }: { host: string; service: ServiceView }) {
  const close = () => showSheet(null);
  const name = oneLine(service.name);
  const live = service.live === null ? null : service.slots[service.live];
  return (
    <Dialog className="sheet" label={`Eject ${name}`} testid="sheet-eject" onClose={close}>
      <div className="sheet-head">
        <h2>Eject {name}</h2>
      </div>
      <div className="sheet-body">
        <p>
          The service becomes a plain compose service again, running{' '}
          {live === null ? 'what is live' : oneLine(live.version ?? live.image)}. Its entry point and its slots are
          removed, with a short gap. Its releases stay in .switchyard until you delete them.
        </p>
      </div>
      <div className="sheet-foot">
        <button type="button" className="button" data-testid="sheet-cancel" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          className="button primary"
          data-testid="sheet-confirm"
          onClick={() => {
            close();
            void startVerb(host, service, 'eject');
          }}
        >
          Eject
        </button>
      </div>
    </Dialog>
  );
}

/** A swap has a gap: it is said before, and asked about. */
export function SwapSheet({ host, service }: { host: string; service: ServiceView }) {
  const close = () => showSheet(null);
  const name = oneLine(service.name);
  return (
    <Dialog className="sheet" label={`Flip ${name}`} testid="sheet-flip" onClose={close}>
      <div className="sheet-head">
        <h2>Flip {name} with a short gap</h2>
      </div>
      <div className="sheet-body">
        <p>
          No entry point can stand in front of this service, so one release stops before the other starts. Expect a gap
          of some seconds. If the new one does not become healthy, the old one is started again.
        </p>
      </div>
      <div className="sheet-foot">
        <button type="button" className="button" data-testid="sheet-cancel" onClick={close}>
          Cancel
        </button>
        <button
          type="button"
          className="button primary"
          data-testid="sheet-confirm"
          onClick={() => {
            close();
            void startVerb(host, service, 'flip');
          }}
        >
          Flip
        </button>
      </div>
    </Dialog>
  );
}
