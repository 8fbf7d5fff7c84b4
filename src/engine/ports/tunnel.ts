import type { Duplex } from './duplex.ts';

/** A port of this machine that leads to a web server as the host sees it. */
export type Forward = { port: number; close(): Promise<void> };

export type Tunnel = {
  /**
   * Listens on 127.0.0.1 (port chosen by the system) and carries each request to `port` of the address that `addressNow` says then;
   * null is answered for. Refused is what other pages of a browser send (SPEC SE8).
   */
  forward(addressNow: () => string | null, port: number): Promise<Forward>;
  /** Opens a stream to a unix socket on the host. Rejects with FailureError. The caller destroys it. */
  openSocket(path: string): Promise<Duplex>;
};
