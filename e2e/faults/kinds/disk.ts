import { feather } from '../look.ts';
import { letGo } from '../plant.ts';
import type { Harm } from './harm.ts';

/**
 * Not a byte is left on the file system of the project's folder, until the job has ended or two seconds went by. The
 * word that lets the job go on is put there first: it is none of the job's.
 */
export const fillDisk: Harm = async ({ server, job }) => {
  await server.sh(`cd ${feather.folder}
head -c 64m /dev/zero >filler 2>/dev/null
${letGo(job)}
for i in $(seq 100); do [ -s ${job}/exit ] && break; read -r id _ <${job}/pid && kill -0 "$id" 2>/dev/null || break; sleep 0.02; done
rm -f filler`);
  return null;
};
