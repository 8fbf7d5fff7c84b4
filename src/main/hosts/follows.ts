import type { Events } from '../../contract/channels.ts';
import type { ServiceName, Session } from '../../engine/session.ts';

/** The logs the window follows. Each ends by itself, by `stop`, or with the page that asked for it. */
export type Follows = {
  start(session: Session, name: ServiceName, tail: number): string;
  /** Does nothing for one that ended already. */
  stop(follow: string): void;
  stopAll(): void;
};

export function createFollows(createId: () => string, tell: (payload: Events['log']) => void): Follows {
  const running = new Map<string, AbortController>();

  const stop = (follow: string): void => {
    running.get(follow)?.abort();
    running.delete(follow);
  };

  return {
    start(session, name, tail) {
      const follow = createId();
      const controller = new AbortController();
      const { signal } = controller;
      running.set(follow, controller);
      const send = (payload: Omit<Events['log'], 'follow'>): void => {
        if (!signal.aborted) tell({ follow, ...payload });
      };
      // After this turn, so that the window knows the follow's name before its first line comes.
      setImmediate(async () => {
        if (signal.aborted) return;
        const ended = await session.followLogs(name, {
          tail,
          signal,
          onLines: (lines) => send({ lines, ended: false }),
        });
        const lines: Events['log']['lines'] = ended.ok
          ? []
          : [{ slot: null, atMs: Date.now(), stream: 'err', text: ended.failure.message }];
        send({ lines, ended: true });
        running.delete(follow);
      });
      return follow;
    },
    stop,
    stopAll() {
      for (const follow of [...running.keys()]) stop(follow);
    },
  };
}
