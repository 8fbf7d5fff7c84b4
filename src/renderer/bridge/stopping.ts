import { create } from 'zustand';
import type { Failure } from '../../core/failure.ts';
import { call } from './client.ts';

/** What became of asking a job to stop, by `jobKey`: told, or why not. How the job ends is in the host's view. */
const useStops = create<Record<string, 'asked' | Failure>>(() => ({}));

export const jobKey = (host: string, job: string): string => `${host}\n${job}`;

export const useStopping = (host: string, job: string): 'asked' | Failure | undefined =>
  useStops((state) => state[jobKey(host, job)]);

/** Asks a job to stop. Twice is harmless; asked once, it is not asked again while the answer is open. */
export async function stopJob(host: string, job: { id: string; stack: string }): Promise<void> {
  const key = jobKey(host, job.id);
  if (useStops.getState()[key] === 'asked') return;
  useStops.setState({ [key]: 'asked' });
  const reply = await call('jobs.stop', { host, stack: job.stack, job: job.id });
  if (!reply.ok) useStops.setState({ [key]: reply.failure });
}
