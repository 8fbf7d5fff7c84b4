import type { Harm } from './harm.ts';

/** kill -9 of the processes that sshd made for its sessions; the listener stays. */
export const killSessions: Harm = async ({ server, release }) => {
  await server.sh('pkill -9 -x sshd-session; true');
  await release();
  return null;
};
