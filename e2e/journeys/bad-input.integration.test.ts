import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { FailureCode } from '../../src/core/failure.ts';
import type { Session } from '../../src/engine/session.ts';
import { eventually } from '../../src/testkit/eventually.ts';
import {
  withDockerStopped,
  withFullDisk,
  withOldCompose,
  withoutCompose,
  withReadOnlyFolder,
  withRegistryDown,
  withRegistrySilent,
} from '../lab/faults.ts';
import type { Lab } from '../lab/lab.ts';
import { startLoad } from '../load/load.ts';
import {
  act,
  completes,
  connectTo,
  type Ended,
  editImage,
  endOf,
  fileOn,
  folderPrint,
  frontendImage,
  frontendOf,
  get,
  identities,
  oneIsLive,
  type Place,
  serviceOn,
} from './journey.ts';
import { theLab } from './the-lab.ts';

const name = { stack: 'shop', service: 'frontend' };
const backend = { stack: 'shop', service: 'backend' };

/** A failure told whole: the code, a sentence that names what it is about, and what runs now. */
function expectTold(ended: Ended, code: FailureCode, words: RegExp, outcome: Ended['outcome'] = 'aborted'): void {
  expect(ended).toMatchObject({ outcome, failure: { code } });
  const { message = '', detail = '', running = '' } = ended.failure ?? {};
  expect(`${message} ${detail}`).toMatch(words);
  expect(message).toMatch(/^\S.*[.!?]$/s);
  expect(`${running} ${message}`, 'what runs now, or that nothing changed').toMatch(
    /keeps the traffic|runs as before|runs on|Nothing was changed|is not touched/,
  );
}

describe('before adoption', () => {
  let lab: Lab;
  let frontend: Place;
  let session: Session;
  beforeAll(async () => {
    lab = await theLab('shop');
    await lab.reset('shop');
    frontend = frontendOf(lab);
    session = await connectTo(lab, 'home');
  });
  afterAll(() => session?.close());

  const unchanged = async (step: () => Promise<unknown>) => {
    const look = async () =>
      `${await folderPrint(lab, 'home', frontend.folder)}${await identities(lab, 'home', 'shop-frontend-1', 'shop-db-1')}`;
    const before = await look();
    await step();
    expect(await look()).toBe(before);
    expect((await get(frontend.at().host, frontend.at().port)).status).toBe(200);
  };

  test('a compose.yaml that is broken, invalid, unreadable or gone stops adoption, and nothing is changed', async () => {
    const file = `${frontend.folder}/compose.yaml`;
    for (const [breakIt, code, words] of [
      [`printf '\\n  - : [\\n' >>compose.yaml`, 'compose-broken', /yaml|line/i],
      [`sed -i 's/restart: unless-stopped/restrat: always/' compose.yaml`, 'compose-broken', /restrat/],
      [`sed -i 's/^services:/servces:/' compose.yaml`, 'compose-broken', /servces/],
      ['chmod 000 compose.yaml', 'compose-unreadable', /compose\.yaml/],
      ['rm compose.yaml', 'compose-unreadable', /compose\.yaml/],
    ] as const) {
      await lab.exec('home', `cd ${frontend.folder} && cp -p compose.yaml ~/kept && ${breakIt}`);
      try {
        await unchanged(async () => {
          const plan = await session.planAdopt(name, {});
          expect(plan, breakIt).toMatchObject({ ok: false, failure: { code } });
          expectTold(await act(session, name, 'adopt'), code, words, 'not-started');
        });
      } finally {
        await lab.exec('home', `mv ~/kept ${file}`);
      }
    }
    expect(await session.planAdopt(name, {})).toMatchObject({ ok: true, value: { adoptable: true } });
  });

  test('AD1 a read-only project folder stops adoption, and says so in the plan', async () => {
    await withReadOnlyFolder(lab, 'home', frontend.folder, async () => {
      await unchanged(async () => {
        const plan = await session.planAdopt(name, {});
        expect(plan).toMatchObject({ ok: true, value: { adoptable: false } });
        expectTold(await act(session, name, 'adopt'), 'not-adoptable', /read-only.*cannot be written/s, 'not-started');
      });
    });
  });

  test('AD1 a database is not adopted, nor a service that does not run', async () => {
    await unchanged(async () => {
      expectTold(
        await act(session, { stack: 'shop', service: 'db' }, 'adopt'),
        'not-adoptable',
        /State that only one release may open.*\/var\/lib\/postgresql\/data/s,
        'not-started',
      );
    });
    await lab.exec('home', 'docker stop -t 1 shop-backend-1');
    await eventually('the map sees it', () => serviceOn(session, backend).health === 'stopped');
    expectTold(await act(session, backend, 'adopt'), 'not-adoptable', /does not run/, 'not-started');
    expectTold(await act(session, name, 'deploy'), 'not-adopted', /adopt it first/, 'not-started');
    expectTold(await act(session, name, 'flip'), 'not-adopted', /adopt it first/, 'not-started');
    await lab.exec('home', 'docker start shop-backend-1');
    expectTold(
      await act(session, { stack: 'shop', service: 'nothing' }, 'adopt'),
      'service-unknown',
      /no service shop\/nothing/,
      'not-started',
    );
  });

  test('AD5 a service that answers its check wrongly is not switched, and plain compose runs on', async () => {
    const before = await identities(lab, 'home', 'shop-frontend-1');
    const slow = act(session, name, 'adopt', { checkPath: '/no-such-page' });
    // Two minutes of patience are for slow services; this one is helped along by ending the copy.
    await eventually(
      'the copy is asked',
      () =>
        session
          .jobs()
          .some(
            (job) =>
              job.state === 'running' && job.steps.some((step) => step.name === 'ready' && step.state === 'running'),
          ),
      40_000,
    );
    await lab.exec('home', 'docker update --restart no shop--frontend--blue && docker kill shop--frontend--blue');
    expectTold(await slow, 'put-back', /nothing was switched/);
    expect(await identities(lab, 'home', 'shop-frontend-1')).toBe(before);
    const left = await lab.exec(
      'home',
      `docker ps -a --format '{{.Names}}'; ls ${frontend.folder} ${frontend.folder}/.switchyard`,
    );
    expect(left.stdout).not.toMatch(/shop--frontend|override|^frontend$/m);
    await eventually('the map says it was not adopted', () => {
      const { adopted } = serviceOn(session, name);
      return !adopted;
    });
    session.dismiss(name);
  });

  test('a user outside group docker, and a compose that is missing or old, are told when connecting', async () => {
    await expect(connectTo(lab, 'home', { target: 'guest@home' })).rejects.toThrow(/docker-forbidden/);
    await withoutCompose(lab, 'home', () => expect(connectTo(lab, 'home')).rejects.toThrow(/compose-missing/));
    await withOldCompose(lab, 'home', () => expect(connectTo(lab, 'home')).rejects.toThrow(/compose-old.*2\.10\.0/));
  });
});

describe('when adopted', () => {
  let lab: Lab;
  let frontend: Place;
  let session: Session;
  let live: string;
  const liveContainers = () => identities(lab, 'home', 'shop-frontend-1', 'shop--frontend--blue', 'shop-db-1');

  beforeAll(async () => {
    lab = await theLab('shop');
    frontend = frontendOf(lab);
    session = await connectTo(lab, 'home');
    await completes(session, name, 'adopt', { checkPath: '/healthz' });
    live = await liveContainers();
  });
  afterAll(() => session?.close());
  beforeEach(() => oneIsLive(frontend, '1.0.0'));

  /** Waits until a job is in a step, as the session tells it. */
  const inStep = (job: string, step: string, watcher = session) =>
    eventually(
      `${job} is in ${step}`,
      () =>
        watcher
          .jobs()
          .some(
            (each) => each.id === job && each.steps.some(({ name, state }) => name === step && state === 'running'),
          ),
      60_000,
    );
  const compose = () => fileOn(lab, 'home', `${frontend.folder}/compose.yaml`);
  /** Runs a step that must leave all that has the traffic, and the operator's files, as they were. */
  const untouched = async (step: () => Promise<unknown>) => {
    const before = await compose();
    await step();
    expect(await compose()).toBe(before);
    expect(await liveContainers()).toBe(live);
    await oneIsLive(frontend, '1.0.0');
  };

  test('RE4 an image or repository that does not exist', () =>
    untouched(async () => {
      for (const image of [frontendImage('9.9.9'), 'registry.lab:5000/shop/nothing:1'])
        expectTold(
          await act(session, name, 'deploy', { image }),
          'image-missing',
          new RegExp(`${image}.*(not found|unknown)`, 's'),
        );
      expect(serviceOn(session, name).switch).toMatchObject({ kind: 'failed', verb: 'deploy', step: 'pull' });
      session.dismiss(name);
      expect(serviceOn(session, name).switch).toMatchObject({ kind: 'idle' });
    }));

  test('RE4 a registry that is down', () =>
    withRegistryDown(lab, 'home', () =>
      untouched(async () => {
        expectTold(
          await act(session, name, 'deploy', { image: frontendImage('1.1.0') }),
          'registry-unreachable',
          /refused/,
        );
      }),
    ));

  test('RE4 a disk that is full while pulling', () =>
    untouched(async () => {
      await withFullDisk(lab, 'home', async () => {
        expectTold(await act(session, name, 'deploy', { image: frontendImage('1.6.0') }), 'disk-full', /no space left/);
      });
    }));

  test('a state folder that cannot be written takes no job', () =>
    untouched(() =>
      withReadOnlyFolder(lab, 'home', `${frontend.folder}/.switchyard`, async () => {
        for (const verb of ['deploy', 'retire', 'eject', 'flip'] as const) {
          const ended = await act(session, name, verb);
          if (verb === 'retire') expectTold(ended, 'nothing-to-do', /no previous/, 'not-started');
          else expectTold(ended, 'folder-read-only', /cannot be written/, 'not-started');
        }
      }),
    ));

  test('a compose.yaml that is broken or unreadable stops a deploy, and what runs runs on', async () => {
    for (const [breakIt, code] of [
      [`printf '\\n  - : [\\n' >>compose.yaml`, 'compose-broken'],
      [`sed -i 's/restart: unless-stopped/restrat: always/' compose.yaml`, 'compose-broken'],
      ['chmod 000 compose.yaml', 'compose-unreadable'],
    ] as const) {
      await lab.exec('home', `cd ${frontend.folder} && cp -p compose.yaml ~/kept && ${breakIt}`);
      try {
        expectTold(await act(session, name, 'deploy'), code, /compose/, 'not-started');
        expectTold(await act(session, name, 'eject'), code, /compose/, 'not-started');
        await oneIsLive(frontend, '1.0.0');
      } finally {
        await lab.exec('home', `mv ~/kept ${frontend.folder}/compose.yaml`);
      }
    }
    expect(await liveContainers()).toBe(live);
  });

  test('compose.yaml edited between plan and job is seen, and the job refuses', () =>
    untouched(async () => {
      const original = await compose();
      const editing = lab.exec(
        'home',
        `cd ${frontend.folder} && for i in $(seq 3000); do printf '# %s\\n' "$i" >>compose.yaml; [ -e ~/stop-editing ] && break; sleep 0.01; done; rm -f ~/stop-editing`,
      );
      try {
        await eventually('the editing has begun', async () => (await compose()) !== original);
        expectTold(
          await act(session, name, 'deploy', { image: frontendImage('1.1.0') }),
          'compose-changed',
          /changed while/,
          'refused',
        );
      } finally {
        await lab.exec('home', ': >~/stop-editing');
        await editing;
        await lab.exec('home', `cat >${frontend.folder}/compose.yaml`, { input: original });
      }
      session.dismiss(name);
    }));

  test('compose.yaml edited while a picked image is being prepared: the edit stays, and next is not for flipping', async () => {
    const original = await compose();
    const deploy = await withRegistrySilent(lab, 'home', async () => {
      const started = await session.start(name, 'deploy', { image: frontendImage('1.1.0') });
      if (!started.ok) throw new Error(started.failure.message);
      await inStep(started.value.id, 'pull');
      await lab.exec('home', `printf '# a word of mine\\n' >>${frontend.folder}/compose.yaml`);
      return started;
    });
    expectTold(await endOf(session, deploy.value), 'compose-changed', /compose\.yaml|compose files/);
    expect(await compose()).toBe(`${original}# a word of mine\n`);
    expect(serviceOn(session, name).switch).toMatchObject({
      kind: 'not-ready',
      reason: expect.stringContaining('changed'),
    });
    expect((await act(session, name, 'flip')).outcome).toBe('refused');
    expect(await liveContainers()).toBe(live);
    await lab.exec('home', `cat >${frontend.folder}/compose.yaml`, { input: original });
    await completes(session, name, 'retire', { role: 'next' });
  });

  test('RE6 no free slot: a ready next is in the way, and --replace puts it aside', () =>
    untouched(async () => {
      await lab.exec('home', `cp -p ${frontend.folder}/compose.yaml ~/kept`);
      await completes(session, name, 'deploy', { image: frontendImage('1.1.0') });
      const refused = await act(session, name, 'deploy', { image: frontendImage('1.6.0') });
      expectTold(refused, 'no-free-slot', /green holds release \d+.*ready/s, 'refused');
      await completes(session, name, 'deploy', { image: frontendImage('1.6.0'), replace: true });
      expect(serviceOn(session, name).slots.green).toMatchObject({ role: 'next', version: '1.6.0' });
      await lab.exec('home', `mv ~/kept ${frontend.folder}/compose.yaml`);
    }));

  test('FL1 a next that stopped or became ill since is not flipped to', () =>
    untouched(async () => {
      await lab.exec('home', 'docker stop -t 1 shop--frontend--green');
      await eventually('the map sees it', () => serviceOn(session, name).switch.kind === 'not-ready');
      expectTold(await act(session, name, 'flip'), 'not-ready', /does not pass its checks now/, 'refused');
      session.dismiss(name);
      expect(serviceOn(session, name).switch).toMatchObject({ kind: 'not-ready', reason: /does not run any more/ });
      await lab.exec('home', 'docker start shop--frontend--green');
      await eventually('it is ready again', () => serviceOn(session, name).switch.kind === 'next-ready');
    }));

  test('JN4 two windows: one flip completes, the other is told who was first or that nothing is left to do', async () => {
    const other = await connectTo(lab, 'home', { by: 'other@window' });
    const running = await startLoad({
      ...frontend.at(),
      clients: 8,
      perSecond: 200,
      maxRequests: 50_000,
      maxMs: 60_000,
    });
    try {
      const ends = await Promise.all([
        act(session, name, 'flip', { watchMinutes: 0 }),
        act(other, name, 'flip', { watchMinutes: 0 }),
      ]);
      expect(ends.map((each) => each.outcome).sort()).toEqual(['completed', 'refused']);
      const loser = ends.find((each) => each.outcome === 'refused');
      expect(['lock-held', 'nothing-to-do']).toContain(loser?.failure?.code);
      if (loser?.failure?.code === 'lock-held')
        expect(loser.failure.message).toMatch(/(tester@journey|other@window) since \d\d:\d\d:\d\d: flip of frontend/);
      await oneIsLive(frontend, '1.6.0');
      await eventually('both windows show the same', () => {
        const [mine, theirs] = [session, other].map((each) => serviceOn(each, name));
        return mine?.live === 'green' && theirs?.live === 'green';
      });
      const both = await Promise.all([act(session, name, 'rollback'), act(other, name, 'deploy', { release: 1 })]);
      expect(both[0].outcome, JSON.stringify(both[0].failure)).toBe('completed');
      await oneIsLive(frontend, '1.0.0');
    } finally {
      other.close();
    }
    expect((await running.stop()).samples).toEqual([]);
    session.dismiss(name);
  });

  test('JN4 a second job is told who holds the service and since when; a rollback makes a deploy give way', async () => {
    const other = await connectTo(lab, 'home', { by: 'other@window' });
    try {
      // Whatever the tests before left: previous is warm.
      if (serviceOn(session, name).slots.green?.role === 'next')
        await completes(session, name, 'retire', { role: 'next' });
      await completes(session, name, 'deploy', { release: 1 });
      await completes(session, name, 'flip', { watchMinutes: 0 });
      await withRegistrySilent(lab, 'home', async () => {
        const deploy = await session.start(name, 'deploy', { image: frontendImage('1.1.0') });
        if (!deploy.ok) throw new Error(deploy.failure.message);
        await inStep(deploy.value.id, 'pull', other);
        expectTold(
          await act(other, name, 'deploy', { release: 1, noWait: true }),
          'lock-held',
          /tester@journey: deploy of frontend/,
          'not-started',
        );
        const began = Date.now();
        await completes(other, name, 'rollback');
        expect(Date.now() - began).toBeLessThan(15_000);
        expect(await endOf(session, deploy.value)).toMatchObject({
          outcome: 'aborted',
          failure: { code: 'cancelled' },
        });
      });
      await oneIsLive(frontend, '1.0.0');
    } finally {
      other.close();
    }
    live = await liveContainers();
    session.dismiss(name);
  });

  test('Docker stopped while a deploy waits for next: told as that, and the live release comes back with Docker', async () => {
    const before = await compose();
    await editImage(frontend, '1.3.0');
    const deploy = await session.start(name, 'deploy', {});
    if (!deploy.ok) throw new Error(deploy.failure.message);
    await inStep(deploy.value.id, 'ready');
    const ended = await withDockerStopped(lab, 'home', async () => {
      const result = await endOf(session, deploy.value);
      expectTold(result, 'docker-stopped', /Docker/);
      const flip = await act(session, name, 'flip');
      expect(flip.outcome).not.toBe('completed');
      expect(['docker-stopped', 'not-ready', 'nothing-to-do']).toContain(flip.failure?.code);
      return result;
    });
    expect(ended.outcome).toBe('aborted');
    await eventually('the live release is back', () => oneIsLive(frontend, '1.0.0'), 60_000);
    await eventually('the map is true again', () => serviceOn(session, name).health === 'running', 30_000);
    await lab.exec('home', `cat >${frontend.folder}/compose.yaml`, { input: before });
    session.dismiss(name);
    await completes(session, name, 'deploy', { release: 1 });
    await completes(session, name, 'flip', { watchMinutes: 0 });
    await oneIsLive(frontend, '1.0.0');
  });

  test('an entry point that is stopped: a flip says so, and a rollback starts it', async () => {
    await completes(session, name, 'deploy', { release: 1 });
    await lab.exec('home', 'docker stop -t 1 shop-frontend-1');
    expectTold(
      await act(session, name, 'flip'),
      'entry-failed',
      /entry point shop-frontend-1.*does not run/s,
      'refused',
    );
    await lab.exec('home', 'docker start shop-frontend-1');
    await eventually('it answers', () => oneIsLive(frontend, '1.0.0'));
    await completes(session, name, 'flip', { watchMinutes: 0 });
    await lab.exec('home', 'docker stop -t 1 shop-frontend-1');
    // Going back is what one does when nothing answers.
    await completes(session, name, 'rollback');
    await eventually('it answers', () => oneIsLive(frontend, '1.0.0'));
    session.dismiss(name);
  });
});
