import { describe, expect, it, test } from 'vitest';
import {
  composed,
  container,
  digest,
  dockerFacts,
  releaseFile,
  serviceRecord,
  slotOf,
} from '../testkit/engine/facts.ts';
import { renderOverrideBlock } from './adoption.ts';
import { renderAssignments } from './command.ts';
import type { ContainerFact } from './docker-facts.ts';
import { type EntrySpec, renderEntryConfig } from './entry.ts';
import { labels } from './server-layout.ts';
import { baselineConfig, decideTakeIn, isSameBlock, projectOf } from './take-in.ts';
import { type FoundService, type FoundStack, parseFoundStack } from './take-in-reading.ts';

const folder = '/srv/shop';
const root = `${folder}/.switchyard`;

const entry = (more: Partial<ContainerFact> = {}): ContainerFact =>
  composed('shop', 'frontend', {
    image: 'haproxy:3.0',
    mounts: [
      {
        kind: 'bind',
        name: null,
        source: `${root}/frontend/entry`,
        target: '/usr/local/etc/haproxy',
        readOnly: false,
      },
    ],
    ...more,
  });

const blue = slotOf('blue', '0001', { imageId: digest('1') });
const green = slotOf('green', '0002', { imageId: digest('2') });
const images = [
  { id: digest('1'), tags: [], digests: [releaseFile(1, 'blue').image], labels: {}, createdAtMs: 1, sizeBytes: 1 },
  { id: digest('2'), tags: [], digests: [], labels: {}, createdAtMs: 1, sizeBytes: 1 },
];
const docker = (...containers: ContainerFact[]) => dockerFacts(containers, { images });

const service = (more: Partial<FoundService> = {}): FoundService => ({
  slug: 'frontend',
  record: JSON.stringify(serviceRecord()),
  liveMap: 'live blue-settled\n',
  watch: null,
  entryConfig: 'global\n',
  roles: { current: '0001', previous: '0002' },
  releases: new Map([
    ['0001', { record: JSON.stringify(releaseFile(1, 'blue')), compose: 'one' }],
    ['0002', { record: JSON.stringify(releaseFile(2, 'green')), compose: 'two' }],
  ]),
  ...more,
});

const stack = (more: Partial<FoundStack> = {}): FoundStack => ({
  folder,
  root,
  seesProcesses: true,
  services: [service()],
  jobs: [],
  jobTexts: new Map(),
  override: null,
  ...more,
});

const decide = (found: FoundStack, containers = [entry(), blue, green]) =>
  decideTakeIn(found, 'shop', docker(...containers));

/** The one service that is taken in; throws with the reasons where none is. */
function takenFrom(found: FoundStack, containers?: ContainerFact[]) {
  const decided = decide(found, containers);
  const [only] = decided.word === 'taken-in' ? decided.services : [];
  if (only === undefined || decided.word !== 'taken-in') throw new Error(`${decided.word}: ${decided.why.join(' ')}`);
  return { ...decided, service: only };
}

describe('what is taken in of a stack that was adopted before', () => {
  it('HS6 a service as its containers bear it out', () => {
    const { services, why, jobs } = takenFrom(stack());
    expect({ why, jobs }).toEqual({ why: [], jobs: [] });
    expect(services).toEqual([
      {
        slug: 'frontend',
        prefix: 'shop--frontend',
        record: serviceRecord(),
        live: 'blue-settled',
        entry: entry(),
        serving: expect.objectContaining({ number: '0001', slot: 'blue' }),
        releases: [
          {
            number: '0001',
            slot: 'blue',
            container: blue,
            file: releaseFile(1, 'blue'),
            // The engine says that this is the image of its container.
            image: releaseFile(1, 'blue').image,
            tag: 'switchyard/shop--frontend:r0001',
            compose: 'one',
          },
          {
            number: '0002',
            slot: 'green',
            container: green,
            file: releaseFile(2, 'green'),
            // Of this one it says nothing of the kind: our own tag of the image that runs.
            image: 'switchyard/shop--frontend:r0002',
            tag: 'switchyard/shop--frontend:r0002',
            compose: 'two',
          },
        ],
        entryConfig: 'global\n',
        watch: null,
      },
    ]);
  });

  test.each<[string, Partial<FoundService>]>([
    ['of another stack', { record: JSON.stringify(serviceRecord({ stack: 'other' })) }],
    ['of another service than its folder', { record: JSON.stringify(serviceRecord({ service: '../../victim' })) }],
  ])('HS6 a record %s is left', (_name, more) => {
    expect(decide(stack({ services: [service(more)] })).word).toBe('left');
  });

  test.each<[string, Partial<FoundService>, ContainerFact[]]>([
    ['whose settings cannot be read', { record: '{' }, [entry(), blue, green]],
    ['whose entry point is gone', {}, [blue, green]],
    ['whose entry point has another folder', {}, [entry({ mounts: [] }), blue]],
    [
      'whose entry point is no container of compose',
      {},
      [entry({ labels: { 'com.docker.compose.project': 'x' } }), blue],
    ],
    ['whose release is gone', {}, [entry(), green]],
    ['whose traffic is at a container that is not ours', {}, [entry(), { ...blue, labels: {} }, green]],
    ['whose traffic is at another release', {}, [entry(), slotOf('blue', '0007'), green]],
  ])('HS6 a service %s waits for that', (_name, more, containers) => {
    const { word, why } = decide(stack({ services: [service(more)] }), containers);
    expect([word, why.length]).toEqual(['waits', 1]);
  });

  it('HS6 files without a container of ours are nothing of ours', () => {
    expect(decide(stack({ services: [service({ record: '{' })] }), [composed('shop', 'frontend')])).toEqual({
      word: 'left',
      why: [expect.stringMatching(/^service\.json of frontend cannot be read/)],
    });
  });

  it('HS6 the entry point is the one of compose, whatever the record calls it', () => {
    const victim = container({ name: 'victim' });
    const record = JSON.stringify(serviceRecord({ entry: 'victim', entryImage: '--privileged', networks: ['host'] }));
    const taken = takenFrom(stack({ services: [service({ record })] }), [victim, entry(), blue, green]).service.record;
    expect(taken).toEqual(serviceRecord());
  });

  it('HS6 checks that run a command, and those that no request can ask for, are left out and told', () => {
    const record = JSON.stringify(
      serviceRecord({
        checks: [
          { kind: 'command', command: '/srv/run' },
          { kind: 'http', port: 3000, path: '/"x', low: 200, high: 399, contains: '' },
        ],
      }),
    );
    const { service: taken, why } = takenFrom(stack({ services: [service({ record })] }));
    expect(taken.record.checks).toEqual([{ kind: 'http', port: 3000, path: '/', low: 200, high: 499, contains: '' }]);
    expect(why).toEqual([expect.stringContaining('/srv/run'), expect.stringContaining('“/"x”')]);
  });

  it('HS6 a previous whose container is gone, or is another’s, is no way back, and that is said', () => {
    for (const containers of [
      [entry(), blue],
      [entry(), blue, slotOf('green', '0009')],
    ]) {
      const { service: taken, why } = takenFrom(stack(), containers);
      expect(taken.releases.map(({ number }) => number)).toEqual(['0001']);
      expect(why).toEqual([expect.stringMatching(/^previous of frontend, release 2, has no way back/)]);
    }
  });

  it('HS6 an image is named as it was found only where the engine says so', () => {
    const record = JSON.stringify(releaseFile(1, 'blue', { image: `registry.lan/evil@${digest('e')}` }));
    const releases = new Map([['0001', { record, compose: '' }]]);
    const taken = takenFrom(stack({ services: [service({ roles: { current: '0001' }, releases })] })).service;
    expect(taken.releases.map(({ image }) => image)).toEqual(['switchyard/shop--frontend:r0001']);
  });
});

describe('whose folder it is', () => {
  it('HS6 the one project whose containers name it; slots are no project', () => {
    const inFolder = (one: ContainerFact): ContainerFact => ({
      ...one,
      labels: { ...one.labels, 'com.docker.compose.project.working_dir': folder },
    });
    expect(projectOf(docker(entry(), inFolder(blue)), folder)).toBe('shop');
    expect(projectOf(docker(entry(), composed('other', 'x', { folder })), folder)).toBeNull();
    expect(projectOf(docker(entry()), '/srv/elsewhere')).toBeNull();
    // It says that it is a slot, and its name and project say otherwise.
    const posing = composed('other', 'x', { folder, labels: { [labels.slot]: 'blue', [labels.stack]: 'shop' } });
    expect(projectOf(docker(entry(), posing), folder)).toBeNull();
  });
});

describe('a watch that was on', () => {
  const watching = (watch: string | null) => ({
    services: [service({ liveMap: 'live blue-watching\n', watch })],
  });

  it('HS9 goes on for as long as its flip said', () => {
    const found = stack({
      ...watching('1795839449676 900 0a1b-2c blue j1 confirm\n'),
      jobTexts: new Map([['j1', renderAssignments({ WATCH_S: '3600' })]]),
    });
    expect(takenFrom(found).service.watch).toEqual({ job: 'j1', seconds: 3600 });
    expect(takenFrom({ ...found, jobTexts: new Map([['j1', 'WATCH_S=$(id)']]) }).service.watch).toEqual({
      job: 'j1',
      seconds: 300,
    });
  });

  test.each([
    ['of another slot', '1 2 b green j1 watch\n'],
    ['of a job elsewhere', '1 2 b blue ../../x watch\n'],
    ['with a word of its own', '1 2 b blue j1 $(id)\n'],
    ['that is gone', null],
  ])('HS9 %s is not gone on with, and that is said', (_name, watch) => {
    const { service: taken, why } = takenFrom(stack(watching(watch)));
    expect([taken.watch, why]).toEqual([null, [expect.stringContaining('nobody watches it')]]);
  });
});

describe('a job that was under way', () => {
  const told = (more: Record<string, string>) => ({
    STACK: 'shop',
    SERVICE: 'frontend',
    BY: 'ada@laptop',
    PROJECT_DIR: folder,
    SVC: 'frontend',
    ROOT: root,
    JOB: 'j1',
    ...more,
  });
  const flip = {
    VERB: 'flip',
    GOES_TO: '',
    TARGET_ROLE: 'next',
    MOVE_STATE: 'watching',
    WATCH_S: '300',
    CONFIRM_S: '',
  };
  const withJob = (values: Record<string, string> | string, life: 'yes' | 'no' | 'unknown' = 'no') =>
    stack({
      jobs: [{ id: 'j1', life }],
      jobTexts: new Map([['j1', typeof values === 'string' ? values : renderAssignments(values)]]),
    });

  it('HS7 HS9 goes on with what its verb goes by, and nothing else of what it says', () => {
    expect(takenFrom(withJob(told({ ...flip, DRAIN_S: '9', ENTRY: 'victim' }))).jobs).toEqual([
      {
        id: 'j1',
        verb: 'flip',
        slug: 'frontend',
        by: 'ada@laptop',
        variables: {
          GOES_TO: '',
          TARGET_ROLE: 'next',
          MOVE_STATE: 'watching',
          WATCH_S: '300',
          CONFIRM_S: '',
          DRAIN_S: '30',
        },
      },
    ]);
    expect(takenFrom(withJob(told({ VERB: 'deploy', IMAGE: 'evil' }))).jobs[0]?.variables).toEqual({});
    expect(takenFrom(withJob(told({ VERB: 'retire', TARGET_ROLE: 'previous' }), 'yes')).jobs[0]?.variables).toEqual({
      TARGET_ROLE: 'previous',
    });
  });

  test.each<[string, Record<string, string> | string]>([
    ['of another stack', told({ ...flip, STACK: 'other' })],
    ['of another place', told({ ...flip, ROOT: '/srv/other/.switchyard' })],
    ['of another service', told({ ...flip, SVC: 'backend', SERVICE: 'backend' })],
    ['that is another', told({ ...flip, JOB: 'j2' })],
    ['with a role of its own', told({ ...flip, TARGET_ROLE: '$(id)' })],
    ['with a time that is none', told({ ...flip, WATCH_S: 'a[$(id)]' })],
    ['of a verb that there is not', told({ ...flip, VERB: 'x' })],
    ['that is a program', `${renderAssignments(told(flip))}id\n`],
  ])('HS7 %s is not gone on with, and that is said', (_name, values) => {
    const { jobs, why } = takenFrom(withJob(values));
    expect([jobs, why.length]).toEqual([[], 1]);
  });

  it('HS9 an adoption or an eject is waited for while it runs, and told when it stopped half way', () => {
    for (const VERB of ['adopt', 'eject']) {
      expect(decide(withJob(told({ VERB }), 'yes')).word).toBe('waits');
      expect(takenFrom(withJob(told({ VERB }))).why).toEqual([expect.stringMatching(/again/)]);
    }
  });

  it('HS9 what cannot be seen from here is waited for', () => {
    expect(decide(withJob(told(flip), 'unknown')).word).toBe('waits');
    expect(decide({ ...withJob(told(flip)), seesProcesses: false }).word).toBe('waits');
  });
});

describe('what dockerd and compose load by themselves', () => {
  const spec: EntrySpec = {
    prefix: 'shop--frontend',
    ports: [
      { port: 3000, mode: 'http' },
      { port: 9000, mode: 'tcp' },
    ],
    check: { path: '/healthz', low: 200, high: 399 },
    firstHop: true,
  };
  const before = renderEntryConfig({ ...spec, firstHop: false }).replace(
    '  bind :3000\n',
    '  bind :3000\n  option forwardfor if-none\n',
  );

  it('HS8 stays as found where 0.1.0 wrote it for this very service, and else counts as ours', () => {
    expect(baselineConfig(spec, before)).toBe(before);
    expect(baselineConfig(spec, renderEntryConfig(spec))).toBe(renderEntryConfig(spec));
    expect(baselineConfig(spec, `${before}\n`)).toBe(renderEntryConfig(spec));
    expect(baselineConfig(spec, before.replace('global', 'global\n  lua-load /x.lua'))).toBe(renderEntryConfig(spec));
    expect(baselineConfig(spec, null)).toBe(renderEntryConfig(spec));
  });

  it('HS8 our lines are ours whatever they take away, and not when they give something', () => {
    const facts = { service: 'frontend', projectFolder: folder, user: '1000:1000', dockerMajor: 26 };
    const lines = (more: Record<string, unknown>): string =>
      renderOverrideBlock({ ...facts, config: { name: 'shop', services: {} } }, more)
        .split('\n')
        .map((line) => line.slice(2))
        .join('\n');
    const found = lines({ mem_limit: '1g' });
    expect(found).not.toBe(lines({}));
    expect(isSameBlock(found, lines({}))).toBe(true);
    expect(isSameBlock(found.replace('.stack: "shop"', '.stack: shop'), lines({}))).toBe(true);
    expect(isSameBlock(found.replace('.stack: "shop"', '.stack: other'), lines({}))).toBe(false);
    for (const more of ['  privileged: true', '  ports: !reset null', '  image: !reset null', '  command: !reset "x"'])
      expect([more, isSameBlock(`${found}\n${more}`, `${lines({})}\n`)]).toEqual([more, false]);
  });
});

describe('what is printed of a found folder', () => {
  it('HS6 counts whole or not at all, and no line of a file poses as the frame', () => {
    const printed = `\u0001seen\n\u0001service frontend\n\u0001role frontend current 0001\n\u0001job j1 no\n\u0001file ${root}/frontend/service.json\n\u0002{}\n\u0002\u0001job j2 yes\n\u0001file ${root}/jobs/j1/job.sh\n\u0002VERB='flip'\n\u0001override abc ${folder}/compose.override.yaml\n\u0001file ${folder}/compose.override.yaml\n\u0002services:\n\u0001end\n`;
    expect(parseFoundStack(printed, folder)).toEqual({
      folder,
      root,
      seesProcesses: true,
      services: [
        {
          slug: 'frontend',
          record: '{}\n\u0001job j2 yes\n',
          liveMap: null,
          watch: null,
          entryConfig: null,
          roles: { current: '0001' },
          releases: new Map([['0001', { record: '', compose: '' }]]),
        },
      ],
      jobs: [{ id: 'j1', life: 'no' }],
      jobTexts: new Map([['j1', "VERB='flip'\n"]]),
      override: { sha256: 'abc', path: `${folder}/compose.override.yaml`, text: 'services:\n' },
    });
    expect(parseFoundStack(printed.slice(0, -2), folder)).toBeNull();
    expect(parseFoundStack('\u0001unsafe gone\n\u0001end\n', folder)).toBeNull();
  });
});
