import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KitServer } from './server.ts';

let server: KitServer;
beforeEach(() => {
  server = new KitServer();
});
afterEach(() => server.close());

const flip = (id = 'f1') => server.run(id, server.flipPlan('flip', { watchMinutes: 0 }));
const states = (job: { steps: { name: string; state: string }[] }) =>
  job.steps.map(({ name, state }) => `${name} ${state}`);

describe('a flip', () => {
  it('FL3 FL4 renames live.map before the entry point is told, and both say the same in the end', async () => {
    const job = await flip();
    expect(job.failure).toBeNull();
    expect(states(job)).toEqual(['gate done', 'move done', 'drain done']);
    expect(server.log).toEqual(['set map green-settled | live.map: live green-settled']);
    expect([server.live, server.runtime]).toEqual(['green-settled', 'green-settled']);
    expect([server.roleOf('current'), server.roleOf('previous'), server.roleOf('next')]).toEqual([
      '0002',
      '0001',
      null,
    ]);
    expect(job.figures).toMatchObject({ switchMs: expect.any(Number), drainMs: expect.any(Number), inFlightLeft: 0 });
  });

  it('FL1 is refused with the first failing check when next does not answer now, and nothing moves', async () => {
    server.answers('green', 'bad HTTP 500');
    const job = await flip();
    expect(job).toMatchObject({
      state: 'refused',
      failure: { code: 'not-ready', running: expect.stringContaining('blue keeps the traffic') },
    });
    expect(job.failure?.detail).toContain('/healthz');
    expect(job.failure?.detail).toContain('HTTP 500');
    expect([server.live, server.runtime, server.log]).toEqual(['blue-settled', 'blue-settled', []]);
    expect([server.roleOf('current'), server.roleOf('next')]).toEqual(['0001', '0002']);
  });

  it('FL2 is refused when next never was ready, however well it answers', async () => {
    server.release('0002', 'green', 'not-ready 0 1 HTTP 500 at first');
    expect(await flip()).toMatchObject({
      state: 'refused',
      failure: { code: 'not-ready', detail: 'HTTP 500 at first' },
    });
  });

  it('FL2 back needs only that previous answers now', async () => {
    server.release('0001', 'blue', 'not-ready 0 1 went back once');
    await flip('f1');
    const back = await server.run('b1', server.flipPlan('rollback'));
    expect(back).toMatchObject({ state: 'completed', failure: null });
    expect([server.live, server.runtime, server.roleOf('current'), server.roleOf('previous')]).toEqual([
      'blue-settled',
      'blue-settled',
      '0001',
      '0002',
    ]);
    server.answers('green', 'bad no answer');
    expect(await server.run('b2', server.flipPlan('rollback'))).toMatchObject({
      state: 'refused',
      failure: { code: 'previous-not-ready' },
    });
  });

  it('TO3 settled is the time of the last move, and of no move before', async () => {
    const began = Date.now();
    const file = path.join(server.service, 'settled');
    const settled = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : []);
    writeFileSync(file, `${began - 86_400_000} green\n`);
    await flip('f1');
    const [first = '', to] = settled();
    expect([Number(first) >= began - 1_000, to]).toEqual([true, 'green']);
    await server.run('b1', server.flipPlan('rollback'));
    const [second = '', back] = settled();
    expect([Number(second) >= Number(first), back]).toEqual([true, 'blue']);
    // That a move is watched says its watch, and until then nobody.
    server.role('next', '0002');
    server.role('previous', null);
    await server.run('f2', server.flipPlan('flip', { watchMinutes: 5 }));
    expect([server.live, settled()]).toEqual(['green-watching', []]);
  });

  it('FL15 back that is asked for once more, of the map as it was, does not go forth again', async () => {
    await flip('f1');
    const asked = server.flipPlan('rollback');
    const plan = { ...asked, variables: { ...asked.variables, GOES_TO: '0001' } };
    expect(await server.run('b1', plan)).toMatchObject({ state: 'completed' });
    expect(await server.run('b2', plan)).toMatchObject({ state: 'refused', failure: { code: 'nothing-to-do' } });
    expect([server.live, server.roleOf('current')]).toEqual(['blue-settled', '0001']);
  });

  it('FL7 that the entry point does not take is undone in the same job', async () => {
    server.tell('refuses');
    const job = await flip();
    expect(job).toMatchObject({
      state: 'aborted',
      failure: { code: 'entry-failed', running: expect.stringContaining('blue keeps the traffic') },
    });
    expect([server.live, server.runtime]).toEqual(['blue-settled', 'blue-settled']);
    expect([server.roleOf('current'), server.roleOf('next')]).toEqual(['0001', '0002']);
  });

  it('FL4 back starts the entry point anew when it does not take the command', async () => {
    await flip('f1');
    server.tell('refuses');
    expect(await server.run('b1', server.flipPlan('rollback'))).toMatchObject({ state: 'completed' });
    expect(server.log.at(-1)).toBe('restart | live.map: live blue-settled');
    expect(server.runtime).toBe('blue-settled');
  });

  it('HS10 back puts haproxy.cfg back before the entry point reads it', async () => {
    await flip('f1');
    const config = path.join(server.service, 'entry/haproxy.cfg');
    writeFileSync(path.join(server.home, 'frontend/haproxy.cfg'), 'ours\n');
    writeFileSync(config, 'global\n  lua-load /theirs.lua\n');
    server.tell('refuses');
    expect(await server.run('b1', server.flipPlan('rollback'))).toMatchObject({ state: 'completed' });
    expect(readFileSync(config, 'utf8')).toBe('ours\n');
  });

  it('FL5 drains what is in flight and stops nothing', async () => {
    const stat = (left: number) => `p3000_blue-settled,blue,0,0,${left},\np3000_green-settled,green,0,0,9,\n`;
    server.tell('stat', stat(3));
    const running = flip();
    await expect.poll(() => server.jobs().get('f1')?.steps[2]?.progress?.done, { timeout: 20_000 }).toBe(3);
    server.tell('stat', stat(0));
    expect(await running).toMatchObject({ state: 'completed', figures: { inFlightLeft: 0 } });
    expect(server.log.filter((line) => /stop|rm|kill/.test(line))).toEqual([]);
  });

  it('JN2 writes its intent before each step and its outcome after, in order, whole', async () => {
    await flip();
    const records = server.journal();
    expect(records.map(({ step, phase }) => `${step} ${phase}`)).toEqual([
      'gate begin',
      'gate done',
      'move begin',
      'move done',
      'drain begin',
      'drain done',
    ]);
    expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(records[3]).toMatchObject({
      job: 'f1',
      verb: 'flip',
      by: `o'neil "x" \\ 🚂@laptop`,
      release: '0002',
      left: '0001',
      slot: 'green',
    });
    await server.run('b1', server.flipPlan('rollback'));
    expect(server.journal().at(-1)?.seq).toBe(12);
  });

  it('JN2 a refused one says so in the journal', async () => {
    server.answers('green', 'bad no answer');
    await flip();
    expect(server.journal().at(-1)).toMatchObject({ step: 'gate', phase: 'fail', code: 'not-ready' });
  });

  it('JN4 of two at once only one moves the traffic', async () => {
    server.tell('slow', '0.5');
    const both = await Promise.all(['f1', 'f2'].map((id) => flip(id)));
    const outcomes = both.map((job) => `${job.state} ${job.failure?.code ?? ''}`).sort();
    expect(outcomes).toEqual(['completed ', 'refused lock-held']);
    expect(server.log.filter((line) => line.startsWith('set map'))).toHaveLength(1);
  });

  it('JN4 that lost its epoch while it slept acts no more', async () => {
    server.tell('slow', '2');
    const running = flip();
    const held = path.join(server.root, 'lock/frontend/1/owner');
    await expect.poll(() => existsSync(held), { timeout: 20_000 }).toBe(true);
    await expect.poll(() => server.jobs().get('f1')?.steps[0]?.state, { timeout: 20_000 }).toBe('running');
    await server.sh(`mkdir -p '${server.root.replaceAll("'", "'\\''")}/lock/frontend/2'`);
    expect(await running).toMatchObject({ state: 'indeterminate', failure: { code: 'lock-held' } });
    expect([server.live, server.log]).toEqual(['blue-settled', []]);
  });

  it.each<[string, string, string]>([
    ['what the running entry point goes by', 'blue-watching', 'nothing'],
    ['who is current, where that does not know either', '', ''],
  ])('FL10 writes a live.map that says nothing anew, by %s', async (_by, believed, written) => {
    server.live = written;
    server.runtime = believed;
    expect(await flip()).toMatchObject({ state: 'completed' });
    const expected = believed === '' ? 'blue-settled' : believed;
    expect(server.feedTexts().join('\n')).toContain(
      `live.map of frontend could not be read; it says ${expected} again`,
    );
    expect([server.live, server.runtime]).toEqual(['green-settled', 'green-settled']);
  });

  it('of an entry point that is gone is no flip', async () => {
    server.tell('gone');
    const job = await flip();
    expect(job.state).not.toBe('completed');
    expect([server.live, server.runtime]).toEqual(['blue-settled', 'blue-settled']);
  });
});

describe('the watch after a flip', () => {
  const stat = (green: string, blue: string) =>
    `p3000_green-watching,green,0,0,0,0,,0,0,0,,0,,0,0,0,0,${green},${','.repeat(19)}HANA,\np3000_green-watching,blue,0,0,0,0,,0,0,0,,0,,0,0,0,0,${blue},\n`;
  const watch = (minutes: number) => server.run('f1', server.flipPlan('flip', { watchMinutes: minutes }));

  it('WA1 goes back when the entry point took the release out and previous passes', async () => {
    server.tell('stat', stat('UP', 'UP'));
    await watch(5);
    server.tell('stat', stat('DOWN', 'UP'));
    expect(await server.ended('f1-watch')).toMatchObject({
      state: 'rolled-back',
      verb: 'rollback',
      by: 'the watch',
      failure: { code: 'went-back' },
    });
    expect([server.live, server.runtime, server.roleOf('current')]).toEqual(['blue-settled', 'blue-settled', '0001']);
  });

  it('WA1 stays when previous is as ill', async () => {
    server.tell('stat', stat('UP', 'UP'));
    await watch(5);
    server.answers('blue', 'bad no answer');
    server.answers('green', 'bad no answer');
    server.tell('stat', stat('DOWN', 'DOWN'));
    await expect
      .poll(() => server.feedTexts().some((line) => line.includes('previous does not answer either')), {
        timeout: 20_000,
      })
      .toBe(true);
    expect([server.live, server.roleOf('current')]).toEqual(['green-watching', '0002']);
    server.role('previous', null);
    server.live = 'green-settled';
  });

  it('WA2 ends without a word when its flip was superseded', async () => {
    server.tell('stat', stat('UP', 'UP'));
    await watch(5);
    const back = await server.run('b1', server.flipPlan('rollback'));
    expect(back.state).toBe('completed');
    const lines = server.feedTexts().length;
    server.tell('stat', stat('DOWN', 'UP'));
    await expect.poll(() => server.watchesOf('f1'), { timeout: 20_000 }).toEqual([]);
    expect([server.feedTexts().length, server.live, server.roleOf('current')]).toEqual([lines, 'blue-settled', '0001']);
  });

  it('settles when its time is over', async () => {
    server.tell('stat', stat('UP', 'UP'));
    await watch(1 / 30);
    await expect.poll(() => server.live, { timeout: 20_000 }).toBe('green-settled');
    await expect
      .poll(() => server.feedTexts().some((line) => line.includes('"kind":"settled"')), { timeout: 20_000 })
      .toBe(true);
    expect(server.runtime).toBe('green-settled');
  });
});
