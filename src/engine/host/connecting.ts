import {
  type Connection,
  freshLadder,
  mayRetry,
  type Question,
  type Rung,
  reconnectDelayMs,
  withRung,
} from '../../core/connection.ts';
import { type Failure, FailureError, failure, failureOf } from '../../core/failure.ts';
import { maskTold } from '../../core/mask-told.ts';
import type { Result } from '../../core/result.ts';
import { trustLabels } from '../../core/trusted-labels.ts';
import type { Clock } from '../ports/clock.ts';
import type { Link, Linker } from '../ports/link.ts';
import type { Shell } from '../ports/shell.ts';
import { readWhole } from '../whole-answer.ts';
import type { HostNow, OpenLink } from './host-now.ts';
import { hostScript, parseHostOffers } from './host-offers.ts';

const askHost = (shell: Shell): Promise<Result<{ stdout: string }>> =>
  readWhole(shell, hostScript, [], { timeoutMs: 15_000, what: 'what the server offers' });

export type ConnectingParts = {
  target: string;
  linker: Linker;
  clock: Clock;
  followEvents(open: OpenLink): Promise<void>;
  observeStates(link: Link): Promise<void>;
  /** Once connected. */
  onConnected(): void;
  /** Each time the link in use is given up or lost. */
  onShut(): void;
  /** The link was lost, not given up. */
  onLost(): void;
  redraw(): void;
};

/** Opens the link, keeps it, and opens it again: the one place that moves `HostNow.connection` and `HostNow.open`. */
export function createConnecting(now: HostNow, parts: ConnectingParts) {
  const { target, clock } = parts;
  let wanted = false;
  let attempt = 0;
  let retryTimer: unknown = null;
  let connecting: Promise<Connection> | null = null;
  let question: { value: Question; settle(answers: string[] | null): void } | null = null;
  let cancelAttempt: () => void = () => {};

  const setConnection = (next: Connection) => {
    now.connection = 'failure' in next ? { ...next, failure: maskTold(next.failure, now.mask) } : next;
    parts.redraw();
  };

  const climb = (rung: Rung) => {
    const { connection } = now;
    if (connection.kind === 'connecting' || connection.kind === 'asking') {
      setConnection({ ...connection, ladder: withRung(connection.ladder, rung) });
    }
  };

  const ask = (value: Question): Promise<string[] | null> =>
    new Promise((resolve) => {
      const ladder = 'ladder' in now.connection ? now.connection.ladder : freshLadder();
      question = {
        value,
        settle: (answers) => {
          question = null;
          if (now.connection.kind === 'asking') setConnection({ kind: 'connecting', ladder: now.connection.ladder });
          resolve(answers);
        },
      };
      setConnection({ kind: 'asking', ladder, question: value });
    });

  const cancelled = () => new FailureError(failure('cancelled', `Connecting to ${target} was cancelled.`));

  const tryOnce = async (): Promise<Connection> => {
    const previous = now.connection;
    const quiet = previous.kind === 'away' ? previous : null;
    if (quiet === null) setConnection({ kind: 'connecting', ladder: freshLadder() });
    const abort = new AbortController();
    let ladder = freshLadder();
    let link: Link | null = null;
    let opened: OpenLink | null = null;
    let asked: Promise<Result<{ stdout: string }>> | null = null;
    cancelAttempt = () => abort.abort();
    try {
      link = await parts.linker.open({
        signal: abort.signal,
        ask,
        onShell: (shell) => {
          asked = askHost(shell);
          // Awaited below, unless the link does not come to stand: then that is what is told.
          asked.catch(() => {});
        },
        onRung: (rung) => {
          ladder = withRung(ladder, rung);
          climb(rung);
        },
      });
      const mine: OpenLink = { link, abort: new AbortController() };
      opened = mine;
      // Events are followed before the first listing, so that nothing falls between the two.
      void parts.followEvents(mine);
      const [facts, host] = await Promise.all([link.docker.observe(), asked ?? askHost(link.shell)]);
      if (!host.ok) throw new FailureError(host.failure);
      const offers = parseHostOffers(host.value.stdout, target);
      if (offers.compose !== null) now.compose = offers.compose;
      for (const rung of offers.rungs) climb(rung);
      if (offers.failure !== null) throw new FailureError(offers.failure);
      if (!wanted) throw cancelled();
      now.docker = trustLabels(facts);
      now.dockerAwaySinceMs = null;
      now.asOfMs = clock.nowMs();
      now.open = mine;
      await parts.observeStates(link);
      if (!wanted || now.open !== mine) throw cancelled();
      attempt = 0;
      const done = 'ladder' in now.connection ? now.connection.ladder : ladder;
      setConnection({ kind: 'connected', ladder: done, sinceMs: clock.nowMs() });
      parts.onConnected();
      void link.closed.then((why) => {
        if (now.open === mine) lost(why);
      });
    } catch (caught) {
      const why = failureOf(caught);
      if (now.open === opened) now.open = null;
      opened?.abort.abort();
      link?.close();
      if (!wanted) {
        setConnection({ kind: 'idle' });
      } else if (quiet !== null && mayRetry(why)) {
        away(quiet.sinceMs, why);
      } else {
        wanted = false;
        const reached = 'ladder' in now.connection ? now.connection.ladder : ladder;
        setConnection({
          kind: 'failed',
          ladder: reached.map((rung) => (rung.state === 'running' ? { ...rung, state: 'failed' } : rung)),
          failure: why,
        });
      }
    }
    return now.connection;
  };

  const connectOnce = (): Promise<Connection> => {
    connecting ??= tryOnce().finally(() => {
      connecting = null;
    });
    return connecting;
  };

  const away = (sinceMs: number, why: Failure) => {
    const delayMs = reconnectDelayMs(attempt, 0.5 + clock.random() / 2);
    attempt += 1;
    setConnection({ kind: 'away', sinceMs, retryAtMs: clock.nowMs() + delayMs, failure: why });
    clearTimeout(retryTimer);
    retryTimer = setTimeout(() => {
      if (now.connection.kind === 'away' && wanted) void connectOnce();
    }, delayMs);
  };

  const shut = () => {
    if (now.open === null) return;
    const { link, abort } = now.open;
    now.open = null;
    abort.abort();
    parts.onShut();
    link.close();
  };

  const lost = (why: Failure | null) => {
    shut();
    parts.onLost();
    if (wanted) away(clock.nowMs(), why ?? failure('link-lost', `The link to ${target} is gone.`, { transient: true }));
  };

  return {
    connect(): Promise<Connection> {
      wanted = true;
      attempt = 0;
      clearTimeout(retryTimer);
      if (now.open !== null) return Promise.resolve(now.connection);
      return connectOnce();
    },
    wake() {
      if (now.connection.kind !== 'away' || !wanted) return;
      clearTimeout(retryTimer);
      attempt = 0;
      void connectOnce();
    },
    disconnect() {
      wanted = false;
      clearTimeout(retryTimer);
      question?.settle(null);
      cancelAttempt();
      shut();
      setConnection({ kind: 'idle' });
    },
    answer(id: string, answers: string[] | null): boolean {
      if (question === null || question.value.id !== id) return false;
      question.settle(answers);
      return true;
    },
  };
}
