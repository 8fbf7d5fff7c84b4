import type { Failure } from './failure.ts';

/** The rungs of connecting, in their order. */
export const rungNames = ['name', 'reachable', 'host-key', 'login', 'docker', 'compose', 'rights'] as const;

export type RungName = (typeof rungNames)[number];

export type Rung = {
  name: RungName;
  state: 'waiting' | 'running' | 'passed' | 'failed';
  /** What was found, e.g. `Docker 26.1.5`, untrusted text. */
  detail: string | null;
};

/** What connecting has to ask the operator. Answered with one text for each thing asked. Secrets are never stored. */
export type Question =
  /** Answered `['accept']` or null. */
  | { kind: 'host-key'; id: string; algorithm: string; sha256: string; host: string }
  | { kind: 'passphrase'; id: string; keyPath: string; again: boolean }
  | { kind: 'password'; id: string; user: string; host: string; again: boolean }
  /** The server's own words, which are shown as a quotation: `title` of any number of lines, and a prompt for each answer. */
  | {
      kind: 'keyboard-interactive';
      id: string;
      user: string;
      host: string;
      title: string;
      prompts: { text: string; echo: boolean }[];
    };

/**
 *   idle ──▶ connecting ◀──▶ asking
 *                │  └──▶ failed            (never retried by itself: a refused key, a changed host key, no Docker)
 *                ▼
 *            connected ◀──▶ away           (retried with jitter; the last map stays, greyed)
 */
export type Connection =
  | { kind: 'idle' }
  | { kind: 'connecting'; ladder: Rung[] }
  | { kind: 'asking'; ladder: Rung[]; question: Question }
  | { kind: 'connected'; ladder: Rung[]; sinceMs: number }
  | { kind: 'away'; sinceMs: number; retryAtMs: number; failure: Failure }
  | { kind: 'failed'; ladder: Rung[]; failure: Failure };

export const freshLadder = (): Rung[] => rungNames.map((name) => ({ name, state: 'waiting', detail: null }));

/** The ladder with one rung replaced. */
export const withRung = (ladder: Rung[], rung: Rung): Rung[] =>
  ladder.map((each) => (each.name === rung.name ? rung : each));

/** How long to wait before the n-th try to reconnect (n from 0), in milliseconds: doubling from 250 ms to 60 s, times `jitter` in [0.5, 1]. */
export function reconnectDelayMs(attempt: number, jitter: number): number {
  const ceiling = Math.min(60_000, 250 * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling * jitter);
}

/** Whether a failed try may be repeated without the operator: the machine or the path was away, nothing was refused. */
export function mayRetry(value: Failure): boolean {
  switch (value.code) {
    case 'name-unknown':
    case 'port-closed':
    case 'host-unreachable':
    case 'no-answer':
    case 'link-lost':
    case 'docker-stopped':
      return true;
    default:
      return false;
  }
}
