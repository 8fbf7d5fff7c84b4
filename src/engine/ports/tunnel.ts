import type { Duplex } from './duplex.ts';

/** A port of this machine that leads to an address as the host sees it. */
export type Forward = { port: number; close(): Promise<void> };

export type Tunnel = {
  /** Listens on 127.0.0.1 (port chosen by the system) and carries each connection to `address:port` on the host. */
  forward(address: string, port: number): Promise<Forward>;
  /** Opens a stream to a unix socket on the host. Rejects with FailureError. The caller destroys it. */
  openSocket(path: string): Promise<Duplex>;
};
