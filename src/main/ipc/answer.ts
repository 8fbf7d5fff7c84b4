import { z } from 'zod';
import type { CallName, Calls } from '../../contract/channels.ts';
import type { Reply } from '../../contract/reply.ts';
import { failure, failureOf } from '../../core/failure.ts';
import { failed } from '../../core/result.ts';
import { schemas } from './schemas.ts';

/** One function for each call of the contract. */
export type Handlers = {
  readonly [Name in CallName]: (
    input: Calls[Name]['in'],
  ) => Reply<Calls[Name]['out']> | Promise<Reply<Calls[Name]['out']>>;
};

/**
 * Answers one call: its name and its input are checked first, and whatever a handler throws becomes a failure.
 * Never rejects. What was sent is in no message, because it may be a passphrase.
 */
export async function answerCall(handlers: Handlers, name: unknown, input: unknown): Promise<Reply<unknown>> {
  if (!isCallName(name)) return failed(failure('input-invalid', 'The window asked for something that does not exist.'));
  return answerKnown(handlers, name, input);
}

async function answerKnown<Name extends CallName>(
  handlers: Handlers,
  name: Name,
  input: unknown,
): Promise<Reply<Calls[Name]['out']>> {
  const checked = schemas[name].safeParse(input);
  if (!checked.success) {
    const detail = z.prettifyError(checked.error);
    return failed(failure('input-invalid', `What was sent with ${name} cannot be used.`, { detail }));
  }
  try {
    return await handlers[name](checked.data);
  } catch (caught) {
    return failed(failureOf(caught));
  }
}

const isCallName = (name: unknown): name is CallName => typeof name === 'string' && Object.hasOwn(schemas, name);
