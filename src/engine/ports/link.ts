import type { Question, Rung } from '../../core/connection.ts';
import type { Failure } from '../../core/failure.ts';
import type { DockerEngine } from './docker-engine.ts';
import type { Shell } from './shell.ts';
import type { Tunnel } from './tunnel.ts';

/** One way to a host, open: over SSH, or this machine itself. Closing is idempotent and ends everything on it. */
export type Link = {
  shell: Shell;
  tunnel: Tunnel;
  docker: DockerEngine;
  /** Resolves once, when the link is gone for any reason; null when `close` was called. */
  closed: Promise<Failure | null>;
  close(): void;
};

export type LinkOptions = {
  /** Called at each change of a rung, with that rung. */
  onRung(rung: Rung): void;
  /** Called once, as soon as commands can be run: before Docker is found, so that what needs none does not wait for it. */
  onShell(shell: Shell): void;
  /** Asks the operator; null gives up. The promise may stay open for minutes. */
  ask(question: Question): Promise<string[] | null>;
  signal: AbortSignal;
};

/** Opens a link to one host; rungs `name` to `docker` are its own, `compose` and `rights` the engine's. */
export type Linker = {
  /** Rejects with FailureError: a code of "reaching the host" or "what the host offers". */
  open(options: LinkOptions): Promise<Link>;
};
