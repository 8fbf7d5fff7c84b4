import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarArchive } from '../../src/adapters/archive/tar-archive.ts';
import { yamlComposeText } from '../../src/adapters/compose-text/yaml-compose-text.ts';
import { renderScript } from '../../src/core/command.ts';
import type { Job } from '../../src/core/job.ts';
import { recoverScript } from '../../src/core/server-scripts.ts';
import type { ServiceState } from '../../src/core/server-state.ts';
import { releaseRecordSchema } from '../../src/core/service-record.ts';
import type { Trouble } from '../../src/core/trouble.ts';
import { uploadJob } from '../../src/engine/job-upload.ts';
import { planMendJob } from '../../src/engine/mend.ts';
import type { VerbFacts } from '../../src/engine/verbs.ts';
import { dockerFacts, release, serviceRecord, serviceState } from '../../src/testkit/engine/facts.ts';
import { KitServer, kit } from './server.ts';

const entry = 'shop-frontend-1';
const config = 'global\n  maxconn 2000\n';
const block = [
  '# switchyard begin frontend',
  'frontend:',
  '  image: haproxy:3.0',
  '  volumes: !override',
  '    - type: bind',
  '# switchyard end frontend',
];
const override = [
  'services:',
  ...block.map((line) => `  ${line}`),
  '  mine: # the operator’s own',
  '    image: x',
  '',
].join('\n');

type Container = { status: string; mount: string; release: string; networks: string[]; service: string };

/** A server with one adopted service as `KitServer` has it, 0002 warm in green behind 0001, whose containers can be broken. */
class BrokenServer extends KitServer {
  constructor() {
    super({ name: 'switchyard mend' });
    this.env.PATH = `${import.meta.dirname}/stub-host:${process.env.PATH}`;
    this.role('next', null);
    this.role('previous', '0002');
    writeFileSync(path.join(this.service, 'service.json'), JSON.stringify(serviceRecord({ dependsOn: ['backend'] })));
    this.write('.switchyard/frontend/entry/haproxy.cfg', config);
    // What adoption wrote, as the home state keeps it.
    writeFileSync(path.join(this.home, 'frontend/haproxy.cfg'), config);
    writeFileSync(path.join(this.home, 'frontend/override.block'), `${block.map((line) => `  ${line}`).join('\n')}\n`);
    for (const [number, slot] of Object.entries({ '0001': 'blue', '0002': 'green' })) {
      const kept = path.join(this.home, 'frontend/releases', number);
      mkdirSync(kept, { recursive: true });
      const service = `  shop--frontend--${slot}:\n    container_name: shop--frontend--${slot}\n    image: registry.lan/x@sha256:ab\n`;
      writeFileSync(path.join(kept, 'compose.yaml'), `services:\n${service}`);
      writeFileSync(path.join(kept, 'image-id'), 'sha256:1\n');
      writeFileSync(path.join(kept, 'rollback.sh'), 'exit 0\n');
      // The stub of Docker tells by it which container compose would make.
      writeFileSync(path.join(kept, 'slot'), `${slot}\n`);
    }
    const record = JSON.stringify(serviceRecord({ dependsOn: ['backend'] }));
    writeFileSync(path.join(this.home, 'frontend/service.json'), record);
    this.write('compose.yaml', 'services: {frontend: {image: a}}\n');
    this.write('compose.override.yaml', override);
    this.tell('config.json', JSON.stringify({ name: 'shop', services: { frontend: { image: 'a' } } }));
    mkdirSync(path.join(this.stub, 'networks'), { recursive: true });
    this.tell('networks/shop_default');
    // Through the entry point.
    this.tell('answers/127.0.0.1', 'good HTTP 200\n');
    this.container('entry', { name: entry, service: 'frontend', mount: `${this.service}/entry` });
    this.container('backend', { name: 'shop-backend-1', service: 'backend' });
    this.container('blue', { name: 'shop--frontend--blue', project: 'shop--frontend', release: '0001' });
    this.container('green', { name: 'shop--frontend--green', project: 'shop--frontend', release: '0002' });
  }

  write(name: string, text: string): void {
    mkdirSync(path.dirname(path.join(this.folder, name)), { recursive: true });
    writeFileSync(path.join(this.folder, name), text);
  }

  read(name: string): string {
    return readFileSync(path.join(this.folder, name), 'utf8');
  }

  container(id: string, fields: { name: string } & Record<string, string>): void {
    const folder = path.join(this.stub, 'containers', id);
    mkdirSync(folder, { recursive: true });
    const whole = {
      project: 'shop',
      service: '',
      status: 'running',
      mount: '',
      release: '',
      networks: 'shop_default',
      image: 'x',
      ...fields,
    };
    for (const [name, text] of Object.entries(whole)) writeFileSync(path.join(folder, name), `${text}\n`);
  }

  set(id: string, name: string, text: string): void {
    writeFileSync(path.join(this.stub, 'containers', id, name), text === '' ? '' : `${text}\n`);
  }

  remove(...ids: string[]): void {
    for (const id of ids) rmSync(path.join(this.stub, 'containers', id), { recursive: true });
  }

  /** What runs, by name. */
  get containers(): Record<string, Container> {
    const folder = path.join(this.stub, 'containers');
    const field = (id: string, name: string) => {
      const file = path.join(folder, id, name);
      return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    };
    return Object.fromEntries(
      readdirSync(folder).map((id) => [
        field(id, 'name'),
        {
          status: field(id, 'status'),
          mount: field(id, 'mount'),
          release: field(id, 'release'),
          networks: field(id, 'networks').split('\n'),
          service: field(id, 'service'),
        },
      ]),
    );
  }

  get calls(): string[] {
    const file = path.join(this.stub, 'calls');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  facts(troubles: Partial<Trouble>[] = [], containers: { id: string }[] = []): VerbFacts {
    return {
      shell: this.shell,
      kit,
      composeText: yamlComposeText,
      docker: dockerFacts([]),
      folder: this.folder,
      home: this.home,
      by: 'ada@laptop',
      stack: { name: 'shop' },
      service: { name: 'frontend', troubles, containers },
      state: serviceState({
        record: serviceRecord({ dependsOn: ['backend'], readySeconds: 3 }),
        previous: release(2, 'green'),
      }),
    } as unknown as VerbFacts;
  }

  async plan(facts = this.facts()) {
    const plan = await planMendJob(facts);
    if (!plan.ok) throw new Error(`${plan.failure.code}: ${plan.failure.message} ${plan.failure.detail ?? ''}`);
    return plan.value;
  }

  async mend(facts = this.facts()): Promise<Job> {
    return this.run('m1', await this.plan(facts));
  }
}

let server: BrokenServer;
beforeEach(() => {
  server = new BrokenServer();
});
afterEach(() => server.close());

const well = (job: Job) => {
  expect(job, JSON.stringify(job.failure)).toMatchObject({ state: 'completed', failure: null });
  expect(server.containers[entry]).toMatchObject({
    status: 'running',
    mount: `${server.service}/entry`,
    service: 'frontend',
  });
  expect(server.containers['shop--frontend--blue']).toMatchObject({ status: 'running', release: '0001' });
  expect(server.live).toBe('blue-settled');
  expect(server.read('compose.override.yaml')).toBe(override);
  expect(server.read('.switchyard/frontend/entry/haproxy.cfg')).toBe(config);
};

describe('DN6 a mend', () => {
  it('of what is well does nothing, and says that it answers', async () => {
    well(await server.mend());
    expect(server.calls).toEqual([]);
  });

  it.each<[string, () => void, string[]]>([
    ['the entry point gone', () => server.remove('entry'), ['compose up frontend']],
    ['the entry point stopped', () => server.set('entry', 'status', 'exited'), ['start entry']],
    ['the entry point paused', () => server.set('entry', 'status', 'paused'), ['unpause entry']],
    ['the entry point in a crash loop', () => server.set('entry', 'status', 'restarting'), ['restart -t 1 entry']],
    ['the entry point renamed', () => server.set('entry', 'name', 'web-of-old'), [`rename entry ${entry}`]],
    ['the entry point cut off', () => server.set('entry', 'networks', ''), ['compose up frontend forced']],
    ['the release stopped', () => server.set('blue', 'status', 'exited'), ['start shop--frontend--blue']],
    ['the release paused', () => server.set('blue', 'status', 'paused'), ['unpause shop--frontend--blue']],
    ['the release gone', () => server.remove('blue'), ['compose up slot blue 0001']],
    [
      'the release cut off',
      () => server.set('blue', 'networks', ''),
      ['network connect shop_default shop--frontend--blue'],
    ],
    ['the way back stopped', () => server.set('green', 'status', 'exited'), ['start shop--frontend--green']],
    ['the way back gone', () => server.remove('green'), ['compose up slot green 0002']],
    [
      'all of the stack down',
      () => server.remove('entry', 'backend'),
      ['compose up backend kept', 'compose up frontend'],
    ],
    [
      'everything gone, and the network',
      () => {
        server.remove('entry', 'backend', 'blue', 'green');
        rmSync(path.join(server.stub, 'networks/shop_default'));
      },
      [
        'compose up frontend created kept',
        'compose up backend kept',
        'compose up slot blue 0001',
        'start made1',
        'compose up slot green 0002',
      ],
    ],
  ])('%s', async (_, breaks, calls) => {
    breaks();
    well(await server.mend());
    expect(server.calls).toEqual(calls);
    expect(server.containers['shop--frontend--green']).toMatchObject({ status: 'running', release: '0002' });
  });

  it('makes a release anew that cannot join the network again', async () => {
    server.set('blue', 'networks', '');
    server.tell('fails', 'network connect\n');
    well(await server.mend());
    expect(server.calls.at(-1)).toBe('compose up slot blue 0001 forced');
  });

  it('writes our lines of the override again, between the operator’s, or in a file of their own', async () => {
    server.write('compose.override.yaml', override.replace('haproxy:3.0', 'haproxy:2.8'));
    well(await server.mend());
    rmSync(path.join(server.folder, 'compose.override.yaml'));
    const job = await server.run('m2', await server.plan());
    expect(job.failure).toBeNull();
    expect(server.read('compose.override.yaml')).toContain(block.map((line) => `  ${line}`).join('\n'));
    server.write('compose.override.yaml', 'services:\n    mine:\n        image: x\n');
    expect((await server.run('m3', await server.plan())).failure).toBeNull();
    expect(server.read('compose.override.yaml')).toBe(
      `services:\n${block.map((line) => `    ${line}`).join('\n')}\n    mine:\n        image: x\n`,
    );
  });

  it('writes haproxy.cfg as it was, and restarts an entry point that runs by what was written over it', async () => {
    const file = path.join(server.service, 'entry/haproxy.cfg');
    writeFileSync(file, `${config}lua-load /tmp/x\n`);
    utimesSync(file, new Date('2020-01-01T00:00:00Z'), new Date('2020-01-01T00:00:00Z'));
    server.set('entry', 'started', '2019-01-01T00:00:00.5Z');
    well(await server.mend());
    expect(server.calls).toEqual([]);
    writeFileSync(file, 'nonsense\n');
    utimesSync(file, new Date('2020-01-01T00:00:00Z'), new Date('2020-01-01T00:00:00Z'));
    server.set('entry', 'started', '2020-01-01T00:00:03.5Z');
    const job = await server.run('m2', await server.plan());
    well(job);
    expect(server.calls).toEqual(['restart -t 1 entry']);
  });

  it('makes the folder of the entry point again, with live.map as the entry point went by', async () => {
    rmSync(path.join(server.service, 'entry'), { recursive: true });
    well(await server.mend());
    expect(server.calls).toEqual(['restart -t 1 entry']);
  });

  describe('DN12 of a service whose files are gone', () => {
    const gone = (more: Partial<ServiceState> = {}): VerbFacts => {
      const facts = server.facts([{ cause: 'state-gone', mend: { kind: 'put-back' } }]);
      const unread = { live: null, current: null, next: null, previous: null, filesGone: true };
      return { ...facts, state: facts.state && { ...facts.state, ...unread, ...more } };
    };
    const releaseOf = (number: string) =>
      releaseRecordSchema.parse(JSON.parse(server.read(`.switchyard/frontend/releases/${number}/release.json`)));

    it.each(['.switchyard/frontend', '.switchyard'])(
      'writes them again from what is kept apart: %s',
      async (folder) => {
        rmSync(path.join(server.folder, folder), { recursive: true });
        well(await server.mend(gone()));
        expect([server.roleOf('current'), server.roleOf('previous'), server.roleOf('next')]).toEqual([
          '0001',
          '0002',
          null,
        ]);
        expect(releaseOf('0001')).toMatchObject({ number: 1, slot: 'blue', imageId: 'sha256:1' });
        expect(server.read('.switchyard/frontend/releases/0002/state')).toBe('ready 0 0\n');
        expect(server.read('.switchyard/frontend/service.json')).toBe(
          readFileSync(path.join(server.home, 'frontend/service.json'), 'utf8'),
        );
        expect(server.calls).toEqual(['restart -t 1 entry']);
      },
    );

    it('goes by what the client had read where the entry point does not run', async () => {
      rmSync(server.service, { recursive: true });
      server.remove('entry', 'green');
      server.runtime = '';
      well(await server.mend(gone({ live: 'blue-watching', current: release(1, 'blue'), next: release(2, 'green') })));
      expect([server.roleOf('current'), server.roleOf('previous'), server.roleOf('next')]).toEqual([
        '0001',
        null,
        '0002',
      ]);
      expect(releaseOf('0001')).toEqual(release(1, 'blue').file);
    });

    const bypassed = (): VerbFacts => {
      const facts = server.facts([{ cause: 'bypassed', mend: { kind: 'put-back' } }], [{ id: 'plain' }]);
      return { ...facts, state: gone().state };
    };

    it.each([
      [
        'the release whose image answers in the place of the entry point, where nobody else knows',
        'sha256:1',
        'completed',
      ],
      ['nothing where that is no image of a release', 'sha256:9', 'aborted'],
    ])('goes by %s', async (_what, image, state) => {
      rmSync(server.service, { recursive: true });
      server.remove('entry', 'green');
      server.runtime = '';
      server.container('plain', { name: entry, service: 'frontend', image });
      expect(await server.mend(bypassed())).toMatchObject({ state });
      expect(server.roleOf('current')).toBe(state === 'completed' ? '0001' : null);
    });

    it('guesses nothing where both slots hold the image that answers', async () => {
      rmSync(server.service, { recursive: true });
      server.remove('entry');
      server.runtime = '';
      server.container('plain', { name: entry, service: 'frontend', image: 'sha256:1' });
      expect(await server.mend(bypassed())).toMatchObject({ state: 'aborted', failure: { code: 'not-mendable' } });
    });

    it('guesses nothing where nobody knows', async () => {
      rmSync(server.service, { recursive: true });
      server.set('entry', 'status', 'exited');
      expect(await server.mend(gone())).toMatchObject({ state: 'aborted', failure: { code: 'not-mendable' } });
      expect(existsSync(path.join(server.service, 'entry/live.map'))).toBe(false);
    });
  });

  it('is completed only when the release passes its checks, and says which does not', async () => {
    server.remove('entry');
    server.answers('blue', 'bad HTTP 500');
    const job = await server.mend();
    expect(job).toMatchObject({
      state: 'aborted',
      failure: {
        code: 'not-ready',
        message: expect.stringContaining('does not pass its checks'),
        detail: expect.stringContaining('HTTP 500'),
      },
    });
    expect(job.failure?.running).not.toContain('keeps the traffic');
  });

  it('is completed only when the entry point comes up', async () => {
    server.set('entry', 'status', 'exited');
    server.tell('fails', 'start\ncompose up\ncompose\n');
    expect(await server.mend()).toMatchObject({ state: 'aborted', failure: { code: 'entry-failed' } });
  });

  it('JN8 that died is finished, from whichever step it was in', async () => {
    for (const [index, step] of ['files', 'network', 'slot', 'entry', 'confirm'].entries()) {
      const id = `d${index}`;
      const plan = await server.plan();
      server.set('blue', 'status', 'exited');
      const plant = `at() { if [ "$step:$1" = "${step}:before" ] && ! [ -e "$job_dir/fired" ]; then : >"$job_dir/fired"; kill -KILL $$; fi; }\n`;
      const sent = await uploadJob(server.shell, tarArchive, kit, id, plan, plant);
      expect(sent.ok).toBe(true);
      const folder = server.jobFolder(id);
      await expect.poll(() => existsSync(path.join(folder, 'fired')), { timeout: 15_000 }).toBe(true);
      await server.sh(renderScript(recoverScript, [folder]));
      const job = await server.ended(id);
      well(job);
      expect(job.recovered).toBe(true);
    }
  });

  it('FL11 that waits for a release that does not get well leaves off for who goes back', async () => {
    server.answers('blue', 'bad HTTP 500');
    const plan = await server.plan();
    const sent = await uploadJob(server.shell, tarArchive, kit, 'm1', {
      ...plan,
      variables: { ...plan.variables, READY_S: '60' },
    });
    expect(sent.ok).toBe(true);
    await expect.poll(() => server.journal().some(({ step }) => step === 'confirm'), { timeout: 20_000 }).toBe(true);
    expect(await server.run('b1', server.flipPlan('rollback'))).toMatchObject({ state: 'completed' });
    expect(await server.ended('m1')).toMatchObject({ state: 'aborted', failure: { code: 'cancelled' } });
    expect([server.live, server.roleOf('current')]).toEqual(['green-settled', '0002']);
  });

  it('JN9 that is asked to stop stops, and what was put back stays', async () => {
    server.set('blue', 'status', 'exited');
    const plan = await server.plan();
    const plant = 'at() { [ "$step:$1" = entry:before ] && kill -TERM $$; return 0; }\n';
    await uploadJob(server.shell, tarArchive, kit, 's1', plan, plant);
    expect(await server.ended('s1')).toMatchObject({ state: 'aborted', failure: { code: 'cancelled' } });
    expect(server.containers['shop--frontend--blue']?.status).toBe('running');
  });
});

describe('DN7 a mend leaves alone', () => {
  it('a container of somebody’s that has the name of the entry point', async () => {
    server.remove('entry');
    server.container('theirs', { name: entry, project: '', image: 'nginx:1' });
    expect(await server.mend()).toMatchObject({
      state: 'aborted',
      failure: { code: 'not-mendable', detail: expect.any(String) },
    });
    expect(server.containers[entry]).toMatchObject({ status: 'running', mount: '' });
    expect(server.calls).toEqual([]);
  });

  it('one that says it is compose’s and is not the one that was seen', async () => {
    server.remove('entry');
    server.container('plain', { name: entry, service: 'frontend' });
    const mend = (id: string, containers: { id: string }[]) =>
      server
        .plan(server.facts([{ cause: 'bypassed', mend: { kind: 'put-back' } }], containers))
        .then((plan) => server.run(id, plan));
    expect(await mend('m1', [{ id: 'another' }])).toMatchObject({
      state: 'aborted',
      failure: { code: 'not-mendable' },
    });
    expect(server.calls).toEqual([]);
    well(await mend('m2', [{ id: 'plain' }]));
    expect(server.calls).toEqual(['compose up frontend']);
  });

  it('a container in the slot that is of another release', async () => {
    server.set('blue', 'release', '0009');
    expect(await server.mend()).toMatchObject({ state: 'aborted', failure: { code: 'exited-at-start' } });
    expect(server.calls).toEqual([]);
  });

  it('compose files that were changed while it was being prepared', async () => {
    server.write('compose.override.yaml', override.replace('haproxy:3.0', 'haproxy:2.8'));
    const plan = await server.plan();
    server.write('compose.yaml', 'services: {frontend: {image: b}}\n');
    expect(await server.run('m1', plan)).toMatchObject({ state: 'aborted', failure: { code: 'compose-changed' } });
    expect(server.read('compose.override.yaml')).toContain('haproxy:2.8');
  });

  it('an override that would not be valid with our lines in it', async () => {
    const broken = override.replace('haproxy:3.0', 'haproxy:2.8');
    server.write('compose.override.yaml', broken);
    const plan = await server.plan();
    server.tell('config-broken');
    expect(await server.run('m1', plan)).toMatchObject({ state: 'aborted', failure: { code: 'compose-broken' } });
    expect(server.read('compose.override.yaml')).toBe(broken);
  });

  it('every release and its images', async () => {
    const releases = path.join(server.service, 'releases');
    const before = readdirSync(releases, { recursive: true }).map((name) => [
      name,
      statSync(path.join(releases, String(name))).mtimeMs,
    ]);
    server.remove('entry', 'blue', 'green');
    well(await server.mend());
    expect(
      readdirSync(releases, { recursive: true }).map((name) => [
        name,
        statSync(path.join(releases, String(name))).mtimeMs,
      ]),
    ).toEqual(before);
    expect(server.calls.filter((call) => /\brm|rmi|volume|down/.test(call))).toEqual([]);
  });
});

it('DN7 what no click mends is refused before anything is sent', async () => {
  const facts = server.facts([
    {
      cause: 'entry-replaced',
      title: 'frontend is down: x',
      text: 'y',
      byHand: 'Remove it.',
      mend: null,
      orElse: null,
      quote: null,
    },
  ]);
  expect(await planMendJob(facts)).toMatchObject({
    ok: false,
    failure: { code: 'not-mendable', message: 'frontend is down: x. Remove it.', running: 'y' },
  });
});
