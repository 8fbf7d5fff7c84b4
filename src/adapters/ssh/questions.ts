import type { Asker } from './login.ts';

/** An asker that says whether the operator is being asked. */
export type TrackedQuestions = {
  ask: Asker;
  isOpen(): boolean;
  onChange(listener: () => void): void;
  /** Waits for open questions; whether one was open that the operator then answered. */
  settled(): Promise<boolean>;
};

export function trackQuestions(ask: Asker): TrackedQuestions {
  const open = new Set<Promise<string[] | null>>();
  let listener = (): void => {};
  return {
    ask: async (question) => {
      const answer = ask(question);
      open.add(answer);
      listener();
      try {
        return await answer;
      } finally {
        open.delete(answer);
        listener();
      }
    },
    isOpen: () => open.size > 0,
    onChange: (next) => {
      listener = next;
    },
    settled: async () => {
      const answers = await Promise.all([...open].map((each) => each.catch(() => null)));
      return answers.some((each) => each !== null);
    },
  };
}
