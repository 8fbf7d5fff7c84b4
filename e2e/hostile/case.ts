import type { Verb, VerbOptions } from '../../src/core/job.ts';
import type { StackMap } from '../../src/core/stack-map.ts';
import type { ServiceName, Session } from '../../src/engine/session.ts';
import type { Ended } from '../journeys/journey.ts';

/** What was planted, by the way in that it tries. */
export const kinds = [
  'labels of containers',
  'labels of images',
  'labels that hide or move',
  'planted jobs',
  'planted watches',
  'forged answers',
  'links',
  'owners and modes',
  'forged data',
  'releases',
  'what a verb goes by',
  'what the engine loads',
  'a reboot of the engine',
  'home state',
  'what makes a reader wait',
] as const;

export type Kind = (typeof kinds)[number];

/** What a case's act is given: the client, and the service of its own stack. */
export type Acting = {
  session: Session;
  name: ServiceName;
  /** Starts a verb on that service and waits for its end, whichever it is. */
  verb(verb: Verb, options?: VerbOptions): Promise<Ended>;
  /** Runs shell on the server, as what is planted. */
  sh(script: string): Promise<string>;
};

/**
 * One thing that somebody planted. The shell texts are run by root on the server, with the words of ground.sh and ID, DIR, STATE,
 * OUT, VICTIM and PORT set.
 *
 *   look     is there when the client connects, while it looks, and when a container starts
 *   act      the same, and then the client does something
 *   reboot   is planted while the engine is away, with the client connected
 *   home     changes what all stacks share, so that it has a client of its own
 *   stall    makes who reads it wait: has a client of its own, which must connect all the same
 */
export type HostileCase = {
  /** Also the compose project, so lower case and dashes. */
  id: string;
  kind: Kind;
  stage: 'look' | 'act' | 'reboot' | 'home' | 'stall';
  /** What is planted, in a sentence. */
  about: string;
  plant: string;
  /** Owners and modes, set after all of what was planted became the operator's. */
  modes?: string;
  /** Planted while the client is connected, right before `act`. */
  during?: string;
  /** What the client does. A text is a complaint. */
  act?(acting: Acting): Promise<string | null>;
  /** What the client must say on its own within five seconds: somewhere in a finding or a trouble of the stack. */
  told?: RegExp;
  /** What must be on the map. A text is a complaint. */
  seen?(map: StackMap): string | null;
  /** Runs by hand what was planted: the trace, or what watches the engine, must see it then. */
  control?: string;
  /** What is known of the honest neighbour is out of reach as well: it must be on the map all the same, and not be said to be adopted. */
  neighbourUnknown?: boolean;
  /** Takes away what `home` changed for all. */
  undo?: string;
};
