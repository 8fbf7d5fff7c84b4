import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kitFile } from '../../src/engine/job-upload.ts';
import { KitServer, kit } from './server.ts';

let server: KitServer;
beforeEach(() => {
  server = new KitServer();
});
afterEach(() => server.close());

const most = '9223372036854775807';

/** The part of deploy.sh that counts releases, in one shell. */
async function nextRelease(shell: string): Promise<string> {
  const counting = /# By the home state, where the latest ten always are\.[\s\S]*?\ndone\n(?=write_release)/.exec(
    kitFile(kit, 'deploy.sh'),
  )?.[0];
  if (counting === undefined) throw new Error('deploy.sh does not count releases there any more');
  const file = path.join(server.stub, 'count.sh');
  writeFileSync(file, `service_dir=$1 home_service=$2\n${counting}\nprintf '%s\\n' "$number"\n`);
  const { stdout, stderr } = await server.sh(`${shell} "$@"`, '', [
    file,
    server.service,
    path.join(server.home, 'frontend'),
  ]);
  return stdout.trim() || stderr;
}

describe.each(['dash', 'bash', 'busybox sh'])('under %s', (shell) => {
  it('TR7 a release is numbered by the home state, and the name of a folder is neither run nor reckoned with', async () => {
    mkdirSync(path.join(server.home, 'frontend/releases/0010'));
    const ran = path.join(server.stub, 'ran');
    for (const name of [most, '0a[$(touch ran)]', '00000000', '0011', '99999999'])
      mkdirSync(path.join(server.service, 'releases', name));
    expect([await nextRelease(shell), existsSync(ran), existsSync(path.join(server.folder, 'ran'))]).toEqual([
      '0012',
      false,
      false,
    ]);
  });

  it('TR7 what is no number is none', async () => {
    const [words] = kitFile(kit, 'kit.sh').match(/^is_number\(\).*$/m) ?? [];
    const asked = ['0', '7', '123456789012345', '', '08', '-1', 'a[0]', '1 2', most, '$(id)'];
    const { stdout } = await server.sh(
      `${shell} -c '${words?.replaceAll("'", "'\\''")}\nfor each in "$@"; do is_number "$each" && printf "%s\\n" "$each"; done' sh "$@"`,
      '',
      asked,
    );
    expect(stdout).toBe('0\n7\n123456789012345\n');
  });
});

describe('locks and records of a number that none of ours has', () => {
  it.each([most, '99999999999999999999', '9999999', '12345678', '0x10', '08'])(
    'TR7 lock %s keeps nobody out',
    async (name) => {
      mkdirSync(path.join(server.root, 'lock/frontend', name), { recursive: true });
      const { stdout } = await server.kitLines(
        'refuse() { printf "refused %s\\n" "$1"; exit 0; }\nlock_acquire && printf "took %s\\n" "$epoch"\nlock_release',
      );
      expect(stdout).toBe('took 1\n');
    },
  );

  it('TR7 a lock whose lease is no number is nobody’s once its process cannot be seen', async () => {
    const held = path.join(server.root, 'lock/frontend/3');
    mkdirSync(held, { recursive: true });
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    writeFileSync(path.join(held, 'owner'), `1 1 ${boot} pid:[1]\n`);
    writeFileSync(path.join(held, 'lease'), 'a[$(touch ran)]\n');
    const { stdout } = await server.kitLines('lock_held 3 && echo held || echo free');
    expect([stdout, existsSync(path.join(server.folder, 'ran'))]).toEqual(['free\n', false]);
  });

  it.each([`${most}-x-move-done.json`, '99999999-x-move-done.json'])('TR7 record %s moves no other', async (name) => {
    writeFileSync(path.join(server.root, 'journal', name), '{"seq":1}');
    writeFileSync(path.join(server.root, 'journal/00000041-x-gate-done.json'), '{"seq":41}');
    await server.kitLines('lock_acquire\njournal gate begin\nlock_release');
    expect(readdirSync(path.join(server.root, 'journal')).sort()).toContain('00000042-j1-gate-begin.json');
  });

  it('TR7 by hand as by a job: neither a lock nor a record of such a number is in the way', async () => {
    server.role('next', null);
    server.role('previous', '0001');
    server.role('current', '0002');
    server.live = 'green-settled';
    server.runtime = 'green-settled';
    const file = server.writeRollback();
    mkdirSync(path.join(server.root, 'lock/frontend', most), { recursive: true });
    writeFileSync(path.join(server.root, `journal/${most}-x-move-done.json`), '{"seq":1}');
    const { code, stdout } = await server.sh('sh "$1"', '', [file]);
    expect([code, stdout.split('\n').at(-2), server.live]).toEqual([
      0,
      'Done: blue has the traffic of frontend.',
      'blue-settled',
    ]);
    expect(readdirSync(path.join(server.root, 'journal'))).toContain('00000001-by-hand-move-done.json');
  });
});

describe('a watch that was written over', () => {
  it.each(['a[$(touch ran)] a[$(touch ran)] x green j1 confirm', '', 'x'])('TR7 by “%s” is over', async (text) => {
    writeFileSync(path.join(server.service, 'watch'), `${text}\n`);
    server.live = 'green-watching';
    const watching = kitFile(kit, 'watch.sh');
    const head = watching.slice(watching.indexOf("until_ms=''"), watching.indexOf('own_ground || ground_lost'));
    const { stdout } = await server.kitLines(`${head}\nprintf '%s\\n' "$to" "$((until + 1))" "$until_ms"`);
    expect([stdout, existsSync(path.join(server.folder, 'ran'))]).toEqual(['green\n1\n0\n', false]);
  });
});
