import type { CallName, Calls, EventName, Events } from '../../contract/channels.ts';
import type { Reply } from '../../contract/reply.ts';
import { failureOf } from '../../core/failure.ts';

/** One call to the main process. Never throws: what goes wrong on the way is a failure too. */
export async function call<Name extends CallName>(
  name: Name,
  input: Calls[Name]['in'],
): Promise<Reply<Calls[Name]['out']>> {
  try {
    return await window.switchyard.call(name, input);
  } catch (caught) {
    return { ok: false, failure: failureOf(caught) };
  }
}

/** Listens to what the main process tells. Returns how to stop. */
export const on = <Name extends EventName>(name: Name, listener: (payload: Events[Name]) => void): (() => void) =>
  window.switchyard.on(name, (json) => listener(JSON.parse(json)));
