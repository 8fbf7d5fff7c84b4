import type { ContainerFact } from './docker-facts.ts';
import type { Finding } from './stack-map.ts';

/**
 * The one working folder of a stack (SPEC TR3): `known` from our own state where there is one, whatever labels say, else what
 * its containers agree on. Null where they do not, with a finding: which of two folders is the stack's is nobody's guess.
 */
export function stackFolder(
  stack: string,
  containers: readonly ContainerFact[],
  known: string | null,
): { folder: string | null; findings: Finding[] } {
  const told = new Set(
    containers
      .map((each) => each.labels['com.docker.compose.project.working_dir'])
      .filter((each) => each?.startsWith('/') === true)
      .map((each) => each?.replace(/(?<=.)\/+$/, '') ?? ''),
  );
  const [first = null] = told;
  if (told.size < 2) return { folder: known ?? first, findings: [] };
  const where = [...told].sort().join(' and ');
  return {
    folder: known,
    findings: [
      {
        level: 'warning',
        title: 'Several working folders',
        text: `The containers of ${stack} say that they were started from ${where}. ${
          known === null
            ? 'Which one is the stack’s is not known, so nothing is read or changed in any of them.'
            : `What is adopted lies in ${known}, and that is where it stays.`
        } Start all of ${stack} from its one folder (docker compose up -d), and remove the containers that are not its own.`,
      },
    ],
  };
}
