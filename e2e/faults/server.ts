import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';

/** A home server as root sees it, through one shell that stays open: a question costs milliseconds, not a process outside. */
export type Server = {
  readonly host: string;
  /** Runs bash text to its end and returns what it printed. One at a time; throws when it says 1 or more, or takes too long. */
  sh(script: string, options?: { timeoutMs?: number; anyCode?: boolean }): Promise<string>;
  /** Gives the shell up: the next question opens another. For servers that are switched off meanwhile. */
  drop(): void;
};

const frame = '\u0001end ';

export function openServer(lab: Lab, host: string): Server {
  let child: ChildProcessWithoutNullStreams | null = null;
  let printed = '';
  let onOutput = () => {};
  let turn: Promise<unknown> = Promise.resolve();

  const open = (): ChildProcessWithoutNullStreams => {
    const started = spawn('docker', ['exec', '-i', '-u', 'root', lab.host(host).container, 'bash', '--norc']);
    printed = '';
    started.stdin.on('error', () => {});
    started.on('error', () => {});
    started.stderr.resume();
    started.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk;
      onOutput();
    });
    started.on('close', () => {
      if (child === started) child = null;
      onOutput();
    });
    return started;
  };

  const drop = () => {
    child?.kill('SIGKILL');
    child = null;
  };

  const ask = async (script: string, timeoutMs: number): Promise<{ code: number; text: string }> => {
    child ??= open();
    const mine = child;
    printed = '';
    mine.stdin.write(
      `( eval "$(base64 -d <<<'${Buffer.from(script).toString('base64')}')" ) </dev/null 2>&1; printf '\\001end %s\\n' "$?"\n`,
    );
    const ended = new Promise<{ code: number; text: string }>((resolve, reject) => {
      onOutput = () => {
        const at = printed.lastIndexOf(frame);
        if (at >= 0 && printed.endsWith('\n'))
          resolve({ code: Number(printed.slice(at + frame.length)), text: printed.slice(0, at) });
        else if (child !== mine) reject(new Error(`the shell on ${host} ended`));
      };
    });
    const late = new AbortController();
    const tooLate = sleep(timeoutMs, null, { signal: late.signal }).then(() => {
      throw new Error(`${host} took more than ${timeoutMs} ms for: ${script.slice(0, 200)}`);
    });
    tooLate.catch(() => {});
    try {
      return await Promise.race([ended, tooLate]);
    } catch (caught) {
      if (child === mine) drop();
      throw caught;
    } finally {
      late.abort();
      onOutput = () => {};
    }
  };

  return {
    host,
    sh(script, { timeoutMs = 60_000, anyCode = false } = {}) {
      const answer = turn.then(async () => {
        const { code, text } = await ask(script, timeoutMs);
        if (code !== 0 && !anyCode)
          throw new Error(`${host}: ${code} from ${script.slice(0, 300)}\n${text.slice(-600)}`);
        return text;
      });
      turn = answer.catch(() => {});
      return answer;
    },
    drop,
  };
}
