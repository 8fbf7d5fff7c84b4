import { Lock, X } from 'lucide-react';
import type { ServiceView } from '../../../contract/views.ts';
import { type Ending, endingOf } from '../../../core/ending.ts';
import { labelOf, type Offer } from '../../bridge/offers.ts';
import { oneLine } from '../../ui/format.ts';

/** Where the thumb stands: with a track when the server has said so, in the middle while it has not. */
export function thumbOf(service: ServiceView): 'blue' | 'green' | 'between' | 'none' {
  const kind = service.switch.kind;
  if (kind === 'not-adopted' || kind === 'unknown') return 'none';
  if (kind === 'flipping' || kind === 'held') return 'between';
  return service.live ?? 'none';
}

/** What was refused has changed nothing, and what was stopped is as it was. */
const isLeftOpen = (ending: Ending): boolean => ending !== 'refused' && ending !== 'stopped';

/** The switch: up is blue, down is green. It shows what the server said and nothing else. */
export function Lever({
  service,
  offers,
  busy,
  onOffer,
}: {
  service: ServiceView;
  offers: Offer[];
  busy: boolean;
  onOffer: (offer: Offer, service: ServiceView) => void;
}) {
  const state = service.switch;
  const thumb = thumbOf(service);
  // Where it answers nobody, the way out by its other slot is `go`.
  const move = (['go', 'flip', 'rollback'] as const).find((offer) => offers.includes(offer));
  const isBarred = state.kind === 'not-ready' || (state.kind === 'failed' && isLeftOpen(endingOf(state)));
  const where = service.live === null ? 'No slot has the traffic.' : `The traffic goes to ${service.live}.`;
  const what = move === undefined ? '' : ` ${labelOf(move, service)}.`;
  return (
    <button
      type="button"
      role="switch"
      tabIndex={-1}
      className="lever nodrag nopan"
      data-testid="switch"
      data-state={state.kind}
      data-live={service.live ?? 'none'}
      data-thumb={thumb}
      aria-checked={service.live === 'green'}
      aria-label={`${oneLine(service.name)}. ${where}${what}`}
      title={service.adopted ? `${where}${what}` : 'Not adopted yet: it has no slots.'}
      aria-disabled={move === undefined || busy}
      onClick={(event) => {
        if (move === undefined || busy) return;
        event.stopPropagation();
        onOffer(move, service);
      }}
    >
      <span className="lever-slot" />
      {thumb !== 'none' && (
        <span className="lever-thumb">
          {state.kind === 'held' && (
            <svg width="8" height="8" viewBox="0 0 8 8" aria-hidden="true">
              <path d="M2.4 1v6M5.6 1v6" stroke="currentColor" strokeWidth="1.7" />
            </svg>
          )}
          {state.kind === 'locked' && <Lock size={9} strokeWidth={2.5} aria-hidden />}
        </span>
      )}
      {isBarred && thumb !== 'none' && <X className="lever-barred" size={10} strokeWidth={3} aria-hidden />}
      {thumb === 'none' && state.kind === 'unknown' && <span className="lever-unknown">?</span>}
    </button>
  );
}
