import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KitServer } from './server.ts';

let server: KitServer;
beforeEach(() => {
  server = new KitServer();
});
afterEach(() => server.close());

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

describe('a container that only has the name of a slot’s', () => {
  const holds = async () => (await server.kitLines('slot_holds green')).stdout;

  it('TR11 is not told as the release that it says it is of', async () => {
    expect(await holds()).toBe('0002\n');
    server.tell('project', 'somebody\n');
    expect(await holds()).toBe('-\n');
    rmSync(path.join(server.stub, 'project'));
    mkdirSync(path.join(server.home, 'frontend/releases/0002'));
    writeFileSync(path.join(server.home, 'frontend/releases/0002/image-id'), 'sha256:2\n');
    expect(await holds()).toBe('-\n');
    writeFileSync(path.join(server.home, 'frontend/releases/0002/image-id'), 'sha256:1\n');
    expect(await holds()).toBe('0002\n');
  });

  it.each([
    ['flip', 'not-ready'],
    ['rollback', 'previous-not-ready'],
  ] as const)('TR11 gets no traffic by a %s, however well it answers', async (verb, code) => {
    if (verb === 'rollback') {
      server.role('next', null);
      server.role('previous', '0002');
    }
    server.tell('project', 'somebody\n');
    expect(await server.run('j1', server.flipPlan(verb))).toMatchObject({ state: 'refused', failure: { code } });
    expect([server.live, server.runtime]).toEqual(['blue-settled', 'blue-settled']);
  });

  it('TR11 gets none by hand either', async () => {
    server.role('next', null);
    server.role('previous', '0001');
    server.role('current', '0002');
    server.live = 'green-settled';
    server.runtime = 'green-settled';
    const file = server.writeRollback();
    server.tell('project', 'somebody\n');
    const { code, stdout } = await server.sh('sh "$1"', '', [file]);
    expect([code, stdout.split('\n').at(-2), server.live]).toEqual([
      11,
      'Refused: shop--frontend--blue is not a container of a release of frontend. The traffic stays on green. --force goes on all the same.',
      'green-settled',
    ]);
  });
});
