import type { ChildProcess } from 'node:child_process';
import type { Lab } from '../../lab/lab.ts';
import type { LinkProxy } from '../../lab/link-proxy.ts';
import type { Server } from '../server.ts';

/** What harm can be done to, while a job waits at its point. */
export type Scene = {
  lab: Lab;
  host: string;
  server: Server;
  /** The app, where it is a process of its own. */
  app: ChildProcess | null;
  /** What the app's link goes through. */
  proxy: LinkProxy;
  /** The folder of the job that waits. */
  job: string;
  /** Lets the job go on. */
  release(): Promise<void>;
};

/** From when to when requests may be lost, in unix milliseconds: a process that served them was gone. */
export type Outage = { fromMs: number; toMs: number };

/**
 * Does the harm, lets the job go on when it is done, and puts right again what an operator or the machine itself
 * would: frees a disk, lets the link come back. Returns the outage, if it is one.
 */
export type Harm = (scene: Scene) => Promise<Outage | null>;
