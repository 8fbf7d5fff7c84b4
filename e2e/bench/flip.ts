import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../../src/engine/session.ts';
import type { Lab } from '../lab/lab.ts';
import { type Moved, type Mover, measureMoves } from './moves.ts';
import { openPeerYard, type PeerYard } from './peers/containers.ts';
import { openCaddy, openCompose, openKamalProxy, openNginx, openTraefik } from './peers/peers.ts';
import { type Benchmark, complete, type Setting } from './setting.ts';
import { frontend, openWarmShop, releases, shopAddress } from './shop.ts';

const pauseMs = 800;
/** Well below what the shop's Node server can do on two cores: above it, queues are measured and not the switch. wrk goes there. */
const perSecond = 500;

/** Requests lost and milliseconds lost, while the traffic moves to and fro under load; ours, then the peers. */
export const flip: Benchmark = async (setting) => {
  const lab = await setting.lab('shop');
  const yard = await openPeerYard(setting.log);
  try {
    const ours = await measureOurs(setting, lab, yard);
    const peers = await measurePeers(setting, lab, yard);
    return { ...ours, peers };
  } finally {
    await yard.close();
  }
};

async function measureOurs(setting: Setting, lab: Lab, yard: PeerYard) {
  const { log } = setting;
  const session = await openWarmShop(setting, lab);
  try {
    const mover = entryPointOf(session, lab);
    const flips = setting.number('flips', 100);
    log(`${flips} flips under the raw mix ...`);
    const moved = await measureMoves(
      mover,
      { flips, requests: setting.number('requests', 200_000), pauseMs, perSecond },
      log,
    );
    log(`  ${words(moved)}`);
    log('Flips under wrk ...');
    const wrk = await measureWrk(mover, yard, flips % 2 === 0 ? 0 : 1);
    log(`  wrk: ${JSON.stringify(wrk)}`);
    const { name: _name, ...figures } = moved;
    return { ...figures, wrk };
  } finally {
    session.close();
  }
}

/** The real path: a job of the session, uploaded, gated, journalled; both directions are the same script. */
function entryPointOf(session: Session, lab: Lab): Mover {
  return {
    name: 'Switchyard',
    address: shopAddress(lab),
    // openWarmShop leaves the newer one with the traffic.
    releases: [releases[1], releases[0]],
    move: async () => {
      const job = await complete(session, frontend, 'rollback');
      const { commandedAt } = job.figures;
      if (commandedAt === undefined) throw new Error('the job told no time of its command');
      return commandedAt;
    },
    close: async () => {},
  };
}

async function measurePeers(setting: Setting, lab: Lab, yard: PeerYard): Promise<Moved[]> {
  const { log } = setting;
  const flips = setting.number('peer-flips', 20);
  const kamalProxy = process.env.KAMAL_PROXY;
  if (!kamalProxy) log('kamal-proxy is left out: KAMAL_PROXY names no binary.');
  const openers: [() => Promise<Mover>, number][] = [
    [() => openNginx(yard), flips],
    [() => openCaddy(yard), flips],
    [() => openTraefik(yard), flips],
    ...(kamalProxy ? [[() => openKamalProxy(yard, kamalProxy), flips] as [() => Promise<Mover>, number]] : []),
    // Each takes seconds.
    [() => openCompose(lab), Math.min(flips, 10)],
  ];
  const measured: Moved[] = [];
  for (const [open, count] of openers) {
    const mover = await open();
    try {
      log(`${mover.name}: ${count} flips under the same mix ...`);
      // As much time between flips as a job of ours takes from its start to its command, so that the loads are alike.
      const moved = await measureMoves(mover, { flips: count, requests: 0, pauseMs: pauseMs * 2, perSecond }, log);
      log(`  ${words(moved)}`);
      measured.push(moved);
    } finally {
      await mover.close();
    }
  }
  return measured;
}

const words = ({ name, requests, failed, switchMs, p99Ms }: Moved): string =>
  `${name}: ${requests} requests, ${failed} failed; last answer of the old release after ${switchMs.p50} ms, ` +
  `p95 ${switchMs.p95}, at most ${switchMs.max}; p99 ${p99Ms.steady} ms steady, ${p99Ms.flip} ms in flips`;

const wrkSeconds = 30;

/** wrk, 64 connections, GET as fast as answers come, while the traffic moves. It counts errors of its own. */
async function measureWrk(mover: Mover, yard: PeerYard, at: 0 | 1) {
  const peer = await yard.open('wrk');
  const { host, port } = mover.address;
  const running = yard.sh(
    peer,
    `wrk -t1 -c64 -d${wrkSeconds}s --latency http://${host}:${port}/version 2>&1`,
    (wrkSeconds + 30) * 1000,
  );
  let flips = 0;
  let to: 0 | 1 = at === 0 ? 1 : 0;
  const endsAtMs = performance.now() + (wrkSeconds - 2) * 1000;
  await sleep(500);
  while (performance.now() < endsAtMs) {
    await mover.move(to);
    to = to === 0 ? 1 : 0;
    flips += 1;
    await sleep(200);
  }
  const text = await running;
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  const requests = number(/(\d+) requests in/);
  if (requests === 0) throw new Error(`wrk made no request:\n${text}`);
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const failed =
    (socketErrors?.slice(1).reduce((sum, each) => sum + Number(each), 0) ?? 0) +
    number(/Non-2xx or 3xx responses: (\d+)/);
  return { flips, requests, failed, p99: /^\s+99%\s+(\S+)/m.exec(text)?.[1] ?? null };
}
