import { afterAll, beforeAll, expect, it } from 'vitest';
import { KitServer } from './server.ts';

let server: KitServer;
beforeAll(() => {
  server = new KitServer();
});
afterAll(() => server.close());

/** What the kit takes for the service's container, of what Docker lists: name, image, and the image that compose names. */
const found = async (listed: [name: string, image: string, named: string][]) => {
  const answers = listed.map(([name, image, named]) => `'inspect ${name}') echo '/${name} ${image} ${named}' ;;`);
  const names = listed.map(([name]) => name).join(' ');
  const docker = `docker() { for last in "$@"; do :; done; [ "$1" != ps ] || last=; case "$1 $last" in 'ps ') echo ${names} ;; ${answers.join(' ')} esac; }`;
  return (await server.kitLines(`${docker}\ncomposed_container`)).stdout;
};

it.each<[string, [string, string, string][], string]>([
  ['that compose made', [['shop-web-1', 'sha256:1', 'sha256:1']], 'shop-web-1'],
  [
    'that compose made, and not a newer one whose image brings the labels',
    [
      ['evil', 'sha256:2', 'sha256:1'],
      ['shop-web-1', 'sha256:1', 'sha256:1'],
    ],
    'shop-web-1',
  ],
  ['that a compose made which names no image', [['shop-web-1', 'sha256:1', '']], 'shop-web-1'],
  ['and none where there is none', [], ''],
])('TR1 a job takes the container %s', async (_name, listed, name) => {
  expect(await found(listed)).toBe(name);
});
