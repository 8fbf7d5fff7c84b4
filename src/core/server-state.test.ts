import { describe, expect, it } from 'vitest';
import { release, releaseFile, serverState, serviceRecord, serviceState } from '../testkit/engine/facts.ts';
import { parseHomeState, parseReleaseState, parseServerStates, staleLocks } from './server-state.ts';

const root = '/srv/shop/.switchyard';

const record = JSON.stringify(serviceRecord(), null, 2);
const home = serverState([]).home;

/** What the script says of a stack whose frontend is adopted; a role is known where its release.json is given. */
const framed = (files: Record<string, string>, more: string[] = []): string =>
  [
    '\u0001home closed /home/ada/.local/state/switchyard',
    `\u0001root ${root}`,
    `\u0001stack ${home}`,
    '\u0001project shop',
    '\u0001format 1',
    ...more,
    ...Object.entries({ [`${home}/frontend/service.json`]: record, ...files }).flatMap(([path, text]) => [
      `\u0001file ${path.startsWith('/') ? path : `${root}/${path}`}`,
      ...text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => `\u0002${line}`),
    ]),
    '\u0001end',
    '',
  ].join('\n');

const written = (number: number, slot: 'blue' | 'green') => JSON.stringify(releaseFile(number, slot), null, 2);

describe('what the server’s files say', () => {
  it('JN5 names locks that are nobody’s, but where a job is left that takes them over', () => {
    const lock = `${root}/lock/frontend/4`;
    const output = framed({}, [`\u0001stale ${lock}`, '\u0001stale relative/lock/x/1', '\u0001stale /srv/lock/x/no']);
    expect(staleLocks(output, parseServerStates(output))).toEqual([lock]);
    expect(staleLocks(output, parseServerStates(framed({}, ['\u0001dead job8'])))).toEqual([]);
  });

  it('is read whole', () => {
    const output = framed(
      {
        'frontend/service.json': record,
        'frontend/entry/live.map': 'live green-watching\n',
        'frontend/watch': '1700 300 boot green job9\n',
        'frontend/went-back': '1600 ten wrong answers in a row\n',
        'frontend/settled': '1500 blue\n',
        'frontend/releases/0002/release.json': written(2, 'green'),
        'frontend/releases/0002/state': 'ready 1 1\n',
        'frontend/releases/0001/release.json': written(1, 'blue'),
        'frontend/releases/0001/state': 'not-ready 0 2 HTTP 500 at once\n',
        'lock/frontend/9/who': 'bob@desk since 11:00:00: deploy of frontend\n',
        'lock/frontend/10/who': 'ada@laptop since 12:00:00: flip of frontend\n',
        'lock/backend/11/who': 'eve@desk since 12:30:00: deploy of backend\n',
      },
      [
        '\u0001role frontend current 0002',
        '\u0001role frontend previous 0001',
        '\u0001dead job7',
        '\u0001dead job8',
        '\u0001unseen job9',
        '\u0001ended job6 completed',
        '\u0001ended job5 nonsense',
        `\u0001aside ${root}/damaged/00000007-j-move-done.json`,
      ],
    );
    expect(parseServerStates(output)).toEqual([
      serverState(
        [
          serviceState({
            live: 'green-watching',
            holder: 'ada@laptop since 12:00:00: flip of frontend',
            current: release(2, 'green'),
            previous: release(1, 'blue', { word: 'not-ready', passed: 0, total: 2, reason: 'HTTP 500 at once' }),
            watchUntilMs: 1700,
            settledAtMs: null,
            wentBack: { atMs: 1600, reason: 'ten wrong answers in a row' },
          }),
        ],
        {
          deadJobs: ['job7', 'job8'],
          unseenJobs: ['job9'],
          endedJobs: new Map([['job6', 'completed']]),
          setAside: [`${root}/damaged/00000007-j-move-done.json`],
        },
      ),
    ]);
  });

  it.each([
    ['1700 300 boot green job9\n', false],
    ['1700 300 boot green job9 watch\n', false],
    ['1700 300 boot green job9 confirm\n', true],
  ])('a watch of “%s” must be confirmed: %s', (watch, mustConfirm) => {
    const output = framed({ 'frontend/watch': watch });
    expect(parseServerStates(output)[0]?.services[0]).toMatchObject({ watchUntilMs: 1700, mustConfirm });
  });

  it.each([
    ['  option forwardfor if-none', true],
    ['  option forwardfor', false],
  ])('EN8 an entry point whose configuration has “%s” is old: %s', (line, entryIsOld) => {
    const output = framed({}, [`\u0001forwards frontend ${line}`]);
    expect(parseServerStates(output)[0]?.services[0]).toMatchObject({ entryIsOld });
  });

  it('EN9 says of an entry point’s socket that a link leads to it', () => {
    const told = ['frontend', 'backend'].map(
      (slug) => parseServerStates(framed({}, [`\u0001linked ${slug}`]))[0]?.services[0],
    );
    expect(told.map((each) => each?.socketIsLinked)).toEqual([true, false]);
  });

  it('keeps what is whole when a file is damaged, and names that file', () => {
    const output = framed(
      {
        'frontend/entry/live.map': 'live blue-settled\n',
        'frontend/releases/0001/release.json': written(1, 'blue').slice(0, 40),
        'frontend/releases/0001/state': '\u0007garbage',
        'frontend/watch': 'soon enough\n',
        [`${home}/backend/service.json`]: '{"version":2}',
        'backend/entry/live.map': 'live blue-settled\n',
      },
      ['\u0001role frontend current 0001'],
    );
    expect(parseServerStates(output)).toEqual([
      serverState([serviceState({ live: 'blue-settled', current: null })], {
        damaged: [`${root}/frontend/releases/0001/release.json`, `${home}/backend/service.json`],
      }),
    ]);
  });

  it('of several stacks is kept apart, and an empty folder is a stack with nothing adopted', () => {
    const other = framed({}).replaceAll('/srv/shop', '/srv/two');
    const output = `\u0001root /srv/empty/.switchyard\n${other}`;
    expect(parseServerStates(output).map((state) => [state.root, state.services.length])).toEqual([
      ['/srv/empty/.switchyard', 0],
      ['/srv/two/.switchyard', 1],
    ]);
  });

  it('HS1 of a service that the home state does not know is nothing', () => {
    const output = framed({ 'backend/service.json': record, 'backend/entry/live.map': 'live blue-settled\n' });
    expect(parseServerStates(output)[0]?.services.map((each) => each.record.service)).toEqual(['frontend']);
  });

  it('HS2 of ground that is not the operator’s alone is not taken for any', () => {
    const states = (line: string) => parseServerStates(framed({}, [line]))[0];
    expect(states('\u0001ground gone')?.ground).toEqual({ kind: 'gone' });
    expect(states('\u0001ground moved')?.ground).toEqual({ kind: 'moved' });
    expect(states('\u0001ground unsafe /srv/shop/.switchyard/a b')?.ground).toEqual({
      kind: 'unsafe',
      path: '/srv/shop/.switchyard/a b',
    });
    expect(states('\u0001format 2')?.newerFormat).toBe(true);
  });

  it('HS3 of settings counts, of what the service is does not', () => {
    const found = { ...serviceRecord(), watchSeconds: 60, entry: 'db', entryImage: 'evil' };
    const [state] = parseServerStates(framed({ 'frontend/service.json': JSON.stringify(found) }));
    expect(state?.services[0]).toMatchObject({ record: serviceRecord({ watchSeconds: 60 }), recordDamage: null });
  });

  it('HS3 of a command that was not there at adoption is not run, and is told', () => {
    const found = serviceRecord({ checks: [...serviceRecord().checks, { kind: 'command', command: 'touch /x' }] });
    const [state] = parseServerStates(framed({ 'frontend/service.json': JSON.stringify(found) }));
    expect(state?.services[0]?.record).toEqual(serviceRecord());
    expect(state?.services[0]?.recordDamage).toMatchObject({ why: expect.stringContaining('a command') });
  });

  it('HS3 that cannot be read leaves what was known before', () => {
    const [state] = parseServerStates(framed({ 'frontend/service.json': record.replace('"', '') }));
    expect(state?.services[0]?.record).toEqual(serviceRecord());
    expect(state?.services[0]?.recordDamage).toMatchObject({ path: `${root}/frontend/service.json` });
  });

  it('HS4 of what dockerd and compose load by themselves is compared with what we wrote', () => {
    const sum = (path: string, letter: string) => `\u0001sum ${letter.repeat(64)}  ${path}`;
    const entry = `${root}/frontend/entry/haproxy.cfg`;
    const ours = sum(`${home}/frontend/haproxy.cfg`, 'a');
    const drift = (lines: string[], files: Record<string, string> = {}) =>
      parseServerStates(framed(files, lines))[0]?.drift;
    expect(drift([ours, sum(entry, 'a')])).toEqual([]);
    expect(drift([ours, sum(entry, 'b')])).toEqual([
      { service: 'frontend', file: 'entry-config', path: entry, found: 'changed' },
    ]);
    expect(drift([ours])).toEqual([{ service: 'frontend', file: 'entry-config', path: entry, found: 'gone' }]);
    const override = '/srv/shop/compose.override.yaml';
    const block = '  # switchyard begin frontend\n  frontend:\n  # switchyard end frontend\n';
    const kept = { [`${home}/frontend/override.block`]: block };
    const more = `services:\n${block}  other:\n`;
    expect(drift([`\u0001override changed ${override}`], { ...kept, [override]: more })).toEqual([
      { service: null, file: 'override', path: override, found: 'changed' },
    ]);
    expect(drift([`\u0001override changed ${override}`], { ...kept, [override]: 'services:\n' })).toEqual([
      { service: 'frontend', file: 'override-block', path: override, found: 'gone' },
    ]);
    const edited = `services:\n${block.replace('frontend:\n', 'frontend: {image: x}\n')}`;
    expect(drift([`\u0001override changed ${override}`], { ...kept, [override]: edited })).toEqual([
      { service: 'frontend', file: 'override-block', path: override, found: 'changed' },
    ]);
    expect(drift([`\u0001override  ${override}`], kept)).toEqual([
      { service: 'frontend', file: 'override-block', path: override, found: 'gone' },
    ]);
  });

  it('TO2 that was cut short is known as that', () => {
    const whole = framed({});
    expect(parseHomeState(whole)).toEqual({ word: 'closed', path: '/home/ada/.local/state/switchyard' });
    for (let end = 0; end < whole.length; end += 1) expect(parseHomeState(whole.slice(0, end))).toBeNull();
  });

  it('is nothing when nothing was said', () => {
    expect(parseServerStates('')).toEqual([]);
    expect(parseServerStates('\u0001end\n')).toEqual([]);
    expect(parseServerStates('sh: 1: awk: not found\n')).toEqual([]);
    expect(parseHomeState('sh: 1: awk: not found\n')).toBeNull();
  });

  it('is read up to where the output was torn', () => {
    const whole = framed({ 'frontend/service.json': record, 'frontend/entry/live.map': 'live blue-settled\n' });
    const torn = whole.slice(0, whole.indexOf('\u0002live') + 3);
    expect(parseServerStates(torn)[0]?.services[0]?.live).toBeNull();
  });

  it.each([
    ['ready 3 3\n', { word: 'ready', passed: 3, total: 3, reason: null }],
    ['not-ready 1 3 http: HTTP 500\n', { word: 'not-ready', passed: 1, total: 3, reason: 'http: HTTP 500' }],
    ['retired 0 0', { word: 'retired', passed: 0, total: 0, reason: null }],
    ['preparing 0 0', { word: 'preparing', passed: 0, total: 0, reason: null }],
    ['', { word: 'not-ready', passed: 0, total: 0, reason: null }],
    ['great x y', { word: 'not-ready', passed: 0, total: 0, reason: null }],
  ])('a release’s state %j', (text, state) => {
    expect(parseReleaseState(text)).toEqual(state);
  });
});
