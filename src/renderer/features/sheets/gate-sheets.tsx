import type { ServiceView } from '../../../contract/views.ts';
import { labelOf, type OnOffer, slotIn } from '../../bridge/offers.ts';
import { startVerb } from '../../bridge/store.ts';
import { Dialog, Note } from '../../ui/controls.tsx';
import { oneLine, passing, releaseWords } from '../../ui/format.ts';
import { ConfirmSheet, closeSheet } from './confirm-sheet.tsx';
import './sheets.css';

/** A gate that is not green: what, why, and what to do. It cannot be passed from here: the server would refuse. */
export function GateSheet({ service, onOffer }: { service: ServiceView; onOffer: OnOffer }) {
  const state = service.switch;
  const name = oneLine(service.name);
  const next = slotIn(service, 'next');
  const instead = (offer: 'deploy' | 'retire' | 'logs') => {
    closeSheet();
    onOffer(offer, service);
  };
  return (
    <Dialog className="sheet" label={`Flip ${name}`} testid="sheet-flip" onClose={closeSheet}>
      <div className="sheet-head">
        <h2>Next of {name} may not take over</h2>
      </div>
      <div className="sheet-body">
        {state.kind === 'not-ready' ? (
          <>
            <Note level="warning" title={`Next is not ready: ${passing(state.passed, state.total)}`}>
              <pre className="file telling">{state.reason}</pre>
              <div className="note-actions">
                <button type="button" className="button small" onClick={() => instead('logs')}>
                  Logs of next
                </button>
              </div>
            </Note>
            <p>
              {next?.ready === true
                ? 'It was ready once. Start its container again, deploy a version in its place, or retire it.'
                : 'Its deploy has ended, so it does not become ready by itself. Deploy a version that gets ready, which takes its slot, or retire it.'}{' '}
              The release that has the traffic is not touched.
            </p>
          </>
        ) : (
          <Note level="note" title="Something changed meanwhile">
            <p>Next is no longer said to be not ready. Close this, and look at the card.</p>
          </Note>
        )}
      </div>
      <div className="sheet-foot">
        <button type="button" className="button" data-testid="sheet-cancel" onClick={closeSheet}>
          Close
        </button>
        {state.kind === 'not-ready' && (
          <>
            <button type="button" className="button" data-testid="gate-retire" onClick={() => instead('retire')}>
              {labelOf('retire', service)}
            </button>
            <button
              type="button"
              className="button primary"
              data-testid="gate-deploy"
              onClick={() => instead('deploy')}
            >
              Deploy another…
            </button>
          </>
        )}
      </div>
    </Dialog>
  );
}

/** What only a redeploy brings back is asked about: previous is the way back that takes a moment, a ready next is there to be flipped to. */
export function RetireSheet({
  host,
  service,
  role,
}: {
  host: string;
  service: ServiceView;
  role: 'next' | 'previous';
}) {
  const title = `Retire ${role} of ${oneLine(service.name)}`;
  const retired = slotIn(service, role);
  return (
    <ConfirmSheet
      label={title}
      testid="sheet-retire"
      title={title}
      confirm={`Retire ${role}`}
      calm
      disabled={retired === null}
      onConfirm={() => {
        closeSheet();
        void startVerb(host, service, 'retire', { role });
      }}
    >
      <p>
        {retired === null
          ? `There is no ${role} any more.`
          : `This stops ${releaseWords(retired)}, which gives up its slot.`}{' '}
        {role === 'previous'
          ? 'It is the only release that can be flipped back to at once. From then on going back takes a redeploy: the release is started anew and has to pass its checks before it can have the traffic.'
          : 'The release that has the traffic is not touched. It can be deployed again from the list of releases, and has to pass its checks anew.'}
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
