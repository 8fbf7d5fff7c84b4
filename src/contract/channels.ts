import type { Job, Verb, VerbOptions } from '../core/job.ts';
import type { Slot } from '../core/slot.ts';
import type { Reply } from './reply.ts';
import type {
  AdoptPlanView,
  AliasView,
  DiffLine,
  HostView,
  LogLine,
  NextPlanView,
  PreviewView,
  ReleaseView,
  SettingsView,
  ValuesTold,
} from './views.ts';

/** Names one service on one host. */
export type ServiceRef = { host: string; stack: string; service: string };

/** Window to main: one call, one reply. Both ends are typed by this map alone. */
export type Calls = {
  'hosts.list': { in: undefined; out: HostView[] };
  'hosts.aliases': { in: undefined; out: AliasView[] };
  'hosts.add': { in: { target: string }; out: HostView };
  'hosts.remove': { in: { host: string }; out: null };
  'hosts.connect': { in: { host: string }; out: null };
  'hosts.disconnect': { in: { host: string }; out: null };
  /** `answers`: one for each prompt; null says no (to the host key) or gives up (on a secret). */
  'hosts.answer': { in: { host: string; question: string; answers: string[] | null }; out: null };
  'hosts.refresh': { in: { host: string }; out: null };

  /**
   * What an environment says is in no answer unless it is asked for with `values: 'shown'`, on a click: here, in `next.plan` and
   * in `releases.compare` (SPEC SE1).
   */
  'adopt.plan': { in: { ref: ServiceRef; options: VerbOptions; values?: ValuesTold | undefined }; out: AdoptPlanView };
  'next.plan': { in: { ref: ServiceRef; options: VerbOptions; values?: ValuesTold | undefined }; out: NextPlanView };
  'verbs.start': { in: { ref: ServiceRef; verb: Verb; options: VerbOptions }; out: Job };
  /** Asks a running job to stop; how it ends comes with the host's view. */
  'jobs.stop': { in: { host: string; stack: string; job: string }; out: null };
  'jobs.log': { in: { host: string; stack: string; job: string }; out: string };
  /** Puts away the failure or verdict shown on a card. */
  'cards.dismiss': { in: { ref: ServiceRef }; out: null };

  'releases.list': { in: { ref: ServiceRef }; out: ReleaseView[] };
  'releases.compare': {
    in: { ref: ServiceRef; before: number; after: number; values?: ValuesTold | undefined };
    out: DiffLine[];
  };

  /** Starts following; lines come as `log` events that carry `follow`. */
  'logs.follow': { in: { ref: ServiceRef; tail: number }; out: { follow: string } };
  'logs.stop': { in: { follow: string }; out: null };

  'preview.open': { in: { ref: ServiceRef; slot: Slot; browse: boolean }; out: PreviewView };
  'preview.close': { in: { ref: ServiceRef }; out: null };

  'settings.get': { in: undefined; out: SettingsView };
  'settings.set': { in: { theme: SettingsView['theme'] }; out: SettingsView };
  'positions.get': { in: { host: string }; out: Record<string, { x: number; y: number }> };
  /** Null forgets all positions of the host. */
  'positions.set': { in: { host: string; positions: Record<string, { x: number; y: number }> | null }; out: null };
};

export type CallName = keyof Calls;

/** Main to window: what happened. A host's view is sent whole; a traffic tick is small and separate. */
export type Events = {
  host: HostView;
  'host-removed': { host: string };
  traffic: { host: string; services: Record<string, import('./views.ts').TrafficView> };
  log: { follow: string; lines: LogLine[]; ended: boolean };
  theme: { dark: boolean };
  /** A notification was clicked, or a second instance asked: show this. */
  reveal: { host: string; service: string | null };
};

export type EventName = keyof Events;

/**
 * The one object the preload puts on `window`. Events cross as JSON, which the window parses: copied part by part from
 * the preload's world into the page's, a map of 100 cards takes five times as long.
 */
export type Bridge = {
  call<Name extends CallName>(name: Name, input: Calls[Name]['in']): Promise<Reply<Calls[Name]['out']>>;
  /** `json` is of `Events[name]`. Returns the function that stops listening. */
  on(name: EventName, listener: (json: string) => void): () => void;
  /** `darwin`, `linux`, `win32`: which keys and which window frame. */
  readonly platform: string;
};

declare global {
  var switchyard: Bridge;
}
