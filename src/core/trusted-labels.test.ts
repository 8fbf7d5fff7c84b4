import { describe, expect, it } from 'vitest';
import { container, digest, dockerFacts, mapFacts } from '../testkit/engine/facts.ts';
import { drawMap } from './draw-map.ts';
import { labels as ours } from './server-layout.ts';
import { trustLabels } from './trusted-labels.ts';

type Labels = Record<string, string>;

const imageId = digest('1');
const compose = (labels: Labels): Labels =>
  Object.fromEntries(Object.entries(labels).map(([key, value]) => [`com.docker.compose.${key}`, value]));
/** What compose 2.29 sets. */
const composed = compose({
  project: 'shop',
  service: 'web',
  version: '2.29.1',
  'config-hash': 'a1',
  'container-number': '1',
  oneoff: 'False',
  depends_on: 'db:service_started:false',
  image: imageId,
  'project.working_dir': '/srv/shop',
  'project.config_files': '/srv/shop/compose.yaml',
});
/** What compose 1.24 set. */
const composedLongAgo = compose({
  project: 'shop',
  service: 'web',
  version: '1.24.0',
  'config-hash': 'a1',
  'container-number': '1',
  oneoff: 'False',
});
const slot: Labels = {
  [ours.stack]: 'shop',
  [ours.service]: 'web',
  [ours.slot]: 'blue',
  [ours.release]: '0003',
  [ours.root]: '/srv/shop/.switchyard',
};
const traefik: Labels = { 'traefik.enable': 'true', 'traefik.http.routers.web.rule': 'Host(`a.b`)' };

/** What is left of a container's labels: those of its image, under those that it was given. */
const trusted = (fromImage: Labels, given: Labels): Labels => {
  const image = { id: imageId, tags: [], digests: [], labels: fromImage, createdAtMs: 0, sizeBytes: 0 };
  const facts = dockerFacts([container({ name: 'x', imageId, labels: { ...fromImage, ...given } })], {
    images: [image],
  });
  return { ...trustLabels(facts).containers[0]?.labels };
};

describe('labels of honest containers', () => {
  it.each<[string, Labels, Labels]>([
    ['of an image without labels', {}, composed],
    ['of an image that compose built', compose({ project: 'shop', service: 'web', version: '2.29.1' }), composed],
    ['of an image that compose built in another project', compose({ project: 'ci', service: 'web' }), composed],
    ['of a container that was committed', { ...composed, 'com.docker.compose.image': digest('9') }, composed],
    ['made by compose 1.24, of an image that it built', compose({ project: 'shop', service: 'web' }), composedLongAgo],
    [
      'made by podman-compose',
      {},
      compose({ project: 'shop', service: 'web', 'container-number': '1', 'project.working_dir': '/srv/shop' }),
    ],
    ['of compose run', {}, { ...composed, 'com.docker.compose.oneoff': 'True' }],
    ['of a slot', {}, { ...composed, ...slot }],
    [
      'of a slot whose image is a slot that was committed',
      { ...composed, ...slot, [ours.release]: '0002', 'com.docker.compose.image': digest('9') },
      { ...composed, ...slot },
    ],
    ['of an entry point', {}, { ...composed, [ours.stack]: 'shop', [ours.service]: 'web', [ours.root]: '/srv/shop' }],
    ['of a probe', {}, { [ours.job]: 'j1' }],
    ['with labels for a proxy', {}, { ...composed, ...traefik }],
    ['with labels for a proxy, of which the image has one', { 'traefik.enable': 'true' }, { ...composed, ...traefik }],
    ['with labels that decide nothing', { maintainer: 'x' }, { ...composed, maintainer: 'x', 'my.label': 'y' }],
    ['with a deployer', {}, { ...composed, 'coolify.managed': 'true' }],
    ['with no labels', {}, {}],
  ])('TR1 TR2 %s all count', (_name, fromImage, given) => {
    expect(trusted(fromImage, given)).toEqual({ ...fromImage, ...given });
  });

  it('TR1 of an image that is not listed all count, and the facts are the same', () => {
    const facts = dockerFacts([container({ name: 'x', labels: { ...composed, ...traefik } })]);
    expect(trustLabels(facts)).toEqual(facts);
    expect(trustLabels(facts).containers[0]).toBe(facts.containers[0]);
  });
});

describe('labels that an image brings', () => {
  it.each<[string, Labels, Labels, Labels]>([
    ['all of compose’s make no part of a stack', composed, {}, {}],
    ['of a committed container, started by hand, neither', { ...composed, maintainer: 'x' }, {}, { maintainer: 'x' }],
    ['project and service neither', compose({ project: 'shop', service: 'web' }), {}, {}],
    [
      'move no service of another stack, whose compose says its own',
      { ...composed, 'com.docker.compose.image': digest('9') },
      compose({ ...strip(composed), project: 'other', image: imageId }),
      compose({ ...strip(composed), project: 'other', image: imageId }),
    ],
    [
      'hide no service as run once, where compose is too old to say so itself',
      compose({ oneoff: 'True' }),
      without(composedLongAgo, 'com.docker.compose.oneoff'),
      without(composedLongAgo, 'com.docker.compose.oneoff'),
    ],
    [
      'give no folder, where compose is too old to say its own',
      compose({ 'project.working_dir': '/evil', 'project.config_files': '/evil/compose.yaml', depends_on: 'x' }),
      composedLongAgo,
      composedLongAgo,
    ],
    [
      'that compose knows nothing of say nothing',
      compose({ replace: 'x', 'project.environment_file': '/e' }),
      composed,
      composed,
    ],
    ['of a slot hide no service', slot, composed, composed],
    ['of a job hide no service', { [ours.job]: 'j1' }, composed, composed],
    ['of a job hide no slot', { [ours.job]: 'j1' }, { ...composed, ...slot }, { ...composed, ...slot }],
    ['name no state folder', { [ours.root]: '/evil/.switchyard' }, composed, composed],
    [
      'of ours that are not known yet say nothing',
      { 'dev.switchyard.later': 'x' },
      { ...composed, ...slot },
      { ...composed, ...slot },
    ],
    [
      'name no deployer',
      { 'coolify.managed': 'true', 'com.centurylinklabs.watchtower.enable': 'true' },
      composed,
      composed,
    ],
    ['ask for no proxy', { ...traefik, caddy: 'a.b', 'caddy.reverse_proxy': 'x' }, composed, composed],
    [
      'are told from a container’s own by their value',
      { 'traefik.enable': 'true' },
      { 'traefik.enable': 'false' },
      { 'traefik.enable': 'false' },
    ],
  ])('TR1 %s', (_name, fromImage, given, left) => {
    expect(trusted(fromImage, given)).toEqual(left);
  });
});

describe('labels that were given by hand', () => {
  it.each<[string, Labels, Labels]>([
    ['project and service make no second container of a service', compose({ project: 'shop', service: 'web' }), {}],
    ['nor with a version and run once', compose({ project: 'shop', service: 'web', version: '2', oneoff: 'True' }), {}],
    ['a job’s hides no service that compose made', { ...composed, [ours.job]: 'j1' }, composed],
  ])('TR2 %s', (_name, given, left) => {
    expect(trusted({}, given)).toEqual(left);
  });

  it('TR2 leave a container on the map as what it is', () => {
    const pose = container({ name: 'pose', labels: compose({ project: 'shop', service: 'web', oneoff: 'True' }) });
    const real = container({ name: 'shop-web-1', labels: { ...composed } });
    const map = drawMap(mapFacts(trustLabels(dockerFacts([pose, real]))));
    expect([map.loose.map(({ name }) => name), map.stacks[0]?.services[0]?.containers.map(({ name }) => name)]).toEqual(
      [['pose'], ['shop-web-1']],
    );
  });
});

it('TR1 takes a label called __proto__ for a label', () => {
  const fromImage = JSON.parse('{"__proto__":"x","dev.switchyard.root":"/evil"}') as Labels;
  const image = { id: imageId, tags: [], digests: [], labels: fromImage, createdAtMs: 0, sizeBytes: 0 };
  const facts = dockerFacts([container({ name: 'x', imageId, labels: fromImage })], { images: [image] });
  expect(Object.entries(trustLabels(facts).containers[0]?.labels ?? {})).toEqual([['__proto__', 'x']]);
});

/** Compose's labels without what stands before their names. */
function strip(labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [key.replace('com.docker.compose.', ''), value]),
  );
}

function without(labels: Labels, name: string): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => key !== name));
}
