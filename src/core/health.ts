/**
 * How one container does, in the words the map uses.
 *
 *   starting ──▶ healthy ◀──▶ unhealthy        (containers with a healthcheck)
 *   running                                     (no healthcheck: alive is all that is known)
 *   restarting · paused · exited · dead · created
 *   ended: it ran to its end and said that all went well    stopped: somebody asked it to stop
 *   absent: compose.yaml names it, and there is no container of it
 */
export const healths = [
  'healthy',
  'running',
  'starting',
  'unhealthy',
  'restarting',
  'paused',
  'exited',
  'dead',
  'created',
  'ended',
  'stopped',
  'absent',
] as const;

export type Health = (typeof healths)[number];

/** Reads Docker's `State` and `Status` (as in `/containers/json`), both untrusted text. */
export function parseHealth(state: string, status: string): Health {
  switch (state) {
    case 'running':
      if (status.includes('(healthy)')) return 'healthy';
      if (status.includes('(unhealthy)')) return 'unhealthy';
      if (status.includes('(health: starting)')) return 'starting';
      return 'running';
    case 'restarting':
    case 'paused':
    case 'dead':
    case 'created':
      return state;
    default:
      // Nobody but who stops a program sends it SIGTERM; what went wrong ends with a code of its own.
      return status.startsWith('Exited (0)') ? 'ended' : status.startsWith('Exited (143)') ? 'stopped' : 'exited';
  }
}

export const isServing = (health: Health): boolean => health === 'healthy' || health === 'running';

/** Ended well, or stopped because somebody wanted it so, or never started: quiet, where nothing stands on it. */
export const isQuiet = (health: Health): boolean => health === 'ended' || health === 'stopped' || health === 'absent';

export const isTrouble = (health: Health): boolean =>
  health === 'unhealthy' || health === 'restarting' || health === 'exited' || health === 'dead';
