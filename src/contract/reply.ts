import type { Failure } from '../core/failure.ts';

/** Nothing is thrown across IPC: every answer is one of these two. */
export type Reply<Value> = { ok: true; value: Value } | { ok: false; failure: Failure };
