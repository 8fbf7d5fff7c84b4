import { type ChildProcess, spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { FailureError, failure } from '../../core/failure.ts';
import type { Shell, ShellOptions, ShellOutcome } from '../../engine/ports/shell.ts';

/** A shell whose commands are children of this process, each with its own process group so that it ends as a whole. */
export function createLocalShell(words: string): { shell: Shell; close(): void } {
  const running = new Set<ChildProcess>();
  let isOpen = true;

  const start = (command: string): ChildProcess => {
    const child = spawn('/bin/sh', ['-c', command], { detached: true, stdio: 'pipe' });
    running.add(child);
    child.once('close', () => running.delete(child));
    return child;
  };

  const run = (command: string, options: ShellOptions = {}): Promise<ShellOutcome> =>
    new Promise((resolve, reject) => {
      const { signal, timeoutMs } = options;
      if (!isOpen) return reject(closedShell(words));
      if (signal?.aborted) return reject(cancelledAt(words));
      const child = start(command);
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        act();
      };
      const giveUp = (error: FailureError): void =>
        settle(() => {
          endGroup(child);
          reject(error);
        });
      const onAbort = (): void => giveUp(cancelledAt(words));
      const timer =
        timeoutMs === undefined ? undefined : setTimeout(() => giveUp(timedOut(words, timeoutMs)), timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      collect(child).then(
        (outcome) => settle(() => (isOpen ? resolve(outcome) : reject(closedShell(words)))),
        (error: unknown) => settle(() => reject(startFailure(words, error))),
      );
      child.stdin?.on('error', () => {});
      child.stdin?.end(options.stdin === undefined ? undefined : Buffer.from(options.stdin));
    });

  const follow: Shell['follow'] = async (command, { signal, onOutput }) => {
    if (!isOpen) throw closedShell(words);
    if (signal.aborted) return { code: null };
    const child = start(command);
    const onAbort = (): void => endGroup(child);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      child.stdin?.on('error', () => {});
      child.stdin?.end();
      const outcome = await collect(child, (chunk, stream) => {
        if (!signal.aborted) onOutput(chunk, stream);
      });
      if (signal.aborted) return { code: null };
      if (!isOpen) throw closedShell(words);
      return { code: outcome.code };
    } catch (error) {
      throw error instanceof FailureError ? error : startFailure(words, error);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  };

  return {
    shell: { run, follow },
    close: () => {
      isOpen = false;
      for (const child of running) endGroup(child);
    },
  };
}

function collect(
  child: ChildProcess,
  onOutput?: (chunk: string, stream: 'out' | 'err') => void,
): Promise<ShellOutcome> {
  return new Promise((resolve, reject) => {
    const outcome: ShellOutcome = { code: null, signal: null, stdout: '', stderr: '' };
    const take = (stream: 'out' | 'err') => {
      const decoder = new StringDecoder('utf8');
      return (chunk: Buffer): void => {
        const text = decoder.write(chunk);
        if (onOutput) onOutput(text, stream);
        else if (stream === 'out') outcome.stdout += text;
        else outcome.stderr += text;
      };
    };
    child.stdout?.on('data', take('out'));
    child.stderr?.on('data', take('err'));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ ...outcome, code, signal }));
  });
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}

const cancelledAt = (words: string): FailureError =>
  new FailureError(failure('cancelled', `A command on ${words} was cancelled.`));

const closedShell = (words: string): FailureError =>
  new FailureError(failure('link-lost', `The connection to ${words} is closed.`, { transient: true }));

const timedOut = (words: string, ms: number): FailureError =>
  new FailureError(
    failure('no-answer', `A command on ${words} did not end within ${Math.round(ms / 100) / 10} s.`, {
      transient: true,
    }),
  );

const startFailure = (words: string, error: unknown): FailureError =>
  new FailureError(
    failure('shell-missing', `There is no /bin/sh on ${words} that could be started.`, {
      detail: error instanceof Error ? error.message : String(error),
    }),
    { cause: error },
  );
