import type { Lab } from '../lab/lab.ts';
import { switchyard } from './command-line.ts';
import { expect, pictureFile, speakInJob, test } from './fixture.ts';
import type { SwitchyardWindow } from './switchyard-window.ts';

// Jobs as two windows and a command line see them: each test goes on from where the one before left the shop.
test.describe.configure({ mode: 'serial' });

const frontend = 'shop/frontend';
const size = { width: 1600, height: 1000 };
const image = (version: string): string => `registry.lab:5000/shop/frontend:${version}`;

test.beforeAll(async ({ lab }) => {
  test.setTimeout(300_000);
  await lab.reset('shop');
  await completes(lab, 'adopt', 'home', frontend, '--check-path', '/healthz');
  // Long enough for an app to start anew meanwhile.
  const file = 'shop/.switchyard/frontend/service.json';
  await lab.exec('home', `sed -i 's/"drainSeconds": *[0-9]*/"drainSeconds": 120/' ${file} && grep -q '120' ${file}`);
  await completes(lab, 'deploy', 'home', frontend, '--image', image('1.1.0'));
});

async function completes(lab: Lab, ...words: string[]): Promise<void> {
  const { code, json } = await switchyard(lab.sshConfigPath, ...words);
  expect(code, JSON.stringify(json)).toBe(0);
}

/** What the shop's visitors get. */
async function visit(lab: Lab): Promise<string> {
  return (await lab.exec('home', ['curl', '-s', '--max-time', '5', 'http://127.0.0.1:8080/version'])).stdout;
}

/** A visitor whose request is in flight until `release`: a flip waits for it in its drain. */
async function holdRequest(lab: Lab): Promise<{ release(): Promise<void> }> {
  await lab.exec('home', 'rm -f /tmp/held /tmp/held.log; mkfifo /tmp/held; : >/tmp/held.log');
  const answered = lab.exec(
    'home',
    `(printf x; cat /tmp/held) | curl -sv --max-time 150 -o /dev/null -X POST -H 'Expect:' -T - http://127.0.0.1:8080/api/echo 2>/tmp/held.log`,
    { okCodes: [0, 28] },
  );
  await lab.exec('home', `until grep -q '^> POST' /tmp/held.log; do sleep 0.1; done`);
  return {
    async release() {
      await lab.exec('home', 'echo >/tmp/held');
      await answered;
    },
  };
}

/** A press that was on its way when another was quicker: what the window does, without the button that is gone by now. */
const pressFlip = ({ page }: SwitchyardWindow) =>
  page.evaluate(async () => {
    const reply = await window.switchyard.call('hosts.list', undefined);
    const host = reply.ok ? (reply.value[0]?.id ?? '') : '';
    const ref = { host, stack: 'shop', service: 'frontend' };
    return (await window.switchyard.call('verbs.start', { ref, verb: 'flip', options: {} })).ok;
  });

test('the app is killed in mid-flip and started again: the flip goes on, then its end is told', async ({
  open,
  lab,
}) => {
  test.setTimeout(180_000);
  const first = await open({ size });
  await first.window.connect('home');
  const request = await holdRequest(lab);
  await first.window.action(frontend, 'flip').click();
  await first.window.switchSays(frontend, 'flipping');
  await expect(first.window.card(frontend)).toContainText('finishing 1 request');
  first.app.electron.process().kill('SIGKILL');

  const { window } = await open({ dataFolder: first.app.dataFolder });
  await window.mapIsDrawn();
  await window.switchSays(frontend, 'flipping');
  await expect(window.card(frontend)).toContainText('finishing 1 request');
  await window.at('activity-toggle').click();
  await expect(window.at('activity')).toContainText('1 job running');
  await expect(window.at('job-detail')).toContainText('The traffic has moved already');
  await request.release();
  await window.switchSays(frontend, 'watching');
  await expect(window.lever(frontend)).toHaveAttribute('data-live', 'green');
  await expect(window.at('activity')).toContainText('nothing runs');
  await expect(window.at('job-detail')).toContainText(/Flip of frontend on home by .+ at \d\d:\d\d: completed/);
  expect(await visit(lab)).toContain('1.1.0');
});

test('TO6 two windows, one flip: the second sees it live, and waits for its end', async ({ open, lab }) => {
  test.setTimeout(240_000);
  await completes(lab, 'rollback', 'home', frontend);
  await completes(lab, 'deploy', 'home', frontend, '--image', image('1.1.0'));
  const [one, two] = [(await open({ size })).window, (await open({ size })).window];
  await one.connect('home');
  await two.connect('home');
  await two.switchSays(frontend, 'next-ready');
  const request = await holdRequest(lab);
  await one.action(frontend, 'flip').click();
  await one.switchSays(frontend, 'flipping');
  await two.switchSays(frontend, 'flipping');
  await expect(two.card(frontend)).toContainText('finishing 1 request');
  await expect(two.card(frontend)).toContainText(/by .+ since \d\d:\d\d/);
  await expect(one.card(frontend)).not.toContainText('since');

  // It waits for the flip that holds the service, in the window that asked, and is planned anew when its turn comes.
  expect(await pressFlip(two)).toBe(true);
  await two.at('activity-toggle').click();
  const waiting = two.at('activity').locator('.job[data-state="waiting"]');
  await expect(waiting).toContainText('waiting for the flip of frontend');
  expect((await one.hosts())[0]?.jobs.map(({ state }) => state)).not.toContain('waiting');
  await waiting.click();
  await expect(two.at('job-detail')).toContainText('It has not begun: stopping takes it back, and nothing is changed.');
  await two.picture(pictureFile('waits'));
  await request.release();
  await one.switchSays(frontend, 'watching');
  // What it was to flip to has the traffic by then: its refusal is told in the window that asked, and in no other.
  await two.switchSays(frontend, 'failed');
  await expect(two.card(frontend)).toContainText('Flip refused');
  await expect(two.card(frontend)).toContainText('nothing changed');
  await expect.poll(async () => (await one.newestJob('flip'))?.state).toBe('refused');
  await one.switchSays(frontend, 'watching');
  await one.action(frontend, 'rollback').click();
  for (const window of [one, two]) await window.switchSays(frontend, 'settled');
});

test('a deploy is stopped from activity, and from the command line: undone, and told', async ({ open, lab }) => {
  test.setTimeout(240_000);
  const { window } = await open({ size });
  await window.connect('home');
  const before = await visit(lab);
  await window.deploy(frontend, '1.5.0');
  await window.at('activity-toggle').click();
  const detail = window.at('job-detail');
  await expect(detail.locator('.step[data-state="running"]')).toContainText('checking', { timeout: 60_000 });
  await expect(window.at('activity').locator('.job[data-state="running"]')).toContainText('5 of 5: checking');
  await expect(detail).toContainText(/Stopping undoes what it began; release \d+ keeps the traffic\./);
  await window.picture(pictureFile('activity-running'));
  await window.at('job-stop').click();
  await expect(detail).toContainText('stopped, undone', { timeout: 30_000 });
  await expect(window.card(frontend)).toContainText('Deploy stopped');
  const asked = await window.newestJob('deploy');
  expect(asked?.failure?.code).toBe('cancelled');
  const said = await speakInJob(lab, asked?.id ?? '');
  await window.at('job-log-toggle').click();
  await expect(window.at('job-log')).toContainText(said);
  expect(await visit(lab)).toBe(before);
  await window.picture(pictureFile('stopped'));
  await window.putAway(frontend);
  // Undone is undone: the slot that it had freed is empty again.
  await expect(window.card(frontend)).not.toContainText('1.5.0');

  await window.deploy(frontend, '1.5.0');
  const job = await window.newestJob('deploy');
  const stopped = await switchyard(lab.sshConfigPath, 'stop', 'home', job?.id ?? '');
  expect(stopped).toMatchObject({ code: 12, json: { failure: { code: 'cancelled' }, job: { state: 'aborted' } } });
  await expect(window.card(frontend)).toContainText('Deploy stopped');
  const again = await switchyard(lab.sshConfigPath, 'stop', 'home', job?.id ?? '');
  expect(again).toMatchObject({ code: 11, json: { failure: { code: 'nothing-to-do' } } });
  expect(await visit(lab)).toBe(before);
});

test('a flip that goes back unless confirmed: kept', async ({ open, lab }) => {
  test.setTimeout(180_000);
  await completes(lab, 'deploy', 'home', frontend, '--image', image('1.1.0'), '--replace', '--again');
  const { window } = await open({ size });
  await window.connect('home');
  await window.putAway(frontend);
  await window.switchSays(frontend, 'next-ready');
  await window.action(frontend, 'arm').click();
  await expect(window.at('sheet-arm')).toContainText('goes back to 1.0.0 in blue by itself');
  // As Flip does unless something else is chosen, and choosing moves nothing yet.
  await expect(window.at('watch-5')).toBeChecked();
  await window.at('arm-2').check();
  await window.picture(pictureFile('arm-sheet'));
  expect(await visit(lab)).toContain('1.0.0');
  await window.at('sheet-arm').getByTestId('sheet-confirm').click();
  await window.switchSays(frontend, 'watching');
  await expect(window.card(frontend)).toContainText(/Confirm within [01]:\d\d/);
  await window.picture(pictureFile('to-be-confirmed'));
  await window.action(frontend, 'confirm').click();
  await expect(window.card(frontend)).toContainText(/Watching \d:\d\d left/);
  await expect(window.lever(frontend)).toHaveAttribute('data-live', 'green');
  expect(await visit(lab)).toContain('1.1.0');
  await window.action(frontend, 'rollback').click();
  await window.switchSays(frontend, 'settled');
});

test('a flip that goes back unless confirmed: nobody did, it went back by itself', async ({ open, lab }) => {
  test.setTimeout(180_000);
  await completes(lab, 'deploy', 'home', frontend, '--image', image('1.1.0'));
  const { window } = await open({ size });
  await window.connect('home');
  await completes(lab, 'flip', 'home', frontend, '--confirm-within', '0.25');
  await window.switchSays(frontend, 'watching');
  await expect(window.card(frontend)).toContainText(/Confirm within 0:\d\d/);
  expect(await visit(lab)).toContain('1.1.0');
  await window.switchSays(frontend, 'went-back', 60_000);
  await expect(window.card(frontend)).toContainText('nobody confirmed it within');
  expect(await visit(lab)).toContain('1.0.0');
});

test('a flip that waits for a request in flight is stopped from the palette: its waiting ends, and it completes', async ({
  open,
  lab,
}) => {
  test.setTimeout(180_000);
  await completes(lab, 'deploy', 'home', frontend, '--image', image('1.1.0'), '--replace', '--again');
  const { window } = await open({ size });
  await window.connect('home');
  await window.putAway(frontend);
  await window.switchSays(frontend, 'next-ready');
  const request = await holdRequest(lab);
  await window.action(frontend, 'flip').click();
  await expect(window.card(frontend)).toContainText('finishing 1 request');
  await window.select(frontend);
  await expect(window.panel).toContainText('The traffic has moved already');
  const { keyboard } = window.page;
  await keyboard.press('Control+k');
  await keyboard.type('stop: flip frontend');
  await keyboard.press('Enter');
  await window.switchSays(frontend, 'watching');
  await expect.poll(async () => (await window.newestJob('flip'))?.state).toBe('completed');
  expect(await visit(lab)).toContain('1.1.0');
  await request.release();
});
