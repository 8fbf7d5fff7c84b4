import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readStack } from '../../src/engine/stack-reading.ts';
import { KitServer } from './server.ts';

let server: KitServer;
let bin: string;
beforeEach(() => {
  server = new KitServer();
  bin = path.join(server.stub, 'bin');
  mkdirSync(bin);
  // Says what compose is started with, and by which environment.
  const said = path.join(server.stub, 'said');
  writeFileSync(
    path.join(bin, 'docker'),
    `#!/bin/sh\n[ "$1" = compose ] || exit 0\n{ printf '%s\\n' "$@"; printf '%s\\n' "git=$COMPOSE_EXPERIMENTAL_GIT_REMOTE oci=$COMPOSE_EXPERIMENTAL_OCI_REMOTE host=\${DOCKER_HOST-unset} context=\${DOCKER_CONTEXT-unset} file=\${COMPOSE_FILE-unset}"; } >'${said.replaceAll("'", "'\\''")}'\ncat '${said}' >&2\necho '{"name":"shop","services":{}}'\n`,
  );
  chmodSync(path.join(bin, 'docker'), 0o755);
  server.env.PATH = `${bin}:${server.env.PATH}`;
  server.env.COMPOSE_FILE = 'other.yaml';
});
afterEach(() => server.close());

const put = (name: string, text = 'services: {}\n') => writeFileSync(path.join(server.folder, name), text);
const own = 'git=0 oci=0 host= context= file=unset';

describe('compose in a job', () => {
  const asked = async () =>
    (await server.kitLines('stack_compose up -d frontend', { PROJECT_DIR: server.folder })).stdout.split('\n');

  it('TR9 is given the stack’s own two files by name, whatever .env says', async () => {
    for (const name of ['compose.yaml', 'docker-compose.yml', 'compose.override.yaml', 'other.yaml']) put(name);
    put('.env', 'COMPOSE_FILE=other.yaml\n');
    expect((await asked()).slice(0, 11)).toEqual([
      ...['compose', '-p', 'shop', '-f', './compose.yaml', '-f', './compose.override.yaml', 'up', '-d', 'frontend'],
      own,
    ]);
  });

  it('TR9 is given the first of several, as compose takes them, and none where none is', async () => {
    expect(await asked()).toEqual([`There is no compose.yaml in ${server.folder}.`, '']);
    for (const name of ['docker-compose.yml', 'docker-compose.override.yml', 'compose.override.yml']) put(name);
    expect((await asked()).slice(3, 7)).toEqual(['-f', './docker-compose.yml', '-f', './compose.override.yml']);
  });
});

describe('a stack that is read', () => {
  const read = () => readStack(server.shell, { name: 'shop', folder: server.folder, files: [] }, 'shop-frontend-1');

  it('TR9 is what compose makes of the same files', async () => {
    put('compose.yaml');
    put('compose.override.yml');
    put('.env', 'COMPOSE_FILE=other.yaml\n');
    expect(await read()).toMatchObject({ ok: true });
    const { stdout } = await server.sh('cat "$1"', '', [path.join(server.stub, 'said')]);
    expect(stdout).toContain(`-f\n${server.folder}/compose.yaml\n-f\n${server.folder}/compose.override.yml\nconfig`);
  });

  it.each(['compose.yaml', 'compose.override.yml', '.env'])(
    'TR10 is told of a %s without end, and does not wait',
    async (name) => {
      put('compose.yaml');
      for (const make of [
        () => server.sh('rm -f "$1"; mkfifo "$1"', '', [path.join(server.folder, name)]),
        () => server.sh('rm -f "$1"; ln -s /dev/zero "$1"', '', [path.join(server.folder, name)]),
        () => server.sh('rm -f "$1"; truncate -s 3M "$1"', '', [path.join(server.folder, name)]),
      ]) {
        await make();
        expect(await read()).toMatchObject({
          ok: false,
          failure: {
            code: 'compose-unreadable',
            message: `${server.folder}/${name} of shop cannot be read: it is no file of at most 1 MiB that this user may read.`,
          },
        });
      }
    },
  );

  it('TR10 looks into scripts that are files, also behind a link, and waits for no pipe', async () => {
    put('compose.yaml');
    put('real', 'docker exec shop-frontend-1 true\n');
    symlinkSync(path.join(server.folder, 'real'), path.join(server.folder, 'backup.sh'));
    await server.sh('mkfifo "$1/pipe.sh"; ln -s /dev/zero "$1/zero.sh"', '', [server.folder]);
    expect(await read()).toMatchObject({ ok: true, value: { mentions: ['backup.sh'] } });
  });

  it('TR10 has the hash that a job takes of the same files, and a job waits for no pipe', async () => {
    put('compose.yaml', 'services: {a: {}}\n');
    put('.env', 'A=1\n');
    const reading = await read();
    if (!reading.ok) throw new Error(reading.failure.message);
    const hashed = () =>
      server
        .kitLines('compose_hash', { COMPOSE_FILES: reading.value.hashedFiles.join('\n') })
        .then(({ stdout }) => stdout.trim());
    expect(await hashed()).toBe(reading.value.hash);
    await server.sh('rm "$1/.env"; mkfifo "$1/.env"', '', [server.folder]);
    expect(await hashed()).not.toBe(reading.value.hash);
  });
});
