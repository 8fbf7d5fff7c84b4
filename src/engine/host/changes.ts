/** Who is told when something changed: once per turn of the event loop, however much did. */
export function createChanges() {
  const listeners = new Set<() => void>();
  const closing = new AbortController();
  let announced = false;

  return {
    announce() {
      if (announced) return;
      announced = true;
      queueMicrotask(() => {
        announced = false;
        for (const listener of [...listeners]) listener();
      });
    },
    /** Returns how to stop. */
    listen(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Looks now and after each change until there is something to see; null when the signal aborts or all is closed. */
    waitFor<Value>(look: () => Value | null, signal: AbortSignal | undefined): Promise<Value | null> {
      return new Promise((resolve) => {
        const stop = () => {
          listeners.delete(check);
          signal?.removeEventListener('abort', abandon);
          closing.signal.removeEventListener('abort', abandon);
        };
        const abandon = () => {
          stop();
          resolve(null);
        };
        const check = () => {
          const value = look();
          if (value === null) return;
          stop();
          resolve(value);
        };
        listeners.add(check);
        signal?.addEventListener('abort', abandon, { once: true });
        closing.signal.addEventListener('abort', abandon, { once: true });
        check();
        if (signal?.aborted === true) abandon();
      });
    },
    /** Whoever waits is told that it was in vain, and who listens hears no more. */
    close() {
      closing.abort();
      listeners.clear();
    },
  };
}

export type Changes = ReturnType<typeof createChanges>;
