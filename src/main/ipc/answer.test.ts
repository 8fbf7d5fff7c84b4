import { describe, expect, test } from 'vitest';
import { FailureError, failure } from '../../core/failure.ts';
import { failed, ok } from '../../core/result.ts';
import { createFakeSession } from '../../testkit/session/fake-session.ts';
import { createFollows } from '../hosts/follows.ts';
import { createHosts } from '../hosts/hosts.ts';
import { createSettingsKeeper } from '../settings/keeper.ts';
import { freshSettings } from '../settings/settings.ts';
import { answerCall, type Handlers } from './answer.ts';
import { createHandlers, isPreviewAddress } from './handlers.ts';

function given(changes: Partial<Handlers> = {}) {
  const session = createFakeSession();
  const settings = createSettingsKeeper({
    read: () => ({ ...freshSettings(), hosts: [{ id: 'h1', target: 'home', connect: false }] }),
    write: () => {},
  });
  const browsed: string[] = [];
  const hosts = createHosts({
    settings,
    createSession: () => session,
    createId: () => 'h2',
    onHost: () => {},
    onRemoved: () => {},
    onTraffic: () => {},
  });
  const handlers: Handlers = {
    ...createHandlers({
      hosts,
      follows: createFollows(
        () => 'f1',
        () => {},
      ),
      settings,
      damagedFile: '/data/settings.damaged.json',
      hasKeyring: () => false,
      listAliases: async () => [{ alias: 'home', hostName: 'home.lan', user: null }],
      applyTheme: () => {},
      browse: (url) => void browsed.push(url),
    }),
    ...changes,
  };
  return { handlers, session, settings, browsed };
}

const ref = { host: 'h1', stack: 'shop', service: 'frontend' };

describe('what is sent is checked before anything sees it', () => {
  test.each<[string, unknown]>([
    ['hosts.list', {}],
    ['hosts.add', {}],
    ['hosts.add', { target: '' }],
    ['hosts.add', { target: 'home\nProxyCommand evil' }],
    ['hosts.add', { target: 'x'.repeat(513) }],
    ['hosts.add', { target: 'home', extra: 1 }],
    ['hosts.answer', { host: 'h1', question: 'q', answers: 'accept' }],
    ['verbs.start', { ref, verb: 'destroy', options: {} }],
    ['verbs.start', { ref, verb: 'flip', options: { port: '70000' } }],
    ['verbs.start', { ref, verb: 'deploy', options: { image: 'app:1\nFROM evil' } }],
    ['verbs.start', { ref, verb: 'flip', options: { confirmMinutes: 0 } }],
    ['verbs.start', { ref, verb: 'flip', options: { confirmMinutes: 1441 } }],
    ['jobs.stop', { host: 'h1', stack: 'shop' }],
    ['adopt.plan', { ref, options: { checkPath: '/healthz\nevil' } }],
    ['adopt.plan', { ref: { ...ref, host: undefined }, options: {} }],
    ['logs.follow', { ref, tail: -1 }],
    ['preview.open', { ref, slot: 'red', browse: true }],
    ['positions.set', { host: 'h1', positions: { a: { x: Number.NaN, y: 0 } } }],
    ['settings.set', { theme: 'pink' }],
    ['settings.set', null],
  ])('%s %j is refused', async (name, input) => {
    const { handlers, session } = given();
    expect(await answerCall(handlers, name, input)).toMatchObject({ ok: false, failure: { code: 'input-invalid' } });
    expect(session.calls).toEqual([]);
  });

  test.each([{ port: 70_000 }, { port: Number.NaN }, { port: 80.5 }, { checkPath: 'healthz' }])(
    'what is no port or no path goes on as it was typed: %j',
    async (options) => {
      const { handlers, session } = given();
      const adopted: unknown[] = [];
      session.planAdopt = async (_, told) => {
        adopted.push(told);
        return failed(failure('input-invalid', 'Not a port.'));
      };
      await answerCall(handlers, 'adopt.plan', { ref, options });
      await answerCall(handlers, 'verbs.start', { ref, verb: 'adopt', options });
      expect(adopted).toEqual([options]);
      expect(session.calls.map((call) => call.args.at(-1))).toEqual([options]);
    },
  );

  test.each([['__proto__'], ['constructor'], ['hosts'], [undefined], [7]])('no call is named %j', async (name) => {
    const { handlers } = given();
    expect(await answerCall(handlers, name, undefined)).toMatchObject({
      ok: false,
      failure: { code: 'input-invalid' },
    });
  });

  test('a refused secret is in no message', async () => {
    const { handlers } = given();
    const reply = await answerCall(handlers, 'hosts.answer', { host: 'h1', question: 'q', answers: ['hunter2', 7] });
    expect(JSON.stringify(reply)).not.toContain('hunter2');
  });
});

describe('nothing is thrown across', () => {
  test('what was expected keeps its code', async () => {
    const { handlers } = given({
      'hosts.list': () => {
        throw new FailureError(failure('link-lost', 'The link to home is lost.'));
      },
    });
    expect(await answerCall(handlers, 'hosts.list', undefined)).toMatchObject({
      ok: false,
      failure: { code: 'link-lost' },
    });
  });

  test('anything else says that it is a mistake of ours', async () => {
    const { handlers } = given({ 'hosts.list': () => Promise.reject(new TypeError('x is undefined')) });
    expect(await answerCall(handlers, 'hosts.list', undefined)).toMatchObject({
      ok: false,
      failure: { code: 'bug', message: 'Switchyard itself failed: x is undefined' },
    });
  });
});

describe('the calls', () => {
  test('a verb reaches the session of its host, with its options', async () => {
    const { handlers, session } = given();
    await answerCall(handlers, 'verbs.start', { ref, verb: 'deploy', options: { image: ' app:1.1.0 ' } });
    expect(session.calls).toMatchObject([{ name: 'start', args: [ref, 'deploy', { image: 'app:1.1.0' }] }]);
  });

  test('a job is asked to stop by its stack and id', async () => {
    const { handlers, session } = given();
    expect(await answerCall(handlers, 'jobs.stop', { host: 'h1', stack: 'shop', job: 'j1' })).toEqual(ok(null));
    expect(session.calls).toMatchObject([{ name: 'stop', args: ['shop', 'j1'] }]);
  });

  test('a host that is gone is a reply, not a crash', async () => {
    const { handlers } = given();
    const reply = await answerCall(handlers, 'releases.list', { ref: { ...ref, host: 'h9' } });
    expect(reply).toMatchObject({ ok: false, failure: { code: 'input-invalid' } });
  });

  test('a damaged settings file is told', async () => {
    const { handlers } = given();
    expect(await answerCall(handlers, 'settings.get', undefined)).toEqual({
      ok: true,
      value: { theme: 'system', damagedFile: '/data/settings.damaged.json', hasKeyring: false },
    });
  });

  test('positions are kept by host and forgotten by null', async () => {
    const { handlers } = given();
    const positions = { 'shop/frontend': { x: 4, y: 5 } };
    await answerCall(handlers, 'positions.set', { host: 'h1', positions });
    expect(await answerCall(handlers, 'positions.get', { host: 'h1' })).toEqual(ok(positions));
    expect(await answerCall(handlers, 'positions.get', { host: 'h2' })).toEqual(ok({}));
    await answerCall(handlers, 'positions.set', { host: 'h1', positions: null });
    expect(await answerCall(handlers, 'positions.get', { host: 'h1' })).toEqual(ok({}));
  });

  test('a preview opens the browser only when asked', async () => {
    const { handlers, session, browsed } = given();
    session.openPreview = async () => ok({ url: 'http://127.0.0.1:4111/', port: 4111, release: 13 });
    const expected = ok({ url: 'http://127.0.0.1:4111/', port: 4111, release: 13, slot: 'green', service: 'frontend' });
    expect(await answerCall(handlers, 'preview.open', { ref, slot: 'green', browse: false })).toEqual(expected);
    expect(browsed).toEqual([]);
    expect(await answerCall(handlers, 'preview.open', { ref, slot: 'green', browse: true })).toEqual(expected);
    expect(browsed).toEqual(['http://127.0.0.1:4111/']);
  });
});

test.each([
  ['http://127.0.0.1:4111', true],
  ['http://127.0.0.1:4111/admin?x=1', true],
  ['http://127.0.0.1:4112/', false],
  ['https://127.0.0.1:4111/', false],
  ['http://localhost:4111/', false],
  ['http://evil@127.0.0.1:4111/', false],
  ['http://127.0.0.1.evil.com:4111/', false],
  ['file:///etc/passwd', false],
  ['javascript:alert(1)', false],
  ['', false],
])('the browser may be sent to %s: %s', (address, may) => {
  expect(isPreviewAddress(address, 4111)).toBe(may);
});
