import { readFile } from 'node:fs/promises';
import { appUser } from './app.ts';
import { expect, test } from './fixture.ts';

const statusOf = async (pid: number, name: string): Promise<string[]> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.split(/\s+/) ?? [];
};

test('the app is not root, and its page is in a sandbox, wherever that can be had', async ({ open }) => {
  test.skip(process.platform !== 'linux', 'reads /proc');
  const { app } = await open();
  const { uid, main, page } = await app.electron.evaluate(({ BrowserWindow }) => ({
    uid: process.getuid?.(),
    main: process.pid,
    page: BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId() ?? 0,
  }));
  const outer = app.electron.process().pid ?? 0;
  const found = {
    isRoot: uid === 0,
    // A process id for each namespace that a process is in: one namespace more than the app's own is Chromium's.
    isApart: (await statusOf(page, 'NSpid')).length > (await statusOf(outer, 'NSpid')).length,
    filtersCalls: (await statusOf(page, 'Seccomp'))[0] === '2' && (await statusOf(page, 'NoNewPrivs'))[0] === '1',
  };
  const { hasSandbox } = await appUser();
  expect(main).toBe(outer);
  expect(found).toEqual({
    isRoot: !hasSandbox && process.getuid?.() === 0,
    isApart: hasSandbox,
    filtersCalls: hasSandbox,
  });
});
