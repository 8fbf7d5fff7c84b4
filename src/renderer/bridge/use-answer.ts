import { useEffect, useState } from 'react';
import type { CallName, Calls } from '../../contract/channels.ts';
import type { Failure } from '../../core/failure.ts';
import { call } from './client.ts';

/** What a call answered: nothing yet, a failure, or a value. */
export type Answer<Value> =
  | { state: 'asking' }
  | { state: 'failed'; failure: Failure }
  | { state: 'here'; value: Value };

/** Asks once for each `key`; the answer to an older key is dropped. The old answer stays until the new one is here. */
export function useAnswer<Name extends CallName>(
  name: Name,
  input: Calls[Name]['in'],
  key: string,
): Answer<Calls[Name]['out']> {
  const [answer, setAnswer] = useState<Answer<Calls[Name]['out']>>({ state: 'asking' });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for `input`, which is new on every render.
  useEffect(() => {
    let current = true;
    void call(name, input).then((reply) => {
      if (!current) return;
      setAnswer(reply.ok ? { state: 'here', value: reply.value } : { state: 'failed', failure: reply.failure });
    });
    return () => {
      current = false;
    };
  }, [name, key]);
  return answer;
}
