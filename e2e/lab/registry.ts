import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

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
