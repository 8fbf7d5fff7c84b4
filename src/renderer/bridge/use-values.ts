import { useState } from 'react';
import type { Calls } from '../../contract/channels.ts';
import { call } from './client.ts';
import { type Answer, useAnswer } from './use-answer.ts';

/** The calls that tell what an environment says only where that is asked for. */
type Discreet = 'adopt.plan' | 'next.plan' | 'releases.compare';

/** Whether the values are shown, and how that is changed. */
export type Values = { shown: boolean; toggle(): void };

/**
 * As `useAnswer`, without values until `toggle` asks for them: the main process sends none before (SPEC SE2). They are forgotten
 * when they are hidden again, and with each new `key`.
 */
export function useValues<Name extends Discreet>(
  name: Name,
  input: Calls[Name]['in'],
  key: string,
): { answer: Answer<Calls[Name]['out']>; values: Values } {
  const hidden = useAnswer(name, input, key);
  const [told, setTold] = useState<{ key: string; answer: Answer<Calls[Name]['out']> } | null>(null);
  const shown = told !== null && told.key === key;
  const show = async (): Promise<void> => {
    const reply = await call(name, { ...input, values: 'shown' });
    setTold({
      key,
      answer: reply.ok ? { state: 'here', value: reply.value } : { state: 'failed', failure: reply.failure },
    });
  };
  return {
    answer: shown ? told.answer : hidden,
    values: { shown, toggle: () => (shown ? setTold(null) : void show()) },
  };
}
