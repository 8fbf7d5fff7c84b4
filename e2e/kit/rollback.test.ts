import {
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarArchive } from '../../src/adapters/archive/tar-archive.ts';
import { uploadJob } from '../../src/engine/job-upload.ts';
import { KitServer, kit } from './server.ts';

let server: KitServer;
let script: string;
beforeEach(() => {
  server = new KitServer();
  // Release 2 has the traffic, release 1 is warm: as after a flip.
  server.role('current', '0002');
  server.role('previous', '0001');
  server.role('next', null);
  server.live = 'green-watching';
  server.runtime = 'green-watching';
  script = server.writeRollback();
});
afterEach(() => server.close());

/** By hand: nothing of the app, only sh and docker. */
const byHand = (...words: string[]) => server.sh(`sh "$@"`, '', [script, ...words]);

describe('rollback.sh by hand', () => {
  it('FL8 RE2 parses, and says first what it would do', async () => {
    expect((await server.sh('sh -n "$1"', '', [script])).code).toBe(0);
    const { code, stdout } = await byHand('--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain('from green (release 2) to blue (release 1)');
    expect(stdout).toContain('nothing was changed');
    expect([server.live, server.runtime, server.log]).toEqual(['green-watching', 'green-watching', []]);
  });

  it('FL8 moves the traffic, live.map first, and writes down that it did', async () => {
    expect(await byHand()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Done: blue has the traffic of frontend.'),
    });
    expect(server.log).toEqual(['set map blue-settled | live.map: live blue-settled']);
    expect([server.live, server.runtime, server.roleOf('current'), server.roleOf('previous')]).toEqual([
      'blue-settled',
      'blue-settled',
      '0001',
      '0002',
    ]);
    expect(server.journal()).toMatchObject([
      { seq: 1, job: 'by-hand', verb: 'rollback', step: 'move', phase: 'done', release: '0001', left: '0002' },
    ]);
  });

  it('TO3 says when it moved, in place of what an earlier move said', async () => {
    const file = path.join(server.service, 'settled');
    writeFileSync(file, '5 green\n');
    const began = Date.now();
    await byHand();
    const [at, slot] = readFileSync(file, 'utf8').trim().split(' ');
    expect([Number(at) >= began - 1_000, slot]).toEqual([true, 'blue']);
  });

  it('FL8 numbers its record after all others, ten and more', async () => {
    for (const seq of ['00000008', '00000011'])
      writeFileSync(path.join(server.root, `journal/${seq}-x-move-done.json`), `{"seq":${Number(seq)}}`);
    await byHand();
    expect(server.journal().at(-1)).toMatchObject({ seq: 12, job: 'by-hand' });
  });

  it('FL8 does nothing when there is nothing to do', async () => {
    await byHand();
    const before = server.journal();
    expect(await byHand()).toMatchObject({
      code: 0,
      stdout: 'Nothing to do: blue has the traffic of frontend already.\n',
    });
    expect(server.journal()).toEqual(before);
  });

  it('FL8 starts the entry point anew when it takes no command', async () => {
    server.tell('refuses');
    expect((await byHand()).code).toBe(0);
    expect(server.log.at(-1)).toBe('restart | live.map: live blue-settled');
    expect(server.runtime).toBe('blue-settled');
  });

  it('HS10 puts the haproxy.cfg of the home state back before it starts the entry point', async () => {
    const kept = path.join(server.home, 'frontend/releases/0002/rollback.sh');
    mkdirSync(path.dirname(kept), { recursive: true });
    writeFileSync(kept, readFileSync(script));
    writeFileSync(path.join(server.home, 'frontend/haproxy.cfg'), 'ours\n');
    const config = path.join(server.service, 'entry/haproxy.cfg');
    writeFileSync(config, 'global\n  lua-load /theirs.lua\n');
    server.tell('refuses');
    expect(await server.sh('sh "$@"', '', [kept])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('haproxy.cfg of frontend was changed'),
    });
    expect([server.log.at(-1), readFileSync(config, 'utf8')]).toEqual([
      'restart | live.map: live blue-settled',
      'ours\n',
    ]);
  });

  it('refuses when previous does not answer, unless forced', async () => {
    server.answers('blue', 'bad HTTP 500');
    expect(await byHand('--dry-run')).toMatchObject({
      code: 11,
      stdout: expect.stringContaining('does not answer its check'),
    });
    expect([server.live, server.runtime]).toEqual(['green-watching', 'green-watching']);
    expect((await byHand('--dry-run', '--force')).code).toBe(0);
  });

  it('refuses while a job runs, and a job that is dead stands in nobody’s way', async () => {
    const lock = path.join(server.root, 'lock/frontend/3');
    mkdirSync(lock, { recursive: true });
    writeFileSync(path.join(lock, 'who'), 'bob@desk since 12:00:00: deploy of frontend\n');
    const started = (await server.kitLines(`process_started ${process.pid}`)).stdout.trim();
    const [boot, space] = (await server.kitLines('boot_id; echo; process_space')).stdout.trim().split('\n');
    writeFileSync(path.join(lock, 'owner'), `${process.pid} ${started} ${boot} ${space}\n`);
    expect(await byHand()).toMatchObject({ code: 11, stdout: expect.stringContaining('bob@desk') });
    expect(server.live).toBe('green-watching');
    // Of another process space: nobody here can see whether it lives, so that its lease tells.
    const uptime = Math.floor(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]));
    writeFileSync(path.join(lock, 'owner'), `${process.pid} ${started} ${boot} pid:[1]\n`);
    writeFileSync(path.join(lock, 'lease'), `${uptime + 30}\n`);
    expect((await byHand()).code).toBe(11);
    writeFileSync(path.join(lock, 'lease'), `${uptime - 1}\n`);
    expect((await byHand('--dry-run')).code).toBe(0);
    writeFileSync(path.join(lock, 'owner'), `4194303 1 ${boot} ${space}\n`);
    expect((await byHand()).code).toBe(0);
    // A job that slept meanwhile finds a higher epoch.
    expect(existsSync(path.join(server.root, 'lock/frontend/4/released'))).toBe(true);
  });

  it('FL4 FL8 goes by the running entry point where that was never told what live.map says', async () => {
    server.live = 'blue-settled';
    expect(await byHand()).toMatchObject({ code: 0, stdout: expect.stringContaining('Done: blue has the traffic') });
    expect([server.live, server.runtime, server.roleOf('current')]).toEqual(['blue-settled', 'blue-settled', '0001']);
    expect(await byHand()).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to do') });
  });

  it('FL12 with --force ends the job that it takes over from, and all that this had started', async () => {
    const plant = 'at() { [ "$step:$1" = move:before ] && { : >"$job_dir/fired"; sleep 60; }; }\n';
    server.role('next', '0003');
    server.role('previous', null);
    server.release('0003', 'blue');
    await uploadJob(server.shell, tarArchive, kit, 'j1', server.flipPlan('flip'), plant);
    await expect.poll(() => existsSync(path.join(server.jobFolder('j1'), 'fired')), { timeout: 15_000 }).toBe(true);
    const session = async () =>
      (
        await server.sh(`read -r pid _ <'${server.jobFolder('j1')}/pid'; ps -o stat= -s "$pid" | grep -cv '^Z'`)
      ).stdout.trim();
    expect(await session()).not.toBe('0');
    server.role('next', null);
    expect((await byHand()).code).toBe(11);
    expect((await byHand('--force')).code).toBe(0);
    expect([await session(), server.live, server.runtime]).toEqual(['0', 'blue-settled', 'blue-settled']);
  });

  it('FL12 holds the lock while it acts, so that no job begins meanwhile', async () => {
    server.tell('slow', '2');
    const running = byHand();
    await expect
      .poll(() => existsSync(path.join(server.root, 'lock/frontend/1/owner')), { timeout: 10_000 })
      .toBe(true);
    const plan = server.flipPlan('rollback');
    expect(await server.run('j1', plan)).toMatchObject({
      state: 'refused',
      failure: { code: 'lock-held', message: expect.stringContaining('rollback.sh by hand') },
    });
    expect((await running).code).toBe(0);
    expect(existsSync(path.join(server.root, 'lock/frontend/1/released'))).toBe(true);
    expect(server.live).toBe('blue-settled');
  });

  it('FL12 looks again for a next behind the lock', async () => {
    // What a deploy made ready while it was asked to wait is not what was there before.
    server.role('previous', null);
    server.role('next', '0001');
    expect((await byHand()).code).toBe(11);
    const epochs = readdirSync(path.join(server.root, 'lock/frontend'));
    expect(epochs.filter((each) => !existsSync(path.join(server.root, 'lock/frontend', each, 'released')))).toEqual([]);
  });

  it.runIf(process.getuid?.() === 0)('FL12 leaves to the operator what root writes for him', async () => {
    const operator = 54_321;
    const everything = () => ['', ...readdirSync(server.root, { recursive: true, encoding: 'utf8' })];
    for (const name of everything()) lchownSync(path.join(server.root, name), operator, operator);
    expect((await byHand()).code).toBe(0);
    const foreign = everything().filter((name) => lstatSync(path.join(server.root, name)).uid !== operator);
    expect(foreign).toEqual([]);
  });

  it('refuses to give the traffic to a next that never had it', async () => {
    server.role('previous', null);
    server.role('next', '0001');
    expect(await byHand()).toMatchObject({ code: 11, stdout: expect.stringContaining('never had the traffic') });
  });

  it('says how it is used', async () => {
    expect(await byHand('--now')).toMatchObject({ code: 2, stdout: 'usage: sh rollback.sh [--dry-run] [--force]\n' });
  });

  it('FL8 says that a previous whose container is gone cannot come back', async () => {
    rmSync(path.join(server.stub, 'running/shop--frontend--blue'));
    expect(await byHand('--dry-run')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('It would first start'),
    });
  });
});
