import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KitServer } from './server.ts';

let server: KitServer;
beforeEach(() => {
  server = new KitServer();
});
afterEach(() => server.close());

const locks = (service = 'frontend') => path.join(server.root, 'lock', service);

/** Somebody's lock as its files say it. */
function lockBy(epoch: number, owner: string | null, lease = '0'): void {
  const folder = path.join(locks(), String(epoch));
  mkdirSync(folder, { recursive: true });
  if (owner !== null) writeFileSync(path.join(folder, 'owner'), `${owner}\n`);
  writeFileSync(path.join(folder, 'lease'), `${lease}\n`);
  writeFileSync(path.join(folder, 'who'), 'bob@desk since 12:00:00: deploy of frontend\n');
  writeFileSync(path.join(folder, 'verb'), 'deploy\n');
}

/** Takes the lock as a job does and says the epoch, or the code of the refusal. */
const acquire = async (variables: Record<string, string> = {}): Promise<string> => {
  const { stdout, stderr } = await server.kitLines(
    'refuse() { printf "refused %s\\n" "$1"; exit 0; }\nlock_acquire && printf "took %s\\n" "$epoch"\nlock_release\n',
    variables,
  );
  return stdout.trim() || stderr;
};

const boot = async () => (await server.kitLines('boot_id')).stdout.trim();
/** This process as a lock's owner. */
const alive = async () =>
  `${process.pid} ${(await server.kitLines(`process_started ${process.pid}`)).stdout.trim()} ${await boot()}`;
const uptime = async () => Number((await server.kitLines('uptime_s')).stdout);

describe('the lock', () => {
  it('JN4 goes to exactly one of twenty real processes at once, and the same epoch to none twice', async () => {
    // Each holds it for a moment while it looks whether anybody else is inside.
    const inside = `
      refuse() { exit 0; }
      lock_acquire || exit 0
      mkdir "$ROOT/inside" || echo "TWO INSIDE"
      printf 'epoch %s\\n' "$epoch"
      sleep 0.3
      rmdir "$ROOT/inside"
      lock_release
    `;
    const said = await Promise.all(
      Array.from({ length: 20 }, (_, index) => server.kitLines(inside, { JOB: `j${index}` })),
    );
    const lines = said.flatMap((each) => each.stdout.trim().split('\n').filter(Boolean));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.every((line) => /^epoch \d+$/.test(line))).toBe(true);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it.each([
    [
      'JN10 is taken by who goes back though the disk has no room for a folder, from what is kept back',
      'rollback',
      'took 1',
    ],
    ['JN10 is refused to all others there, with the reason', 'flip', 'refused disk-full'],
  ])('%s', async (_name, VERB, said) => {
    writeFileSync(path.join(server.root, 'reserve'), 'kept');
    const full = 'mkdir() { [ ! -e "$ROOT/reserve" ] && command mkdir "$@"; }\n';
    const { stdout } = await server.kitLines(
      `${full}refuse() { printf "refused %s\\n" "$1"; exit 0; }\nlock_acquire && printf "took %s\\n" "$epoch"\nlock_release\n`,
      { VERB },
    );
    expect(stdout.trim()).toBe(said);
  });

  it('JN4 of the stack is held by one of two deploys at a time while they write, and by nobody after', async () => {
    const writing = `
      lock_acquire || exit 1
      write() { mkdir "$ROOT/inside" || echo "TWO INSIDE"; sleep 0.4; rmdir "$ROOT/inside"; return 7; }
      holding_stack write
      echo "wrote $? $epoch $lock_dir"
      lock_release
    `;
    const said = await Promise.all(
      ['frontend', 'backend'].map((SVC) => server.kitLines(writing, { JOB: `j-${SVC}`, SVC, VERB: 'deploy' })),
    );
    expect(said.map(({ stdout }) => stdout)).toEqual(
      ['frontend', 'backend'].map((each) => `wrote 7 1 ${locks(each)}\n`),
    );
    const held = readdirSync(locks('+')).filter((epoch) => !existsSync(path.join(locks('+'), epoch, 'released')));
    expect(held).toEqual([]);
  });

  it('JN4 that waits its turn gets a higher epoch each time', async () => {
    expect([await acquire(), await acquire({ JOB: 'j2' }), await acquire({ JOB: 'j3' })]).toEqual([
      'took 1',
      'took 2',
      'took 3',
    ]);
    // Whoever holds it for a while puts the old ones away.
    await server.kitLines(
      'lock_acquire; while [ -d "$lock_dir/1" ] || [ -d "$lock_dir/2" ] || [ -d "$lock_dir/3" ]; do sleep 0.05; done; lock_release',
    );
    expect(readdirSync(locks())).toEqual(['4']);
  });

  it('JN4 is one for each service', async () => {
    lockBy(1, await alive());
    expect(await acquire()).toBe('refused lock-held');
    expect(await acquire({ SVC: 'backend', SERVICE: 'backend' })).toBe('took 1');
  });

  it('JN5 is held by whoever lives, however old the lease is', async () => {
    const started = (await server.kitLines(`process_started ${process.pid}`)).stdout.trim();
    expect(Number(started)).toBeGreaterThan(0);
    lockBy(4, `${process.pid} ${started} ${await boot()}`);
    expect(await acquire()).toBe('refused lock-held');
  });

  it.each<[string, (boot: string, started: string) => string]>([
    ['the machine was booted since', (_boot, started) => `${process.pid} ${started} another-boot`],
    ['its process is gone', (boot) => `4194303 1 ${boot}`],
    ['its number belongs to another process now', (boot) => `${process.pid} 1 ${boot}`],
  ])('JN5 is taken over when %s', async (_name, owner) => {
    const started = (await server.kitLines(`process_started ${process.pid}`)).stdout.trim();
    lockBy(4, owner(await boot(), started));
    expect(await acquire()).toBe('took 5');
  });

  it('JN5 of a dead process does not keep a rollback waiting for the lease', async () => {
    const lease = String((await uptime()) + 1000);
    lockBy(4, `4194303 1 ${await boot()}`, lease);
    expect(await acquire({ VERB: 'rollback' })).toBe('took 5');
    const started = (await server.kitLines(`process_started ${process.pid}`)).stdout.trim();
    lockBy(6, `${process.pid} ${started} ${await boot()}`, lease);
    expect(await acquire({ VERB: 'rollback' })).toBe('refused lock-held');
  });

  it('JN5 of a process that cannot be seen from here is not taken before its lease is over, in uptime', async () => {
    const elsewhere = `4194303 1 ${await boot()} pid:[1]`;
    lockBy(4, elsewhere, String((await uptime()) + 60));
    expect(await acquire()).toBe('refused lock-held');
    lockBy(4, elsewhere, String((await uptime()) - 1));
    expect(await acquire()).toBe('took 5');
  });

  it('JN5 without an owner is nobody’s after two seconds, whatever the clock says', async () => {
    lockBy(4, null);
    const startedMs = performance.now();
    expect(await acquire()).toBe('took 5');
    expect(performance.now() - startedMs).toBeGreaterThan(1_900);
  });

  it('JN4 has no half-made epoch: one that is there has its owner in it', async () => {
    lockBy(4, null);
    writeFileSync(path.join(locks(), '4/released'), '');
    expect(await server.kitLines('claim_epoch 4 && echo claimed')).toMatchObject({ stdout: '' });
    expect(readdirSync(path.join(locks(), '4')).sort()).toEqual(['lease', 'released', 'verb', 'who']);
    expect(readdirSync(locks())).toEqual(['4']);
  });

  it('JN4 of a process that was killed is taken over by the next', async () => {
    await server.kitLines('lease_s=0\nlock_acquire\nkill "$renewer"\nsleep 1.2\nkill -9 $$\n');
    await expect.poll(() => acquire({ JOB: 'j2' }), { timeout: 10_000 }).toBe('took 2');
  });

  it('JN4 counts in numbers, not in letters', async () => {
    lockBy(9, '4194303 1 another-boot');
    lockBy(10, '4194303 1 another-boot');
    expect(await acquire()).toBe('took 11');
  });
});
