import type { Job } from '../../../src/core/job.ts';
import type { LoadRecords } from '../../load/load.ts';
import type { ActName, Kind } from '../cases.ts';
import type { Outage } from '../kinds/harm.ts';
import type { Look } from '../look.ts';

/** All that is known when a fault and its recovery are over. */
export type Evidence = {
  act: ActName;
  kind: Kind | 'cut' | 'power';
  before: Look;
  after: Look;
  /** After one more client connected; null where nobody looked. */
  again: Look | null;
  /** Every request of the load meanwhile; null where there was none. */
  load: LoadRecords | null;
  outage: Outage | null;
  /** How a client was told that the job ended, `refused` where the server never had one; null where nobody was told of it. */
  told: Job['state'] | null;
  /** How a client was told that the watch of the flip ended, where it went back; null where it settled, or was told of nothing. */
  watchTold: Job['state'] | null;
  /** When the job was told to be over, or given up. */
  toldAtMs: number;
  /** The secret was seen in arguments or in a failure's words there. */
  secretSeen: string[];
  /** What `rollback.sh` said; null where there is none to run. */
  byHand: { code: number; text: string } | null;
};

/** What is wrong, in words; empty when the invariant holds. */
export type Invariant = (evidence: Evidence) => string[];
