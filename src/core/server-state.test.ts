import { describe, expect, it } from 'vitest';
import { release, releaseFile, serviceRecord, serviceState } from '../testkit/engine/facts.ts';
import { parseReleaseState, parseServerStates, staleLocks } from './server-state.ts';

const root = '/srv/shop/.switchyard';

const framed = (files: Record<string, string>, more: string[] = []): string =>
  [
    `\u0001root ${root}`,
    ...more,
    ...Object.entries(files).flatMap(([path, text]) => [
      `\u0001file ${root}/${path}`,
      ...text
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => `\u0002${line}`),
    ]),
    '\u0001end',
    '',
  ].join('\n');

const record = JSON.stringify(serviceRecord(), null, 2);
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
        'frontend/current/release.json': written(2, 'green'),
        'frontend/current/state': 'ready 1 1\n',
        'frontend/previous/release.json': written(1, 'blue'),
        'frontend/previous/state': 'not-ready 0 2 HTTP 500 at once\n',
        'lock/frontend/9/who': 'bob@desk since 11:00:00: deploy of frontend\n',
        'lock/frontend/10/who': 'ada@laptop since 12:00:00: flip of frontend\n',
        'lock/backend/11/who': 'eve@desk since 12:30:00: deploy of backend\n',
      },
      [
        '\u0001dead job7',
        '\u0001dead job8',
        '\u0001unseen job9',
        '\u0001ended job6 completed',
        '\u0001ended job5 nonsense',
        `\u0001aside ${root}/damaged/00000007-j-move-done.json`,
      ],
    );
    expect(parseServerStates(output)).toEqual([
      {
        root,
        deadJobs: ['job7', 'job8'],
        unseenJobs: ['job9'],
        endedJobs: new Map([['job6', 'completed']]),
        damaged: [],
        setAside: [`${root}/damaged/00000007-j-move-done.json`],
        services: [
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
      },
    ]);
  });

  it.each([
    ['1700 300 boot green job9\n', false],
    ['1700 300 boot green job9 watch\n', false],
    ['1700 300 boot green job9 confirm\n', true],
  ])('a watch of “%s” must be confirmed: %s', (watch, mustConfirm) => {
    const output = framed({ 'frontend/service.json': record, 'frontend/watch': watch });
    expect(parseServerStates(output)[0]?.services[0]).toMatchObject({ watchUntilMs: 1700, mustConfirm });
  });

  it('keeps what is whole when a file is damaged, and names that file', () => {
    const output = framed({
      'frontend/service.json': record,
      'frontend/entry/live.map': 'live blue-settled\n',
      'frontend/current/release.json': written(1, 'blue').slice(0, 40),
      'frontend/current/state': '\u0007garbage',
      'frontend/watch': 'soon enough\n',
      'backend/service.json': '{"version":2}',
      'backend/entry/live.map': 'live blue-settled\n',
    });
    expect(parseServerStates(output)).toEqual([
      {
        root,
        deadJobs: [],
        unseenJobs: [],
        endedJobs: new Map(),
        setAside: [],
        damaged: [`${root}/frontend/current/release.json`, `${root}/backend/service.json`],
        services: [serviceState({ live: 'blue-settled', current: null })],
      },
    ]);
  });

  it('of several stacks is kept apart, and an empty folder is a stack with nothing adopted', () => {
    const other = framed({ 'frontend/service.json': record }).replaceAll('/srv/shop', '/srv/two');
    const output = `\u0001root /srv/empty/.switchyard\n${other}`;
    expect(parseServerStates(output).map((state) => [state.root, state.services.length])).toEqual([
      ['/srv/empty/.switchyard', 0],
      ['/srv/two/.switchyard', 1],
    ]);
  });

  it('is nothing when nothing was said', () => {
    expect(parseServerStates('')).toEqual([]);
    expect(parseServerStates('\u0001end\n')).toEqual([]);
    expect(parseServerStates('sh: 1: awk: not found\n')).toEqual([]);
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
