import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Kit, kitFile } from '../../../src/engine/job-upload.ts';
import { createRandom } from '../../faults/random.ts';

/**
 * What a race finds. `killed`: the holder and all it started were killed. `killed-alone`: only its own process was.
 * `ownerless`: it made the folder and died before it wrote who it is. `other-boot`: the machine was booted since.
 */
export type RaceStart = 'fresh' | 'released' | 'killed' | 'killed-alone' | 'ownerless' | 'other-boot';

export type RaceOutcome = {
  start: RaceStart;
  /** Contenders that found another inside: by a folder of the test's own, not by the lock. */
  doubleHolders: number;
  /** From the holder's death to the next holder, milliseconds; null when nobody had died. */
  takeOverMs: number | null;
  /** Nobody got it within the time that a take-over may last. */
  manualUnlock: boolean;
  /** What was not as it should be, in words; a seed and a number lead back to each. */
  findings: string[];
};

export type RacesOptions = {
  kit: Kit;
  races: number;
  contenders?: number;
  seed?: number;
  starts?: readonly RaceStart[];
  /** How long a take-over may last before somebody has to unlock by hand, milliseconds. */
  takeOverLimitMs?: number;
  /** Told after each race. */
  onRace?: (done: number) => void;
};

const day = 86_400;
const clock = path.join(import.meta.dirname, 'clock');
const contender = path.join(import.meta.dirname, 'contender.sh');

/** Half of the races find a holder that died. */
const usualStarts: readonly RaceStart[] = [
  'fresh',
  'killed',
  'released',
  'ownerless',
  'released',
  'other-boot',
  'fresh',
  'killed',
  'released',
  'killed-alone',
];

/**
 * Races for one service's lock under real shells, each contender with a clock of its own up to a day off. One race after
 * the other; who waits for the lock of the dead does so beside them.
 */
export async function runRaces(options: RacesOptions): Promise<RaceOutcome[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'switchyard-races-'));
  const seed = options.seed ?? 1;
  const starts = options.starts ?? usualStarts;
  writeFileSync(path.join(folder, 'kit.sh'), kitFile(options.kit, 'kit.sh'));
  for (const each of ['journal', 'jobs', 'lock']) mkdirSync(path.join(folder, each));
  try {
    const outcomes: Promise<RaceOutcome>[] = [];
    for (let number = 0; number < options.races; number += 1) {
      const start = starts[number % starts.length] ?? 'fresh';
      const race = new Race({ folder, number, seed, start, contenders: options.contenders ?? 20 });
      await race.prepare();
      await race.run();
      outcomes.push(race.afterwards(options.takeOverLimitMs ?? 40_000));
      options.onRace?.(number + 1);
    }
    return await Promise.all(outcomes);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The findings of all races, in words. */
export const raceFindings = (outcomes: readonly RaceOutcome[]): string[] =>
  outcomes.flatMap(({ findings }) => findings);

type RaceSetting = { folder: string; number: number; seed: number; start: RaceStart; contenders: number };

class Race {
  private readonly setting: RaceSetting;
  private readonly random: () => number;
  private readonly service: string;
  private readonly findings: string[] = [];
  private readonly epochs: string[] = [];
  private doubleHolders = 0;
  /** When the holder died, on performance.now(); null where none did. */
  private diedAt: number | null = null;
  private takenAt: number | null = null;

  constructor(setting: RaceSetting) {
    this.setting = setting;
    this.random = createRandom(setting.seed * 1_000_003 + setting.number);
    this.service = `r${setting.number}`;
  }

  private get dead(): boolean {
    return ['killed', 'killed-alone', 'ownerless', 'other-boot'].includes(this.setting.start);
  }

  private get lock(): string {
    return path.join(this.setting.folder, 'lock', this.service);
  }

  private file(name: string): string {
    return path.join(this.setting.folder, `${this.service}-${name}`);
  }

  private environment(job: string, more: Record<string, string> = {}): NodeJS.ProcessEnv {
    return {
      ...process.env,
      PATH: `${clock}:${process.env.PATH}`,
      CLOCK_OFF_S: String(Math.round((this.random() * 2 - 1) * day)),
      ROOT: this.setting.folder,
      JOB: job,
      VERB: 'flip',
      STACK: 'shop',
      SERVICE: 'frontend',
      SVC: this.service,
      BY: 'ada@laptop',
      KIT: path.join(this.setting.folder, 'kit.sh'),
      GO: this.file('go'),
      HOLD: this.file('hold'),
      WITNESS: this.file('inside'),
      ...more,
    };
  }

  private found(words: string): void {
    const { number, seed, start } = this.setting;
    this.findings.push(`race ${number} of seed ${seed} (${start}): ${words}`);
  }

  /** Leaves the lock as the race is to find it. */
  async prepare(): Promise<void> {
    execFileSync('mkfifo', [this.file('go'), this.file('hold')]);
    const { start } = this.setting;
    if (start === 'fresh') return;
    if (start === 'ownerless') {
      mkdirSync(path.join(this.lock, '1'), { recursive: true });
      this.epochs.push('1');
      this.diedAt = performance.now();
      return;
    }
    const held = spawn(
      'sh',
      ['-c', '. "$KIT"; lock_acquire && printf "took %s\\n" "$epoch" && read -r _ && lock_release'],
      {
        env: this.environment(`${this.service}-holder`),
        detached: true,
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
    const epoch = /^took (\d+)$/.exec(await firstLine(held))?.[1];
    if (epoch === undefined || held.pid === undefined) throw new Error(`${start}: the first holder got no lock`);
    this.epochs.push(epoch);
    const ended = new Promise((resolve) => held.once('exit', resolve));
    if (start === 'released') held.stdin.end('\n');
    else process.kill(start === 'killed-alone' ? held.pid : -held.pid, 'SIGKILL');
    await ended;
    if (start === 'released') return;
    this.diedAt = performance.now();
    if (start === 'other-boot') {
      const owner = path.join(this.lock, epoch, 'owner');
      const booted = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      const text = readFileSync(owner, 'utf8');
      if (!text.includes(booted)) throw new Error(`the owner file names no boot: ${text}`);
      writeFileSync(owner, text.replace(booted, '00000000-0000-4000-8000-000000000000'));
    }
  }

  /** All contenders at once. */
  async run(): Promise<void> {
    const count = this.setting.contenders;
    const jobs = Array.from({ length: count }, (_, index) => `${this.service}-c${index}`);
    // Opened for both, so that neither this process nor a contender waits for the other to open its end.
    const go = openSync(this.file('go'), constants.O_RDWR);
    let hold: number | null = openSync(this.file('hold'), constants.O_RDWR);
    const letGo = () => {
      if (hold !== null) closeSync(hold);
      hold = null;
    };
    // In every second race the holder stays until everybody has been answered; in the others it leaves at once.
    const stays = this.random() < 0.5;
    const answers = new Map<string, string>();
    let ready = 0;
    const children = jobs.map((job) => this.contend(job));
    await Promise.all(
      children.map(async (child) => {
        for await (const line of createInterface({ input: child.stdout })) {
          const [job = '', word = '', value = ''] = line.split(' ');
          if (word === 'ready') {
            ready += 1;
            if (ready === count) {
              if (!stays) letGo();
              closeSync(go);
            }
          } else if (word === 'double') this.doubleHolders += 1;
          else {
            answers.set(job, `${word} ${value}`.trim());
            if (word === 'took') this.took(value);
            if (answers.size === count) letGo();
          }
        }
      }),
    );
    letGo();
    this.judge([...answers.values()], stays);
  }

  private contend(job: string): ChildProcessByStdio<null, Readable, null> {
    const verb = this.random() < 0.25 ? 'rollback' : 'flip';
    return spawn('sh', [contender], {
      env: this.environment(job, { VERB: verb }),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  private took(epoch: string): void {
    this.takenAt ??= performance.now();
    if (this.epochs.includes(epoch)) this.found(`epoch ${epoch} was given twice`);
    this.epochs.push(epoch);
  }

  private judge(answers: string[], stays: boolean): void {
    const { contenders } = this.setting;
    const winners = answers.filter((answer) => answer.startsWith('took ')).length;
    const losers = answers.filter((answer) => answer === 'refused lock-held').length;
    if (this.doubleHolders > 0) this.found(`${this.doubleHolders} found another holder inside`);
    if (winners + losers !== contenders) {
      const rest = answers.filter((answer) => !/^took \d+$|^refused lock-held$/.test(answer));
      this.found(
        `${contenders} contended, ${winners} won and ${losers} were refused: ${[...new Set(rest)].join(', ')}`,
      );
    }
    if (stays && winners > 1) this.found(`${winners} held it at once`);
    // Of a holder that died the lease may still run; of anything else one must win.
    if (!this.dead && winners === 0) this.found('nobody got a free lock');
  }

  /** The next contender gets it, if not at once then as soon as the dead holder's time is over. */
  async afterwards(limitMs: number): Promise<RaceOutcome> {
    const since = this.diedAt ?? performance.now();
    const free = this.takenAt !== null || !this.dead;
    let tries = 0;
    let last = '';
    let manualUnlock = true;
    do {
      const child = spawn(
        'sh',
        ['-c', '. "$KIT"; refuse() { echo "refused $1"; exit 0; }; lock_acquire && echo "took $epoch" && lock_release'],
        { env: this.environment(`${this.service}-n${tries}`), stdio: ['ignore', 'pipe', 'ignore'] },
      );
      last = await firstLine(child);
      tries += 1;
      if (last.startsWith('took ')) {
        this.took(last.slice(5));
        manualUnlock = false;
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    } while (performance.now() - since < limitMs);
    if (manualUnlock) this.found(`nobody got the lock in ${limitMs} ms, ${tries} asked: ${last}`);
    else if (free && tries > 1) this.found(`the next contender got it only at the ${tries}th time`);
    return {
      start: this.setting.start,
      doubleHolders: this.doubleHolders,
      takeOverMs: this.diedAt === null || this.takenAt === null ? null : this.takenAt - this.diedAt,
      manualUnlock,
      findings: this.findings,
    };
  }
}

async function firstLine(child: { stdout: Readable }): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) return line;
  return '';
}
