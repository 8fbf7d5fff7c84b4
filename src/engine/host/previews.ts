import type { Forward, Tunnel } from '../ports/tunnel.ts';

/** Ports of this machine that lead to slots: one a service, by service id. */
export function createPreviews() {
  const open = new Map<string, Forward>();
  return {
    /** Takes the place of the service's preview that is open. */
    async open(tunnel: Tunnel, id: string, address: string, port: number): Promise<Forward> {
      await open.get(id)?.close();
      const forward = await tunnel.forward(address, port);
      open.set(id, forward);
      return forward;
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
