import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test as base, expect } from '@playwright/test';
import { outFolder } from '../../build/setup/folders.ts';
import { stackHome } from '../../src/core/server-layout.ts';
import { type Lab, openLab } from '../lab/lab.ts';
import { type App, appUser, type LaunchOptions, launchApp } from './app.ts';
import { SwitchyardWindow } from './switchyard-window.ts';

export { expect };

/** SWITCHYARD_LAB: another folder than the clone's own is another lab. */
export const labOptions = process.env.SWITCHYARD_LAB ? { folder: process.env.SWITCHYARD_LAB } : {};

/** Pictures to look at; each run writes them anew. */
export const picturesFolder = path.join(outFolder, 'e2e');
export const pictureFile = (name: string): string => path.join(picturesFolder, `${name}.png`);

export interface Opened {
  app: App;
  window: SwitchyardWindow;
}

export type OpenOptions = Partial<Omit<LaunchOptions, 'env'>> & {
  /** Errors of the page that belong to the test. */
  mayComplain?: boolean;
};

interface TestFixtures {
  /** A folder for this test alone, gone after it. */
  folder: string;
  /** Starts the app, with a fresh data folder when none is named. It is closed after the test, which fails if the page complained. */
  open: (options?: OpenOptions) => Promise<Opened>;
}

export const test = base.extend<TestFixtures, { lab: Lab }>({
  lab: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern to know what a fixture needs.
    async ({}, use) => {
      await use(await openLab(labOptions));
    },
    { scope: 'worker' },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: as above.
  folder: async ({}, use) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'switchyard-e2e-'));
    await (await appUser()).handOver([folder]);
    await use(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  },
  open: async ({ lab, folder }, use, testInfo) => {
    const opened: { app: App; mayComplain: boolean }[] = [];
    await use(async ({ mayComplain = false, ...options } = {}) => {
      const app = await launchApp({
        dataFolder: path.join(folder, `data-${opened.length + 1}`),
        sshConfigPath: lab.sshConfigPath,
        ...options,
      });
      opened.push({ app, mayComplain });
      return { app, window: new SwitchyardWindow(app.page) };
    });
    const hasFailed = testInfo.status !== testInfo.expectedStatus;
    for (const [index, { app }] of opened.entries()) {
      if (hasFailed) {
        const body = await app.page.screenshot({ timeout: 5_000 }).catch(() => null);
        if (body !== null) await testInfo.attach(`window ${index + 1}`, { body, contentType: 'image/png' });
        if (body !== null) await writeFile(testInfo.outputPath(`window-${index + 1}.png`), body);
      }
      await app.close().catch(() => {});
    }
    for (const { app, mayComplain } of opened) if (!mayComplain) expect(app.complaints).toEqual([]);
  },
});

/**
 * Writes a line into the output of a job of the shop, as a program that it calls would, and returns it: one that goes well
 * may have none of its own.
 */
export async function speakInJob(lab: Lab, job: string): Promise<string> {
  const line = `said by a program in ${job}`;
  const output = `${stackHome('.local/state/switchyard', 'shop', lab.host('home').stacks.shop ?? '')}/jobs/${job}/output`;
  await lab.exec('home', `test -f ${output} && echo '${line}' >>${output}`);
  return line;
}

/** How one host is written into an ssh config of the test's own; the lab's own values where none is given. */
export interface HostEntry {
  alias: string;
  port?: number;
  hostName?: string;
  user?: string;
  keyPath?: string;
  /** The text of known_hosts; the lab's own when absent. */
  knownHosts?: string;
  /** `ask`, as people have it, when absent. */
  strict?: 'ask' | 'yes';
}

/** Writes an ssh config and its known_hosts for hosts that lead to the lab's server `home`. Returns their paths. */
export async function writeSshConfig(
  folder: string,
  lab: Lab,
  entries: readonly HostEntry[],
): Promise<{ sshConfigPath: string; knownHostsPath: string }> {
  const home = lab.host('home');
  const sshConfigPath = path.join(folder, 'ssh_config');
  const knownHostsPath = path.join(folder, 'known_hosts');
  const known = entries.find((entry) => entry.knownHosts !== undefined)?.knownHosts;
  await writeFile(knownHostsPath, known ?? (await readFile(home.knownHostsPath, 'utf8')));
  const blocks = entries.map((entry) =>
    [
      `Host ${entry.alias}`,
      `  HostName ${entry.hostName ?? '127.0.0.1'}`,
      `  Port ${entry.port ?? home.sshPort}`,
      `  User ${entry.user ?? 'home'}`,
      `  IdentityFile ${entry.keyPath ?? home.keyPath}`,
      '  IdentitiesOnly yes',
      '  IdentityAgent none',
      `  UserKnownHostsFile ${knownHostsPath}`,
      `  StrictHostKeyChecking ${entry.strict ?? 'ask'}`,
      '',
    ].join('\n'),
  );
  await writeFile(sshConfigPath, blocks.join('\n'));
  return { sshConfigPath, knownHostsPath };
}
