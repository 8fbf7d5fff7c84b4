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

/** A shell whose commands are exec channels of one ssh connection. */
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

  const open = async (command: string, signal?: AbortSignal): Promise<Session> => {
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
    }
  };

  return { shell: { run, follow }, open: async (command) => (await open(command)).channel };
}

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

function createQueue(places: number): { enter(): Promise<() => void> } {
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
  };
}
