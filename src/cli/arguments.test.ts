import { describe, expect, it } from 'vitest';
import { commands, parseInvocation, usage } from './arguments.ts';

const words = (line: string) => line.split(' ');
const nothing = {
  port: undefined,
  release: undefined,
  watchMinutes: undefined,
  confirmMinutes: undefined,
  checkPath: undefined,
  image: undefined,
  role: undefined,
  shareVolumes: undefined,
  replace: undefined,
};

describe('the command line', () => {
  it('is read as a verb, a target, a service and options', () => {
    expect(
      parseInvocation(words('deploy me@home:2222 shop/frontend --image a/b:1 --replace -F /tmp/c --json')),
    ).toEqual({
      command: 'deploy',
      target: 'me@home:2222',
      service: { stack: 'shop', service: 'frontend' },
      job: null,
      rest: [],
      options: { ...nothing, image: 'a/b:1', replace: true },
      sshConfigPath: '/tmp/c',
      json: true,
      follow: false,
      slot: undefined,
      values: 'hidden',
    });
  });

  it.each<[string, object]>([
    [
      'adopt home shop/web --port 3000 --check-path /ready --share-volumes',
      { port: 3000, checkPath: '/ready', shareVolumes: true },
    ],
    ['flip home shop/web --watch 2.5', { watchMinutes: 2.5 }],
    ['flip home shop/web --watch 0', { watchMinutes: 0 }],
    ['flip home shop/web --confirm-within 2.5', { confirmMinutes: 2.5 }],
    ['confirm home shop/web', {}],
    ['retire home shop/web --role previous', { role: 'previous' }],
    ['deploy home shop/web --release 12', { release: 12 }],
    ['rollback home shop/web', {}],
  ])('%s', (line, options) => {
    expect(parseInvocation(words(line))).toMatchObject({
      command: words(line)[0],
      options: { ...nothing, ...options },
    });
  });

  it('takes options before and behind what they belong to, and what follows as it is', () => {
    expect(parseInvocation(['--json', 'compare', 'home', 'shop/web', '3', '4'])).toMatchObject({
      json: true,
      rest: ['3', '4'],
    });
    expect(parseInvocation(words('stop home mf2k-1_9x --json'))).toMatchObject({ job: 'mf2k-1_9x', service: null });
    expect(parseInvocation(words('log home mf2k-1_9x'))).toMatchObject({ command: 'log', job: 'mf2k-1_9x' });
    expect(parseInvocation(['map', 'this machine'])).toMatchObject({ target: 'this machine', service: null });
    expect(parseInvocation(['preview', 'home', 'a/b', '--slot', 'green'])).toMatchObject({ slot: 'green' });
    expect(parseInvocation(['logs', 'home', `it's/$(id)"🚂`, '--follow'])).toMatchObject({
      service: { stack: `it's`, service: '$(id)"🚂' },
      follow: true,
    });
  });

  it('SE1 tells values of variables only where it says so', () => {
    expect(parseInvocation(words('compare home a/b 1 2'))).toMatchObject({ values: 'hidden' });
    expect(parseInvocation(words('compare home a/b 1 2 --show-values'))).toMatchObject({ values: 'shown' });
    expect(parseInvocation(words('map home --show-values'))).toEqual({
      wrong: '--show-values belongs to plan and compare.',
    });
  });

  it.each([
    ['', 'There is no verb “”.'],
    ['fly home', 'There is no verb “fly”.'],
    ['flip', 'Say which host: switchyard flip TARGET.'],
    ['flip home', 'Say which service: switchyard flip home STACK/SERVICE.'],
    ['flip home frontend', 'Say which service: switchyard flip home STACK/SERVICE.'],
    ['flip home a/b/c', 'Say which service: switchyard flip home STACK/SERVICE.'],
    ['flip home /b', 'Say which service: switchyard flip home STACK/SERVICE.'],
    ['adopt home a/b --port http', '--port takes a number.'],
    ['flip home a/b --watch soon', '--watch takes a number.'],
    ['flip home a/b --confirm-within soon', '--confirm-within takes a number.'],
    ['flip home a/b --confirm-within 0', '--confirm-within takes minutes, from above 0 to 1440.'],
    ['flip home a/b --confirm-within=-1', '--confirm-within takes minutes, from above 0 to 1440.'],
    ['flip home a/b --confirm-within 1441', '--confirm-within takes minutes, from above 0 to 1440.'],
    [
      'flip home a/b --confirm-within 2 --watch 3',
      'Say --confirm-within or --watch: until it is confirmed, the flip is watched.',
    ],
    ['rollback home a/b --confirm-within 2', '--confirm-within belongs to flip.'],
    ['stop home', 'Say which job: switchyard stop home JOB. The list of jobs has their ids.'],
    ['log home', 'Say which job: switchyard log home JOB. The list of jobs has their ids.'],
    ['stop home ../x', 'Say which job: switchyard stop home JOB. The list of jobs has their ids.'],
    ['deploy home a/b --release=', '--release takes a number.'],
    ['retire home a/b --role current', '--role is next or previous.'],
    ['preview home a/b --slot red', '--slot is blue or green.'],
  ])('says what is wrong with “%s”', (line, wrong) => {
    expect(parseInvocation(words(line))).toEqual({ wrong });
  });

  it.each(['flip home a/b --forse', 'flip home a/b --image', 'flip home a/b -x'])(
    'refuses “%s” rather than guess',
    (line) => {
      expect(parseInvocation(words(line))).toMatchObject({ wrong: expect.stringMatching(/./) });
    },
  );

  it('is told in the usage, every verb of it', () => {
    for (const command of commands) expect(usage).toMatch(new RegExp(`^ {2}${command} +TARGET`, 'm'));
  });
});
