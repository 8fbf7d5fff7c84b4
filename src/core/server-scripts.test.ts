import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { stopScript } from './job-process.ts';
import * as scripts from './server-scripts.ts';
import { followFilesScript, stackFilesScript } from './stack-files.ts';
import { takeInReadScript } from './take-in-reading.ts';

const { frameFiles, ...shell } = scripts;
const shells = ['sh', 'dash', 'bash', 'busybox'].filter((name) => spawnSync(name, ['-c', ':']).error === undefined);

describe('what a client has the server’s shell do', () => {
  it.each(Object.entries({ ...shell, stopScript, stackFilesScript, followFilesScript, takeInReadScript }))(
    '%s parses in every shell that is here',
    (_name, text) => {
      for (const name of shells) {
        const { status, stderr } = spawnSync(name, [...(name === 'busybox' ? ['sh'] : []), '-n'], { input: text });
        expect(`${status}${stderr}`, name).toBe('0');
      }
    },
  );

  it('a file that is gone costs none of those behind it', () => {
    const said = execFileSync('sh', ['-c', `awk '${frameFiles}' /nowhere/at/all /proc/self/comm`], {
      encoding: 'utf8',
    });
    expect(said).toMatch(/^\u0001file \/proc\/self\/comm\n\u0002\S+\n$/);
  });
});
