import type { HostView } from '../../contract/views.ts';
import type { Job } from '../../core/job.ts';

/** What to say when the window closes while jobs run: they go on. Null when none runs. */
export function explainFarewell(hosts: readonly HostView[]): { message: string; detail: string } | null {
  const running = hosts.flatMap((host) =>
    host.jobs.filter((job) => job.state === 'running').map((job) => `${doing(job)} on ${host.target}`),
  );
  if (running.length === 0) return null;
  const one = running.length === 1;
  return {
    message: one ? 'A job is running. It goes on.' : `${running.length} jobs are running. They go on.`,
    detail: [
      ...running,
      '',
      `${one ? 'It runs' : 'They run'} on the server, not in this window. Open Switchyard again to see how ${one ? 'it' : 'they'} went.`,
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
