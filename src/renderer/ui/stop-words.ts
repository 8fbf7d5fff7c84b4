import type { ServiceView } from '../../contract/views.ts';
import type { Job } from '../../core/job.ts';

const moved = 'The traffic has moved already: stopping ends the wait for the requests in flight.';

/** What stopping the job that runs on a service would do, said before. */
export function explainStop(service: ServiceView | undefined, job?: Job): string {
  const state = service?.switch;
  if (job === undefined ? state?.kind === 'waiting' : job.state === 'waiting')
    return 'It has not begun: stopping takes it back, and nothing is changed.';
  if (job?.steps.some((step) => step.name === 'move' && step.state === 'done')) return moved;
  if (job === undefined && state?.kind === 'flipping' && state.step === 'drain') return moved;
  if (service?.adopted === false) return 'Stopping undoes what it began; the service runs on as plain compose.';
  // Its slot was freed before next was started.
  const freed = job?.verb === 'deploy' && job.steps.some((step) => step.name === 'start' && step.state === 'done');
  const live = service === undefined || service.live === null ? null : service.slots[service.live];
  return live === null
    ? 'Stopping undoes what it began.'
    : `Stopping undoes what it began; release ${live.release} keeps the traffic.${freed ? ' What was in the other slot is gone already.' : ''}`;
}
