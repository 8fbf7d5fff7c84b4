import type { HostView } from '../../contract/views.ts';
import { maskShapes } from '../../core/mask.ts';
import { decideNotices, freshMemory, type Memory, type Notice } from './decide.ts';

export type Notifier = {
  /** Looks at a host as it is now. */
  look(view: HostView): void;
  forget(host: string): void;
  /** Shows nothing until then; what happens meanwhile is not made up for. */
  muteUntil(ms: number): void;
  close(): void;
};

/** Remembers what was seen of each host, looks again when the decision asks for it, and shows what is worth it. */
export function createNotifier(show: (notice: Notice) => void, now: () => number = Date.now): Notifier {
  const hosts = new Map<string, { memory: Memory; timer: NodeJS.Timeout | undefined }>();
  let mutedUntilMs = 0;

  const look = (view: HostView): void => {
    const before = hosts.get(view.id);
    clearTimeout(before?.timer);
    const { memory, notices, againMs } = decideNotices(before?.memory ?? freshMemory, view, now());
    hosts.set(view.id, { memory, timer: againMs === null ? undefined : setTimeout(() => look(view), againMs) });
    // Masked where it was read; once more here, for what is shown goes to the lock screen.
    if (now() >= mutedUntilMs)
      for (const notice of notices) show({ ...notice, title: maskShapes(notice.title), body: maskShapes(notice.body) });
  };

  const forget = (host: string): void => {
    clearTimeout(hosts.get(host)?.timer);
    hosts.delete(host);
  };

  return {
    look,
    forget,
    muteUntil(ms) {
      mutedUntilMs = ms;
    },
    close() {
      for (const host of [...hosts.keys()]) forget(host);
    },
  };
}
