import type { Job } from '../../src/core/job.ts';
import type { Session } from '../../src/engine/session.ts';

/** Waits until a session knows that a job is over; null when it does not within that time. */
export function toldOf(session: Session, id: string, timeoutMs: number): Promise<Job | null> {
  return new Promise((resolve) => {
    const look = () => {
      const job = session.jobs().find((each) => each.id === id);
      if (job !== undefined && job.state !== 'running') settle(job);
    };
    const settle = (job: Job | null) => {
      stop();
      clearTimeout(timer);
      resolve(job);
    };
    const stop = session.onChange(look);
    const timer = setTimeout(() => settle(null), timeoutMs);
    look();
  });
}

/** How a watch ended that was not there before: what a session knows of one that went back; null when it settled, or within that time nothing is told. */
export async function toldOfWatch(
  session: Session,
  before: readonly { id: string }[],
  timeoutMs: number,
): Promise<Job['state'] | null> {
  const known = new Set(before.map(({ id }) => id));
  const find = () => session.jobs().find(({ id }) => id.endsWith('-watch') && !known.has(id));
  const found = await new Promise<Job | null>((resolve) => {
    const look = () => {
      const job = find();
      if (job !== undefined) settle(job);
    };
    const settle = (job: Job | null) => {
      stop();
      clearTimeout(timer);
      resolve(job);
    };
    const stop = session.onChange(look);
    const timer = setTimeout(() => settle(null), timeoutMs);
    look();
  });
  return found === null ? null : ((await toldOf(session, found.id, timeoutMs))?.state ?? null);
}
