import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, timed } from '../../build/setup/progress.ts';
import { docker, inspectContainers, type OuterContainer, readDocker } from './engine.ts';
import { fingerprint } from './fingerprint.ts';
import { containerOf, ensureContainer } from './home-server.ts';
import type { BuiltImage } from './images.ts';
import type { LabPlace, LabState } from './state.ts';

/** What a manifest says about the parts it is made of. */
interface Manifest {
  config: { digest: string };
  layers: { digest: string }[];
}

const manifestTypes =
  'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';

/** The lab's registry as this machine reaches it; servers of the lab call it `registry.lab:5000`. */
export class Registry {
  /** Its name inside the lab, as it stands in image references. */
  readonly name = 'registry.lab:5000';
  readonly container: string;
  readonly port: number;

  constructor(container: string, port: number) {
    this.container = container;
    this.port = port;
  }

  /** Waits until it answers; throws after the time-out. */
  async waitUntilReady(timeoutMs = 20_000): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      const status = await this.#request('GET', '/v2/').then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 200) return;
      if (performance.now() > deadlineMs)
        throw new Error(`the lab's registry does not answer on 127.0.0.1:${this.port}`);
      await sleep(50);
    }
  }

  /** The tags of a repository; none when it does not exist. */
  async tags(repository: string): Promise<string[]> {
    const answer = await this.#request('GET', `/v2/${repository}/tags/list`);
    return answer.status === 200 ? ((JSON.parse(answer.body) as { tags: string[] | null }).tags ?? []).sort() : [];
  }

  /** The digest of `repository:tag`; undefined when there is none. */
  async digest(reference: string): Promise<string | undefined> {
    const { repository, tag } = splitReference(reference);
    const answer = await this.#request('HEAD', `/v2/${repository}/manifests/${tag}`, { accept: manifestTypes });
    return answer.status === 200 ? String(answer.headers['docker-content-digest']) : undefined;
  }

  /** Makes `to` the same image as `from`, in any repository, without moving a byte. This is how a new version appears under an old tag. */
  async copy(from: string, to: string): Promise<void> {
    const source = splitReference(from);
    const target = splitReference(to);
    const manifest = await this.#request('GET', `/v2/${source.repository}/manifests/${source.tag}`, {
      accept: manifestTypes,
    });
    if (manifest.status !== 200) throw new Error(`registry: ${from}: ${manifest.status} ${manifest.body}`);
    if (source.repository !== target.repository) {
      const { config, layers } = JSON.parse(manifest.body) as Manifest;
      for (const { digest } of [config, ...layers]) {
        const mounted = await this.#request(
          'POST',
          `/v2/${target.repository}/blobs/uploads/?mount=${digest}&from=${encodeURIComponent(source.repository)}`,
        );
        if (mounted.status !== 201)
          throw new Error(`registry: mount of ${digest} in ${target.repository}: ${mounted.status} ${mounted.body}`);
      }
    }
    const put = await this.#request(
      'PUT',
      `/v2/${target.repository}/manifests/${target.tag}`,
      { 'content-type': String(manifest.headers['content-type']) },
      manifest.body,
    );
    if (put.status !== 201) throw new Error(`registry: ${to}: ${put.status} ${put.body}`);
  }

  /** Removes an image: every tag of the repository with that digest goes with it. */
  async remove(reference: string): Promise<void> {
    const digest = await this.digest(reference);
    if (digest === undefined) return;
    const { repository } = splitReference(reference);
    await this.#request('DELETE', `/v2/${repository}/manifests/${digest}`);
  }

  #request(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body = '',
  ): Promise<{ status: number; headers: http.IncomingHttpHeaders; body: string }> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          host: '127.0.0.1',
          port: this.port,
          method,
          path,
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          timeout: 10_000,
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          );
          response.on('error', reject);
        },
      );
      request.on('timeout', () => request.destroy(new Error('the registry does not answer')));
      request.on('error', reject);
      request.end(body);
    });
  }
}

function splitReference(reference: string): { repository: string; tag: string } {
  const at = reference.lastIndexOf(':');
  return { repository: reference.slice(0, at), tag: reference.slice(at + 1) };
}

const publishedLabel = 'dev.switchyard.lab.published';
const registryImage = 'switchyard-lab/registry';

/** The registry with all these images in it, also under their aliases. A full one is kept as an image, so that only the first lab of a machine pushes. */
export async function ensureRegistry(
  place: LabPlace,
  state: LabState,
  aliases: Readonly<Record<string, string>>,
  images: ReadonlyMap<string, BuiltImage>,
  hostImage: BuiltImage,
  log: Log,
): Promise<void> {
  const wanted: Record<string, string> = {};
  for (const image of images.values()) for (const reference of image.published) wanted[reference] = image.inputs;
  for (const [reference, target] of Object.entries(aliases)) wanted[reference] = wanted[target] ?? '';

  const name = containerOf(place, 'registry');
  const existing = (await inspectContainers([name])).get(name);
  const holds =
    existing !== undefined && existing.id === state.registry.containerId ? state.registry.published : undefined;
  let published = holds;
  let image = `${hostImage.reference}`;
  if (published === undefined) {
    const saved = await findSavedRegistry(wanted);
    published = saved?.published ?? {};
    image = saved?.reference ?? image;
    if (existing !== undefined) await docker(['rm', '-f', '-v', name]);
  }
  const container =
    existing !== undefined && holds !== undefined && existing.running
      ? existing
      : holds !== undefined
        ? await startExisting(name)
        : await ensureContainer(place, state, {
            host: 'registry',
            image,
            inputs: hostImage.inputs,
            ports: [5000],
            args: ['--network-alias', 'registry.lab'],
            command: ['docker-registry', 'serve', '/etc/switchyard-lab/registry.yml'],
          });
  const port = state.ports['registry:5000'] ?? 0;
  const registry = new Registry(name, port);
  await registry.waitUntilReady();

  const missing = Object.keys(wanted).filter((reference) => published?.[reference] !== wanted[reference]);
  if (missing.length > 0) {
    await timed(log, `Pushed ${missing.length} images to the registry`, async () => {
      const own = [...images.values()].flatMap((each) =>
        each.published.filter((reference) => missing.includes(reference)).map((reference) => ({ each, reference })),
      );
      // Layers that images share first, then one image of each repository, then the rest, which finds nearly all there.
      const waves: (typeof own)[] = [[], [], []];
      for (const entry of own) {
        const isFirst =
          own.find(
            ({ reference }) => splitReference(reference).repository === splitReference(entry.reference).repository,
          ) === entry;
        waves[entry.each.name === 'debian' ? 0 : isFirst ? 1 : 2]?.push(entry);
      }
      for (const wave of waves) await Promise.all(wave.map(({ each, reference }) => push(each, reference, port)));
      for (const reference of missing) {
        const target = aliases[reference];
        if (target !== undefined) await registry.copy(target, reference);
      }
    });
    published = { ...published, ...wanted };
    const label = Object.entries(published)
      .map(([reference, inputs]) => `${reference}=${inputs}`)
      .sort()
      .join(',');
    await docker([
      'commit',
      '-c',
      `LABEL ${publishedLabel}="${label}"`,
      name,
      `${registryImage}:${fingerprint(hostImage.inputs, label)}`,
    ]);
  }
  state.registry = { containerId: container.id, published: published ?? {} };
}

async function startExisting(name: string): Promise<OuterContainer> {
  await docker(['start', name]);
  const container = (await inspectContainers([name])).get(name);
  if (container === undefined) throw new Error(`${name} is gone`);
  return container;
}

async function push(image: BuiltImage, reference: string, port: number): Promise<void> {
  const target = `127.0.0.1:${port}/${reference}`;
  await docker(['tag', image.reference, target]);
  try {
    await docker(['push', '-q', target], { timeoutMs: 300_000 });
  } finally {
    await docker(['image', 'rm', target]);
  }
}

/** The kept registry that already holds the most of what is wanted. */
async function findSavedRegistry(
  wanted: Record<string, string>,
): Promise<{ reference: string; published: Record<string, string> } | undefined> {
  const references = (await readDocker(['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', registryImage]))
    .split('\n')
    .filter(Boolean);
  if (references.length === 0) return undefined;
  const lines = (
    await readDocker([
      'image',
      'inspect',
      '--format',
      `{{index .RepoTags 0}} {{index .Config.Labels "${publishedLabel}"}}`,
      ...references,
    ])
  ).split('\n');
  let best: { reference: string; published: Record<string, string>; score: number } | undefined;
  for (const line of lines) {
    const [reference = '', label = ''] = line.split(' ');
    const published = Object.fromEntries(label.split(',').map((entry) => entry.split('=') as [string, string]));
    const score = Object.keys(wanted).filter((each) => published[each] === wanted[each]).length;
    if (score > (best?.score ?? 0)) best = { reference, published, score };
  }
  return best;
}
