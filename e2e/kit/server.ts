import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tarArchive } from '../../src/adapters/archive/tar-archive.ts';
import { type FeedLine, foldFeed, parseFeedLine } from '../../src/core/feed.ts';
import type { Job } from '../../src/core/job.ts';
import { homeStateFolder, stackHome, stateFormat } from '../../src/core/server-layout.ts';
import { planFlipJob } from '../../src/engine/flip.ts';
import { type JobPlan, type Kit, kitFile, uploadJob } from '../../src/engine/job-upload.ts';
import { renderRollback } from '../../src/engine/job-variables.ts';
import type { Shell, ShellOutcome } from '../../src/engine/ports/shell.ts';
import type { VerbOptions } from '../../src/engine/session.ts';
import type { VerbFacts } from '../../src/engine/verbs.ts';
import { release, releaseFile, serviceRecord, serviceState } from '../../src/testkit/engine/facts.ts';
import { readKit } from '../../src/wiring/session.ts';

const scripts = path.resolve(import.meta.dirname, '../../resources/server');

/** The kit as it is shipped. */
export const kit: Kit = readKit(scripts);

export type JournalFile = {
  seq: number;
  job: string;
  epoch: number;
  step: string;
  phase: string;
  [key: string]: unknown;
};

export type KitServerOptions = {
  name?: string;
  /** Another kit than the shipped one. */
  kit?: Kit;
  /** Where the server's folder is made; /tmp. */
  in?: string;
};

/**
 * A server's folder with one adopted service, release 1 live in blue and release 2 ready in green, under a real shell;
 * only Docker is a stub. `close` removes it.
 */
export class KitServer {
  readonly kit: Kit;
  /** What each shell is started with: a tracer and its options. */
  launcher: readonly string[] = [];
  readonly folder: string;
  readonly root: string;
  /** The stack's part of the home state, below a home of its own. */
  readonly home: string;
  readonly service: string;
  private readonly operatorHome: string;
  readonly stub: string;
  readonly env: NodeJS.ProcessEnv;

  constructor(options: KitServerOptions = {}) {
    this.kit = options.kit ?? kit;
    const name = options.name ?? 'switchyard kit $(odd) "name"';
    this.folder = mkdtempSync(path.join(options.in ?? tmpdir(), `${name}-`));
    this.root = path.join(this.folder, '.switchyard');
    this.service = path.join(this.root, 'frontend');
    const operator = mkdtempSync(path.join(options.in ?? tmpdir(), 'switchyard-home-'));
    this.operatorHome = operator;
    this.home = stackHome(path.join(operator, homeStateFolder), 'shop', this.folder);
    this.stub = mkdtempSync(path.join(tmpdir(), 'switchyard-stub-'));
    this.env = {
      ...process.env,
      HOME: operator,
      STUB: this.stub,
      PATH: `${import.meta.dirname}/stub:${process.env.PATH}`,
    };
    for (const each of ['journal', 'lock']) mkdirSync(path.join(this.root, each), { recursive: true, mode: 0o700 });
    mkdirSync(path.join(this.home, 'jobs'), { recursive: true, mode: 0o700 });
    mkdirSync(path.join(this.home, 'frontend/releases'), { recursive: true, mode: 0o700 });
    const known = { folder: this.folder, real: this.folder, project: 'shop', format: String(stateFormat) };
    for (const [each, text] of Object.entries(known)) writeFileSync(path.join(this.home, each), `${text}\n`);
    writeFileSync(path.join(this.home, 'frontend/service.json'), JSON.stringify(serviceRecord()));
    mkdirSync(path.join(this.service, 'entry'), { recursive: true });
    mkdirSync(path.join(this.stub, 'running'));
    mkdirSync(path.join(this.stub, 'answers'));
    writeFileSync(path.join(this.service, 'service.json'), JSON.stringify(serviceRecord()));
    writeFileSync(path.join(this.stub, 'running/shop-frontend-1'), '');
    this.release('0001', 'blue');
    this.release('0002', 'green');
    this.role('current', '0001');
    this.role('next', '0002');
    this.live = 'blue-settled';
    this.runtime = 'blue-settled';
    // The stub looks at live.map as the entry point does: from its own side.
    symlinkSync(path.join(this.service, 'entry/live.map'), path.join(this.stub, 'live.map'));
  }

  release(number: string, slot: 'blue' | 'green', state = 'ready 1 1'): void {
    const folder = path.join(this.service, 'releases', number);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'slot'), `${slot}\n`);
    writeFileSync(path.join(folder, 'state'), `${state}\n`);
    writeFileSync(path.join(folder, 'release.json'), JSON.stringify(releaseFile(Number(number), slot)));
    writeFileSync(path.join(this.stub, 'running', `shop--frontend--${slot}`), `${number}\n`);
    this.answers(slot, 'good HTTP 200');
  }

  role(role: 'current' | 'next' | 'previous', number: string | null): void {
    rmSync(path.join(this.service, role), { force: true });
    if (number !== null) symlinkSync(`releases/${number}`, path.join(this.service, role));
  }

  roleOf(role: 'current' | 'next' | 'previous'): string | null {
    try {
      return path.basename(readlinkSync(path.join(this.service, role)));
    } catch {
      return null;
    }
  }

  get live(): string {
    return readFileSync(path.join(this.service, 'entry/live.map'), 'utf8').replace(/^live (.*)\n+$/, '$1');
  }
  set live(state: string) {
    writeFileSync(path.join(this.service, 'entry/live.map'), `live ${state}\n`);
  }

  /** What the running entry point believes. */
  get runtime(): string {
    return readFileSync(path.join(this.stub, 'map'), 'utf8').trim();
  }
  set runtime(state: string) {
    writeFileSync(path.join(this.stub, 'map'), `${state}\n`);
  }

  answers(slot: 'blue' | 'green', words: string): void {
    writeFileSync(path.join(this.stub, 'answers', `shop--frontend--${slot}`), `${words}\n`);
  }

  tell(name: string, text = ''): void {
    writeFileSync(path.join(this.stub, name), text);
  }

  jobFolder(id: string): string {
    return path.join(this.home, 'jobs', id);
  }

  /** What the stub was asked, in order. */
  get log(): string[] {
    const file = path.join(this.stub, 'log');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  readonly shell: Shell = {
    run: (command, options) => this.sh(command, options?.stdin),
    follow: () => Promise.reject(new Error('nobody follows here')),
  };

  sh(script: string, stdin?: Uint8Array | string, args: string[] = []): Promise<ShellOutcome> {
    return new Promise((resolve, reject) => {
      const [program = 'sh', ...words] = [...this.launcher, 'sh', '-c', script, 'sh', ...args];
      const child = spawn(program, words, { env: this.env, cwd: this.folder });
      const said = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk) => (said.stdout += chunk));
      child.stderr.on('data', (chunk) => (said.stderr += chunk));
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal, ...said }));
      child.stdin.on('error', () => {});
      child.stdin.end(stdin ?? '');
    });
  }

  /** Runs lines with the kit around them, as a job's script does. */
  kitLines(lines: string, variables: Record<string, string> = {}): Promise<ShellOutcome> {
    const all = {
      ROOT: this.root,
      HOME_STATE: this.home,
      JOB: 'j1',
      VERB: 'flip',
      STACK: 'shop',
      SERVICE: 'frontend',
      SVC: 'frontend',
      BY: 'ada@laptop',
      SLOT_PREFIX: 'shop--frontend',
      ...variables,
    };
    mkdirSync(this.jobFolder(all.JOB), { recursive: true });
    const set = Object.entries(all).map(([name, value]) => `${name}='${value.replaceAll("'", "'\\''")}'`);
    return this.sh(`${set.join('\n')}\n${kitFile(this.kit, 'kit.sh')}\nBY_JSON=$(json_text "$BY")\n${lines}`);
  }

  flipPlan(verb: 'flip' | 'rollback', options: VerbOptions = {}): JobPlan {
    const facts = {
      folder: this.folder,
      home: this.home,
      by: `o'neil "x" \\ 🚂@laptop`,
      kit: this.kit,
      stack: { name: 'shop' },
      service: { name: 'frontend' },
      state: serviceState({ next: release(2, 'green') }),
    };
    const plan = planFlipJob(facts as unknown as VerbFacts, verb, options);
    if (!plan.ok) throw new Error(plan.failure.message);
    return plan.value;
  }

  /** Sends a job as the app does, and waits until it has ended. */
  async run(id: string, plan: JobPlan): Promise<Job> {
    const sent = await uploadJob(this.shell, tarArchive, this.kit, id, plan);
    if (!sent.ok) throw new Error(`${sent.failure.code}: ${sent.failure.message} ${sent.failure.detail}`);
    return this.ended(id);
  }

  async ended(id: string): Promise<Job> {
    const deadline = performance.now() + 45_000;
    for (;;) {
      const job = this.jobs().get(id);
      if (job !== undefined && job.state !== 'running') return job;
      if (performance.now() > deadline) throw new Error(`job ${id} did not end: ${this.output(id)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  output(id: string): string {
    const file = path.join(this.jobFolder(id), 'output');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** The processes of a job's watch. */
  watchesOf(id: string): string[] {
    const folder = this.jobFolder(id);
    return readdirSync('/proc').filter((pid) => {
      try {
        if (!/^\d+$/.test(pid) || readlinkSync(`/proc/${pid}/cwd`) !== folder) return false;
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('watch.sh');
      } catch {
        return false;
      }
    });
  }

  feedTexts(): string[] {
    const file = path.join(this.root, 'feed.ndjson');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  }

  jobs(): ReadonlyMap<string, Job> {
    return this.feedTexts()
      .map(parseFeedLine)
      .filter((line): line is FeedLine => line !== null)
      .reduce<ReadonlyMap<string, Job>>((jobs, line) => foldFeed(jobs, line), new Map());
  }

  journal(): JournalFile[] {
    return readdirSync(path.join(this.root, 'journal'))
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => JSON.parse(readFileSync(path.join(this.root, 'journal', name), 'utf8')));
  }

  /** rollback.sh of release 2, as a deploy would have written it. */
  writeRollback(): string {
    const file = path.join(this.service, 'releases/0002/rollback.sh');
    const record = serviceRecord();
    writeFileSync(
      file,
      renderRollback(this.kit, {
        root: this.root,
        serviceDir: this.service,
        service: 'frontend',
        prefix: 'shop--frontend',
        entry: 'shop-frontend-1',
        port: 3000,
        checks: record.checks,
        release: '0002',
        slot: 'green',
      }),
    );
    return file;
  }

  /** Ends what still runs in the folders of jobs: watches, mostly. */
  private endJobs(): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        if (readlinkSync(`/proc/${pid}/cwd`).startsWith(`${this.home}/jobs/`)) process.kill(Number(pid), 'SIGKILL');
      } catch {
        // Gone meanwhile, or not ours.
      }
    }
  }

  close(): void {
    chmodSync(this.folder, 0o700);
    this.endJobs();
    // What those had asked of the stub may be writing its last line.
    const wholly = { recursive: true, force: true, maxRetries: 20, retryDelay: 50 };
    rmSync(this.folder, wholly);
    rmSync(this.operatorHome, wholly);
    rmSync(this.stub, wholly);
  }
}
