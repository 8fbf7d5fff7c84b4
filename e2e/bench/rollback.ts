import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../../src/engine/session.ts';
import type { Lab } from '../lab/lab.ts';
import { type Load, startLoad } from '../load/load.ts';
import { type Figures, figuresOf } from './figures.ts';
import { type Benchmark, complete, type Setting } from './setting.ts';
import { frontend, openWarmShop, releases, shopAddress } from './shop.ts';
import { openWindow } from './window.ts';

/** A light load is enough to tell which release answers, and leaves the machine to what is measured. */
const ruler = { clients: 10, keepAliveShare: 0.5, postShare: 0.25, perSecond: 300 };
const settleMs = 1_500;

/** From the decision to go back, in the window and in the engine that the command line runs on, to the last answer of the release that is left. */
export const rollback: Benchmark = async (setting) => {
  const lab = await setting.lab('shop');
  const times = setting.number('times', 20);
  const session = await openWarmShop(setting, lab);
  const load = await startLoad({ ...shopAddress(lab), ...ruler, maxRequests: 1_000_000, maxMs: 1_800_000 });
  try {
    await sleep(1_000);
    setting.log(`${times} times by the session, as the command line has it ...`);
    const commandMs = await byCommand(session, load, times);
    session.close();
    setting.log(`  ${words(commandMs)}`);
    setting.log(`${times} times by a click in the window ...`);
    const { clicks, electron } = await byClick(setting, lab, load, times);
    setting.log(`  ${words(clicks)}`);
    const report = await load.stop();
    return {
      rollbackMs: clicks,
      commandMs,
      times,
      electron,
      requests: report.requests,
      failed: report.failed,
      longestGapMs: Math.round(report.longestGapMs),
    };
  } finally {
    session.close();
    await load.stop();
  }
};

const words = ({ p50, p95, max }: Figures): string => `${p50} ms, p95 ${p95}, at most ${max}`;

/** openWarmShop leaves the newer release with the traffic; each turn leaves the one that the last turn went to. */
const leftAt = (turn: number): string => (turn % 2 === 0 ? releases[1] : releases[0]);

async function byCommand(session: Session, load: Load, times: number): Promise<Figures> {
  const taken: number[] = [];
  // Two more before, unmeasured, as everywhere: an even number, so that the releases keep their turns.
  for (let turn = -2; turn < times; turn += 1) {
    const askedMs = Date.now();
    await complete(session, frontend, 'rollback');
    await sleep(settleMs);
    const last = await load.lastAnswerOf(leftAt(turn + 2), askedMs);
    if (turn >= 0) taken.push(last === null ? 0 : last - askedMs);
  }
  // The window begins where the command began.
  if (times % 2 === 1) await complete(session, frontend, 'rollback');
  return figuresOf(taken);
}

async function byClick(setting: Setting, lab: Lab, load: Load, times: number) {
  const { window, electron, close } = await openWindow(setting, lab, 'home');
  try {
    const id = `${frontend.stack}/${frontend.service}`;
    await window.notePresses();
    const taken: number[] = [];
    for (let turn = -2; turn < times; turn += 1) {
      const to = (await window.liveSlot(id)) === 'blue' ? 'green' : 'blue';
      await window.action(id, 'rollback').click();
      const pressedMs = await window.pressedAt();
      await window.trafficGoesTo(id, to);
      await sleep(settleMs);
      const last = await load.lastAnswerOf(leftAt(turn + 2), pressedMs);
      if (turn >= 0) taken.push(last === null ? 0 : last - pressedMs);
    }
    return { clicks: figuresOf(taken), electron };
  } finally {
    await close();
  }
}
