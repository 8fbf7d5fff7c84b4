import { deployerSignOf } from './deployer.ts';
import type { ContainerFact, DockerFacts, ImageFact } from './docker-facts.ts';
import { proxySignOf } from './routing.ts';
import { labels as ours } from './server-layout.ts';

const composeLabel = (name: string): string => `com.docker.compose.${name}`;

/** Compose sets these on each container it makes, and no build puts them on an image: one of its own says that compose made it. */
const composeMarks = ['config-hash', 'container-number', 'project.working_dir', 'project.config_files'].map(
  composeLabel,
);
/** Every version sets these on each container, over whatever the image says. */
const alwaysSet = ['project', 'service', 'version', 'config-hash', 'container-number'].map(composeLabel);
/** Compose 2 does so with these too. */
const nowSet = [
  ...alwaysSet,
  ...['oneoff', 'depends_on', 'image', 'project.working_dir', 'project.config_files'].map(composeLabel),
];
/** Set together, on a slot or an entry point. */
const placeLabels = [ours.stack, ours.service, ours.slot, ours.release, ours.root];

/**
 * The same facts without the labels that a container has from its image, where labels decide something: to which stack and
 * service it belongs (`com.docker.compose.*`), what it is to us (`dev.switchyard.*`), who manages it and which proxies it
 * asks for. Docker lists both kinds as one, so a label counts as the image's where the image has it with the same value.
 *
 * What honest images say stays true, because compose writes its own labels over the image's:
 * - `docker compose build` labels an image with project, service and version. The container that compose makes of it has
 *   the marks of compose besides, which the image lacks.
 * - `docker commit` copies all labels of a container. Compose names in `com.docker.compose.image` the id of the image it
 *   starts, which no image can hold of itself; run by hand, such an image has no mark of its own and is part of no stack.
 *
 * Labels that compose gives only with others are not believed alone: `docker run --label com.docker.compose.project=shop`
 * makes no second container of a service of shop. Whoever gives a container all marks by hand may do as compose does.
 * An image that is not listed (removed by force under its container) says nothing, so nothing is taken from its containers.
 */
export function trustLabels(docker: DockerFacts): DockerFacts {
  const images = new Map(docker.images.map((image) => [image.id, image]));
  return { ...docker, containers: docker.containers.map((each) => trustContainer(each, images.get(each.imageId))) };
}

/** One container of those. */
export function trustContainer(container: ContainerFact, image: ImageFact | undefined): ContainerFact {
  const { labels } = container;
  const has = (key: string): boolean => Object.hasOwn(labels, key);
  const isOwn = (key: string): boolean =>
    has(key) && !(image !== undefined && Object.hasOwn(image.labels, key) && image.labels[key] === labels[key]);
  const keys = Object.keys(labels);
  const namesItsImage = isOwn(composeLabel('image')) && labels[composeLabel('image')] === container.imageId;
  const isComposed = has(composeLabel('project')) && (namesItsImage || composeMarks.some(isOwn));
  const isOurs = placeLabels.some(isOwn);
  const signs = new Set(keys.filter(isOwn).map(signOf));
  const counts = (key: string): boolean => {
    if (key.startsWith(composeLabel('')))
      return isComposed && (isOwn(key) || (namesItsImage ? nowSet : alwaysSet).includes(key));
    // Only the container that a job asks its questions from has this one, and it is no service's.
    if (key === ours.job) return isOwn(key) && !isComposed;
    if (key.startsWith('dev.switchyard.')) return isOwn(key) || (isOurs && placeLabels.includes(key as never));
    // A proxy or a deployer is told by several labels: with one of its own, the container's are the operator's, whole.
    const sign = signOf(key);
    return sign === null || signs.has(sign);
  };
  if (keys.every(counts)) return container;
  // Without a prototype: a label may be called `__proto__`.
  const counted: Record<string, string> = Object.create(null);
  for (const key of keys) if (counts(key)) counted[key] = labels[key] ?? '';
  return { ...container, labels: counted };
}

const signOf = (key: string): string | null => deployerSignOf(key) ?? proxySignOf(key);
