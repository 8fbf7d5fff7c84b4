import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarArchive } from '../../src/adapters/archive/tar-archive.ts';
import { renderScript } from '../../src/core/command.ts';
import { observeScript, recoverScript, releaseScript } from '../../src/core/server-scripts.ts';
import { parseServerStates, staleLocks } from '../../src/core/server-state.ts';
import { uploadJob } from '../../src/engine/job-upload.ts';
import { eventually } from '../../src/testkit/eventually.ts';
import { KitServer, kit } from './server.ts';

let server: KitServer;
beforeEach(() => {
  server = new KitServer();
});
afterEach(() => server.close());

const jobFolder = (id: string) => server.jobFolder(id);
const ended = (id: string) => existsSync(path.join(jobFolder(id), 'exit'));

/** Starts a job whose process is killed at a point, and waits until it is gone. */
async function killedAt(point: string, verb: 'flip' | 'rollback' = 'flip', id = 'j1'): Promise<void> {
  const [step, phase] = point.split(':');
  const plant = `at() { if [ "$step:$1" = "${step}:${phase}" ] && ! [ -e "$job_dir/fired" ]; then : >"$job_dir/fired"; kill -KILL $$; fi; }\n`;
  const sent = await uploadJob(server.shell, tarArchive, kit, id, server.flipPlan(verb), plant);
  if (!sent.ok) throw new Error(sent.failure.message);
  await expect.poll(() => existsSync(path.join(jobFolder(id), 'fired')), { timeout: 15_000 }).toBe(true);
}

const recover = async (id = 'j1') => {
  await server.sh(renderScript(recoverScript, [jobFolder(id)]));
  await server.ended(id);
};

const openSteps = () => {
  const records = server.journal();
  return records
    .filter(({ phase }) => phase === 'begin')
    .filter(
      ({ step, job }) => !records.some((each) => each.job === job && each.step === step && each.phase !== 'begin'),
    )
    .map(({ step }) => step);
};

const heldEpochs = () => {
  const locks = path.join(server.root, 'lock/frontend');
  return readdirSync(locks).filter((epoch) => !existsSync(path.join(locks, epoch, 'released')));
};

/** Half-written files, and pipes of processes that are gone. */
const leftovers = () =>
  [server.root, server.home]
    .flatMap((place) => readdirSync(place, { recursive: true, encoding: 'utf8' }))
    .filter((name) => {
      const owner = /(?:ask|answer)\.(\d+)$/.exec(name)?.[1];
      return owner === undefined ? /\.tmp$|\.part$/.test(name) : !existsSync(`/proc/${owner}`);
    });

const before = { live: 'blue-settled', current: '0001', next: '0002', previous: null };
const after = { live: 'green-watching', current: '0002', next: null, previous: '0001' };

const now = () => ({
  live: server.live,
  current: server.roleOf('current'),
  next: server.roleOf('next'),
  previous: server.roleOf('previous'),
});

describe('a flip whose process is killed', () => {
  it.each<[string, typeof before | typeof after]>([
    ['gate:before', before],
    ['gate:effect', before],
    ['gate:record', before],
    ['move:before', before],
    ['move:armed', before],
    ['move:mapped', after],
    ['move:told', after],
    ['move:current', after],
    ['move:effect', after],
    ['move:record', after],
    ['drain:before', after],
    ['drain:effect', after],
    ['drain:record', after],
  ])('JN8 FL9 at %s is undone before the move and finished after it', async (point, state) => {
    await killedAt(point);
    await recover();
    expect(now()).toEqual(state);
    expect(server.runtime).toBe(server.live);
    expect([openSteps(), heldEpochs(), leftovers()]).toEqual([[], [], []]);
    const job = server.jobs().get('j1');
    expect(job).toMatchObject({ recovered: true, state: state === before ? 'aborted' : 'completed' });
    if (state === after) await expect.poll(() => server.watchesOf('j1').length).toBe(1);
    const records = server.journal().length;
    await server.sh(renderScript(recoverScript, [jobFolder('j1')]));
    expect([now(), server.journal().length]).toEqual([state, records]);
  });

  it('JN5 JN12 behind its end is told by its exit, and its lock is let go of', async () => {
    await killedAt('drain:ended');
    await expect.poll(() => ended('j1')).toBe(true);
    const observe = async () => (await server.sh(renderScript(observeScript, []))).stdout;
    const output = await observe();
    expect(output).toContain('\u0001ended j1 completed\n');
    expect(output).not.toContain('flip of frontend');
    const stale = staleLocks(output, parseServerStates(output));
    expect(stale).toEqual([path.join(server.root, 'lock/frontend/1')]);
    await server.sh(renderScript(releaseScript, stale));
    expect([heldEpochs(), staleLocks(await observe(), [])]).toEqual([[], []]);
    expect(await server.run('j2', server.flipPlan('rollback'))).toMatchObject({ state: 'completed' });
  });

  it('FL16 moves no traffic to a release that is gone since: it stays where the entry point sends it', async () => {
    await killedAt('move:mapped');
    server.answers('green', 'bad no answer');
    await recover();
    expect([server.live, server.runtime, server.roleOf('current')]).toEqual(['blue-settled', 'blue-settled', '0001']);
    expect(server.jobs().get('j1')).toMatchObject({ state: 'aborted', recovered: true });
  });

  it.each<[string, (uptime: number) => number, boolean]>([
    ['whose lease is over is recovered', (uptime) => uptime - 1, true],
    ['of an earlier life of this server, with a lease no clock of now could give, is recovered', () => 10 ** 9, true],
    ['whose lease is on may live, and is left alone', (uptime) => uptime + 110, false],
  ])('JN5 JN7 in a process space that nobody here can see %s', async (_name, leaseAt, recovers) => {
    await killedAt('move:told');
    const lock = path.join(server.root, 'lock/frontend/1');
    const lease = `${leaseAt(Math.floor(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])))}\n`;
    for (const file of [path.join(jobFolder('j1'), 'pid'), path.join(lock, 'owner')])
      writeFileSync(file, readFileSync(file, 'utf8').replace(/pid:\[\d+\]/, 'pid:[1]'));
    for (const folder of [jobFolder('j1'), lock]) writeFileSync(path.join(folder, 'lease'), lease);
    const observed = (await server.sh(renderScript(observeScript, []))).stdout;
    expect(observed.includes('\u0001dead j1')).toBe(recovers);
    if (recovers) {
      await recover();
      expect(now()).toEqual(after);
    } else {
      await server.sh(renderScript(recoverScript, [jobFolder('j1')]));
      expect(await server.run('j2', server.flipPlan('rollback'))).toMatchObject({ failure: { code: 'lock-held' } });
      expect(ended('j1')).toBe(false);
    }
  });

  it('JN7 JN8 that arrived whole and never began is told of all the same, and leaves nothing', async () => {
    const plant = '[ "$mode" = recover ] || kill -KILL $$\n';
    await uploadJob(server.shell, tarArchive, kit, 'j1', server.flipPlan('flip'), plant);
    const pid = path.join(jobFolder('j1'), 'pid');
    renameSync(pid, `${pid}.part`);
    expect(server.jobs().get('j1')).toBeUndefined();
    await recover();
    expect(server.jobs().get('j1')).toMatchObject({
      state: 'aborted',
      failure: { code: 'job-died', message: expect.stringContaining('never began') },
    });
    expect([now(), existsSync(`${pid}.part`), heldEpochs()]).toEqual([before, false, []]);
  });

  it('JN8 is recovered by the next job of its service before that looks at anything', async () => {
    await killedAt('move:mapped');
    expect(await server.run('j2', server.flipPlan('rollback'))).toMatchObject({ state: 'completed' });
    expect(ended('j1')).toBe(true);
    expect(now()).toMatchObject({ live: 'blue-settled', current: '0001', previous: '0002' });
    expect(server.runtime).toBe('blue-settled');
  });

  it('JN8 is recovered once, however many try at once', async () => {
    await killedAt('move:told');
    await Promise.all(Array.from({ length: 4 }, () => server.sh(renderScript(recoverScript, [jobFolder('j1')]))));
    await expect.poll(() => ended('j1'), { timeout: 20_000 }).toBe(true);
    expect(server.journal().filter(({ step, phase }) => step === 'move' && phase === 'done')).toHaveLength(1);
    expect(now()).toEqual(after);
  });

  it('JN7 leaves no process that still acts', async () => {
    await killedAt('move:before');
    await recover();
    const folder = jobFolder('j1');
    const left = readdirSync('/proc').filter((pid) => {
      try {
        return (
          /^\d+$/.test(pid) &&
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`STUB=${server.stub}`) &&
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
        );
      } catch {
        return false;
      }
    });
    expect(left).toEqual([]);
  });
});

/** Whether a process is there and has not ended: one that nobody waits for stays there for a while. */
const isActing = (pid: string): boolean =>
  existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /, '')[0] !== 'Z';

describe('what a job had started', () => {
  /** A session whose leader ended and that has one process left, which acts; what the leader said of itself, and that process. */
  const orphaned = async () => {
    const loop = 'while :; do read -r _ </proc/uptime; sleep 0.1; done';
    const leader = `sh -c '${loop}' >/dev/null 2>&1 & printf '%s %s %s' $$ "$(cut -d' ' -f22 /proc/$$/stat)" $!`;
    const { stdout } = await server.sh('exec setsid sh -c "$1"', '', [leader]);
    const [pid = '', start = '', left = ''] = stdout.split(' ');
    const [boot = '', space = ''] = (await server.kitLines('boot_id; echo; process_space')).stdout.trim().split('\n');
    return { pid, start, boot, space, left };
  };

  it.each<[string, { boot?: string; space?: string }, boolean]>([
    ['is ended when it is gone', {}, true],
    ['is left alone after a reboot, for its number is a stranger’s', { boot: 'another-boot' }, false],
    ['is left alone in another process space', { space: 'pid:[1]' }, false],
  ])('JN7 %s', async (_name, instead, ends) => {
    const { pid, start, boot, space, left } = { ...(await orphaned()), ...instead };
    const living = () => isActing(left);
    expect(living()).toBe(true);
    try {
      await server.kitLines(`end_session '${pid}' '${start}' '${boot}' '${space}'`);
      // A signal that was sent is on its way for a moment.
      if (ends) await expect.poll(living).toBe(false);
      expect(living()).toBe(!ends);
    } finally {
      if (living()) process.kill(Number(left), 'SIGKILL');
    }
  });

  it('JN7 is left alone when its number belongs to another process now', async () => {
    const leader = 'printf "%s" $$; while :; do read -r _ </proc/uptime; sleep 0.1; done';
    const { boot, space } = await orphaned().then((orphan) => {
      process.kill(Number(orphan.left), 'SIGKILL');
      return orphan;
    });
    const file = path.join(server.root, 'stranger');
    await server.sh(`setsid sh -c '${leader}' >'${file}' 2>/dev/null &`);
    // Written in one go, and empty until then.
    const stranger = await eventually('it says who it is', () => Number(readFileSync(file, 'utf8')) || null);
    await server.kitLines(`end_session '${stranger}' '1' '${boot}' '${space}'`);
    expect(isActing(String(stranger))).toBe(true);
    process.kill(stranger, 'SIGKILL');
  });
});

describe('a job that is asked to stop', () => {
  it('JN9 before the move undoes what it began, and says so', async () => {
    const plant = 'at() { [ "$step:$1" = move:before ] && { : >"$job_dir/fired"; sleep 30; }; }\n';
    await uploadJob(server.shell, tarArchive, kit, 'j1', server.flipPlan('flip'), plant);
    await expect.poll(() => existsSync(path.join(jobFolder('j1'), 'fired')), { timeout: 15_000 }).toBe(true);
    await server.sh(`read -r pid _ <'${jobFolder('j1')}/pid'; kill -TERM "-$pid"`);
    expect(await server.ended('j1')).toMatchObject({ state: 'aborted', failure: { code: 'cancelled' } });
    expect(now()).toEqual(before);
    expect(openSteps()).toEqual([]);
  });

  it('JN9 after the move ends as it would have', async () => {
    server.tell('stat', '# pxname,svname\np3000_blue-settled,blue,0,0,3,3\n');
    await uploadJob(server.shell, tarArchive, kit, 'j1', server.flipPlan('flip'));
    await expect
      .poll(() => server.feedTexts().some((line) => line.includes('"kind":"progress","step":"drain"')), {
        timeout: 15_000,
      })
      .toBe(true);
    await server.sh(`read -r pid _ <'${jobFolder('j1')}/pid'; kill -TERM "-$pid"`);
    expect(await server.ended('j1')).toMatchObject({ state: 'completed' });
    expect(now()).toEqual(after);
  });
});

/** Both slots are well, as `show stat` says it. */
const stat = ['blue', 'green']
  .map((slot) => ['p3000_green-watching', slot, 0, 0, 0, ...Array(12).fill(''), 'UP', ''].join(','))
  .join('\n')
  .concat('\n');

describe('going back while something else holds the service', () => {
  it('FL11 does not wait for the drain of a flip that has moved', async () => {
    server.tell('stat', '# pxname,svname\np3000_blue-settled,blue,0,0,3,3\n');
    await uploadJob(server.shell, tarArchive, kit, 'j1', server.flipPlan('flip'));
    await expect
      .poll(() => server.feedTexts().some((line) => line.includes('"kind":"begin","step":"drain"')), {
        timeout: 15_000,
      })
      .toBe(true);
    const askedAt = performance.now();
    server.tell('stat', '');
    expect(await server.run('j2', server.flipPlan('rollback'))).toMatchObject({ state: 'completed' });
    expect(performance.now() - askedAt).toBeLessThan(10_000);
    expect(await server.ended('j1')).toMatchObject({ state: 'completed' });
    expect(now()).toMatchObject({ live: 'blue-settled', current: '0001', previous: '0002' });
  });

  it.each<[string, string, boolean]>([
    ['goes back asks a deploy to stop', '', true],
    ['ends well waits for it', 'settles=1', false],
    ['goes back signals nobody in another process space', 'owner_space="pid:[1]"', false],
    ['goes back signals no process that only the lock names (TR7)', 'rm "$job_dir/pid"', false],
  ])('FL11 a watch that %s', async (_name, how, asks) => {
    server.role('previous', '0001');
    const holder = `ask_to_stop() { echo asked; }
mkdir -p "$lock_dir/3" && echo deploy >"$lock_dir/3/verb" && self_line >"$lock_dir/3/owner"
cp "$lock_dir/3/owner" "$job_dir/pid"
read -r owner_pid owner_started owner_boot owner_space <"$lock_dir/3/owner"
mode=run
`;
    const { stdout } = await server.kitLines(`${holder}${how}\nmake_way 3 || echo waits`, { VERB: 'rollback' });
    expect(stdout).toBe(asks ? 'asked\n' : 'waits\n');
  });

  it('FL13 starts a previous that was stopped', async () => {
    expect(await server.run('j1', server.flipPlan('flip', { watchMinutes: 0 }))).toMatchObject({ state: 'completed' });
    server.tell('stopped', 'shop--frontend--blue');
    server.answers('blue', 'bad no answer');
    expect(await server.run('j2', server.flipPlan('rollback'))).toMatchObject({ state: 'completed' });
    expect(server.log.join('\n')).toContain('start shop--frontend--blue');
    expect(server.live).toBe('blue-settled');
  });
});

describe('the file of a watch', () => {
  it('WA3 that was left by a rollback that died goes with its recovery', async () => {
    server.tell('stat', stat);
    expect(await server.run('j1', server.flipPlan('flip'))).toMatchObject({ state: 'completed' });
    expect(existsSync(path.join(server.service, 'watch'))).toBe(true);
    await killedAt('move:told', 'rollback', 'j2');
    await recover('j2');
    expect(server.live).toBe('blue-settled');
    expect(existsSync(path.join(server.service, 'watch'))).toBe(false);
  });
});

describe('a release that answers nobody once it has the traffic', () => {
  beforeEach(async () => {
    server.tell('stat', stat);
    expect(await server.run('j1', server.flipPlan('flip'))).toMatchObject({ state: 'completed' });
  });

  it('WA5 loses it after four failed probes', async () => {
    server.answers('green', 'bad HTTP 500');
    await expect.poll(() => server.live, { timeout: 15_000 }).toBe('blue-settled');
    await expect.poll(() => server.jobs().get('j1-watch')?.failure?.message).toContain('4 checks in a row failed');
  });

  it('WA6 is given time when the entry point was started meanwhile, and loses it then', async () => {
    server.tell('info', 'Uptime_sec: 0\n');
    server.answers('green', 'bad HTTP 500');
    const probes = () => readFileSync(path.join(server.stub, 'probes'), 'utf8').length;
    const seen = probes();
    await expect.poll(() => probes() - seen, { timeout: 15_000 }).toBeGreaterThan(6);
    expect(server.live).toBe('green-watching');
    server.tell('info', 'Uptime_sec: 61\n');
    await expect.poll(() => server.live, { timeout: 15_000 }).toBe('blue-settled');
  });
});

describe('a flip that must be confirmed', () => {
  const armed = (seconds: number) => {
    const plan = server.flipPlan('flip');
    return { ...plan, variables: { ...plan.variables, WATCH_S: String(seconds), CONFIRM_S: String(seconds) } };
  };
  const confirm = () => {
    return { ...server.flipPlan('flip'), verb: 'confirm' as const, script: 'confirm', files: [] };
  };

  beforeEach(() => server.tell('stat', stat));

  it('WA4 goes back when nobody confirms it in time, however well it is', async () => {
    expect(await server.run('j1', armed(2))).toMatchObject({ state: 'completed' });
    expect(server.live).toBe('green-watching');
    await expect.poll(() => server.live, { timeout: 15_000 }).toBe('blue-settled');
    await expect.poll(() => server.jobs().get('j1-watch')?.state, { timeout: 10_000 }).toBe('rolled-back');
    expect(server.jobs().get('j1-watch')?.failure?.message).toContain('nobody confirmed it within 1 min');
    expect(now()).toMatchObject({ current: '0001', previous: '0002' });
    expect(await server.run('j2', confirm())).toMatchObject({ state: 'refused', failure: { code: 'nothing-to-do' } });
  });

  it('WA4 that went back is not told as confirmed by the recovery of who confirmed it too late', async () => {
    await server.run('j1', armed(3));
    const plant = 'at() { if [ "$step:$1" = keep:before ]; then : >"$job_dir/fired"; kill -KILL $$; fi; }\n';
    await uploadJob(server.shell, tarArchive, kit, 'j2', confirm(), plant);
    await expect.poll(() => existsSync(path.join(jobFolder('j2'), 'fired')), { timeout: 15_000 }).toBe(true);
    // Until the watch lets go of the service nobody else recovers anything there.
    await expect.poll(() => server.jobs().get('j1-watch')?.state, { timeout: 15_000 }).toBe('rolled-back');
    await recover('j2');
    expect(server.jobs().get('j2')).toMatchObject({ state: 'aborted', failure: { code: 'job-died' } });
  });

  it('WA7 goes back though its runner was killed right behind the move, with no client there', async () => {
    const plant = 'at() { if [ "$step:$1" = move:mapped ]; then : >"$job_dir/fired"; kill -KILL $$; fi; }\n';
    await uploadJob(server.shell, tarArchive, kit, 'j1', armed(3), plant);
    await expect.poll(() => existsSync(path.join(jobFolder('j1'), 'fired')), { timeout: 15_000 }).toBe(true);
    expect(server.live).toBe('green-watching');
    await expect.poll(() => server.live, { timeout: 20_000 }).toBe('blue-settled');
    await expect.poll(() => server.jobs().get('j1-watch')?.state, { timeout: 10_000 }).toBe('rolled-back');
    expect(server.runtime).toBe('blue-settled');
  });

  it('WA7 is not moved when its watch cannot be written', async () => {
    const plant = 'put_line() { case $1 in */watch) return 1 ;; esac; { printf "%s\\n" "$2" >"$1"; }; }\n';
    await uploadJob(server.shell, tarArchive, kit, 'j1', armed(3), plant);
    expect(await server.ended('j1')).toMatchObject({ state: 'aborted', failure: { code: 'disk-full' } });
    expect([now(), server.runtime]).toEqual([before, 'blue-settled']);
  });

  it('WA8 never settles, however long previous takes to answer again', async () => {
    expect(await server.run('j1', armed(2))).toMatchObject({ state: 'completed' });
    server.answers('blue', 'bad no answer');
    server.tell('stat', stat.replace(/^(p3000_green-watching,blue,.*),UP,$/m, '$1,DOWN,'));
    await expect
      .poll(() => server.feedTexts().some((line) => line.includes('previous does not answer either')), {
        timeout: 15_000,
      })
      .toBe(true);
    expect(server.live).toBe('green-watching');
    server.answers('blue', 'good HTTP 200');
    await expect.poll(() => server.live, { timeout: 15_000 }).toBe('blue-settled');
  });

  it.each(['deploy', 'retire', 'eject'] as const)('WA8 is not made final by %s', async (verb) => {
    expect(await server.run('j1', armed(600))).toMatchObject({ state: 'completed' });
    const { variables, ...place } = server.flipPlan('rollback');
    const plan = { ...place, verb, script: verb, variables: { ...variables, REPLACE: '1' }, files: [] };
    expect(await server.run('j2', plan)).toMatchObject({ state: 'refused', failure: { code: 'not-confirmed' } });
    expect([server.live, server.roleOf('previous')]).toEqual(['green-watching', '0001']);
    expect(existsSync(path.join(server.service, 'watch'))).toBe(true);
  });

  it('WA4 that is confirmed settles as any other', async () => {
    await server.run('j1', armed(4));
    expect(await server.run('j2', confirm())).toMatchObject({ state: 'completed' });
    await expect.poll(() => server.live, { timeout: 15_000 }).toBe('green-settled');
  });
});

describe('what is kept back of the disk', () => {
  it('JN10 is there after a job that ended well, and is given up by going back alone', async () => {
    const reserve = path.join(server.root, 'reserve');
    expect(await server.run('j1', server.flipPlan('flip', { watchMinutes: 0 }))).toMatchObject({ state: 'completed' });
    expect(statSync(reserve).size).toBe(256 * 1024);
    // A disk without room, until the reserve is given up.
    const full = 'put_line() { [ ! -e "$ROOT/reserve" ] && echo "$2" >"$1"; }\n';
    const write = 'put_surely "$ROOT/written" whole && echo written || echo not';
    expect((await server.kitLines(full + write, { VERB: 'flip' })).stdout).toBe('not\n');
    expect(existsSync(reserve)).toBe(true);
    expect((await server.kitLines(full + write, { VERB: 'rollback' })).stdout).toBe('written\n');
    expect(existsSync(reserve)).toBe(false);
  });
});

describe('a full disk', () => {
  it('JN10 stops a flip before it begins to move, and no way back', async () => {
    expect(await server.run('j1', server.flipPlan('flip', { watchMinutes: 0 }))).toMatchObject({ state: 'completed' });
    const full = 'put_line() { case $1 in *live.map) return 1 ;; esac; printf "%s\\n" "$2" >"$1"; }\n';
    await uploadJob(server.shell, tarArchive, kit, 'j2', server.flipPlan('rollback'), full);
    expect(await server.ended('j2')).toMatchObject({ state: 'completed' });
    expect([server.live, server.runtime]).toEqual(['blue-settled', 'blue-settled']);
    const noJournal =
      'put_lightly() { return 1; }\nput_line() { case $1 in */journal/*) return 1 ;; esac; printf "%s\\n" "$2" >"$1"; }\n';
    server.role('next', '0002');
    server.role('previous', null);
    await uploadJob(server.shell, tarArchive, kit, 'j3', server.flipPlan('flip'), noJournal);
    await expect
      .poll(() => server.feedTexts().some((line) => line.includes('"text":"The journal of shop cannot be written')))
      .toBe(true);
    expect(ended('j3')).toBe(false);
    expect([server.live, server.runtime]).toEqual(['blue-settled', 'blue-settled']);
  });
});
