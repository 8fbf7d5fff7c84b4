/** How long one turn of telling lasts: a frame of the screen, in milliseconds. */
export const turnMs = 16;

/** Passes on that something changed: the first time at once, then at most once a turn. */
export type Coalescer = {
  touch(): void;
  /** Nothing is sent after this. */
  close(): void;
};

export function createCoalescer(send: () => void): Coalescer {
  let turn: NodeJS.Timeout | null = null;
  let waiting = false;

  const begin = (): void => {
    send();
    turn = setTimeout(() => {
      turn = null;
      if (!waiting) return;
      waiting = false;
      begin();
    }, turnMs);
  };

  return {
    touch() {
      if (turn === null) begin();
      else waiting = true;
    },
    close() {
      if (turn !== null) clearTimeout(turn);
      turn = null;
      waiting = false;
    },
  };
}
