import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureBuilt } from '../../build/electron/built.ts';
import { ensureElectron } from '../../build/setup/electron.ts';
import { outFolder } from '../../build/setup/folders.ts';
import { logToStderr as log, renderSeconds, timed } from '../../build/setup/progress.ts';
import { eventually } from '../../src/testkit/eventually.ts';
import { type Lab, upLab } from '../lab/lab.ts';
import { type Load, type LoadReport, lastAnswerOf, quantile, startLoad } from '../load/load.ts';
import { type App, appUser, launchApp, photograph } from '../window/app.ts';
import { switchyard } from '../window/command-line.ts';
import { openScreen, type Screen } from '../window/screen.ts';
import { SwitchyardWindow, wordsOf } from '../window/switchyard-window.ts';
import { createSteps } from './steps.ts';

// npm run demo
//
// A home server with a web shop on this machine, and the real app that updates it while customers are in the shop.
// Pictures and summary.json come into out/demo. With a screen the window stays open at the end, to play with.

const folder = path.join(outFolder, 'demo');
const service = 'shop/frontend';
const startedMs = performance.now();
const opened: (() => Promise<unknown>)[] = [];
let isEnding = false;

/** Closes what was opened, the newest first. */
async function closeAll(): Promise<void> {
  isEnding = true;
  for (const close of opened.splice(0).reverse()) await close().catch(() => {});
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => {
    if (isEnding) return;
    log('\nEnding. The lab stays up; npm run lab -- down removes it.');
    void closeAll().then(() => process.exit(code));
  });
}

type Stage = { lab: Lab; app: App; window: SwitchyardWindow; screen: Screen };

async function setUp(): Promise<Stage> {
  log('Preparing ...');
  await ensureBuilt();
  await ensureElectron();
  await appUser(log);
  const lab = await upLab(['shop'], process.env.SWITCHYARD_LAB ? { folder: process.env.SWITCHYARD_LAB } : {});
  await timed(log, 'The shop as on the first day: 1.0.0, plain compose', () => lab.reset('shop'));
  const screen = await openScreen();
  opened.push(() => screen.close());
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'switchyard-demo-'));
  opened.push(() => rm(dataFolder, { recursive: true, force: true }));
  const app = await launchApp({
    dataFolder,
    sshConfigPath: lab.sshConfigPath,
    size: { width: 1600, height: 1000 },
    theme: 'light',
    env: screen.env,
  });
  opened.push(() => app.close());
  return { lab, app, window: new SwitchyardWindow(app.page), screen };
}

/** What moved the traffic: when it was commanded on the server, when it was asked for here, and which release it left. */
type Move = { left: string; commandedAtMs: number; askedAtMs: number | null };

async function play({ lab, app, window }: Stage): Promise<boolean> {
  const host = lab.host('home');
  // Straight to the server where this machine reaches it: Docker's own port forwarder in between would be measured too.
  const shop =
    process.platform === 'linux'
      ? { host: host.address, port: 8080 }
      : { host: '127.0.0.1', port: host.http.frontend ?? 0 };
  const shopUrl = `http://${shop.host}:${shop.port}/`;
  const moves: Move[] = [];
  const figures = { adoptGapMs: 0, rollbackMs: 0 };
  let load: Load | null = null;
  opened.push(async () => load?.stop());

  let pictures = 0;
  const nextFile = (name: string) => {
    pictures += 1;
    return path.join(folder, `${String(pictures).padStart(2, '0')}-${name}.png`);
  };
  const picture = (name: string) => window.picture(nextFile(name));
  const page = async (url: string, version: string, name: string) => {
    const text = await photograph(app, url, nextFile(name));
    if (!text.includes(version)) throw new Error(`${url} does not show ${version} but:\n${text.slice(0, 300)}`);
  };
  const { step, reports } = createSteps(log, async () => picture('failed'));

  const startCustomers = async () => {
    load = await startLoad({ ...shop, clients: 16, perSecond: 300, maxRequests: 400_000, maxMs: 15 * 60_000 });
  };
  const endCustomers = async (): Promise<LoadReport> => {
    const report = await load?.stop();
    load = null;
    if (report === undefined) throw new Error('there was no load');
    return report;
  };
  /** Waits until this release answered often under the load that runs: the move is over for the customers, too. */
  const answers = async (release: string, count = 150) => {
    const goal = (load?.counters().releases[release] ?? 0) + count;
    await eventually(`${release} answers`, () => (load?.counters().releases[release] ?? 0) >= goal, 30_000);
  };
  const noteMove = async (left: string, verb: 'flip' | 'rollback', askedAtMs: number | null) => {
    const [view] = await window.hosts();
    const job = view?.jobs.filter((each) => each.verb === verb).sort((a, b) => b.startedAt - a.startedAt)[0];
    const commandedAtMs = job?.figures.commandedAt;
    if (commandedAtMs === undefined) throw new Error(`the ${verb} did not say when it was commanded`);
    moves.push({ left, commandedAtMs, askedAtMs });
  };

  log('\nThe play:');
  await step('connect', async () => {
    await window.at('connect-target').fill('home');
    await picture('connect');
    const began = performance.now();
    await window.at('connect-submit').click();
    await window.mapIsDrawn();
    return { mapMs: Math.round(performance.now() - began) };
  });

  await step('map', async () => {
    for (const name of ['frontend', 'backend', 'db']) await window.card(`shop/${name}`).waitFor();
    await picture('map');
    await page(shopUrl, '1.0.0', 'shop-1.0.0');
    return {};
  });

  await step('adopt frontend', async () => {
    await startCustomers();
    await window.select(service);
    await window.action(service, 'adopt').click();
    await window.at('adopt-gap').waitFor();
    await picture('adopt');
    await window.at('sheet-confirm').click();
    await window.switchSays(service, ['idle', 'settled'], 90_000);
    await answers('1.0.0', 300);
    const report = await endCustomers();
    figures.adoptGapMs = round(report.longestGapMs);
    await picture('adopted');
    return { adoptGapMs: figures.adoptGapMs, lostInTheGap: report.failed, requests: report.requests };
  });

  // From here on not one request may be lost.
  await step('deploy 1.1.0', async () => {
    await startCustomers();
    await window.chooseImage(service, '1.1.0');
    await picture('deploy');
    await window.at('sheet-confirm').click();
    await window.switchSays(service, 'preparing');
    await picture('preparing');
    await window.switchSays(service, 'next-ready', 120_000);
    await picture('ready');
    return {};
  });

  await step('preview 1.1.0', async () => {
    const before = (await app.browsed()).length;
    await window.action(service, 'preview').click();
    await window.at('preview').waitFor();
    const url = await eventually(
      'the browser is given an address',
      async () => (await app.browsed())[before] ?? null,
      30_000,
    );
    await picture('preview');
    await page(url, '1.1.0', 'preview-1.1.0');
    await page(shopUrl, '1.0.0', 'shop-still-1.0.0');
    await window.at('preview-close').click();
    return { url };
  });

  await step('flip under load', async () => {
    await window.notePresses();
    await window.action(service, 'flip').click();
    await window.switchSays(service, 'watching');
    await answers('1.1.0');
    await noteMove('1.0.0', 'flip', await window.pressedAt());
    await picture('flipped');
    await page(shopUrl, '1.1.0', 'shop-1.1.0');
    return {};
  });

  await step('dark', async () => {
    await window.at('theme-toggle').click();
    await picture('flipped-dark');
    await window.at('theme-toggle').click();
    return {};
  });

  await step('flip back under load', async () => {
    await window.action(service, 'rollback').click();
    await window.switchSays(service, 'settled');
    await answers('1.0.0');
    await noteMove('1.1.0', 'rollback', await window.pressedAt());
    await picture('flipped-back');
    await page(shopUrl, '1.0.0', 'shop-back-on-1.0.0');
    return {};
  });

  await step('to and fro under load', async () => {
    // By the window and by the command line in turn.
    for (let round = 0; round < 5; round += 1) {
      const [left, right] = round % 2 === 0 ? ['1.0.0', '1.1.0'] : ['1.1.0', '1.0.0'];
      const target = (await window.liveSlot(service)) === 'blue' ? 'green' : 'blue';
      if (round % 2 === 0) {
        const { code } = await switchyard(lab.sshConfigPath, 'rollback', 'home', service);
        if (code !== 0) throw new Error(`switchyard rollback ended with ${code}`);
        await window.trafficGoesTo(service, target);
        await answers(right);
        await noteMove(left, 'rollback', null);
      } else {
        await window.action(service, 'rollback').click();
        await window.trafficGoesTo(service, target);
        await answers(right);
        await noteMove(left, 'rollback', await window.pressedAt());
      }
    }
    return { moves: 5 };
  });

  await step('releases', async () => {
    await window.showTab('releases');
    await window.at('release-2').getByRole('checkbox').check();
    await window.at('release-1').getByRole('checkbox').check();
    await window.at('comparison').getByTestId('diff').waitFor();
    await picture('releases');
    await window.showTab('logs');
    await window.at('logs').waitFor();
    await picture('logs');
    await window.showTab('overview');
    return {};
  });

  // How long a release may take to get ready is the service's own policy, in its service.json: two minutes are long to watch.
  await step('deploy 1.3.0, which never gets ready', async () => {
    await lab.exec(
      'home',
      `cd ${host.stacks.shop}/.switchyard/frontend && sed -i 's/"readySeconds": *[0-9]*/"readySeconds": 15/' service.json && grep -q '"readySeconds": *15' service.json`,
    );
    await window.readAgain();
    await window.deploy(service, '1.3.0');
    await window.switchSays(service, 'not-ready', 150_000);
    await picture('not-ready');
    return { says: await words(window) };
  });

  /** Flip is pressed, the window says why not and what helps; the command line is refused by the server itself. */
  const refused = async (name: string, reason: string) => {
    await window.lever(service).click();
    await window.at('sheet-flip').getByText(reason).first().waitFor();
    await picture(name);
    await window.at('sheet-cancel').click();
    const { code, json } = await switchyard(lab.sshConfigPath, 'flip', 'home', service);
    if (code !== 11) throw new Error(`switchyard flip ended with ${code}, not 11: ${JSON.stringify(json)}`);
    return { exitCode: code, says: json.ok ? '' : json.failure.message };
  };
  await step('flip to 1.3.0 is refused', () => refused('refused', 'HTTP 503'));

  await step('deploy 1.4.0, which ends at its start', async () => {
    await window.putAway(service);
    await window.action(service, 'retire').click();
    await window.switchSays(service, ['idle', 'settled']);
    await window.deploy(service, '1.4.0');
    await window.switchSays(service, 'not-ready', 150_000);
    await window.showTab('logs');
    await window.at('logs').getByText('1.4.0').first().waitFor();
    await picture('ends-at-start-logs');
    await window.showTab('overview');
    await picture('ends-at-start');
    return { says: await words(window) };
  });
  await step('flip to 1.4.0 is refused', () => refused('refused-again', 'SESSION_KEY'));

  await step('what ran', async () => {
    await window.at('activity-toggle').click();
    await window.at('activity').waitFor();
    await picture('activity');
    await window.at('activity-toggle').click();
    await window.at('theme-toggle').click();
    await picture('map-dark');
    await window.at('theme-toggle').click();
    await page(shopUrl, '1.1.0', 'shop-at-the-end');
    return {};
  });

  let report: LoadReport | null = null;
  await step('no request was lost', async () => {
    report = await endCustomers();
    if (report.failed > 0) throw new Error(`${report.failed} failed: ${JSON.stringify(report.samples.slice(0, 5))}`);
    return { requests: report.requests, failed: report.failed };
  });
  report ??= load === null ? null : await endCustomers();

  const switchMs: number[] = [];
  for (const [index, { left, commandedAtMs, askedAtMs }] of moves.entries()) {
    if (report === null) break;
    const until = moves[index + 1]?.askedAtMs ?? moves[index + 1]?.commandedAtMs;
    const lastAtMs = lastAnswerOf((report as LoadReport).records, left, commandedAtMs, until) ?? commandedAtMs;
    switchMs.push(lastAtMs - commandedAtMs);
    if (index === 1 && askedAtMs !== null) figures.rollbackMs = round(lastAtMs - askedAtMs);
  }
  switchMs.sort((a, b) => a - b);
  const summary = {
    steps: reports,
    requests: (report as LoadReport | null)?.requests ?? 0,
    failed: (report as LoadReport | null)?.failed ?? 0,
    switchMs: {
      p50: round(quantile(switchMs, 0.5)),
      p95: round(quantile(switchMs, 0.95)),
      max: round(switchMs.at(-1) ?? 0),
    },
    ...figures,
  };
  await writeFile(path.join(folder, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  const wrong = reports.filter((each) => !each.ok).length;
  const isOk = wrong === 0 && summary.failed === 0 && summary.requests > 0;
  log(
    `\n${isOk ? 'All went well' : `${wrong} steps went wrong`}: ${summary.requests.toLocaleString('en')} requests after adoption, ${summary.failed} failed; ` +
      `${moves.length} moves of the traffic, the last answer of the release that is left ${summary.switchMs.p50} ms after the command (${summary.switchMs.max} at most); ` +
      `flip back ${figures.rollbackMs} ms after the click; gap of adoption ${figures.adoptGapMs} ms.`,
  );
  log(`${pictures} pictures and summary.json are in ${path.relative(process.cwd(), folder) || folder}.`);
  return isOk;
}

const round = (value: number) => Math.round(value * 10) / 10;

/** What the card says, in one line. */
async function words(window: SwitchyardWindow): Promise<string> {
  return (await wordsOf(window.card(service))).replaceAll(/\s*\n\s*/g, ' · ');
}

try {
  const stage = await setUp();
  const isOk = await play(stage);
  log(`The whole took ${renderSeconds(performance.now() - startedMs)}.`);
  if (isOk && stage.screen.isSeen) {
    log('\nThe window is yours now: deploy, preview, flip. Close it, or press Ctrl-C, to end.');
    await stage.app.electron.waitForEvent('close', { timeout: 0 });
  }
  await closeAll();
  process.exitCode = isOk ? 0 : 1;
} catch (caught) {
  if (!isEnding) {
    log(caught instanceof Error ? (caught.stack ?? caught.message) : String(caught));
    await closeAll();
    process.exit(1);
  }
}
