import { type ChildProcess, spawn } from 'node:child_process';
import { renderArgv } from '../setup/command.ts';
import { repositoryFolder } from '../setup/folders.ts';

const running = new Set<ChildProcess>();

/** Ends a process that `show` started, and all that it started. */
function end(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has just ended by itself.
  }
}

let stopping = false;

/** On a signal: everything that was started gets it too, and has five seconds to clean up; nothing is started any more. */
export function endTogether(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      stopping = true;
      process.stderr.write(`\nStopped by ${signal}.\n`);
      for (const child of running) end(child, signal);
      setTimeout(() => {
        for (const child of running) end(child, 'SIGKILL');
      }, 5_000).unref();
    });
  }
}

/** Whether a signal asked for the end. */
export const isStopping = (): boolean => stopping;

/** Runs a command with its output shown as it comes. Resolves with its exit code; 127 when it is not there, 124 when it took too long. */
export function show(
  argv: readonly string[],
  options: { env?: NodeJS.ProcessEnv; timeoutMs: number },
): Promise<number> {
  const [program = '', ...args] = argv;
  if (stopping) return Promise.resolve(130);
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: repositoryFolder,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'inherit', 'inherit'],
      // A group of its own, so that browsers and servers it starts end with it.
      detached: true,
    });
    running.add(child);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      process.stderr.write(`${renderArgv(argv)} did not end within ${options.timeoutMs / 60_000} minutes.\n`);
      end(child, 'SIGTERM');
      setTimeout(() => end(child, 'SIGKILL'), 5_000).unref();
    }, options.timeoutMs);
    const settle = (code: number) => {
      clearTimeout(timer);
      running.delete(child);
      end(child, 'SIGTERM');
      resolve(late ? 124 : code);
    };
    child.on('error', (error) => {
      process.stderr.write(`${renderArgv(argv)}: ${error.message}\n`);
      settle(127);
    });
    child.on('close', (code) => settle(code ?? 128));
  });
}
