import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { startLinkProxy } from '../lab/link-proxy.ts';
import { photograph } from './app.ts';
import { switchyard } from './command-line.ts';
import { expect, pictureFile, speakInJob, test, writeSshConfig } from './fixture.ts';
import { type SwitchyardWindow, wordsOf } from './switchyard-window.ts';

// One story on one server, told in the order of the tests: each goes on from where the one before left the shop.
test.describe.configure({ mode: 'serial' });

const frontend = 'shop/frontend';
const backend = 'shop/backend';
const registry = 'registry.lab:5000/shop';

let composeBefore = '';

test.beforeAll(async ({ lab }) => {
  test.setTimeout(240_000);
  await lab.reset('shop');
  composeBefore = (await lab.exec('home', ['cat', 'shop/compose.yaml'])).stdout;
});

/** What the shop's visitors get. */
async function visit(lab: Lab): Promise<string> {
  return (await lab.exec('home', ['curl', '-s', '--max-time', '5', 'http://127.0.0.1:8080/version'])).stdout;
}

/** Presses Tab until this has the focus, as somebody without a mouse does. */
async function tabTo(window: SwitchyardWindow, testid: string): Promise<void> {
  for (let press = 0; press < 30; press += 1) {
    if (await window.at(testid).evaluate((element) => element === document.activeElement)) return;
    await window.page.keyboard.press('Tab');
  }
  throw new Error(`30 tabs do not lead to ${testid}`);
}

/** How long a release may take to get ready is the service's policy; two minutes are long for a test. */
async function getsReadyWithin(lab: Lab, service: string, seconds: number): Promise<void> {
  const file = `shop/.switchyard/${service}/service.json`;
  await lab.exec(
    'home',
    `sed -i 's/"readySeconds": *[0-9]*/"readySeconds": ${seconds}/' ${file} && grep -q '"readySeconds": *${seconds}' ${file}`,
  );
}

test('adopt by mouse: the price is said before, compose.yaml keeps every byte', async ({ open, lab }) => {
  const { window } = await open({ size: { width: 1600, height: 1000 } });
  await window.connect('home');
  await window.action(frontend, 'adopt').click();
  await expect(window.at('adopt-gap')).toContainText(/about [\d.]+ m?s/);
  await window.page.locator('.file-details summary').click();
  await expect(window.at('adopt-override')).toContainText('haproxy');
  await window.at('sheet-confirm').click();
  await window.switchSays(frontend, 'preparing');
  await window.switchSays(frontend, 'idle', 90_000);
  await expect(window.lever(frontend)).toHaveAttribute('data-live', 'blue');
  expect((await lab.exec('home', ['cat', 'shop/compose.yaml'])).stdout).toBe(composeBefore);
  expect(await visit(lab)).toContain('1.0.0');
  await window.at('activity-toggle').click();
  await expect(window.at('activity')).toContainText('completed');
  await expect(window.at('activity')).toContainText(/gap [\d.]+ m?s/);
  const said = await speakInJob(lab, (await window.newestJob('adopt'))?.id ?? '');
  await window.at('job-log-toggle').click();
  await expect(window.at('job-log')).toContainText(said);
  await window.picture(pictureFile('activity'));
});

test('adopt by keyboard alone', async ({ open }) => {
  const { window } = await open();
  await window.connect('home');
  const { keyboard } = window.page;
  await keyboard.press('ArrowRight');
  await keyboard.press('ArrowRight');
  await keyboard.press('a');
  await window.at('adopt-gap').waitFor();
  await tabTo(window, 'sheet-confirm');
  await keyboard.press('Enter');
  await expect(window.at('sheet-adopt')).toHaveCount(0);
  await window.switchSays(backend, 'idle', 90_000);
});

test('deploy, preview, flip and flip back by mouse', async ({ open, lab }) => {
  test.setTimeout(150_000);
  await getsReadyWithin(lab, 'frontend', 40);
  const { window, app } = await open({ size: { width: 1600, height: 1000 } });
  await window.connect('home');
  await window.chooseImage(frontend, '1.1.0');
  await expect(window.at('sheet-deploy').getByTestId('diff')).toContainText('1.1.0');
  await window.at('sheet-confirm').click();
  await window.switchSays(frontend, 'preparing');
  // Nothing moves by itself, and the thumb stays where the traffic is.
  await window.switchSays(frontend, 'next-ready');
  await expect(window.lever(frontend)).toHaveAttribute('data-thumb', 'blue');
  expect(await visit(lab)).toContain('1.0.0');

  await window.select(frontend);
  await expect(window.panel.getByTestId('diff')).toContainText('1.1.0');
  await window.action(frontend, 'preview').click();
  await window.at('preview').waitFor();
  const [url = ''] = await app.browsed();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
  expect(await photograph(app, url, pictureFile('preview-page'))).toContain('1.1.0');
  expect(await visit(lab)).toContain('1.0.0');
  await window.at('preview-close').click();

  await window.showTab('logs');
  await expect(window.at('logs')).toContainText('1.0.0');
  await expect(window.at('logs')).toContainText('1.1.0');
  await window.showTab('checks');
  await expect(window.at('checks-green')).toContainText('the check passes');
  await window.showTab('overview');

  await window.action(frontend, 'flip').click();
  await window.switchSays(frontend, 'watching');
  await expect(window.lever(frontend)).toHaveAttribute('data-live', 'green');
  expect(await visit(lab)).toContain('1.1.0');
  await window.lever(frontend).click();
  await window.switchSays(frontend, 'settled');
  await expect(window.lever(frontend)).toHaveAttribute('data-live', 'blue');
  expect(await visit(lab)).toContain('1.0.0');
  await window.panel.getByTestId('action-rollback').click();
  await window.trafficGoesTo(frontend, 'green');
  expect(await visit(lab)).toContain('1.1.0');
});

test('deploy, flip and flip back by keyboard', async ({ open }) => {
  test.setTimeout(150_000);
  const { window } = await open();
  const { keyboard } = window.page;
  await window.connect('home');
  await keyboard.press('ArrowRight');
  await keyboard.press('ArrowRight');
  await keyboard.press('d');
  await tabTo(window, 'deploy-image');
  await keyboard.type('1.1.0');
  await expect(window.at('sheet-deploy').getByTestId('diff')).toContainText('1.1.0');
  await keyboard.press('Enter');
  await window.switchSays(backend, 'next-ready');
  await keyboard.press('f');
  await window.trafficGoesTo(backend, 'green');
  await keyboard.press('f');
  await window.trafficGoesTo(backend, 'blue');
});

test('traffic is on the card', async ({ open, lab }) => {
  const { window } = await open();
  await window.connect('home');
  const visitors = lab.exec(
    'home',
    'for i in $(seq 150); do curl -s -o /dev/null http://127.0.0.1:8080/version; sleep 0.05; done',
  );
  await expect(window.card(frontend).locator('.card-load')).toContainText(/[1-9]\d* req\/s/, { timeout: 20_000 });
  await window.picture(pictureFile('traffic'));
  await visitors;
});

test('what the command line starts, the window shows live; and the other way round', async ({ open, lab }) => {
  test.setTimeout(180_000);
  const { window } = await open();
  await window.connect('home');
  await window.at('activity-toggle').click();
  const deploying = switchyard(lab.sshConfigPath, 'deploy', 'home', frontend, '--image', `${registry}/frontend:1.6.0`);
  await window.switchSays(frontend, 'preparing', 30_000);
  await expect(window.at('activity')).toContainText('1 job running');
  expect((await deploying).code).toBe(0);
  await window.switchSays(frontend, 'next-ready');
  await expect(window.card(frontend)).toContainText('1.6.0');
  await expect(window.at('activity')).toContainText('nothing runs');

  await window.action(frontend, 'flip').click();
  await window.switchSays(frontend, 'watching');
  const { json } = await switchyard(lab.sshConfigPath, 'jobs', 'home');
  expect(JSON.stringify(json)).toContain('"verb":"flip"');
  expect((await switchyard(lab.sshConfigPath, 'rollback', 'home', frontend)).code).toBe(0);
  await window.switchSays(frontend, 'settled');
  expect(await visit(lab)).toContain('1.1.0');
});

test('two windows flip at once: one does, both tell the same', async ({ open, lab }) => {
  const [one, two] = [await open(), await open()];
  await one.window.connect('home');
  await two.window.connect('home');
  const jobsOf = async (window: SwitchyardWindow) => (await window.hosts())[0]?.jobs ?? [];
  const before = (await jobsOf(one.window)).length;
  await Promise.all([one.window.action(frontend, 'rollback').click(), two.window.action(frontend, 'rollback').click()]);
  // Whoever came second was refused, waited for the lock, or moved it back in turn: what both say is what the visitors get.
  const agreed = async () => {
    const said = await Promise.all(
      [one, two].map(async ({ window }) => {
        const jobs = await jobsOf(window);
        if (jobs.length === before || jobs.some((job) => job.state === 'running')) return null;
        return (await window.lever(frontend).getAttribute('data-thumb')) ?? null;
      }),
    );
    return said[0] === said[1] ? said[0] : null;
  };
  await expect.poll(agreed, { timeout: 30_000 }).toMatch(/^(blue|green)$/);
  for (const { window } of [one, two]) {
    const shown = await wordsOf(window.card(frontend).locator('.track[data-live] .track-version'));
    expect(await visit(lab)).toContain(shown.trim());
  }
});

test('the link is cut while a job runs: greyed with its age, then how it ended', async ({ open, lab, folder }) => {
  test.setTimeout(180_000);
  const home = lab.host('home');
  const link = await startLinkProxy({ targetPort: home.sshPort });
  try {
    const knownHosts = (await readFile(home.knownHostsPath, 'utf8')).replaceAll(`:${home.sshPort} `, `:${link.port} `);
    const { sshConfigPath } = await writeSshConfig(folder, lab, [{ alias: 'home', port: link.port, knownHosts }]);
    const { window } = await open({ sshConfigPath, size: { width: 1600, height: 1000 } });
    await window.connect('home');
    await window.putAway(frontend);
    await window.deploy(frontend, '1.5.0');
    link.refuse();
    await expect(window.at('banner-away')).toContainText('home is away', { timeout: 30_000 });
    await expect(window.at('banner-away')).toContainText('jobs on the server go on');
    await expect(window.map).toHaveAttribute('data-away', 'true');
    await expect(window.lever(frontend)).toHaveAttribute('data-state', 'unknown');
    await expect(window.at('tab-home')).toHaveAttribute('data-worst', 'away');
    // One cause, one message: no card is in trouble for it.
    await expect(window.page.locator('.card[data-tone="trouble"]')).toHaveCount(0);
    await window.picture(pictureFile('away'));
    link.allow();
    await window.at('away-retry').click();
    await expect(window.at('banner-away')).toHaveCount(0, { timeout: 30_000 });
    await window.switchSays(frontend, 'next-ready', 90_000);
    await expect(window.card(frontend)).toContainText('1.5.0');
  } finally {
    await link.close();
  }
});

test('the app is closed while a job runs: it says that it goes on, and it does', async ({ open }) => {
  test.setTimeout(150_000);
  const first = await open();
  await first.window.connect('home');
  await first.window.retireNext(frontend);
  await first.window.deploy(frontend, '1.5.0');
  await first.app.close();
  const log = await readFile(path.join(first.app.dataFolder, 'logs', 'main.log'), 'utf8');
  expect(log).toContain('A job is running. It goes on.');
  expect(log).toContain('Deploying frontend on home');
  const again = await open({ dataFolder: first.app.dataFolder });
  await again.window.mapIsDrawn();
  await again.window.switchSays(frontend, 'next-ready', 90_000);
});

test('a release that never gets ready cannot be flipped to', async ({ open, lab }) => {
  test.setTimeout(150_000);
  await getsReadyWithin(lab, 'frontend', 8);
  const { window } = await open({ size: { width: 1600, height: 1000 } });
  await window.connect('home');
  await window.putAway(frontend);
  const before = await visit(lab);
  await window.retireNext(frontend);
  await window.deploy(frontend, '1.3.0');
  await window.switchSays(frontend, 'not-ready', 60_000);
  await expect(window.card(frontend)).toContainText('503');
  await window.select(frontend);
  await window.picture(pictureFile('not-ready'));
  const { keyboard } = window.page;
  // By key, by palette and by lever: the sheet says why not, and what helps; there is no way around it.
  const isRefused = async () => {
    await expect(window.at('sheet-flip')).toContainText('HTTP 503');
    await expect(window.at('sheet-flip').getByTestId('gate-deploy')).toBeVisible();
    await expect(window.at('sheet-flip').getByTestId('sheet-confirm')).toHaveCount(0);
  };
  await keyboard.press('f');
  await isRefused();
  await window.picture(pictureFile('flip-refused'));
  await window.at('sheet-cancel').click();
  await keyboard.press('Control+k');
  await keyboard.type('flip frontend');
  await keyboard.press('Enter');
  await isRefused();
  await keyboard.press('Escape');
  await window.lever(frontend).click();
  await isRefused();
  expect((await switchyard(lab.sshConfigPath, 'flip', 'home', frontend)).code).toBe(11);
  expect(await visit(lab)).toBe(before);
  await window.at('gate-deploy').click();
  await window.at('sheet-deploy').waitFor();
  await keyboard.press('Escape');
  await window.switchSays(frontend, 'not-ready');
});

test('a release that ends at its start says its last words', async ({ open, lab }) => {
  test.setTimeout(150_000);
  const { window } = await open();
  await window.connect('home');
  await window.putAway(frontend);
  const before = await visit(lab);
  await window.retireNext(frontend);
  await window.deploy(frontend, '1.4.0');
  await window.switchSays(frontend, 'not-ready', 60_000);
  await window.select(frontend);
  await expect(window.panel).toContainText('SESSION_KEY');
  await window.picture(pictureFile('ended-at-start'));
  expect((await switchyard(lab.sshConfigPath, 'flip', 'home', frontend)).code).toBe(11);
  expect(await visit(lab)).toBe(before);
});

test('an image that does not exist is told on the card, and put away', async ({ open, lab }) => {
  const { window } = await open({ size: { width: 1600, height: 1000 } });
  await window.connect('home');
  await window.putAway(frontend);
  await window.retireNext(frontend);
  await window.deploy(frontend, '9.9.9');
  await window.switchSays(frontend, 'failed');
  await expect(window.card(frontend)).toContainText('Deploy failed');
  await window.select(frontend);
  await expect(window.panel.locator('.note.stop')).toContainText('Check the name and the tag of the image.');
  await window.picture(pictureFile('image-missing'));
  await window.action(frontend, 'dismiss').click();
  await window.switchSays(frontend, ['idle', 'settled']);
  expect((await lab.exec('home', ['cat', 'shop/compose.yaml'])).stdout).not.toContain('9.9.9');
});

test('releases are numbered, compared, and deployed again', async ({ open }) => {
  test.setTimeout(150_000);
  const { window } = await open({ size: { width: 1600, height: 1000 } });
  await window.connect('home');
  await window.select(frontend);
  await window.showTab('releases');
  await expect(window.at('release-2')).toContainText('1.1.0');
  await expect(window.at('release-2')).toContainText('deployed in');
  await expect(window.at('releases')).toContainText('retired');
  await window.at('release-1').getByRole('checkbox').check();
  await window.at('release-2').getByRole('checkbox').check();
  await expect(window.at('comparison')).toContainText('1.0.0');
  await expect(window.at('comparison')).toContainText('1.1.0');
  await window.picture(pictureFile('releases'));
  // Of 1.1.0 and 1.6.0 one has the traffic, by who came second when two windows flipped; the other is deployed again.
  const again = window.at('redeploy-2').or(window.at('redeploy-3'));
  const version = (await window.at('redeploy-2').count()) > 0 ? '1.1.0' : '1.6.0';
  await again.click();
  await window.at('sheet-deploy').waitFor();
  await window.at('sheet-confirm').click();
  await window.switchSays(frontend, 'next-ready', 60_000);
  await expect(window.card(frontend)).toContainText(version);
});

test('a release that goes bad after its flip: the traffic goes back by itself', async ({ open, lab }) => {
  test.setTimeout(180_000);
  const { window } = await open({ size: { width: 1600, height: 1000 } });
  await window.connect('home');
  await window.putAway(frontend);
  const before = await visit(lab);
  await window.retireNext(frontend);
  await window.deploy(frontend, '1.2.0');
  await window.switchSays(frontend, 'next-ready', 60_000);
  await window.action(frontend, 'flip').click();
  await window.switchSays(frontend, 'watching');
  await window.switchSays(frontend, 'went-back', 90_000);
  expect(await visit(lab)).toBe(before);
  await window.select(frontend);
  await expect(window.panel).toContainText('went back by itself');
  await window.picture(pictureFile('went-back'));
});

test('eject: plain compose again', async ({ open, lab }) => {
  test.setTimeout(150_000);
  const { window } = await open();
  await window.connect('home');
  await window.select(backend);
  await window.panel.getByRole('button', { name: /Eject/ }).click();
  await window.at('sheet-eject').getByTestId('sheet-confirm').click();
  await window.switchSays(backend, 'not-adopted', 90_000);
  const { stdout } = await lab.exec('home', 'cd shop && docker compose ps --format "{{.Service}} {{.State}}"');
  expect(stdout).toContain('backend running');
});
