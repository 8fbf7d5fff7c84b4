import { renderScript } from '../../core/command.ts';
import { FailureError, failure, failureOf } from '../../core/failure.ts';
import type { Clock } from '../ports/clock.ts';
import type { HostNow, OpenLink } from './host-now.ts';

/** Whether Docker answers while the link stands. Without it the map stays as it was, and is looked at again by itself (SPEC DN5). */
export type Presence = {
  /** A read failed with `caught`: when that says that Docker is away, it is noted and asked for until it is back. */
  note(caught: unknown): void;
  /** A read went well. */
  answered(): void;
  /** Resolves with true once Docker answers on this link, with false when the link is given up. Never rejects. */
  until(open: OpenLink): Promise<boolean>;
};

const againMs = 3_000;

/**
 * Prints a line where systemd would start Docker for whoever knocks: an engine that was stopped must not be started by a look at
 * whether it is back.
 */
const heldScript = `command -v systemctl >/dev/null 2>&1 && systemctl is-active --quiet docker.socket && ! systemctl is-active --quiet docker.service && echo held; :`;

export const dockerIsAway = (caught: unknown): boolean => failureOf(caught).code === 'docker-stopped';

/** Fails with `docker-stopped` where asking Docker would start it. */
export async function refuseToStart({ link }: OpenLink, target: string): Promise<void> {
  let held = false;
  try {
    held = (await link.shell.run(renderScript(heldScript, []), { timeoutMs: 10_000 })).stdout.includes('held');
  } catch {
    // What the shell cannot tell, Docker does.
  }
  if (held) throw new FailureError(failure('docker-stopped', `Docker on ${target} is stopped.`, { transient: true }));
}

export function createPresence(
  now: HostNow,
  target: string,
  clock: Clock,
  parts: { onBack(): void; redraw(): void },
): Presence {
  let asking: { open: OpenLink; answers: Promise<boolean> } | null = null;

  const away = () => {
    if (now.dockerAwaySinceMs !== null) return;
    now.dockerAwaySinceMs = clock.nowMs();
    parts.redraw();
  };

  const ask = async (open: OpenLink): Promise<boolean> => {
    for (;;) {
      if (open.abort.signal.aborted) return false;
      try {
        if (now.dockerAwaySinceMs !== null) await refuseToStart(open, target);
        const facts = await open.link.docker.observe(open.abort.signal);
        if (open.abort.signal.aborted) return false;
        now.docker = facts;
        now.asOfMs = clock.nowMs();
        presence.answered();
        return true;
      } catch (caught) {
        if (now.open === open && dockerIsAway(caught)) away();
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, againMs);
        open.abort.signal.addEventListener(
          'abort',
          () => {
            clearTimeout(timer);
            resolve();
          },
          { once: true },
        );
      });
    }
  };

  const presence: Presence = {
    note(caught) {
      const { open } = now;
      if (open === null || !dockerIsAway(caught)) return;
      away();
      void presence.until(open);
    },
    answered() {
      if (now.dockerAwaySinceMs === null) return;
      now.dockerAwaySinceMs = null;
      parts.onBack();
      parts.redraw();
    },
    until(open) {
      if (asking?.open === open) return asking.answers;
      const mine = {
        open,
        answers: ask(open).finally(() => {
          if (asking === mine) asking = null;
        }),
      };
      asking = mine;
      return mine.answers;
    },
  };
  return presence;
}
