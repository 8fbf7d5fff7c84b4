import type { Slot } from './slot.ts';

/** What can be wrong with an adopted service, or with what it stands on. Closed: every face has its own mark for a level only. */
export const troubleCauses = [
  // nobody answers
  'stack-down',
  'entry-gone',
  'entry-stopped',
  'entry-paused',
  'entry-replaced',
  'entry-renamed',
  'live-gone',
  'live-stopped',
  'live-paused',
  'live-crashing',
  'live-ill',
  'network-gone',
  // the traffic, or the next start of it, goes past what was adopted
  'bypassed',
  'override-gone',
  'override-changed',
  'entry-config-changed',
  'state-gone',
  'stray-slot',
  // it answers, and the way back is not what it was
  'previous-sick',
  'way-back-gone',
] as const;

export type TroubleCause = (typeof troubleCauses)[number];

/**
 * The one click that mends a trouble. `put-back` makes what runs what the files say: the entry point, the network, the live
 * slot, our lines of the override. `start` only starts what is stopped or paused. `go` moves the traffic to the slot named.
 */
export type Mend =
  | { kind: 'put-back' }
  | { kind: 'start' }
  | { kind: 'go'; to: Slot; verb: 'flip' | 'rollback'; version: string };

/**
 * What is said first of a service, before its switch. `down`: who asks for it gets no answer. `wrong`: it answers, and not as
 * it was adopted, or will not after the next start. `at-risk`: it answers as it should, and cannot be taken back as it could.
 */
export type Trouble = {
  level: 'down' | 'wrong' | 'at-risk';
  cause: TroubleCause;
  /** One line: what is down, with its name. No placeholder, no code alone. */
  title: string;
  /** Why, and what runs now, in a sentence or two. */
  text: string;
  /** Since when, unix milliseconds on this machine's clock; null where nobody can tell. */
  sinceMs: number | null;
  mend: Mend | null;
  /** A second way, where there is one, e.g. to start again what stopped while another release could take the traffic. */
  orElse: Mend | null;
  /** With `mend` null: why no click mends it, and what does. */
  byHand: string | null;
  /** What Docker or the program itself said last, e.g. of a health check: untrusted text, which may hold values of its environment. */
  quote: string | null;
};
