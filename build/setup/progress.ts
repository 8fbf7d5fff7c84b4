/** Where progress goes: one line a call, without a newline. */
export type Log = (line: string) => void;

/** Progress for a person at a terminal, on standard error, so that standard output stays for answers. */
export const logToStderr: Log = (line) => {
  process.stderr.write(`${line}\n`);
};

/** Runs a step and logs what it was and how long it took; a failing step is logged as failed and throws on. */
export async function timed<T>(log: Log, what: string, step: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  try {
    const result = await step();
    log(`  ${what} (${renderSeconds(performance.now() - startedMs)})`);
    return result;
  } catch (error) {
    log(`  ${what}: failed after ${renderSeconds(performance.now() - startedMs)}`);
    throw error;
  }
}

/** Milliseconds as seconds with one digit: `3.2 s`. */
export function renderSeconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
