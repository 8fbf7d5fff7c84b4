/** What a finished command left behind. `code` is null when a signal ended it. Output is untrusted text. */
export type ShellOutcome = { code: number | null; signal: string | null; stdout: string; stderr: string };

export type ShellOptions = {
  /** Bytes for the command's standard input; the input is closed after them. */
  stdin?: Uint8Array;
  signal?: AbortSignal;
  /** Milliseconds after which the wait ends with `no-answer`. The command may still run on the host. */
  timeoutMs?: number;
};

/**
 * Runs commands on one host. `command` is one line for a POSIX shell, made by `core/command.ts` from an argv or a
 * script: adapters never quote. Rejects with FailureError only (`link-lost`, `no-answer`, `cancelled`, `bug`); a
 * command that ends with a code other than 0 is an outcome.
 */
export type Shell = {
  run(command: string, options?: ShellOptions): Promise<ShellOutcome>;
  /**
   * Follows a command's output as it comes. Resolves with the exit code when it ends; aborting `signal` closes the
   * channel (which ends a `tail -f` on the host) and resolves with code null.
   */
  follow(
    command: string,
    options: { signal: AbortSignal; onOutput(chunk: string, stream: 'out' | 'err'): void },
  ): Promise<{ code: number | null }>;
};
