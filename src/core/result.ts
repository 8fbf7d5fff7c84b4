import type { Failure } from './failure.ts';

/** What a fallible step answers: a value, or a failure an operator can read. Nothing expected is thrown. */
export type Result<Value> = { ok: true; value: Value } | { ok: false; failure: Failure };

export const ok = <Value>(value: Value): { ok: true; value: Value } => ({ ok: true, value });

export const failed = (failure: Failure): { ok: false; failure: Failure } => ({ ok: false, failure });

/** Makes the compiler prove that a union was switched whole. */
export function unreachable(value: never): never {
  throw new Error(`a case nobody wrote: ${JSON.stringify(value)}`);
}
