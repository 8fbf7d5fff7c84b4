import type { Harm } from './harm.ts';

/** kill -9 of the job's own process: the plant does it, from inside, at the point and nowhere else. */
export const killRunner: Harm = async ({ server, job }) => {
  await server.sh(
    `read -r id _ <${job}/pid; for i in $(seq 250); do kill -0 "$id" 2>/dev/null || exit 0; sleep 0.02; done; exit 1`,
  );
  return null;
};
