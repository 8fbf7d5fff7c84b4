import type { HostView } from '../../contract/views.ts';
import type { Job } from '../../core/job.ts';

/** What to say when the window closes while jobs run, which go on, or wait, which are gone. Null when there is none. */
export function explainFarewell(hosts: readonly HostView[]): { message: string; detail: string } | null {
  const those = (state: Job['state']): string[] =>
    hosts.flatMap((host) =>
      host.jobs.filter((job) => job.state === state).map((job) => `${doing(job)} on ${host.target}`),
    );
  const running = those('running');
  const waiting = those('waiting');
  if (running.length === 0 && waiting.length === 0) return null;
  const gone =
    waiting.length === 0 ? [] : ['', 'What waits for another job has not begun, and never will:', ...waiting];
  if (running.length === 0)
    return {
      message:
        waiting.length === 1
          ? 'A job waits. It is gone with this window.'
          : `${waiting.length} jobs wait. They are gone with this window.`,
      detail: waiting.join('\n'),
    };
  const one = running.length === 1;
  return {
    message: one ? 'A job is running. It goes on.' : `${running.length} jobs are running. They go on.`,
    detail: [
      ...running,
      '',
      `${one ? 'It runs' : 'They run'} on the server, not in this window. Open Switchyard again to see how ${one ? 'it' : 'they'} went.`,
      ...gone,
    ].join('\n'),
  };
}

function doing(job: Job): string {
  switch (job.verb) {
    case 'adopt':
      return `Adopting ${job.service}`;
    case 'deploy':
      return `Deploying ${job.service}`;
    case 'flip':
      return `Flipping ${job.service}`;
    case 'confirm':
      return `Keeping the flip of ${job.service}`;
    case 'rollback':
      return `Flipping ${job.service} back`;
    case 'retire':
      return `Retiring a release of ${job.service}`;
    case 'mend':
      return `Putting ${job.service} back`;
    case 'eject':
      return `Ejecting ${job.service}`;
  }
}
