import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostScript, parseHostOffers } from './host-offers.ts';

describe('what a host offers', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'switchyard-offers-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const program = async (file: string, text: string) => {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `#!/bin/sh\n${text}\n`);
    await chmod(file, 0o755);
  };
  const docker = (text: string) => program(path.join(folder, 'bin/docker'), text);
  const plugin = (text: string) => program(path.join(folder, 'config/cli-plugins/docker-compose'), text);
  const asked = async () => {
    const env = { PATH: `${folder}/bin:/usr/bin:/bin`, DOCKER_CONFIG: `${folder}/config`, HOME: folder };
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', hostScript], { env });
    return parseHostOffers(stdout, 'home');
  };

  it('is told by the plugin itself, which is twice as quick', async () => {
    await docker('exit 1');
    await plugin('[ "$*" = "version --short" ] && echo v2.29.1');
    expect(await asked()).toMatchObject({ compose: '2.29.1', failure: null });
  });

  it('is told by docker where the plugin speaks through it alone', async () => {
    await docker('[ "$*" = "compose version --short" ] && echo 2.26.0');
    await plugin('echo "unknown command" >&2; exit 1');
    expect(await asked()).toMatchObject({ compose: '2.26.0', failure: null });
  });

  it('is told by docker where the plugin says what is no version', async () => {
    await docker('[ "$*" = "compose version --short" ] && echo 2.26.0');
    await plugin('echo usage');
    expect(await asked()).toMatchObject({ compose: '2.26.0' });
  });

  it('is too old where docker would take the older plugin', async () => {
    await docker('exit 1');
    await plugin('echo 2.10.0');
    expect(await asked()).toMatchObject({ failure: { code: 'compose-old' } });
  });

  it('has no compose without a docker that it could be asked through', async () => {
    await docker('exit 1');
    await plugin('exit 1');
    expect(await asked()).toMatchObject({ compose: null, failure: { code: 'compose-missing' } });
  });
});
