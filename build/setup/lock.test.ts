import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';
import { withLock } from './lock.mjs';

test('steps under one name run one after the other', async () => {
  const name = `test ${process.pid} order`;
  const events: string[] = [];
  const step = (label: string) =>
    withLock(
      name,
      () => {},
      async () => {
        events.push(`${label} begins`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        events.push(`${label} ends`);
      },
    );
  await Promise.all([step('a'), step('b'), step('c')]);
  for (let index = 0; index < events.length; index += 2) {
    expect(events[index + 1]).toBe(events[index]?.replace('begins', 'ends'));
  }
  expect(events).toHaveLength(6);
});

test('a step that throws releases', async () => {
  const name = `test ${process.pid} throw`;
  const failing = withLock(
    name,
    () => {},
    async () => {
      throw new Error('no');
    },
  );
  await expect(failing).rejects.toThrow('no');
  expect(
    await withLock(
      name,
      () => {},
      async () => 'free',
    ),
  ).toBe('free');
});

test('a holder that is killed releases', async () => {
  const name = `test ${process.pid} kill`;
  const script = `import { withLock } from ${JSON.stringify(path.join(import.meta.dirname, 'lock.mjs'))};
    await withLock(${JSON.stringify(name)}, () => {}, async () => { console.log('held'); await new Promise((resolve) => setTimeout(resolve, 60_000)); });`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  let isWaiting = false;
  const mine = withLock(
    name,
    () => {
      isWaiting = true;
      holder.kill('SIGKILL');
    },
    async () => 'mine',
  );
  expect(await mine).toBe('mine');
  expect(isWaiting).toBe(true);
});
