import type { Slot } from './slot.ts';

/** One line of a service's log; `slot` is null while it is plain compose. `text` is untrusted. */
export type LogLine = { slot: Slot | null; atMs: number; stream: 'out' | 'err'; text: string };
