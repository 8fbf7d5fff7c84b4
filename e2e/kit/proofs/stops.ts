import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tarArchive } from '../../../src/adapters/archive/tar-archive.ts';
import { type Kit, uploadJob } from '../../../src/engine/job-upload.ts';
import { eventually } from '../../../src/testkit/eventually.ts';
import { KitServer } from '../server.ts';
import { functionText } from './planting.ts';

// Proofs that stop a flip somewhere and look. Each returns what it found, in words; nothing, when all is as it should be.

/** The points of a flip at which it may be stopped, `step:point`, in their order (`at` in the kit). */
const points = [
  'gate:before',
  'gate:effect',
  'gate:record',
  'move:before',
  'move:mapped',
  'move:told',
  'move:current',
  'move:effect',
  'move:record',
  'drain:before',
  'drain:effect',
  'drain:record',
];

/** A flip from blue to green that does `act` at a point; `reached` holds once it is there. */
async function flipUntil(server: KitServer, point: string, act: string): Promise<void> {
  const plant = `plant_reached=$PWD/reached\nat() { [ "$step:$1" = '${point}' ] || return 0; : >"$plant_reached"; ${act}; }\n`;
  const plan = server.flipPlan('flip', { watchMinutes: 0 });
  const sent = await uploadJob(server.shell, tarArchive, server.kit, 'f1', plan, plant);
  if (!sent.ok) throw new Error(sent.failure.message);
  await until(`the flip comes to ${point}`, () => existsSync(path.join(server.jobFolder('f1'), 'reached')));
}

/** Comes soon or not at all, and is looked for often: a job goes on meanwhile. */
const until = (what: string, is: () => boolean): Promise<boolean> => eventually(what, is, 30_000, 10);

const runnerOf = (server: KitServer): number =>
  Number(readFileSync(path.join(server.jobFolder('f1'), 'pid'), 'utf8').split(' ')[0]);

/** The state letter of a process: T when it is stopped; empty when it is gone. */
function stateOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .charAt(0);
  } catch {
    return '';
  }
}

/** A flip that sleeps at the end of its gate while another takes the service must not move the traffic when it wakes. */
export async function takenOverFindings(kit: Kit): Promise<string[]> {
  const server = new KitServer({ kit });
  try {
    await flipUntil(server, 'gate:record', 'kill -STOP $$');
    const runner = runnerOf(server);
    await until('it sleeps', () => stateOf(runner) === 'T');
    const next = path.join(server.root, 'lock/frontend/2');
    mkdirSync(next);
    writeFileSync(path.join(next, 'released'), '');
    process.kill(runner, 'SIGCONT');
    const job = await server.ended('f1');
    const findings: string[] = [];
    if (server.live !== 'blue-settled') findings.push(`a job whose epoch was taken moved live.map to ${server.live}`);
    if (server.runtime !== 'blue-settled')
      findings.push(`a job whose epoch was taken told the entry point ${server.runtime}`);
    if (job.state !== 'indeterminate') findings.push(`a job whose epoch was taken ended ${job.state}`);
    return findings;
  } finally {
    server.close();
  }
}

/** A flip that is killed at each of its points: journal and live.map tell one story, then and after the recovery. */
export async function killedFindings(kit: Kit, at: readonly string[] = points): Promise<string[]> {
  const findings: string[] = [];
  for (const point of at) {
    const server = new KitServer({ kit });
    try {
      await flipUntil(server, point, 'kill -s KILL -- "-$$"');
      await until('it is gone', () => ['', 'Z'].includes(stateOf(runnerOf(server))));
      if (existsSync(path.join(server.jobFolder('f1'), 'exit'))) throw new Error(`it was not killed at ${point}`);
      findings.push(...storyFindings(server).map((words) => `killed at ${point}: ${words}`));
      await server.sh('cd "$1" && sh ./run.sh recover', '', [server.jobFolder('f1')]);
      findings.push(...recoveredFindings(server).map((words) => `recovered after ${point}: ${words}`));
    } finally {
      server.close();
    }
  }
  return findings;
}

/** What of journal and live.map does not fit together. */
function storyFindings(server: KitServer): string[] {
  const findings: string[] = [];
  const has = (step: string, phase: string) =>
    server.journal().some((record) => record.job === 'f1' && record.step === step && record.phase === phase);
  const moved = server.live === 'green-settled';
  if (!moved && server.live !== 'blue-settled') findings.push(`live.map says ${JSON.stringify(server.live)}`);
  if (moved && !has('move', 'begin')) findings.push('live.map moved, and the journal has no intent of it');
  if (!moved && has('move', 'done'))
    findings.push('the journal says that the move is done, and live.map was not moved');
  if (has('move', 'done') && server.runtime !== server.live) {
    findings.push(`the journal says that the move is done, and the entry point believes ${server.runtime}`);
  }
  return findings;
}

function recoveredFindings(server: KitServer): string[] {
  const findings = storyFindings(server);
  if (!existsSync(path.join(server.jobFolder('f1'), 'exit'))) findings.push('the job has no end');
  if (server.runtime !== server.live) findings.push(`live.map says ${server.live}, the entry point ${server.runtime}`);
  const current = server.live.startsWith('green') ? '0002' : '0001';
  if (server.roleOf('current') !== current) findings.push(`current is ${server.roleOf('current')}, not ${current}`);
  const left = readdirSync(path.join(server.root, 'journal')).filter((name) => name.endsWith('.tmp'));
  if (left.length > 0) findings.push(`left over: ${left.join(' ')}`);
  return findings;
}

/** The undo of a flip, as the job runs it and as one that died in the middle of it has it run again. */
export async function undoTwiceFindings(kit: Kit): Promise<string[]> {
  const server = new KitServer({ kit });
  server.live = 'green-settled';
  server.runtime = 'green-settled';
  try {
    const { code, stderr } = await server.kitLines(
      [
        functionText(kit, 'flip.sh', 'undo'),
        'before=blue-settled to=green ENTRY=shop-frontend-1',
        'open_runtime "$ENTRY"',
        'moved=1; undo',
        'moved=1; undo',
        'close_runtime',
      ].join('\n'),
    );
    if (code !== 0) throw new Error(`undo could not be run: ${stderr}`);
    const findings: string[] = [];
    if (server.live !== 'blue-settled') findings.push(`undone twice, live.map says ${server.live}`);
    if (server.runtime !== 'blue-settled') findings.push(`undone twice, the entry point believes ${server.runtime}`);
    return findings;
  } finally {
    server.close();
  }
}

/** Leases and records go by the uptime, whatever the clock says. */
export async function clockFindings(kit: Kit): Promise<string[]> {
  const findings: string[] = [];
  for (const offS of [-86_400, 86_400]) {
    const server = new KitServer({ kit });
    try {
      server.env.PATH = `${path.join(import.meta.dirname, 'clock')}:${server.env.PATH}`;
      server.env.CLOCK_OFF_S = String(offS);
      const { stdout } = await server.kitLines(
        'lock_acquire && cat "$lock_dir/$epoch/lease"; journal move begin; lock_release',
      );
      const uptimeS = Number(readFileSync('/proc/uptime', 'utf8').split('.')[0]);
      const leaseS = Number(stdout.trim());
      if (!(leaseS >= uptimeS - 60 && leaseS <= uptimeS + 60)) {
        findings.push(
          `with a clock ${offS} s off the lease is over at ${leaseS}, ${uptimeS} s after the start of this machine`,
        );
      }
      const recorded = Number(server.journal()[0]?.uptime);
      if (!(Math.abs(recorded - uptimeS) <= 60))
        findings.push(`with a clock ${offS} s off a record is of uptime ${recorded}`);
    } finally {
      server.close();
    }
  }
  return findings;
}

/** The lock of a process that was killed and that nobody reaped, as in a container whose first process reaps none. */
export async function zombieFindings(kit: Kit): Promise<string[]> {
  const server = new KitServer({ kit });
  const text = functionText(kit, 'kit.sh', 'self_line');
  const holder = path.join(server.stub, 'holder.sh');
  const claim = path.join(server.root, 'lock/frontend/1');
  // The shell that started it becomes a sleep, which waits for nobody.
  writeFileSync(holder, `${processPart(kit)}\n${text}\nself_line >"$1/owner"\nkill -s KILL $$\n`);
  mkdirSync(claim, { recursive: true });
  const parent = spawn('sh', ['-c', 'sh "$1" "$2" & exec sleep 60', 'sh', holder, claim], { stdio: 'ignore' });
  try {
    const owner = path.join(claim, 'owner');
    await until(
      'it is a zombie',
      () => existsSync(owner) && stateOf(Number(readFileSync(owner, 'utf8').split(' ')[0])) === 'Z',
    );
    const { stdout } = await server.kitLines(
      'refuse() { echo "refused $1"; exit 0; }\nlock_acquire && echo "took $epoch"\nlock_release',
    );
    return stdout.trim() === 'took 2' ? [] : [`the lock of a zombie: ${stdout.trim()}`];
  } finally {
    parent.kill('SIGKILL');
    server.close();
  }
}

const processPart = (kit: Kit): string =>
  ['boot_id', 'process_started', 'process_space']
    .map((name) => functionText(kit, 'kit.sh', name))
    .concat('space_here=$(readlink /proc/self/ns/pid)')
    .join('\n');
