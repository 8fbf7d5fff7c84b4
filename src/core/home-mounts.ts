import type { DockerFacts } from './docker-facts.ts';

/** A container that may write where the programs of jobs lie. */
export type HomeMount = { container: string; source: string };

/**
 * Containers that mount the home state, a folder above it or one in it, and may write there: what such a container is, whoever
 * breaks into it could have run as the operator. Volumes that stand for a folder of the host count as that folder (SPEC HS5).
 */
export function findHomeMounts(docker: DockerFacts, homeState: string): HomeMount[] {
  const devices = new Map(docker.volumes.map(({ name, device }) => [name, device ?? null]));
  return docker.containers.flatMap((container) =>
    container.mounts.flatMap((mount) => {
      const source = mount.kind === 'volume' ? (devices.get(mount.name ?? '') ?? null) : mount.source;
      if (source === null || mount.readOnly || mount.kind === 'tmpfs' || !overlap(source, homeState)) return [];
      return [{ container: container.name, source }];
    }),
  );
}

function overlap(source: string, folder: string): boolean {
  const from = `${source.replace(/\/+$/, '')}/`;
  const to = `${folder}/`;
  return to.startsWith(from) || from.startsWith(to);
}
