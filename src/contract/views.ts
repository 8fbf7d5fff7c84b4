import type { Connection } from '../core/connection.ts';
import type { Job } from '../core/job.ts';
import type { Slot } from '../core/slot.ts';
import type { StackMap } from '../core/stack-map.ts';

export type {
  Connection as ConnectionView,
  Question as QuestionView,
  Rung as RungView,
  RungName,
} from '../core/connection.ts';
export { rungNames } from '../core/connection.ts';
export type { LogLine } from '../core/log-line.ts';
export type {
  AdoptPlan as AdoptPlanView,
  DiffLine,
  NextPlan as NextPlanView,
  ReleaseRecord as ReleaseView,
  ValuesTold,
} from '../core/plan.ts';
export type {
  Container as ContainerView,
  Finding as FindingView,
  FlipKind,
  Mount as MountView,
  Network as NetworkView,
  PublishedPort as PortView,
  Service as ServiceView,
  SlotState as SlotView,
  Stack as StackView,
  StackMap as MapView,
  Switch as SwitchView,
  Tier,
  Traffic as TrafficView,
  Volume as VolumeView,
} from '../core/stack-map.ts';

/** One host as the window shows it. */
export type HostView = {
  id: string;
  /** As typed: `home`, `user@host:port`, or `this machine`. */
  target: string;
  connection: Connection;
  /** Null before the first map. Kept, greyed, while away. */
  map: StackMap | null;
  jobs: Job[];
};

export type AliasView = { alias: string; hostName: string | null; user: string | null };

export type PreviewView = { url: string; port: number; service: string; slot: Slot; release: number };

export type SettingsView = {
  theme: 'system' | 'light' | 'dark';
  /** Set when a damaged settings file was set aside at start: the path it was moved to. */
  damagedFile: string | null;
  hasKeyring: boolean;
};
