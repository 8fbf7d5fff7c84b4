import type { Session } from '../engine/session.ts';

export type SessionOptions = {
  /** As typed: an alias, `host`, `user@host:port`, or `this machine`. */
  target: string;
  /** An ssh config to use instead of ~/.ssh/config (`-F`). */
  sshConfigPath?: string | undefined;
  /** Who asks, for the journal: `user@machine`. */
  by: string;
  /** Folder of the server kit (`resources/server`). */
  kitFolder: string;
};

/** Builds a session from the real adapters. Nothing is opened before `connect`. */
export function createSession(_options: SessionOptions): Session {
  throw new Error('being written');
}
