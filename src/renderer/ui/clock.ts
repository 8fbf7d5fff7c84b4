import { useSyncExternalStore } from 'react';

/** One timer a rhythm for the whole window, running only while somebody looks at it. */
function createClock(everyMs: number) {
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let now = Date.now();
  return {
    subscribe(listener: () => void): () => void {
      if (listeners.size === 0) {
        now = Date.now();
        timer = setInterval(() => {
          now = Date.now();
          for (const each of listeners) each();
        }, everyMs);
      }
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) clearInterval(timer);
      };
    },
    read: (): number => (listeners.size === 0 ? Math.floor(Date.now() / everyMs) * everyMs : now),
  };
}

const seconds = createClock(1000);
const halfMinutes = createClock(30_000);

/** Unix milliseconds, new every second: for countdowns. */
export const useSeconds = (): number => useSyncExternalStore(seconds.subscribe, seconds.read);

/** Unix milliseconds, new every half minute: for ages. */
export const useHalfMinutes = (): number => useSyncExternalStore(halfMinutes.subscribe, halfMinutes.read);
