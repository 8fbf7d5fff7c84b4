import type { ServiceView } from '../../contract/views.ts';
import type { Job } from '../../core/job.ts';
import { otherSlot } from '../../core/slot.ts';
import { call } from '../bridge/client.ts';
import { type Offer, retireRole } from '../bridge/offers.ts';
import { stopJob } from '../bridge/stopping.ts';
import { declinePreview, dismiss, refOf, startVerb, useServer } from '../bridge/store.ts';
import { openPanel, showActivity, showPreview, showSheet } from '../bridge/window-state.ts';

/** Does what was offered, from wherever it was asked: card, list, panel, palette or key. */
export function doOffer(host: string, offer: Offer, service: ServiceView): void {
  switch (offer) {
    case 'adopt':
    case 'deploy':
      showSheet({ kind: offer, service: service.id });
      return;
    case 'flip':
      // Undo instead of confirm; only a gate that is not green is asked about.
      if (service.switch.kind === 'not-ready') showSheet({ kind: 'gate', service: service.id });
      else void startVerb(host, service, 'flip');
      return;
    case 'arm':
      showSheet({ kind: 'arm', service: service.id });
      return;
    case 'confirm':
    case 'rollback':
      void startVerb(host, service, offer);
      return;
    case 'retire':
      void startVerb(host, service, 'retire', { role: retireRole(service) });
      return;
    case 'preview':
      void openPreview(host, service);
      return;
    case 'retry': {
      const state = service.switch;
      if (state.kind !== 'failed') return;
      if (state.verb === 'adopt' || state.verb === 'deploy') showSheet({ kind: state.verb, service: service.id });
      else void startVerb(host, service, state.verb, state.verb === 'retire' ? { role: retireRole(service) } : {});
      return;
    }
    case 'logs':
      openPanel(service.id, 'logs');
      return;
    case 'details':
      openPanel(service.id, 'overview');
      return;
    case 'follow': {
      const job = runningJob(host, service);
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

async function openPreview(host: string, service: ServiceView): Promise<void> {
  const slot = service.live === null ? 'blue' : otherSlot(service.live);
  const reply = await call('preview.open', { ref: refOf(host, service), slot, browse: true });
  if (reply.ok) showPreview(service.id, reply.value);
  else declinePreview(host, service.id, reply.failure);
}

function runningJob(host: string, service: ServiceView): Job | null {
  const jobs = useServer.getState().hosts.find((each) => each.id === host)?.jobs ?? [];
  const mine = jobs.filter((job) => job.stack === service.stack && job.state === 'running');
  return mine.find((job) => job.service === service.name) ?? mine[0] ?? null;
}
