import type { ServiceView } from '../../../contract/views.ts';
import type { OnOffer } from '../../bridge/offers.ts';
import { startVerb } from '../../bridge/store.ts';
import { Note } from '../../ui/controls.tsx';
import { oneLine, passing } from '../../ui/format.ts';
import { ConfirmSheet, closeSheet } from './confirm-sheet.tsx';

/** A gate that is not green: what, why, and what to do. */
export function GateSheet({ host, service, onOffer }: { host: string; service: ServiceView; onOffer: OnOffer }) {
  const state = service.switch;
  const name = oneLine(service.name);
  return (
    <ConfirmSheet
      label={`Flip ${name}`}
      testid="sheet-flip"
      title={`Next of ${name} may not take over yet`}
      confirm="Check again and flip"
      calm
      others={
        <button
          type="button"
          className="button"
          onClick={() => {
            closeSheet();
            onOffer('logs', service);
          }}
        >
          Logs of next
        </button>
      }
      onConfirm={() => {
        closeSheet();
        void startVerb(host, service, 'flip');
      }}
    >
      {state.kind === 'not-ready' ? (
        <Note level="warning" title={`Next is not ready: ${passing(state.passed, state.total)}`}>
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
    </ConfirmSheet>
  );
}

/** Back to plain compose: it has a gap of its own, so that it is asked about. */
export function EjectSheet({ host, service }: { host: string; service: ServiceView }) {
  const name = oneLine(service.name);
  const live = service.live === null ? null : service.slots[service.live];
  return (
    <ConfirmSheet
      label={`Eject ${name}`}
      testid="sheet-eject"
      title={`Eject ${name}`}
      confirm="Eject"
      onConfirm={() => {
        closeSheet();
        void startVerb(host, service, 'eject');
      }}
    >
      <p>
        The service becomes a plain compose service again, running{' '}
        {live === null ? 'what is live' : oneLine(live.version ?? live.image)}. Its entry point and its slots are
        removed, with a short gap. Its releases stay in .switchyard until you delete them.
      </p>
    </ConfirmSheet>
  );
}
