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
