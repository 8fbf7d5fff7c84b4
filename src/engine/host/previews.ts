import { failure } from '../../core/failure.ts';
import { failed, ok, type Result } from '../../core/result.ts';
import { slotContainer, slotPrefix } from '../../core/server-layout.ts';
import { otherSlot, type Slot } from '../../core/slot.ts';
import type { Forward, Tunnel } from '../ports/tunnel.ts';
import type { VerbFacts } from '../verbs.ts';

export type Preview = { url: string; port: number; release: number };

/** Ports of this machine that lead to slots: one a service, by service id. */
export function createPreviews() {
  const open = new Map<string, Forward>();
  return {
    /** Takes the place of the service's preview that is open. */
    async open(tunnel: Tunnel, facts: VerbFacts, slot: Slot): Promise<Result<Preview>> {
      const { state, docker, stack, service } = facts;
      const { id } = service;
      const container = docker.containers.find(
        (each) => each.name === slotContainer(slotPrefix(stack.name, service.name), slot),
      );
      const address = container?.networks.find((network) => network.address !== '')?.address;
      const release = service.slots[slot]?.release;
      if (state === null || container?.state !== 'running' || address === undefined || release === undefined) {
        return failed(
          failure('service-not-running', `Nothing runs in slot ${slot} of ${id} that could be looked at.`, {
            running: `${otherSlot(slot)} is not touched.`,
          }),
        );
      }
      await open.get(id)?.close();
      const forward = await tunnel.forward(address, state.record.ports[0]?.port ?? 80);
      open.set(id, forward);
      return ok({ url: `http://127.0.0.1:${forward.port}/`, port: forward.port, release });
    },
    async close(id: string): Promise<void> {
      const forward = open.get(id);
      open.delete(id);
      await forward?.close();
    },
    closeAll() {
      for (const forward of open.values()) void forward.close();
      open.clear();
    },
  };
}
