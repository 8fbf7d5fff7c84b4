import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { outFolder } from '../../build/setup/folders.ts';
import type { Lab } from '../lab/lab.ts';
import { switchyard } from './command-line.ts';
import { expect, test } from './fixture.ts';
import { type SwitchyardWindow, wordsOf } from './switchyard-window.ts';

// A running service is broken by hand, in one way after the other; each is said within five seconds, and mended by its button.
test.describe.configure({ mode: 'serial' });

const frontend = 'shop/frontend';
const folder = path.join(outFolder, 'window', 'broken');
const toldWithinMs = 5_000;

type Way = { name: string; script: string };
const ways: Way[] = [
  { name: 'entry-removed', script: 'docker rm -f shop-frontend-1' },
  { name: 'entry-stopped', script: 'docker stop -t 1 shop-frontend-1' },
  { name: 'entry-paused', script: 'docker pause shop-frontend-1' },
  { name: 'live-killed', script: 'docker kill shop--frontend--blue' },
  { name: 'live-removed', script: 'docker rm -f shop--frontend--blue' },
  { name: 'compose-down', script: 'cd shop && docker compose down -t 1' },
  { name: 'override-deleted', script: 'rm shop/compose.override.yaml' },
  { name: 'plain-up', script: 'cd shop && docker compose -f compose.yaml up -d' },
];

async function completes(lab: Lab, ...words: string[]): Promise<void> {
  const { code, json } = await switchyard(lab.sshConfigPath, ...words);
  expect(code, JSON.stringify(json)).toBe(0);
}

/** What the shop's visitors get, empty where nobody answers. */
async function visit(lab: Lab): Promise<string> {
  const curl = ['curl', '-s', '--max-time', '2', 'http://127.0.0.1:8080/version'];
  return (await lab.exec('home', curl, { okCodes: [0, 7, 28, 52, 56] })).stdout;
}

test.beforeAll(async ({ lab }) => {
  test.setTimeout(300_000);
  await mkdir(folder, { recursive: true });
  await lab.reset('shop');
  await completes(lab, 'adopt', 'home', frontend, '--check-path', '/healthz');
});

test('look', async ({ open, lab }) => {
  test.setTimeout(580_000);
  const { window } = await open({ size: { width: 1280, height: 820 } });
  await window.connect('home');
  const only = process.env.WAYS?.split(',');
  for (const way of ways.filter(({ name }) => only === undefined || only.includes(name))) {
    const at = Date.now();
    await lab.exec('home', way.script);
    const done = Date.now();
    const seen = await window.at('headline').waitFor({ timeout: 12_000 }).then(() => true, () => false);
    console.log(way.name, 'script', done - at, 'told', seen ? Date.now() - done : 'never', seen ? await wordsOf(window.at('headline')) : '');
    await window.picture(path.join(folder, `${way.name}.png`));
    const button = window.at('headline-mend');
    if ((await button.count()) > 0) await button.first().click();
    const gone = await window.at('headline').waitFor({ state: 'detached', timeout: 30_000 }).then(() => true, () => false);
    console.log('  mended', gone, await visit(lab));
    if (!gone) {
      await window.picture(path.join(folder, `${way.name}-after.png`));
      await lab.exec('home', `docker start shop--frontend--blue; docker unpause shop--frontend--blue; cd shop && docker compose up -d; true`);
      await window.at('headline').waitFor({ state: 'detached', timeout: 30_000 }).catch(() => {});
    }
  }
});
