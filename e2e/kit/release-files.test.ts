import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { yamlComposeText } from '../../src/adapters/compose-text/yaml-compose-text.ts';
import { readReleaseFiles } from '../../src/engine/releases.ts';
import { releaseFile } from '../../src/testkit/engine/facts.ts';
import { KitServer } from './server.ts';

let server: KitServer;
let folder: string;
/** The same release in the home state. */
let ours: string;
beforeEach(() => {
  server = new KitServer();
  folder = path.join(server.service, 'releases/0001');
  ours = path.join(server.home, 'frontend/releases/0001');
  mkdirSync(ours, { recursive: true });
  writeFileSync(path.join(ours, 'compose.yaml'), 'services:\n  web:\n    environment: {A: "1"}\n');
});
afterEach(() => {
  expect(server.log).toEqual([]);
  server.close();
});

const read = () => readReleaseFiles(server.shell, yamlComposeText, server, 'frontend', 1);

describe('the files of a release', () => {
  it('TR6 are read as they stand, and Docker is not asked', async () => {
    expect(await read()).toEqual({
      ok: true,
      value: {
        file: releaseFile(1, 'blue'),
        found: {
          service: { environment: { A: '1' } },
          networks: {},
          volumes: {},
          secrets: {},
          configs: {},
          more: [],
        },
        service: { environment: { A: '1' } },
      },
    });
  });

  it('TR6 end where they end, whatever their lines pose as', async () => {
    const text = 'services:\n  web:\n    command: |\n      x\n\u0001end\n\u0001file release.json\n\u0002{}\n';
    writeFileSync(path.join(ours, 'compose.yaml'), text);
    expect(await read()).toMatchObject({ ok: false, failure: { code: 'release-unknown' } });
    writeFileSync(path.join(folder, 'release.json'), `\u0001end\n${JSON.stringify(releaseFile(1, 'blue'))}`);
    expect(await read()).toEqual({ ok: true, value: null });
  });

  it.each<[string, () => void]>([
    [
      'its record is a link',
      () => {
        renameSync(path.join(folder, 'release.json'), path.join(server.folder, 'record'));
        symlinkSync(path.join(server.folder, 'record'), path.join(folder, 'release.json'));
      },
    ],
    [
      'its record is a folder',
      () => {
        rmSync(path.join(folder, 'release.json'));
        mkdirSync(path.join(folder, 'release.json'));
      },
    ],
    [
      'its folder is a link',
      () => {
        renameSync(folder, path.join(server.folder, 'elsewhere'));
        symlinkSync(path.join(server.folder, 'elsewhere'), folder);
      },
    ],
    [
      'the folder of releases is a link',
      () => {
        renameSync(path.dirname(folder), path.join(server.folder, 'elsewhere'));
        symlinkSync(path.join(server.folder, 'elsewhere'), path.dirname(folder));
      },
    ],
    ['there is no such release', () => rmSync(folder, { recursive: true })],
  ])('TR6 are none where %s', async (_name, harm) => {
    harm();
    expect(await read()).toEqual({ ok: true, value: null });
  });

  it('HS1 are run by what the home state keeps, whatever lies beside the stack', async () => {
    writeFileSync(path.join(folder, 'compose.yaml'), 'services: {web: {privileged: true}}\n');
    expect(await read()).toMatchObject({ ok: true, value: { service: { environment: { A: '1' } } } });
  });

  it('TR6 name no service where the file that says so is a link', async () => {
    rmSync(path.join(ours, 'compose.yaml'));
    symlinkSync('/etc/passwd', path.join(ours, 'compose.yaml'));
    expect(await read()).toMatchObject({ ok: false, failure: { code: 'release-unknown' } });
  });
});
