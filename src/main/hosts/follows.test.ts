import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Events } from '../../contract/channels.ts';
import { failure } from '../../core/failure.ts';
import { failed } from '../../core/result.ts';
import { createFakeSession } from '../../testkit/session/fake-session.ts';
import { createFollows } from './follows.ts';

const name = { stack: 'shop', service: 'frontend' };
const line = { slot: 'blue', atMs: 1, stream: 'out', text: 'hello' } as const;

function given() {
  const told: Events['log'][] = [];
  let count = 0;
  const follows = createFollows(
    () => `f${++count}`,
    (payload) => void told.push(payload),
  );
  return { follows, told, session: createFakeSession() };
}

test('lines come with the name of their follow, and the first not before the name is known', async () => {
  const { follows, told, session } = given();
  expect(follows.start(session, name, 100)).toBe('f1');
  expect(session.calls).toEqual([]);
  await turn();
  session.log([line]);
  expect(told).toEqual([{ follow: 'f1', lines: [line], ended: false }]);
});

test('after stop nothing comes', async () => {
  const { follows, told, session } = given();
  const follow = follows.start(session, name, 100);
  await turn();
  follows.stop(follow);
  session.log([line]);
  await turn();
  expect(told).toEqual([]);
});

test('one stopped before it began never begins', async () => {
  const { follows, session } = given();
  follows.start(session, name, 100);
  follows.stopAll();
  await turn();
  expect(session.calls).toEqual([]);
});

test('one that cannot be followed ends with the reason as its last line', async () => {
  const { follows, told, session } = given();
  const broken = { ...session, followLogs: async () => failed(failure('link-lost', 'The link to home is lost.')) };
  follows.start(broken, name, 100);
  await turn();
  await turn();
  expect(told).toMatchObject([{ lines: [{ stream: 'err', text: 'The link to home is lost.' }], ended: true }]);
});
