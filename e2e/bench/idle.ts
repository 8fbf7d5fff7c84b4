import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { renderEntryConfig } from '../../src/core/entry.ts';
import type { Lab } from '../lab/lab.ts';
import { rounded } from './figures.ts';
import type { Benchmark } from './setting.ts';
import { openWindow } from './window.ts';

const entryPoints = 30;
/** Of the kernel's counters in /proc/PID/stat; 100 on every Linux of today. */
const ticksPerSecond = 100;

/** What is paid while nothing happens: by the app, connected to the crowd, and by a server with 30 settled entry points. */
export const idle: Benchmark = async (setting) => {
  const minutes = setting.number('minutes', 10);
  const lab = await setting.lab('shop', 'crowd');
  setting.log(`${entryPoints} entry points are started ...`);
  await startEntryPoints(lab);
  const { app, electron, close } = await openWindow(setting, lab, 'crowd');
  try {
    const root = app.electron.process().pid ?? 0;
    // Layout, first traffic and start-up health checks are no idleness.
    await sleep(75_000);
    setting.log(`Doing nothing for ${minutes} minutes ...`);
    const begunMs = performance.now();
    const before = { app: await appTicks(root), server: await serverTicks(lab) };
    await sleep(minutes * 60_000);
    const after = { app: await appTicks(root), server: await serverTicks(lab) };
    const ticks = ((performance.now() - begunMs) / 1000) * ticksPerSecond;
    const share = (used: number) => rounded((used / ticks) * 100);
    const { pssMiB, rssMiB, processes } = await appMemory(root);
    const most = (all: number[]) => rounded(Math.max(...all));
    return {
      appCpuPercent: share(after.app - before.app),
      appRssMiB: pssMiB,
      serverCpuPercent: share(after.server.entry - before.server.entry),
      // Pages that the processes share are counted once, as for the app.
      entryRssMiB: most(after.server.pssMiB),
      appRssSumMiB: rssMiB,
      appProcesses: processes,
      entryRssWithSharedMiB: most(after.server.rssMiB),
      entryPoints: after.server.pssMiB.length,
      engineCpuPercent: share(after.server.engine - before.server.engine),
      minutes,
      electron,
    };
  } finally {
    await close();
    await removeEntryPoints(lab);
  }
};

// --- the app ---

async function processesBelow(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const found = [root];
  for (const parent of found) for (const [pid, of] of parents) if (of === parent) found.push(pid);
  return found;
}

/** User and system time of all processes of the app, and of those that it has ended, in ticks. */
async function appTicks(root: number): Promise<number> {
  let ticks = 0;
  for (const pid of await processesBelow(root)) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    ticks += (fields[11] ?? 0) + (fields[12] ?? 0) + (fields[13] ?? 0) + (fields[14] ?? 0);
  }
  return ticks;
}

/** PSS counts what processes share once; RSS counts it in each. */
async function appMemory(root: number): Promise<{ pssMiB: number; rssMiB: number; processes: number }> {
  const kib = { Pss: 0, Rss: 0 };
  const pids = await processesBelow(root);
  for (const pid of pids) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    for (const name of ['Pss', 'Rss'] as const)
      kib[name] += Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
  }
  return { pssMiB: Math.round(kib.Pss / 1024), rssMiB: Math.round(kib.Rss / 1024), processes: pids.length };
}

// --- the server ---

const network = 'bench-idle';
const name = (index: number) => `bench-idle-${String(index).padStart(2, '0')}`;

/** As adoption makes them: the same configuration, user, health check; each with two slots, which two small containers play for all. */
async function startEntryPoints(lab: Lab): Promise<void> {
  await removeEntryPoints(lab);
  const numbers = Array.from({ length: entryPoints }, (_, index) => index + 1);
  const aliases = (slot: string) => numbers.map((index) => `--network-alias ${name(index)}--${slot}`).join(' ');
  const lines = [
    'set -e',
    'mkdir -p ~/bench-idle && cd ~/bench-idle',
    `docker network create ${network} >/dev/null`,
    'docker pull -q haproxy:3.0 >/dev/null',
    ...['blue', 'green'].map(
      (slot) =>
        `docker run -d --name bench-idle-${slot} --network ${network} ${aliases(slot)} registry.lab:5000/crowd/base:1.0 >/dev/null`,
    ),
    ...numbers.flatMap((index) => {
      const config = renderEntryConfig({
        prefix: name(index),
        ports: [{ port: 8080, mode: 'http' }],
        check: { path: '/', low: 200, high: 399 },
        firstHop: true,
      });
      return [
        `mkdir -p ${index}/run`,
        `cat >${index}/haproxy.cfg <<'CONFIG'\n${config}\nCONFIG`,
        `echo 'live blue-settled' >${index}/live.map`,
        `docker run -d --name ${name(index)} --network ${network} --user $(id -u):$(id -g) -v "$PWD/${index}:/usr/local/etc/haproxy" ` +
          `--health-cmd "bash -c \\"exec 5<>/dev/tcp/127.0.0.1/9999 && echo 'show stat -1 4 -1' >&5 && grep -q ,UP <&5\\"" ` +
          '--health-interval 5m --health-timeout 10s --health-start-period 60s --health-start-interval 1s ' +
          '--entrypoint haproxy haproxy:3.0 -db -f /usr/local/etc/haproxy/haproxy.cfg >/dev/null',
      ];
    }),
  ];
  await lab.exec('home', ['bash', '-s'], { input: lines.join('\n'), timeoutMs: 300_000 });
}

async function removeEntryPoints(lab: Lab): Promise<void> {
  await lab.exec(
    'home',
    `docker ps -aq --filter name=^bench-idle | xargs -r docker rm -f >/dev/null; docker network rm ${network} >/dev/null 2>&1; rm -rf ~/bench-idle; true`,
    { timeoutMs: 120_000 },
  );
}

type ServerUse = { entry: number; engine: number; pssMiB: number[]; rssMiB: number[] };

/** Of the entry points' processes, one each, and of the engine: dockerd, containerd, shims, and what those have ended (health checks). */
async function serverTicks(lab: Lab): Promise<ServerUse> {
  const { stdout } = await lab.exec(
    'home',
    `entries=$(docker ps -q --filter name=^bench-idle-[0-9] | xargs docker inspect --format '{{.State.Pid}}')
     for pid in $entries; do echo "entry $pid $(cat /proc/$pid/stat)"; grep -E '^(Rss|Pss):' /proc/$pid/smaps_rollup; done
     for pid in $(pgrep -x 'dockerd|containerd|containerd-shim.*|docker-proxy'); do echo "engine $pid $(cat /proc/$pid/stat)"; done
     true`,
    { user: 'root' },
  );
  const found: ServerUse = { entry: 0, engine: 0, pssMiB: [], rssMiB: [] };
  for (const line of stdout.split('\n')) {
    const memory = /^(Rss|Pss):\s+(\d+)/.exec(line);
    if (memory !== null) found[memory[1] === 'Pss' ? 'pssMiB' : 'rssMiB'].push(Number(memory[2]) / 1024);
    const stat = /^(entry|engine) \d+ .*\) (.*)$/.exec(line);
    if (stat === null) continue;
    const fields = (stat[2] ?? '').split(' ').map(Number);
    const own = (fields[11] ?? 0) + (fields[12] ?? 0);
    if (stat[1] === 'entry') found.entry += own;
    else found.engine += own + (fields[13] ?? 0) + (fields[14] ?? 0);
  }
  return found;
}
