import type { DockerFacts } from '../../core/docker-facts.ts';
import { failure } from '../../core/failure.ts';
import { failed, ok, type Result } from '../../core/result.ts';
import { slotContainer, slotPrefix } from '../../core/server-layout.ts';
import { otherSlot, type Slot } from '../../core/slot.ts';
import type { Forward, Tunnel } from '../ports/tunnel.ts';
import type { VerbFacts } from '../verbs.ts';
import type { HostNow } from './host-now.ts';

export type Preview = { url: string; port: number; release: number };

/** Ports of this machine that lead to slots: one a service, by service id. Each ends with the container that it was opened for. */
export function createPreviews(now: HostNow) {
  const open = new Map<string, { forward: Forward; container: string }>();

  const close = async (id: string): Promise<void> => {
    const preview = open.get(id);
    open.delete(id);
    await preview?.forward.close();
  };

  return {
    /** Takes the place of the service's preview that is open. */
    async open(tunnel: Tunnel, facts: VerbFacts, slot: Slot): Promise<Result<Preview>> {
      const { state, docker, stack, service } = facts;
      const { id } = service;
      const container = docker.containers.find(
        (each) => each.name === slotContainer(slotPrefix(stack.name, service.name), slot),
      );
      const release = service.slots[slot]?.release;
      if (
        state === null ||
        container?.state !== 'running' ||
        addressOf(docker, container.id) === null ||
        release === undefined
      ) {
        return failed(
          failure('service-not-running', `Nothing runs in slot ${slot} of ${id} that could be looked at.`, {
            running: `${otherSlot(slot)} is not touched.`,
          }),
        );
      }
      await close(id);
      // Started anew, a container may have another address, and its old one may be somebody else's.
      const addressNow = () => addressOf(now.docker, container.id);
      const forward = await tunnel.forward(addressNow, state.record.ports[0]?.port ?? 80);
      open.set(id, { forward, container: container.id });
      return ok({ url: `http://127.0.0.1:${forward.port}/`, port: forward.port, release });
    },
    close,
    /** Closes those whose container is gone: its release was replaced, retired or ejected, by whomever (SPEC SE8). */
    dropOld() {
      if (open.size === 0 || now.docker === null) return;
      const here = new Set(now.docker.containers.map((each) => each.id));
      for (const [id, { container }] of open) if (!here.has(container)) void close(id);
    },
    closeAll() {
      for (const id of [...open.keys()]) void close(id);
    },
  };
}

const addressOf = (docker: DockerFacts | null, id: string): string | null => {
  const container = docker?.containers.find((each) => each.id === id);
  const network = container?.state === 'running' ? container.networks.find(({ address }) => address !== '') : undefined;
  return network?.address ?? null;
};
