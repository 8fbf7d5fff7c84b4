import type { ContainerFact } from './docker-facts.ts';
import { labels, releaseFolder } from './server-layout.ts';
import type { ReleaseFile } from './service-record.ts';

/**
 * Whether a container is a release's own, and not one that only has its name: compose's of our slot project, with the release's
 * number, of the release's image. Labels count as `trustLabels` leaves them.
 */
export const holdsRelease = (container: ContainerFact | null, prefix: string, file: ReleaseFile): boolean =>
  container !== null &&
  container.labels[labels.release] === releaseFolder(file.number) &&
  container.labels['com.docker.compose.project'] === prefix &&
  container.imageId === file.imageId;
