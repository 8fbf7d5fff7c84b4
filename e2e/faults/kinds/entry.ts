import { feather } from '../look.ts';
import type { Server } from '../server.ts';
import type { Harm } from './harm.ts';

/** When the published port answered again, in unix milliseconds; 30 s from now when it did not: what is wrong then is told by I1. */
export async function servesAgain(server: Server): Promise<number> {
  await server.sh(
    'SECONDS=0; while [ $SECONDS -lt 30 ]; do curl -fsS -m 1 -o /dev/null http://127.0.0.1:8080/version 2>/dev/null && exit; sleep 0.02; done',
    { timeoutMs: 60_000, anyCode: true },
  );
  return Date.now();
}

/**
 * kill -9 of the entry point's process, as when it runs out of memory. `docker kill` of the container would tell the engine
 * to leave it dead, which is an operator's wish and no fault; a process that dies is started again by its restart policy.
 */
export const killEntry: Harm = async ({ server, release }) => {
  const fromMs = Date.now();
  await server.sh(
    `id=$(docker ps -q --filter label=com.docker.compose.project=${feather.stack} --filter label=com.docker.compose.service=${feather.service}); [ -n "$id" ] && kill -9 "$(docker inspect --format '{{.State.Pid}}' "$id")"`,
  );
  await release();
  return { fromMs, toMs: await servesAgain(server) };
};
