import { servesAgain } from './entry.ts';
import type { Harm } from './harm.ts';

/** dockerd is stopped in order and started again by the machine, as an update of it does. The job goes on while it is away. */
export const restartEngine: Harm = async ({ server, release }) => {
  const fromMs = Date.now();
  await server.sh(
    'kill -TERM "$(cat /run/lab/docker.pid)"; for i in $(seq 1000); do [ -S /run/docker.sock ] && docker version >/dev/null 2>&1 || exit 0; sleep 0.02; done; exit 1',
  );
  await release();
  await server.sh('for i in $(seq 600); do docker version >/dev/null 2>&1 && exit 0; sleep 0.05; done; exit 1', {
    timeoutMs: 60_000,
  });
  return { fromMs, toMs: await servesAgain(server) };
};
