import type { ServiceView } from '../../contract/views.ts';
import type { Job, Verb } from '../../core/job.ts';
import { otherSlot } from '../../core/slot.ts';
import { call } from '../bridge/client.ts';
import { asksToRetire, type Offer, slotIn, verbOfGo } from '../bridge/offers.ts';
import { notePreview } from '../bridge/previews.ts';
import { stopJob } from '../bridge/stopping.ts';
import { declinePreview, dismiss, lastOptionsOf, refOf, startVerb, useServer } from '../bridge/store.ts';
import { openPanel, showActivity, showLogs, showSheet } from '../bridge/window-state.ts';

/** Does what was offered, from wherever it was asked: card, list, panel, palette or key. */
export function doOffer(host: string, offer: Offer, service: ServiceView): void {
  switch (offer) {
    case 'adopt':
    case 'deploy':
      showSheet({ kind: offer, service: service.id });
      return;
    case 'flip':
      // Undo instead of confirm; a gate that is not green says why, and what to do.
      if (service.switch.kind === 'not-ready') showSheet({ kind: 'gate', service: service.id });
      else void startVerb(host, service, 'flip');
      return;
    case 'go': {
      const verb = verbOfGo(service);
      if (verb !== null) void startVerb(host, service, verb);
      return;
    }
    case 'mend':
      void startVerb(host, service, 'mend');
      return;
    case 'arm':
      showSheet({ kind: 'arm', service: service.id });
      return;
    case 'confirm':
    case 'rollback':
      void startVerb(host, service, offer);
      return;
    case 'retire':
      // One that is ready is there to be flipped to: it is asked about, as previous is.
      if (asksToRetire(service)) showSheet({ kind: 'retire', service: service.id, options: { role: 'next' } });
      else void startVerb(host, service, 'retire', { role: 'next' });
      return;
    case 'retire-previous':
      showSheet({ kind: 'retire', service: service.id, options: { role: 'previous' } });
      return;
    case 'eject':
      showSheet({ kind: 'eject', service: service.id });
      return;
    case 'preview':
      void openPreview(host, service);
      return;
    case 'retry':
      if (service.switch.kind === 'failed') retry(host, service, service.switch.verb);
      return;
    case 'logs':
      // Offered where next is what one wants to read of.
      showLogs(service.id, slotIn(service, 'next')?.slot ?? null);
      return;
    case 'details':
      openPanel(service.id, 'overview');
      return;
    case 'follow': {
      // While it is watched nothing of its own runs: what is watched is the flip, its newest job.
      const job = runningJob(host, service) ?? jobsOf(host, service)[0] ?? null;
      showActivity(true, job === null ? null : { host, id: job.id });
      return;
    }
    case 'stop': {
      const job = runningJob(host, service);
      if (job !== null) void stopJob(host, job);
      return;
    }
    case 'dismiss':
      dismiss(host, service);
      return;
  }
}

/** Asks once more, as it was asked: a flip that was to be confirmed must not become one that stays. */
function retry(host: string, service: ServiceView, verb: Verb): void {
  const options = lastOptionsOf(host, service, verb) ?? {};
  switch (verb) {
    case 'adopt':
    case 'deploy':
      showSheet({ kind: verb, service: service.id, options });
      return;
    case 'retire': {
      const role = options.role ?? (slotIn(service, 'next') === null ? 'previous' : 'next');
      doOffer(host, role === 'next' ? 'retire' : 'retire-previous', service);
      return;
    }
    case 'eject':
      doOffer(host, 'eject', service);
      return;
    default:
      void startVerb(host, service, verb, options);
  }
}

async function openPreview(host: string, service: ServiceView): Promise<void> {
  const slot = service.live === null ? 'blue' : otherSlot(service.live);
  const reply = await call('preview.open', { ref: refOf(host, service), slot, browse: true });
  if (reply.ok) notePreview(host, service.id, reply.value);
  else declinePreview(host, service.id, reply.failure);
}

/** The jobs of a service that run and ran, the newest first. */
const jobsOf = (host: string, service: ServiceView): Job[] =>
  (useServer.getState().hosts.find((each) => each.id === host)?.jobs ?? [])
    .filter((job) => job.stack === service.stack && job.service === service.name)
    .sort((a, b) => b.startedAt - a.startedAt);

const runningJob = (host: string, service: ServiceView): Job | null =>
  jobsOf(host, service).find((job) => job.state === 'running') ??
  jobsOf(host, service).find((job) => job.state === 'waiting') ??
  null;
