import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { outFolder } from '../../build/setup/folders.ts';
import type { Session } from '../../src/engine/session.ts';
import { answers, deployAgain, host, name, named, raise, script, stand } from '../broken/stage.ts';
import { chosenWays } from '../broken/ways.ts';
import { completes, connectTo } from '../journeys/journey.ts';
import { withDockerStopped } from '../lab/faults.ts';
import { type Lab, upLab } from '../lab/lab.ts';
import { type App, launchApp } from './app.ts';
import { expect, labOptions, test } from './fixture.ts';
import { SwitchyardWindow } from './switchyard-window.ts';

// A service is broken by hand, in one way after the other. The window says so within five seconds, its button mends it,
// and the service answers again. Each leaves a picture, to be looked at by somebody who was not there.

const toldWithinMs = 5_000;
const pictures = path.join(outFolder, 'window', 'broken');

let lab: Lab;
let session: Session;
let app: App;
let window: SwitchyardWindow;

test.beforeAll(async ({ lab: shared }, info) => {
  test.setTimeout(400_000);
  await mkdir(pictures, { recursive: true });
  lab = await upLab(['feather-a'], labOptions);
  await lab.reset(host);
  session = await connectTo(lab, host);
  await raise(lab, session);
  app = await launchApp({
    dataFolder: info.outputPath('data'),
    sshConfigPath: shared.sshConfigPath,
    size: { width: 1280, height: 820 },
  });
  window = new SwitchyardWindow(app.page);
  await window.connect(host);
});

test.afterAll(async () => {
  await app?.close();
  session?.close();
  await lab?.reset(host);
});

const headline = (more = '') => window.page.locator(`[data-testid="headline"]${more}`);
const broken = (text: string, names: Record<string, string>) =>
  lab.exec(host, script(text, names), { okCodes: [0, 1, 2, 137] });

for (const way of chosenWays()) {
  const { says, mended } = way;
  if (says === 'docker-away') {
    stopDocker();
    continue;
  }
  // What the watch mends by itself has no button, and is gone before a picture of it is.
  if (mended === 'by-itself') continue;
  test(`UI1 UI2 ${way.title}: ${way.name}`, async () => {
    test.setTimeout(150_000);
    // What was put right by hand is known here before it is asked whether anything is wrong.
    await session.refresh();
    const names = named(await stand(session, way.on));
    await headline().waitFor({ state: 'detached' });
    await broken(way.breaks, names);
    const told = headline(`[data-cause="${says.cause}"][data-level="${says.level}"]`);
    await told.waitFor({ timeout: toldWithinMs });
    if (way.words !== undefined) await expect(told).toContainText(way.words);
    await window.page.mouse.move(640, 700);
    await window.picture(path.join(pictures, `${way.name}.png`));
    if (typeof mended === 'string') await press(mended);
    else {
      await expect(told).toContainText('What to do');
      for (const offer of ['go', 'mend']) await expect(window.at(`headline-${offer}`)).toHaveCount(0);
      await broken(mended.byHand, names);
      if (mended.next === 'mend') await press('mend');
      if (mended.next === 'deploy') {
        await deployAgain(session);
        await completes(session, name, 'flip', { watchMinutes: 0 });
      }
    }
    await told.waitFor({ state: 'detached', timeout: 60_000 });
    await expect(headline('[data-level="down"]')).toHaveCount(0, { timeout: 60_000 });
    await expect.poll(() => answers(lab)).toBe(true);
    await atRest();
    if (way.after !== undefined) await broken(way.after, names);
  });
}

async function press(offer: 'go' | 'mend'): Promise<void> {
  await window.at(`headline-${offer}`).first().click();
}

/** No job of the service runs: the next way begins with what stands. */
async function atRest(): Promise<void> {
  await expect
    .poll(async () => (await window.hosts()).flatMap(({ jobs }) => jobs).some(({ state }) => state === 'running'))
    .toBe(false);
}

function stopDocker(): void {
  test('UI2 UI3 Docker is stopped while connected: one banner, and nothing that could be pressed', async () => {
    test.setTimeout(150_000);
    await stand(session, undefined);
    await withDockerStopped(lab, host, async () => {
      await window.at('banner-docker').waitFor({ timeout: toldWithinMs });
      await expect(window.at('banner-docker')).toContainText('sudo systemctl start docker');
      await expect(window.at('map')).toHaveAttribute('data-away', 'true');
      await expect(headline()).toHaveCount(0);
      await expect(window.map.locator('[data-testid^="action-"]')).toHaveCount(0);
      await expect(window.at(`tab-${host}`)).toHaveAttribute('data-worst', 'trouble');
      await window.picture(path.join(pictures, 'docker-stopped.png'));
    });
    await window.at('banner-docker').waitFor({ state: 'detached', timeout: 30_000 });
    await expect.poll(() => answers(lab), { timeout: 30_000 }).toBe(true);
  });
}
