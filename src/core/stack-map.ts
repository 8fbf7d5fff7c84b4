import type { Failure } from './failure.ts';
import type { Health } from './health.ts';
import type { Progress, Verb } from './job.ts';
import type { Slot } from './slot.ts';
import type { Trouble } from './trouble.ts';
import type { WaitsFor } from './waiting.ts';

/** Where a service stands on the map, left to right. */
export type Tier = 'outside' | 'proxy' | 'service' | 'state';

export type PublishedPort = { hostIp: string; hostPort: number; containerPort: number; protocol: 'tcp' | 'udp' };

export type Mount = { kind: 'volume' | 'bind' | 'tmpfs'; source: string; target: string; readOnly: boolean };

export type Container = {
  id: string;
  name: string;
  health: Health;
  /** Docker's own words, e.g. `Up 3 days (healthy)`. */
  status: string;
  image: string;
  createdAtMs: number;
};

/** What runs in a slot. */
export type SlotState = {
  slot: Slot;
  role: 'current' | 'next' | 'previous' | 'idle';
  release: number;
  version: string | null;
  /** `sha256:…`, whole. */
  digest: string | null;
  image: string;
  health: Health | null;
  /** Checks that passed of those asked for, when the slot is being prepared or ready. */
  checks: { passed: number; total: number } | null;
  /** Its deploy got it ready: a next of which that is so gives up its slot only to a deploy that replaces it. */
  ready: boolean;
  container: Container | null;
  startedAtMs: number | null;
};

/** Who runs the job that a service is held by, when it was not asked for here: `user@machine`, untrusted text. */
export type Holder = { by: string; sinceMs: number };

/**
 * The switch of a card. Truth only: it says `flipping` until the server has read the move back.
 *
 *   not-adopted ──▶ idle ──▶ preparing ──▶ next-ready ──▶ flipping ──▶ watching ──▶ settled ──▶ idle
 *                    ▲          └──▶ not-ready │              │           └──▶ went-back
 *                    └── failed ◀──────────────┴──────────────┘
 *   watching that must be confirmed goes back at its end unless somebody confirms.
 *   unknown: the host is away. held: requests wait, or live.map says nothing that can be read.
 *   waiting: a job of this client has not begun, for another one has the lock it wants.
 *   locked: somebody else's job holds this very service, and neither prepares a release nor moves the traffic; those
 *   that do are shown as what they do, with their holder. A job of a neighbour stands in nobody's way (SPEC JN4).
 */
export type Switch =
  | { kind: 'not-adopted'; adoptable: boolean; reason: string }
  | { kind: 'idle'; reason: string }
  | {
      kind: 'preparing';
      verb: Verb;
      step: string;
      text: string | null;
      progress: Progress | null;
      holder: Holder | null;
    }
  | { kind: 'next-ready'; checks: number; from: Slot; to: Slot }
  | { kind: 'not-ready'; passed: number; total: number; reason: string }
  | { kind: 'flipping'; from: Slot; to: Slot; step: string; inFlight: number | null; holder: Holder | null }
  | { kind: 'held'; waiting: number | null; sinceMs: number | null; reason: string | null }
  | {
      kind: 'watching';
      untilMs: number;
      mustConfirm: boolean;
      from: Slot;
      to: Slot;
      errors: number;
      requests: number;
    }
  /** `atMs`: when the last move became final; null where nobody wrote that down. */
  | { kind: 'settled'; atMs: number | null; to: Slot }
  | { kind: 'went-back'; atMs: number; reason: string }
  | {
      kind: 'failed';
      verb: Verb;
      step: string | null;
      /** `indeterminate`: nobody can tell yet; the server is looked at again. */
      outcome: 'refused' | 'aborted' | 'indeterminate';
      /** Its process died, and another one ended it. */
      recovered: boolean;
      failure: Failure;
    }
  /** A job that was asked for here waits for another one's end. */
  | { kind: 'waiting'; verb: Verb; waitsFor: WaitsFor | null }
  | { kind: 'unknown'; sinceMs: number }
  | { kind: 'locked'; by: string; verb: Verb; sinceMs: number };

/** How a service can be moved, decided from facts, with the reasons shown. */
export type FlipKind = 'http' | 'tcp' | 'udp' | 'route' | 'directory' | 'swap';

/** Something the operator should know before adoption or about a boundary. */
export type Finding = {
  level: 'note' | 'warning' | 'stop';
  title: string;
  text: string;
  /** What a verb can be told that answers it. Each face has its own control for that, and its own words. */
  answer?: 'port' | 'checkPath' | 'shareVolumes' | 'again';
};

export type Traffic = {
  requestsPerSecond: number;
  errorsPerSecond: number;
  /** One point every 5 s, oldest first, at most 60 (5 minutes). */
  history: { requests: number; errors: number }[];
};

export type Service = {
  /** `stack/service`, unique on its host. */
  id: string;
  stack: string;
  name: string;
  tier: Tier;
  /** Column within the stack by order of dependency, 0 first. */
  depth: number;
  image: string;
  version: string | null;
  digest: string | null;
  createdAtMs: number | null;
  health: Health;
  adopted: boolean;
  flipKind: FlipKind | null;
  live: Slot | null;
  slots: { blue: SlotState | null; green: SlotState | null };
  switch: Switch;
  /** Present when adopted. */
  traffic: Traffic | null;
  ports: PublishedPort[];
  mounts: Mount[];
  networks: string[];
  dependsOn: string[];
  /** Ids of services (same stack) that depend on this one, direct or not: what fails with it. */
  blastRadius: string[];
  /** The entry point when adopted, else the service's own containers. */
  containers: Container[];
  /** The deployer that manages it, when it is not plain compose. */
  managedBy: string | null;
  /** Whether previous is warm and may be flipped back to now. */
  canFlipBack: boolean;
  /** Whether the last flip is being watched, whatever the switch has to say first. */
  isWatched: boolean;
  /** What is wrong with it, the worst first; empty while all is well. Said before the switch. */
  troubles: Trouble[];
  /** Why there is no container of it, where compose.yaml names it and nothing is wrong with that, e.g. `Behind the profile debug.` */
  absence: string | null;
  findings: Finding[];
  /** What decides that a release is healthy, in words, e.g. `HTTP 200 from /healthz`. Left out where not known. */
  checks?: string[];
  /** Ids of the proxies whose labels or files route to it. Left out where not known. */
  routedBy?: string[];
};

export type Network = { name: string; stack: string | null; services: string[]; internal: boolean };

export type Volume = { name: string; stack: string | null; services: string[] };

export type Stack = {
  name: string;
  folder: string | null;
  services: Service[];
  networks: Network[];
  volumes: Volume[];
  /** Problem with the stack's own files or journal, e.g. an unreadable record. */
  findings: Finding[];
};

export type StackMap = {
  stacks: Stack[];
  /** Containers that no compose project owns. */
  loose: Container[];
  /** When this was last true, unix milliseconds on the app's clock. */
  asOfMs: number;
  /** Docker has not answered since, while the host does: all that the map says is from before. On this machine's clock; null while it answers. */
  dockerAwaySinceMs: number | null;
  engine: { docker: string; compose: string | null; os: string };
};
