import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarArchive } from '../../src/adapters/archive/tar-archive.ts';
import { renderScript } from '../../src/core/command.ts';
import { recoverScript, setAsideScript } from '../../src/core/server-scripts.ts';
import { uploadJob } from '../../src/engine/job-upload.ts';
import { readReleases } from '../../src/engine/releases.ts';
import { serviceState } from '../../src/testkit/engine/facts.ts';
import { KitServer, kit } from './server.ts';

let server: KitServer;
beforeEach(() => {
  server = new KitServer();
});
afterEach(() => server.close());

const jobFolder = (id: string) => server.jobFolder(id);
const aside = () => {
  const folder = path.join(server.root, 'damaged');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
};
const recordsOf = (words: string) =>
  readdirSync(path.join(server.root, 'journal')).filter((name) => name.includes(words));

function damage(words: string, text: string): string {
  const [name] = recordsOf(words);
  if (name === undefined) throw new Error(`no record of ${words}`);
  writeFileSync(path.join(server.root, 'journal', name), text);
  return name;
}

/** A flip whose process is killed right after live.map was written. */
async function killedFlip(): Promise<void> {
  const plant =
    'at() { if [ "$step:$1" = move:mapped ] && ! [ -e "$job_dir/fired" ]; then : >"$job_dir/fired"; kill -KILL $$; fi; }\n';
  await uploadJob(server.shell, tarArchive, kit, 'j1', server.flipPlan('flip'), plant);
  await expect.poll(() => existsSync(path.join(jobFolder('j1'), 'fired')), { timeout: 15_000 }).toBe(true);
}

const recover = async () => {
  await server.sh(renderScript(recoverScript, [jobFolder('j1')]));
  return server.ended('j1');
};

const torn = '{"seq":2,"job":"j1","epo';

describe('a journal record that cannot be read', () => {
  it('JN11 of a step that only looks is not needed to finish a flip that had moved', async () => {
    await killedFlip();
    damage('gate-done', '');
    expect(await recover()).toMatchObject({ state: 'completed' });
    expect([server.live, server.runtime, server.roleOf('current')]).toEqual([
      'green-watching',
      'green-watching',
      '0002',
    ]);
    // What a power cut leaves of a record that is not synced says nothing, and nobody is troubled with it.
    expect([aside(), recordsOf('gate-done')]).toEqual([[], []]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['by the recovery', async () => {}],
    ['by a client before it', () => server.sh(renderScript(setAsideScript, [server.root]))],
  ])('JN11 of the move itself is set aside %s, and what has the traffic is looked up', async (_by, first) => {
    await killedFlip();
    const name = damage('move-begin', torn);
    await first();
    const job = await recover();
    expect(job).toMatchObject({
      state: 'aborted',
      failure: { code: 'job-died', detail: expect.stringContaining(name) },
    });
    expect(job?.failure?.message).not.toContain('was undone');
    expect(job?.failure?.running).toContain('green keeps the traffic with release 2');
    expect([server.live, server.runtime, server.roleOf('current')]).toEqual([
      'green-watching',
      'green-watching',
      '0002',
    ]);
    expect([aside(), recordsOf('move-begin')]).toEqual([[name], []]);
    expect(await server.run('j2', server.flipPlan('rollback'))).toMatchObject({ state: 'completed' });
    expect(server.live).toBe('blue-settled');
  });

  it('JN11 is set aside wherever it stands, empty or torn, and whole ones stay', async () => {
    expect(await server.run('j1', server.flipPlan('flip'))).toMatchObject({ state: 'completed' });
    const whole = recordsOf('').length;
    const names = [damage('move-begin', ''), damage('move-done', torn)].sort();
    const { stdout } = await server.sh(renderScript(setAsideScript, [server.root]));
    expect(stdout).toBe('aside\naside\n');
    expect([aside(), recordsOf('').length]).toEqual([names, whole - 2]);
    expect((await server.sh(renderScript(setAsideScript, [server.root]))).stdout).toBe('');
  });

  it('JN11 that only its reader finds unreadable is set aside by that one, and the history is of the others', async () => {
    expect(await server.run('j1', server.flipPlan('flip'))).toMatchObject({ state: 'completed' });
    const name = damage('move-done', '{"seq":2,"service":"frontend",oops}');
    const read = await readReleases(server.shell, server.root, serviceState({ live: 'green-watching' }));
    expect(read.ok && read.value.map(({ number }) => number)).toEqual([2, 1]);
    expect(aside()).toEqual([name]);
  });
});
