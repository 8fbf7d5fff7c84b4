import { randomBytes } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import type { Client, ClientChannel } from 'ssh2';
import { FailureError, failure } from '../../core/failure.ts';
import type { Shell, ShellOptions, ShellOutcome } from '../../engine/ports/shell.ts';
import { textOf } from './connect-failure.ts';

export type LinkState = { words: string; isOpen(): boolean; lost(): FailureError };

/** sshd's MaxSessions is 10 unless somebody changed it; two stay free for the operator's own ways in. */
const concurrentSessions = 8;
/** What follows a log may last for days: commands must find a place beside. */
const concurrentFollowers = 6;
const sessionRetryMs = [20, 50, 100, 200, 400, 800, 1600, 3200];
/** So long after a command a job that it may have started has the server for itself. */
const spareAfterMs = 1_000;

/**
 * A shell whose commands are exec channels of one ssh connection. One session waits, started ahead: the next command
 * goes to it as input, without the two round trips and the login shell that a new one takes (8 ms on loopback, 90 ms
 * where a round trip takes 40).
 */
export function createSshShell(
  client: Client,
  state: LinkState,
): { shell: Shell; open(command: string): Promise<ClientChannel> } {
  const queue = createQueue(concurrentSessions);
  const followers = createQueue(concurrentFollowers);

  const openChannel = (command: string): Promise<Session> =>
    new Promise((resolve, reject) => {
      if (!state.isOpen()) return reject(state.lost());
      try {
        client.exec(command, (error, channel) => {
          if (error) return reject(error);
          // Listened to at once: a quick command's end is in the same packet as its beginning.
          const session: Session = { channel, exit: null };
          channel.on('exit', (code: number | null, signal?: string) => {
            session.exit = { code, signal: signal ?? null };
          });
          channel.on('error', () => {});
          return resolve(session);
        });
      } catch (error) {
        reject(error);
      }
    });

  let spare: Promise<Spare | null> | null = null;
  let spareTimer: NodeJS.Timeout | undefined;

  const startSpare = (): void => {
    if (spare !== null || !state.isOpen() || queue.isFull()) return;
    const mark = randomBytes(16).toString('hex');
    const started = openChannel(waitFor(mark)).then(
      (session) => {
        session.channel.once('close', () => {
          if (spare === started) spare = null;
        });
        // What a login shell prints before the first command belongs to no command.
        session.channel.resume();
        session.channel.stderr.resume();
        return { session, mark };
      },
      () => null,
    );
    spare = started;
  };
  const startSpareSoon = (): void => {
    clearTimeout(spareTimer);
    spareTimer = setTimeout(startSpare, spareAfterMs).unref();
  };
  const takeSpare = async (): Promise<Spare | null> => {
    const taken = spare;
    spare = null;
    return taken;
  };
  // After whatever was asked for in this turn: that is not to wait for it.
  setImmediate(startSpare);

  const open = async (command: string, signal?: AbortSignal): Promise<Session> => {
    if (signal?.aborted) throw cancelledAt(state.words);
    const ready = await takeSpare();
    if (ready === null || ready.session.exit !== null || ready.session.channel.destroyed)
      return openNew(command, signal);
    ready.session.channel.write(`${command}\n${ready.mark}\n`);
    return ready.session;
  };

  const openNew = async (command: string, signal?: AbortSignal): Promise<Session> => {
    for (let attempt = 0; ; attempt++) {
      if (signal?.aborted) throw cancelledAt(state.words);
      try {
        return await openChannel(command);
      } catch (error) {
        if (!state.isOpen()) throw state.lost();
        if (error instanceof FailureError) throw error;
        const waitMs = sessionRetryMs[attempt];
        // Only a refused channel has a reason; the usual one is that all sessions are taken.
        if (waitMs === undefined || (error as { reason?: unknown }).reason === undefined) {
          throw new FailureError(
            failure('shell-missing', `${state.words} does not run commands for this user: ${textOf(error)}.`, {
              detail: textOf(error),
            }),
            { cause: error },
          );
        }
        (await takeSpare())?.session.channel.close();
        await pause(waitMs, signal);
      }
    }
  };

  const run = async (command: string, options: ShellOptions = {}): Promise<ShellOutcome> => {
    const { signal } = options;
    if (signal?.aborted) throw cancelledAt(state.words);
    const release = await queue.enter();
    try {
      return await new Promise<ShellOutcome>((resolve, reject) => {
        let session: Session | null = null;
        let isSettled = false;
        const settle = (act: () => void): void => {
          isSettled = true;
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          act();
        };
        const giveUp = (error: FailureError): void =>
          settle(() => {
            session?.channel.close();
            reject(error);
          });
        const onAbort = (): void => giveUp(cancelledAt(state.words));
        const timer =
          options.timeoutMs === undefined
            ? undefined
            : setTimeout(() => giveUp(timedOut(state.words, options.timeoutMs ?? 0)), options.timeoutMs);
        signal?.addEventListener('abort', onAbort, { once: true });

        open(command, signal).then(
          (opened) => {
            session = opened;
            if (isSettled) {
              opened.channel.close();
              return;
            }
            collect(opened, state).then(
              (outcome) => settle(() => resolve(outcome)),
              (error) => settle(() => reject(error)),
            );
            opened.channel.end(options.stdin === undefined ? undefined : Buffer.from(options.stdin));
          },
          (error) => settle(() => reject(error)),
        );
      });
    } finally {
      release();
      startSpareSoon();
    }
  };

  const follow: Shell['follow'] = async (command, { signal, onOutput }) => {
    if (signal.aborted) return { code: null };
    const leaveFollowers = await followers.enter();
    const leaveQueue = await queue.enter();
    try {
      const session = await open(command, signal);
      let stop = (): void => {};
      // sshd confirms a closed channel only when the command has ended. Nobody waits for that.
      const aborted = new Promise<{ code: null }>((resolve) => {
        stop = () => {
          session.channel.close();
          resolve({ code: null });
        };
      });
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      const ended = collect(session, state, (chunk, stream) => {
        if (!signal.aborted) onOutput(chunk, stream);
      });
      ended.catch(() => {});
      session.channel.end();
      try {
        const { code } = await Promise.race([ended, aborted]);
        return { code };
      } finally {
        signal.removeEventListener('abort', stop);
      }
    } catch (error) {
      if (signal.aborted) return { code: null };
      throw error;
    } finally {
      leaveQueue();
      leaveFollowers();
      startSpareSoon();
    }
  };

  return { shell: { run, follow }, open: async (command) => (await openNew(command)).channel };
}

/**
 * Reads a command up to a line that only this app knows, and becomes it; what follows is the command's own input. One
 * line for any login shell, as the probe's: no single quote and no backslash inside.
 */
const waitFor = (mark: string): string =>
  `sh -c 'n=$(echo;echo x);n=\${n%x};s=;while IFS= read -r l;do [ "$l" = ${mark} ]&&exec sh -c "$s";s=$s$l$n;done'`;

type Spare = { session: Session; mark: string };

type Session = { channel: ClientChannel; exit: { code: number | null; signal: string | null } | null };

/** Reads a channel to its end. Without `onOutput` the output is collected. */
function collect(
  session: Session,
  state: LinkState,
  onOutput?: (chunk: string, stream: 'out' | 'err') => void,
): Promise<ShellOutcome> {
  return new Promise((resolve, reject) => {
    const texts = { out: '', err: '' };
    const take = (stream: 'out' | 'err') => {
      const decoder = new StringDecoder('utf8');
      return (chunk: Buffer): void => {
        const text = decoder.write(chunk);
        if (onOutput) onOutput(text, stream);
        else texts[stream] += text;
      };
    };
    session.channel.on('data', take('out'));
    session.channel.stderr.on('data', take('err'));
    session.channel.on('close', () => {
      // sshd tells how a command ended before it closes the channel. Without that nobody knows whether it did.
      if (session.exit) resolve({ ...session.exit, stdout: texts.out, stderr: texts.err });
      else reject(state.lost());
    });
  });
}

const cancelledAt = (where: string): FailureError =>
  new FailureError(failure('cancelled', `A command on ${where} was cancelled.`));

const timedOut = (where: string, ms: number): FailureError =>
  new FailureError(
    failure('no-answer', `A command on ${where} did not end within ${Math.round(ms / 100) / 10} s.`, {
      transient: true,
    }),
  );

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}

function createQueue(places: number): { enter(): Promise<() => void>; isFull(): boolean } {
  let free = places;
  const waiting: (() => void)[] = [];
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free++;
  };
  return {
    enter: async () => {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return leave;
    },
    isFull: () => free === 0,
  };
}
