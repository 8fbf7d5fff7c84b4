import type { BrokeBefore } from './broke-before.ts';
import type { Slot } from './slot.ts';
import type { Finding, FlipKind } from './stack-map.ts';

/** One line of a diff between two releases or between current and what compose.yaml says now. */
export type DiffLine = {
  field: 'image' | 'digest' | 'environment' | 'mount' | 'command' | 'other';
  key: string;
  before: string | null;
  after: string | null;
  /** Something of it is not told: a mark stands in its place. What is told is asked for with `shown`. */
  hidden?: boolean;
};

/** Whether a plan or a comparison tells the values of variables, and what they are found in. Hidden unless somebody asks (SPEC SE1). */
export type ValuesTold = 'hidden' | 'shown';

/** What deploying would do, told before it is done. */
export type NextPlan = {
  image: string;
  /** What compose.yaml says, when it differs from `image`. */
  composeImage: string;
  diff: DiffLine[];
  upToDate: boolean;
  /** What is to be deployed broke before: it is deployed again only where the operator says so (SPEC TO8). */
  broke: BrokeBefore | null;
  findings: Finding[];
};

/** What adoption would do, told before it is done. */
export type AdoptPlan = {
  adoptable: boolean;
  flipKind: FlipKind;
  reasons: string[];
  findings: Finding[];
  /** The file written beside compose.yaml, whole. */
  override: string;
  overridePath: string;
  containerPort: number;
  checks: string[];
  /** The one-time gap said before: an estimate in milliseconds with where it comes from. */
  gap: { estimateMs: number; because: string };
};

export type ReleaseRecord = {
  number: number;
  slot: Slot;
  role: 'current' | 'next' | 'previous' | 'old';
  image: string;
  version: string | null;
  digest: string;
  by: string;
  createdAtMs: number;
  /** Milliseconds from the job's start to ready, when it became ready. */
  deployMs: number | null;
  liveSinceMs: number | null;
  liveForMs: number | null;
  /** When the traffic left it last, where it had it and has it no more. */
  leftAtMs: number | null;
  outcome: 'live' | 'ready' | 'not-ready' | 'went-back' | 'left' | 'retired' | 'preparing';
  /** One line of why, when not ready or gone back from. */
  reason: string | null;
  /** Why its image and environment were removed, in a sentence; null while they are kept. */
  pruned: string | null;
  warm: boolean;
};
