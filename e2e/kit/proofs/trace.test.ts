import { describe, expect, it } from 'vitest';
import { durableOf, proveFsyncOrder } from './fsync-order.ts';
import { parseTrace, pathOfDescriptor, pathOfName, splitWords } from './trace.ts';

describe('a trace', () => {
  it('is read with processes that cut each other’s calls in two', () => {
    const calls = parseTrace(
      [
        '11 fsync(3</srv/a> <unfinished ...>',
        '12 rename("/srv/a", "/srv/b") = 0',
        '12 write(1</srv/c>, "x, (y)\\n", 8) = 8',
        '11 <... fsync resumed>)                = 0',
        '11 rename("/srv/x", "/srv/y") = -1 ENOENT (No such file or directory)',
        '11 +++ exited with 0 +++',
        '',
      ].join('\n'),
    );
    expect(calls).toEqual([
      { pid: 12, name: 'rename', words: ['"/srv/a"', '"/srv/b"'], began: 1, ended: 1 },
      { pid: 12, name: 'write', words: ['1</srv/c>', '"x, (y)\\n"', '8'], began: 2, ended: 2 },
      { pid: 11, name: 'fsync', words: ['3</srv/a>'], began: 0, ended: 3 },
    ]);
  });

  it('keeps commas and quotes of odd paths where they are', () => {
    expect(splitWords('AT_FDCWD</srv/a, "b>, "c,d\\"", [1, 2], 0666')).toEqual([
      'AT_FDCWD</srv/a, "b>',
      '"c,d\\""',
      '[1, 2]',
      '0666',
    ]);
    expect(pathOfDescriptor('3</srv/q \\74a\\76 \\303\\274>')).toBe('/srv/q <a> ü');
    expect(pathOfDescriptor('3<pipe:[123]>')).toBeNull();
    expect(pathOfName('"./f"', '/srv')).toBe('/srv/f');
    expect(pathOfName('"/srv//f/"', null)).toBe('/srv/f');
    expect(pathOfName('"f"', null)).toBeNull();
  });
});

describe('the order of fsyncs', () => {
  const map = '/p/.switchyard/frontend/entry/live.map';
  const folder = '/p/.switchyard/frontend/entry';
  const write = `1 write(1<${map}.tmp>, "live green\\n", 11) = 11`;
  const fsync = `1 fsync(3<${map}.tmp>) = 0`;
  const rename = `1 renameat2(AT_FDCWD</p>, "${map}.tmp", AT_FDCWD</p>, "${map}", 0) = 0`;
  const fsyncFolder = `1 fsync(3<${folder}>) = 0`;
  const command = '1 write(8</p/.switchyard/jobs/f1/ask.1>, "ask\\tset map x live green", 20) = 20';
  const findings = (...lines: string[]) => proveFsyncOrder(parseTrace(lines.join('\n')), ['/p/.switchyard']).findings;
  const unsynced = 'frontend/entry/live.map: not fsynced between its last write and the rename';

  it('is proven when each is in its place', () => {
    expect(findings(write, fsync, rename, fsyncFolder, command)).toEqual([]);
  });

  it.each<[string, string[], string[]]>([
    ['the file is never fsynced', [write, rename, fsyncFolder, command], [unsynced]],
    ['it is fsynced before its last write', [fsync, write, rename, fsyncFolder, command], [unsynced]],
    [
      'its fsync ends only after the rename',
      [
        write,
        `1 fsync(3<${map}.tmp> <unfinished ...>`,
        rename.replace(/^1/, '2'),
        '1 <... fsync resumed>) = 0',
        fsyncFolder,
      ],
      [unsynced],
    ],
    [
      'the folder is fsynced before the rename only',
      [write, fsync, fsyncFolder, rename, command],
      ['frontend/entry/live.map: its folder was not fsynced between the rename and the command to the entry point'],
    ],
    [
      'the folder is fsynced after the command',
      [write, fsync, rename, command, fsyncFolder],
      ['frontend/entry/live.map: its folder was not fsynced between the rename and the command to the entry point'],
    ],
  ])('is not when %s', (_name, lines, found) => {
    expect(findings(...lines)).toEqual(found);
  });

  it('counts each file of a folder, and a fsync of everything for all', () => {
    const part = '/p/.switchyard/jobs/.f1.part';
    const lines = [
      `1 mkdir("${part}", 0777) = 0`,
      `1 openat(AT_FDCWD<${part}>, "run.sh", O_WRONLY|O_CREAT|O_EXCL, 0600) = 3<${part}/run.sh>`,
      `1 write(3<${part}/run.sh>, "x", 1) = 1`,
    ];
    const whole = `1 renameat2(AT_FDCWD</p>, "${part}", AT_FDCWD</p>, "/p/.switchyard/jobs/f1", 0) = 0`;
    const settled = '1 fsync(3</p/.switchyard/jobs>) = 0';
    expect(findings(...lines, whole, settled)).toEqual([
      'jobs/f1: not fsynced between its last write and the rename',
      'jobs/f1/run.sh: not fsynced between its last write and the rename',
    ]);
    expect(findings(...lines, '1 sync() = 0', whole, settled)).toEqual([]);
  });

  it('asks nothing of what a power cut may take', () => {
    const none = ['frontend/current', 'lock/frontend/1', 'journal/00000001-f1-gate-begin.json', 'jobs/.f1.part'];
    expect(none.map((each) => durableOf(['/p'], `/p/${each}`))).toEqual([null, null, null, null]);
    expect(durableOf(['/p'], '/p/journal/00000003-f1-move-begin.json')?.kind).toBe('file');
  });
});
