import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderScript } from '../../src/core/command.ts';
import { observeScript } from '../../src/core/server-scripts.ts';
import { kitFile } from '../../src/engine/job-upload.ts';
import { KitServer, kit } from './server.ts';

const isRoot = process.getuid?.() === 0;
const plainUser = 65_533;
const stranger = 65_532;

let server: KitServer;
let file: string;
const disks: string[] = [];
beforeEach(() => {
  server = new KitServer();
  file = path.join(server.folder, 'compose.override.yaml');
});
afterEach(() => {
  for (const disk of disks.splice(0)) {
    execFileSync('sh', ['-c', 'umount "$1"', 'sh', disk]);
    rmSync(disk, { recursive: true });
  }
  server.close();
});

/** From here on the server's shells, and all files there are, belong to a user who is not root. */
function becomePlainUser(): void {
  mkdirSync(server.jobFolder('j1'));
  const owned = [server.folder, server.stub, server.env.HOME ?? ''];
  execFileSync('chown', ['-R', '-h', `${plainUser}:${plainUser}`, ...owned]);
  server.launcher = ['setpriv', `--reuid=${plainUser}`, `--regid=${plainUser}`, '--clear-groups'];
}

const users: [string, () => void][] = isRoot
  ? [
      ['root', () => {}],
      ['a plain user', becomePlainUser],
    ]
  : [['a plain user', () => {}]];

const at = (name: string): string => path.join(server.folder, name);
const put = (name: string, text: string, mode = 0o644): void => {
  mkdirSync(path.dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
  chmodSync(at(name), mode);
};
const link = (name: string, to: string): void => symlinkSync(to, at(name));
const ownerOf = (each: string) => (({ uid, gid, mode }) => ({ uid, gid, mode: mode & 0o7777 }))(statSync(each));

/** Lines of a job that has its new override in its folder. */
const job = (lines: string) =>
  server.kitLines(`step=switch OVERRIDE=$PWD/compose.override.yaml; : >"$ROOT/feed.ndjson"
printf 'new\\n' >"$job_dir/override.yaml"
${lines}`);
const replace = () =>
  job(
    'target_of override "$OVERRIDE" || { echo "$target_code: $target_why"; exit 1; }; replace_file override.yaml "$OVERRIDE" || echo "not written"',
  );
const told = (): string => readFileSync(path.join(server.root, 'feed.ndjson'), 'utf8');
/** What the operator would find beside the files. */
const leftBeside = (folder = server.folder) =>
  readdirSync(folder).filter((each) => /\.part$|\.tmp$|\.kept$/.test(each));

describe.each(users)('as %s, a compose file that is edited', (_user, become) => {
  it.each<[string, () => string]>([
    [
      'a plain file',
      () => {
        put('compose.override.yaml', 'old\n', 0o640);
        return file;
      },
    ],
    [
      'a relative link',
      () => {
        put('conf/o.yaml', 'old\n', 0o600);
        link('compose.override.yaml', 'conf/o.yaml');
        return at('conf/o.yaml');
      },
    ],
    [
      'an absolute link',
      () => {
        put('conf/o.yaml', 'old\n', 0o640);
        link('compose.override.yaml', at('conf/o.yaml'));
        return at('conf/o.yaml');
      },
    ],
    [
      'a chain of links, up and down folders',
      () => {
        put('a/b/o $(x)', 'old\n', 0o604);
        link('a/second', './b/../b//o $(x)');
        link('first', 'a/second');
        link('compose.override.yaml', 'a/../first');
        return at('a/b/o $(x)');
      },
    ],
    [
      'a file in a folder that is a link',
      () => {
        put('real/o.yaml', 'old\n', 0o644);
        link('conf', 'real');
        link('compose.override.yaml', 'conf/o.yaml');
        return at('real/o.yaml');
      },
    ],
  ])('AD7 is %s: links stay, the file itself keeps mode and owner', async (_name, lay) => {
    const target = lay();
    become();
    const links = ['compose.override.yaml', 'first', 'a/second', 'conf'].map((name) => {
      try {
        return readlinkSync(at(name));
      } catch {
        return null;
      }
    });
    const before = ownerOf(target);
    expect((await replace()).stdout).toBe('');
    expect([readFileSync(target, 'utf8'), lstatSync(target).isFile(), ownerOf(target)]).toEqual([
      'new\n',
      true,
      before,
    ]);
    expect(
      ['compose.override.yaml', 'first', 'a/second', 'conf'].map((name) => {
        try {
          return readlinkSync(at(name));
        } catch {
          return null;
        }
      }),
    ).toEqual(links);
    expect(leftBeside(path.dirname(target))).toEqual([`.${path.basename(target)}.j1.part`]);
    await job('printf completed >"$job_dir/exit"; leave_own_folders');
    expect(leftBeside(path.dirname(target))).toEqual([]);
  });

  it('AD7 and is not there yet is made with the owner of its folder, for all to read', async () => {
    become();
    await replace();
    const { uid, gid } = statSync(server.folder);
    expect([readFileSync(file, 'utf8'), ownerOf(file)]).toEqual(['new\n', { uid, gid, mode: 0o644 }]);
  });

  it('AD7 behind a link that leads nowhere yet is made where it leads, and goes with an undo; the link stays', async () => {
    mkdirSync(at('conf'));
    link('compose.override.yaml', 'conf/later.yaml');
    become();
    await replace();
    expect([readFileSync(at('conf/later.yaml'), 'utf8'), readlinkSync(file)]).toEqual(['new\n', 'conf/later.yaml']);
    await job('is_as_written override.yaml && ! is_kept override && remove_file override "$OVERRIDE"');
    expect([existsSync(at('conf/later.yaml')), readlinkSync(file)]).toEqual([false, 'conf/later.yaml']);
  });

  it('AD7 with several names says that the others keep the old text', async () => {
    put('conf/o.yaml', 'old\n');
    linkSync(at('conf/o.yaml'), at('conf/other.yaml'));
    link('compose.override.yaml', 'conf/o.yaml');
    become();
    await replace();
    expect([readFileSync(at('conf/o.yaml'), 'utf8'), readFileSync(at('conf/other.yaml'), 'utf8')]).toEqual([
      'new\n',
      'old\n',
    ]);
    expect(told()).toContain('has 2 names (hard links). Only this one is edited');
  });

  it.each<[string, () => void, string]>([
    ['leads round in a circle', () => link('compose.override.yaml', 'compose.override.yaml'), 'a circle of links'],
    ['leads into a folder that is not there', () => link('compose.override.yaml', 'no/o.yaml'), 'is not there'],
    ['leads to a folder', () => link('compose.override.yaml', '.'), 'is not a file'],
    ['leads to a device', () => link('compose.override.yaml', '/dev/null'), 'is not a file'],
    ['leads to a name of two lines', () => link('compose.override.yaml', 'conf\n'), 'a line break'],
  ])('AD8 is refused where its link %s', async (_name, lay, words) => {
    lay();
    become();
    const { stdout } = await replace();
    expect(stdout).toMatch(/^link-unsafe: /);
    expect(stdout).toContain(words);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
  });

  it.each(['plain', 'link'])(
    'AD9 is put back as it was, %s, by its own inode, when asked for later by another process',
    async (kind) => {
      put(kind === 'plain' ? 'compose.override.yaml' : 'conf/o.yaml', 'old\n', 0o640);
      if (kind === 'link') link('compose.override.yaml', 'conf/o.yaml');
      become();
      const { ino } = statSync(file);
      await job('keep_file override "$OVERRIDE" && replace_file override.yaml "$OVERRIDE"');
      expect([readFileSync(file, 'utf8'), statSync(file).ino === ino]).toEqual(['new\n', false]);
      // Wherever the link leads by now, what was edited is what is put back.
      if (kind === 'link') {
        rmSync(file);
        link('compose.override.yaml', 'elsewhere.yaml');
      }
      await job('is_as_written override.yaml && is_kept override && put_back override');
      const target = kind === 'plain' ? file : at('conf/o.yaml');
      expect([readFileSync(target, 'utf8'), statSync(target).ino, statSync(target).mode & 0o777]).toEqual([
        'old\n',
        ino,
        0o640,
      ]);
    },
  );

  it('AD9 and that somebody else changed meanwhile stays as they left it', async () => {
    put('compose.override.yaml', 'old\n');
    become();
    await job('keep_file override "$OVERRIDE" && replace_file override.yaml "$OVERRIDE"');
    writeFileSync(file, 'theirs\n');
    await job('is_as_written override.yaml && put_back override');
    expect(readFileSync(file, 'utf8')).toBe('theirs\n');
  });

  it('AD6 AD7 by an ejection that takes the override away: the file itself goes, the link stays', async () => {
    put('conf/o.yaml', 'old\n');
    link('compose.override.yaml', 'conf/o.yaml');
    become();
    const eject = kitFile(kit, 'eject.sh').split('\nstart_job ')[0];
    await job('keep_file override "$OVERRIDE" && remove_file override "$OVERRIDE"');
    expect([existsSync(at('conf/o.yaml')), readlinkSync(file)]).toEqual([false, 'conf/o.yaml']);
    await job(`${eject}
PROJECT_DIR=$PWD edited= replaced=1
undo`);
    expect([readFileSync(at('conf/o.yaml'), 'utf8'), readlinkSync(file)]).toEqual(['old\n', 'conf/o.yaml']);
  });
});

describe.runIf(isRoot)('a link to another disk', () => {
  const disk = (size: string): string => {
    const folder = mkdtempSync(path.join(tmpdir(), 'switchyard-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755`, 'tmpfs', folder]);
    disks.push(folder);
    return folder;
  };

  it.each(users)('AD7 AD9 as %s, is edited there, and put back though that disk is full', async (_user, become) => {
    const other = disk('256k');
    writeFileSync(path.join(other, 'o.yaml'), 'old\n');
    symlinkSync(path.join(other, 'o.yaml'), file);
    become();
    if (server.launcher.length > 0) execFileSync('chown', ['-R', `${plainUser}:${plainUser}`, other]);
    await job('keep_file override "$OVERRIDE" && replace_file override.yaml "$OVERRIDE"');
    expect([readFileSync(path.join(other, 'o.yaml'), 'utf8'), lstatSync(file).isSymbolicLink()]).toEqual([
      'new\n',
      true,
    ]);
    expect(() => writeFileSync(path.join(other, 'big'), 'x'.repeat(400_000))).toThrow('ENOSPC');
    await job('is_as_written override.yaml && put_back override');
    expect(readFileSync(path.join(other, 'o.yaml'), 'utf8')).toBe('old\n');
  });

  it('JN10 that is full is not edited, and says so', async () => {
    const other = disk('64k');
    writeFileSync(path.join(other, 'o.yaml'), 'old\n');
    symlinkSync(path.join(other, 'o.yaml'), file);
    expect(() => writeFileSync(path.join(other, 'big'), 'x'.repeat(400_000))).toThrow('ENOSPC');
    expect((await replace()).stdout).toBe('not written\n');
    expect(readFileSync(path.join(other, 'o.yaml'), 'utf8')).toBe('old\n');
  });
});

describe.runIf(isRoot)('root, asked to write through a link', () => {
  /** A folder of the system's, whose files are root's. */
  const refused = async () => {
    const { stdout } = await replace();
    return /^link-unsafe: (.*)\n$/.exec(stdout)?.[1] ?? stdout;
  };
  beforeEach(() => put('conf/o.yaml', 'old\n'));
  afterEach(() => expect(readFileSync(at('conf/o.yaml'), 'utf8')).toBe('old\n'));

  it.each<[string, () => void]>([
    ['the world may write in its folder', () => chmodSync(server.folder, 0o777)],
    ['a group may write in its folder', () => chmodSync(server.folder, 0o775)],
    ['the world may write where it leads', () => chmodSync(at('conf'), 0o777)],
    [
      'the world may write on its way',
      () => {
        mkdirSync(at('open'));
        link('open/way', '../conf/o.yaml');
        rmSync(file);
        link('compose.override.yaml', 'open/way');
        chmodSync(at('open'), 0o777);
      },
    ],
  ])('AD8 refuses where %s, and names the folder', async (_name, harm) => {
    link('compose.override.yaml', 'conf/o.yaml');
    harm();
    expect(await refused()).toMatch(
      /^There is a link on the way to .* and other users can write in \/.*: root writes nothing/,
    );
  });

  it('AD8 refuses a link of another user than its folder’s', async () => {
    link('compose.override.yaml', 'conf/o.yaml');
    execFileSync('chown', ['-h', String(stranger), file]);
    expect(await refused()).toContain(`belongs to user ${stranger}`);
  });

  it('AD8 refuses a user’s own link that leads out of what is that user’s', async () => {
    link('compose.override.yaml', 'conf/o.yaml');
    execFileSync('chown', ['-h', String(plainUser), file, server.folder]);
    expect(await refused()).toContain(`in the hands of user ${plainUser}`);
  });

  it('AD8 refuses a folder of a user’s in which each may make links', async () => {
    mkdirSync(at('drop'));
    link('drop/way', '../conf/o.yaml');
    chownSync(at('drop'), stranger, stranger);
    chmodSync(at('drop'), 0o1777);
    link('compose.override.yaml', 'drop/way');
    expect(await refused()).toContain(`in the hands of user ${stranger}`);
  });
});

describe.runIf(isRoot)('root, in a folder of a user', () => {
  it('AD7 writes through that user’s link to that user’s file, which stays that user’s', async () => {
    put('conf/o.yaml', 'old\n', 0o600);
    link('compose.override.yaml', 'conf/o.yaml');
    execFileSync('chown', ['-R', '-h', `${plainUser}:${stranger}`, server.folder]);
    expect((await replace()).stdout).toBe('');
    expect([readFileSync(file, 'utf8'), ownerOf(at('conf/o.yaml'))]).toEqual([
      'new\n',
      { uid: plainUser, gid: stranger, mode: 0o600 },
    ]);
  });

  it('AD8 is led nowhere by a link that is put in the place of what it writes', async () => {
    put('compose.override.yaml', 'old\n');
    put('conf/o.yaml', 'root’s\n', 0o600);
    // Between the look and the write.
    const { stdout } = await job(
      'target_of override "$OVERRIDE"; rm -f "$OVERRIDE"; ln -s conf/o.yaml "$OVERRIDE"; replace_file override.yaml "$OVERRIDE" || echo "not written"',
    );
    expect([stdout, readFileSync(at('conf/o.yaml'), 'utf8')]).toEqual(['not written\n', 'root’s\n']);
  });

  it('AD8 takes no folder of another for its own', async () => {
    put('compose.override.yaml', 'old\n');
    mkdirSync(at('.compose.override.yaml.j1.part'));
    chownSync(at('.compose.override.yaml.j1.part'), stranger, stranger);
    expect((await replace()).stdout).toBe('not written\n');
    rmSync(at('.compose.override.yaml.j1.part'), { recursive: true });
    symlinkSync(at('conf'), at('.compose.override.yaml.j1.part'));
    mkdirSync(at('conf'), { mode: 0o700 });
    expect((await replace()).stdout).toBe('not written\n');
    expect(readFileSync(file, 'utf8')).toBe('old\n');
  });
});

describe('HS4 the override as a job left it', () => {
  const drifted = async () =>
    (await server.sh(renderScript(observeScript, []))).stdout.includes('\u0001override changed');
  const keep = () => job('keep_override_sum');

  it('is told when a link to the same bytes stands in its place, and when its link leads elsewhere', async () => {
    put('compose.override.yaml', 'ours\n');
    put('conf/o.yaml', 'ours\n');
    put('conf/other.yaml', 'ours\n');
    await keep();
    expect(await drifted()).toBe(false);
    rmSync(file);
    link('compose.override.yaml', 'conf/o.yaml');
    expect(await drifted()).toBe(true);
    await keep();
    expect(await drifted()).toBe(false);
    rmSync(file);
    link('compose.override.yaml', 'conf/other.yaml');
    expect(await drifted()).toBe(true);
  });

  it('is compared by its bytes alone where an earlier version wrote down no more', async () => {
    put('conf/o.yaml', 'ours\n');
    link('compose.override.yaml', 'conf/o.yaml');
    await keep();
    rmSync(path.join(server.home, 'override.leads'));
    expect(await drifted()).toBe(false);
    put('conf/o.yaml', 'theirs\n');
    expect(await drifted()).toBe(true);
  });
});
