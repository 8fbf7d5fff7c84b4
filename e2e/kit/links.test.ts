import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KitServer } from './server.ts';

let server: KitServer;
let elsewhere: string;
beforeEach(() => {
  server = new KitServer();
  elsewhere = mkdtempSync(path.join(tmpdir(), 'switchyard-elsewhere-'));
  writeFileSync(path.join(elsewhere, 'file'), 'mine\n');
});
afterEach(() => {
  server.close();
  rmSync(elsewhere, { recursive: true });
});

/** A link to a file that is not ours, or to one that is not there yet. */
const leadAway = (at: string, to = 'file') => {
  rmSync(at, { force: true, recursive: true });
  symlinkSync(path.join(elsewhere, to), at);
};
/** Nothing was written behind a link. */
const untouched = () => {
  expect(readdirSync(elsewhere)).toEqual(['file']);
  expect(readFileSync(path.join(elsewhere, 'file'), 'utf8')).toBe('mine\n');
};

describe('what a job writes', () => {
  const writes: [string, string, string][] = [
    ['a line', 'put_line "$service_dir/x" text', 'x.j1.tmp'],
    ['a line, lightly', 'put_lightly "$service_dir/x" text', 'x.j1.tmp'],
    ['a file', 'echo text | put_file "$service_dir/x"', 'x.j1.tmp'],
    ['a link', 'point "$service_dir/x" releases/0001', 'x.j1.tmp'],
    ['a line over a link', 'put_line "$service_dir/x" text', 'x'],
    ['live.map', 'set_live green-settled', 'entry/live.map.j1.tmp'],
    ['a mark', 'mark_release 0001 "ready 1 1"', 'releases/0001/state.j1.tmp'],
    ['a lease', 'renew_lease "$service_dir"', 'lease.tmp'],
  ];
  it.each(writes.flatMap(([what, lines, at]) => ['file', 'new'].map((to) => [what, to, lines, at] as const)))(
    'TR8 as %s goes through no link to a %s',
    async (_what, to, lines, at) => {
      leadAway(path.join(server.service, at), to);
      const { stdout } = await server.kitLines(`${lines} && echo written`);
      expect(stdout).toBe('written\n');
      untouched();
    },
  );

  it.each(['file', 'new'])('TR8 its feed and what is kept back go through no link to a %s', async (to) => {
    leadAway(path.join(server.root, 'feed.ndjson'), to);
    leadAway(path.join(server.root, 'reserve.j1.tmp'), to);
    await server.kitLines('say hello\nkeep_reserve');
    untouched();
    expect(server.feedTexts().length).toBeGreaterThan(0);
    expect(lstatSync(path.join(server.root, 'reserve')).size).toBe(256 * 1024);
  });

  it('TR8 a link to a folder is replaced and not written into, a folder in the way is told', async () => {
    mkdirSync(path.join(elsewhere, 'folder'));
    symlinkSync(path.join(elsewhere, 'folder'), path.join(server.service, 'x'));
    mkdirSync(path.join(server.service, 'y'));
    const { stdout } = await server.kitLines(
      'put_line "$service_dir/x" text && echo x\nput_line "$service_dir/y" text && echo y\ntrue',
    );
    expect([stdout, readdirSync(path.join(elsewhere, 'folder')), readdirSync(path.join(server.service, 'y'))]).toEqual([
      'x\n',
      [],
      [],
    ]);
  });

  it('TR8 a lock that is a link or a file keeps nobody out, and its marks go through none', async () => {
    mkdirSync(path.join(server.root, 'lock/frontend'), { recursive: true });
    leadAway(path.join(server.root, 'lock/frontend/1'), '.');
    writeFileSync(path.join(server.root, 'lock/frontend/2'), '');
    const { stdout } = await server.kitLines(
      `lock_acquire; echo "$epoch"; ln -s '${elsewhere}/new' "$lock_dir/$epoch/released"; lock_release`,
    );
    expect(stdout).toBe('1\n');
    untouched();
  });
});

describe('the folders of a stack', () => {
  it.each(['journal', 'lock/frontend', 'frontend/entry', 'frontend/releases', 'damaged', 'bin'])(
    'TR8 a job that finds %s to lead elsewhere does nothing, and is done when it does not any more',
    async (name) => {
      const at = path.join(server.root, name);
      const { variables, ...plan } = server.flipPlan('flip', { watchMinutes: 0 });
      const kept = `${elsewhere}-kept`;
      // It is led away after the job was taken in, as a container that writes there can.
      const plant = `if [ "$mode" = run ]; then [ ! -e '${at}' ] || mv '${at}' '${kept}'; ln -s '${elsewhere}' '${at}'; fi\n`;
      const { uploadJob } = await import('../../src/engine/job-upload.ts');
      const { tarArchive } = await import('../../src/adapters/archive/tar-archive.ts');
      mkdirSync(path.dirname(at), { recursive: true });
      await uploadJob(server.shell, tarArchive, server.kit, 'j1', { ...plan, variables }, plant);
      await expect.poll(() => server.output('j1'), { timeout: 15_000 }).toContain('nothing is written through it');
      untouched();
      expect([server.runtime, existsSync(path.join(server.jobFolder('j1'), 'exit'))]).toEqual(['blue-settled', false]);
      rmSync(at);
      if (existsSync(kept)) renameSync(kept, at);
      await server.sh(`cd '${server.jobFolder('j1')}' && sh ./run.sh recover`);
      expect(await server.ended('j1')).toMatchObject({ state: 'aborted', failure: { code: 'job-died' } });
    },
  );
});

describe('by hand', () => {
  beforeEach(() => {
    server.role('next', null);
    server.role('previous', '0001');
    server.role('current', '0002');
    server.live = 'green-settled';
    server.runtime = 'green-settled';
  });

  it.each(['journal', 'feed.ndjson', 'frontend/entry', 'lock/frontend'])(
    'TR8 who goes back writes nothing where %s leads elsewhere',
    async (name) => {
      const file = server.writeRollback();
      mkdirSync(path.join(server.root, 'lock'), { recursive: true });
      leadAway(path.join(server.root, name), name === 'feed.ndjson' ? 'file' : '.');
      const { code, stdout } = await server.sh('sh "$1"', '', [file]);
      expect([code, stdout]).toEqual([
        11,
        `Refused: ${server.root}/${name} is a link, and nothing is written through it. The traffic stays where it is.\n`,
      ]);
      untouched();
    },
  );

  it.each(['file', 'new'])('TR8 who goes back writes through none of its own names that lead to a %s', async (to) => {
    const file = server.writeRollback();
    for (const name of [
      'room.hand.tmp',
      'frontend/entry/live.map.hand.tmp',
      'frontend/settled',
      'frontend/current.hand',
      'journal/00000001-by-hand-move-done.json.hand.tmp',
    ])
      leadAway(path.join(server.root, name), to);
    const { code } = await server.sh('sh "$1"', '', [file]);
    untouched();
    expect([code, server.live, server.roleOf('current')]).toEqual([0, 'blue-settled', '0001']);
  });
});

describe('a pipe that nobody fills', () => {
  it.each([
    ['live.map', 'live_state', 'frontend/entry/live.map'],
    ['a watch', 'must_confirm', 'frontend/watch'],
    ['a record', 'recorded move begin', 'journal/00000001-j1-move-begin.json'],
    ['a slot', 'release_slot 0001', 'frontend/releases/0001/slot'],
    ['an owner of a lock', 'lock_held 1', 'lock/frontend/1/owner'],
    ['the feed', 'say hello', 'feed.ndjson'],
  ])('TR8 in the place of %s keeps no job waiting', async (_what, lines, name) => {
    const at = path.join(server.root, name);
    mkdirSync(path.dirname(at), { recursive: true });
    rmSync(at, { force: true });
    await server.sh('mkfifo "$1"', '', [at]);
    const { stdout } = await server.kitLines(`${lines} >/dev/null; echo went on`);
    expect(stdout).toBe('went on\n');
  });
});
