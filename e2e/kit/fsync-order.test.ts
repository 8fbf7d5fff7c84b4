import { beforeAll, describe, expect, it } from 'vitest';
import type { Kit } from '../../src/engine/job-upload.ts';
import type { FsyncReport } from './proofs/fsync-order.ts';
import { replaceInFunction, replaceText } from './proofs/planting.ts';
import { fsyncOrderOf } from './proofs/traced-job.ts';
import { kit } from './server.ts';

describe('what a job stands on', () => {
  let report: FsyncReport;
  beforeAll(async () => {
    report = await fsyncOrderOf(kit);
  });

  it('JN1 JN2 FL3 of a flip is on the disk before the job goes on', () => {
    expect(report.durables.map(({ what }) => what)).toEqual([
      'jobs/f1',
      'journal/00000003-f1-move-begin.json',
      'frontend/entry/live.map',
      'journal/00000004-f1-move-done.json',
      'frontend/releases/0003',
      'frontend/releases/0003',
    ]);
    expect(report.findings.filter((each) => !each.startsWith('frontend/releases/'))).toEqual([]);
  });

  it('RE2 of a release is on the disk before it has its name', () => {
    expect(report.findings.filter((each) => each.startsWith('frontend/releases/'))).toEqual([]);
  });

  it.each<[string, (kit: Kit) => Kit, RegExp]>([
    [
      'put_line leaves out the file',
      (whole) => replaceInFunction(whole, 'put_line', 'sync_path "$1.$JOB.tmp" && ', ''),
      /live\.map: not fsynced between its last write and the rename/,
    ],
    [
      'put_line leaves out the folder',
      (whole) => replaceInFunction(whole, 'put_line', ` && sync_path "\${1%/*}"`, ''),
      /live\.map: its folder was not fsynced between the rename and the command to the entry point/,
    ],
    [
      'receive.sh leaves out the job’s files',
      (whole) => replaceText(whole, 'receive.sh', 'sync "$part"/* "$part" 2>/dev/null || sync\n', ''),
      /jobs\/f1\/run\.sh: not fsynced/,
    ],
    [
      'receive.sh leaves out the folder of jobs',
      (whole) => replaceText(whole, 'receive.sh', 'sync "$home/jobs" 2>/dev/null || sync\n', ''),
      /jobs\/f1: its folder was not fsynced between the rename and the start of the job/,
    ],
    [
      'write_release leaves out its files',
      (whole) =>
        replaceInFunction(
          whole,
          'write_release',
          'sync "$home_part"/* "$home_part" "$part"/* "$part" 2>/dev/null || sync\n',
          '',
        ),
      /releases\/0003\/rollback\.sh: not fsynced/,
    ],
  ])('JN2 is found missing when %s', { timeout: 120_000 }, async (_name, mutate, words) => {
    expect((await fsyncOrderOf(mutate(kit))).findings.join('\n')).toMatch(words);
  });
});
