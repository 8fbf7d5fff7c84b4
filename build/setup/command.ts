import { spawn } from 'node:child_process';

/** What a finished command left behind. */
export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Written to the command's standard input, which is closed after it. */
  input?: string | Buffer;
  /** After this the command is killed and counts as failed. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Exit codes that are no failure; 0 alone when absent. */
  okCodes?: readonly number[];
  /** Called with every line as it comes, of both streams. */
  onLine?: (line: string) => void;
}

/** A command that ended in a way its caller did not declare. The message says the command, its end, and its last words. */
export class CommandError extends Error {
  readonly argv: readonly string[];
  readonly result: CommandResult;

  constructor(argv: readonly string[], result: CommandResult, reason: string) {
    const words = lastLines(result.stderr.trim() || result.stdout.trim(), 12);
    super(`${renderArgv(argv)}: ${reason}${words ? `\n${words}` : ''}`);
    this.name = 'CommandError';
    this.argv = argv;
    this.result = result;
  }
}

/**
 * Runs a command to its end, without a shell, and returns what it printed.
 * Throws CommandError on an exit code that is not in okCodes, on a time-out, and when the program is not there.
 */
export async function run(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new TypeError('run: an empty command');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      signal: options.signal,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const printed = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      let rest = '';
      child[stream].setEncoding('utf8');
      child[stream].on('data', (chunk: string) => {
        printed[stream] += chunk;
        if (options.onLine === undefined) return;
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) options.onLine(line);
      });
    }
    let timedOut = false;
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill('SIGKILL');
          }, options.timeoutMs);
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const reason = error.code === 'ENOENT' ? `${program} is not installed` : error.message;
      reject(new CommandError(argv, { code: 127, ...printed }, reason));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const result = { code: code ?? 128, ...printed };
      const isOk = (options.okCodes ?? [0]).includes(result.code);
      if (timedOut) reject(new CommandError(argv, result, `did not end within ${options.timeoutMs} ms`));
      else if (signal !== null) reject(new CommandError(argv, result, `ended by ${signal}`));
      else if (!isOk) reject(new CommandError(argv, result, `exit code ${result.code}`));
      else resolve(result);
    });
    // A command that does not read its input to the end is no failure of ours.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** The trimmed standard output of a command; the failures of run(). */
export async function read(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  return (await run(argv, options)).stdout.trim();
}

/** Whether a command ends with 0; never throws for a failing or missing one. */
export async function succeeds(argv: readonly string[], options: CommandOptions = {}): Promise<boolean> {
  try {
    await run(argv, options);
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

/** The last lines of a text, for messages. */
export function lastLines(text: string, count: number): string {
  return text.split('\n').slice(-count).join('\n');
}

/** A command as one would type it, for messages. */
export function renderArgv(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}
