import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { outFolder } from '../../build/setup/folders.ts';
import { renderScript } from '../../src/core/command.ts';
import { observeScript } from '../../src/core/server-scripts.ts';
import { parseServerStates } from '../../src/core/server-state.ts';
import type { Kit } from '../../src/engine/job-upload.ts';
import { readReleases } from '../../src/engine/releases.ts';
import { functionText, replaceFunction } from '../kit/proofs/planting.ts';
import { KitServer, kit } from '../kit/server.ts';
import { figuresOf } from './figures.ts';
import type { Benchmark, Setting } from './setting.ts';

const recordsOfYears = 20_000;

/** What the journal costs a flip, and what twenty thousand records cost who opens the stack or starts a job on it. */
export const journal: Benchmark = async (setting) => {
  const folder = path.join(outFolder, 'bench');
  mkdirSync(folder, { recursive: true });
  const fileSystem = execFileSync('stat', ['-f', '-c', '%T', folder], { encoding: 'utf8' }).trim();
  if (fileSystem === 'tmpfs') throw new Error(`${folder} is in memory: nothing is learned of a disk there`);
  const flips = await flipCosts(setting, folder);
  const long = await longJournal(setting, folder);
  return { ...flips, ...long, fileSystem };
};

/**
 * The kit with a stopwatch around journal and feed: the clock before and behind each, in ns. What the stopwatch itself
 * takes is measured as well, and taken off.
 */
function timedKit(): Kit {
  let timed = kit;
  for (const name of ['journal', 'feed']) {
    const text = functionText(kit, 'kit.sh', name);
    const watch = [
      text.replace(`${name}()`, `untimed_${name}()`),
      `${name}() {`,
      '  timed_from=$(date +%s%N)',
      `  untimed_${name} "$@"`,
      '  timed_status=$?',
      `  printf '${name} %s %s %s\\n' "\${1%%,*}" "$timed_from" "$(date +%s%N)" >>"$ROOT/timed"`,
      '  return "$timed_status"',
      '}',
    ];
    timed = replaceFunction(timed, 'kit.sh', name, watch.join('\n'));
  }
  return timed;
}

async function flipCosts(setting: Setting, folder: string) {
  const count = setting.number('flips', 200);
  const server = new KitServer({ kit: timedKit(), in: folder, name: 'journal' });
  const records: number[] = [];
  const flips: number[] = [];
  try {
    const overheadMs = await stopwatchCost(server);
    setting.log(`${count} flips with the stopwatch, which itself takes ${overheadMs.toFixed(2)} ms a turn ...`);
    for (let turn = 0; turn < count; turn += 1) {
      const verb = turn % 2 === 0 ? 'flip' : 'rollback';
      if (verb === 'flip') {
        server.role('next', '0002');
        server.role('previous', null);
      }
      const file = path.join(server.root, 'timed');
      writeFileSync(file, '');
      const job = await server.run(`f${turn}`, server.flipPlan(verb, { watchMinutes: 0 }));
      if (job.state !== 'completed') throw new Error(`flip ${turn} ended ${job.state}: ${server.output(`f${turn}`)}`);
      const lines = readFileSync(file, 'utf8').trim().split('\n').map(timedLine);
      const spent = lines.map((line) => ({ ...line, ms: Math.max(0, line.ms - overheadMs) }));
      records.push(...spent.filter(({ what, step }) => what === 'journal' && step === 'move').map(({ ms }) => ms));
      flips.push(spent.reduce((sum, { ms }) => sum + ms, 0));
      if ((turn + 1) % 50 === 0) setting.log(`${turn + 1} of ${count}`);
    }
    return { recordMs: figuresOf(records), flipMs: figuresOf(flips), flips: count, stopwatchMs: overheadMs };
  } finally {
    server.close();
  }
}

function timedLine(line: string): { what: string; step: string; ms: number } {
  const [what = '', step = ''] = line.split(' ');
  const [from = '0', to = '0'] = line.split(' ').slice(-2);
  return { what, step, ms: Number(BigInt(to) - BigInt(from)) / 1e6 };
}

/** What a stopwatch shows around nothing: the middle of many, milliseconds. */
async function stopwatchCost(server: KitServer): Promise<number> {
  const { stdout } = await server.sh(
    'n=0; while [ $n -lt 100 ]; do n=$((n + 1)); from=$(date +%s%N); printf "journal x %s %s\\n" "$from" "$(date +%s%N)"; done',
  );
  return figuresOf(
    stdout
      .trim()
      .split('\n')
      .map(timedLine)
      .map(({ ms }) => ms),
  ).p50;
}

/** A journal that was never tidied: to open the stack, its history, and to start a job on it. */
async function longJournal(setting: Setting, folder: string) {
  const times = setting.number('times', 20);
  const server = new KitServer({ in: folder, name: 'journal' });
  try {
    setting.log(`A journal of ${recordsOfYears} records ...`);
    writeRecords(server);
    const open: number[] = [];
    const history: number[] = [];
    const start: number[] = [];
    for (let turn = 0; turn < times; turn += 1) {
      open.push(
        await timed(async () => {
          const { stdout } = await server.sh(renderScript(observeScript, []));
          if (parseServerStates(stdout).length !== 1) throw new Error('the stack was not found');
        }),
      );
      const [state] = parseServerStates((await server.sh(renderScript(observeScript, []))).stdout);
      const service = state?.services[0];
      if (service === undefined) throw new Error('the service was not found');
      history.push(
        await timed(async () => {
          const releases = await readReleases(server.shell, server.root, service);
          if (!releases.ok || releases.value.length !== 2) throw new Error('the history is not that of two releases');
        }),
      );
      start.push(await startCost(server));
    }
    return {
      open20000Ms: figuresOf(open),
      history20000Ms: figuresOf(history),
      start20000Ms: figuresOf(start),
      records: recordsOfYears,
      times,
    };
  } finally {
    server.close();
  }
}

async function timed(act: () => Promise<void>): Promise<number> {
  const begunMs = performance.now();
  await act();
  return performance.now() - begunMs;
}

/** From the wish for the lock to holding it with the next number of a record known, milliseconds. */
async function startCost(server: KitServer): Promise<number> {
  const { stdout } = await server.kitLines(
    'timed_from=$(date +%s%N)\nlock_acquire\nprintf "%s %s %s\\n" "$seq" "$timed_from" "$(date +%s%N)"\nlock_release',
  );
  const [seq = '', from = '0', to = '0'] = stdout.trim().split(' ');
  if (Number(seq) !== recordsOfYears) throw new Error(`the last record is ${seq}, not ${recordsOfYears}`);
  return Number(BigInt(to) - BigInt(from)) / 1e6;
}

const steps = ['gate', 'move', 'drain'] as const;

function writeRecords(server: KitServer): void {
  for (let seq = 1; seq <= recordsOfYears; seq += 1) {
    const phase = seq % 2 === 1 ? 'begin' : 'done';
    const step = steps[Math.floor((seq - 1) / 2) % steps.length] ?? 'gate';
    const job = `j${Math.ceil(seq / 6)}`;
    const [release, left] = Math.ceil(seq / 6) % 2 === 0 ? ['0001', '0002'] : ['0002', '0001'];
    const record = {
      seq,
      job,
      epoch: seq,
      verb: 'flip',
      service: 'frontend',
      by: 'ada@laptop',
      step,
      phase,
      at: 1_700_000_000_000 + seq * 1_000,
      uptime: seq,
      ...(step === 'move' ? { release, slot: 'green', left } : {}),
    };
    const name = `${String(seq).padStart(8, '0')}-${job}-${step}-${phase}.json`;
    writeFileSync(path.join(server.root, 'journal', name), `${JSON.stringify(record)}\n`);
  }
}
