import { quote } from '../../core/command.ts';
import type { Question, Rung } from '../../core/connection.ts';
import type { ContainerFact, ContainerInspection, DockerFacts } from '../../core/docker-facts.ts';
import { type Failure, FailureError, failure } from '../../core/failure.ts';
import { releaseFolder, serviceFile, stackHome } from '../../core/server-layout.ts';
import type { ServiceState } from '../../core/server-state.ts';
import type { Archive, JobFile } from '../../engine/ports/archive.ts';
import type { DockerEngine, DockerEvent } from '../../engine/ports/docker-engine.ts';
import type { Duplex } from '../../engine/ports/duplex.ts';
import type { Link, Linker } from '../../engine/ports/link.ts';
import type { Shell, ShellOutcome } from '../../engine/ports/shell.ts';
import type { Tunnel } from '../../engine/ports/tunnel.ts';
import { endLine } from '../../engine/whole-answer.ts';
import { dockerFacts } from './facts.ts';

/** A text of every script whose answer is read whole or not at all (`withEnd`). */
export const endedMark = 'ended=$?';

export const lost = (): Failure => failure('link-lost', 'The link to home is gone.', { transient: true });

export const outcome = (stdout: string, more: Partial<ShellOutcome> = {}): ShellOutcome => ({
  code: 0,
  signal: null,
  stdout,
  stderr: '',
  ...more,
});

/** What a fake host takes as a job: the files by name. */
export type TakenJob = { root: string; id: string; files: Record<string, string> };

/** Packs as JSON, so that a test can look inside. */
export const jsonArchive: Archive = {
  pack: async (files: JobFile[]) => new TextEncoder().encode(JSON.stringify(files)),
};

/** A kit whose files say their names. */
export const namedKit: Record<string, string> = Object.fromEntries(
  [
    'kit.sh',
    'receive.sh',
    'adopt.sh',
    'deploy.sh',
    'flip.sh',
    'retire.sh',
    'eject.sh',
    'confirm.sh',
    'watch.sh',
    'rollback.sh',
    'live',
    'exec',
  ].map((name) => [name, `# this is ${name}\n`]),
);

/**
 * A host in memory: its containers, its state folders and its feed outlive every link, as on a real one. A test
 * changes the public fields, or calls what happens on the host; the engine reaches it by `linker`.
 */
export class FakeHost {
  docker: DockerFacts = dockerFacts([]);
  compose = '2.29.1';
  who = '1000\nada\nada docker';
  /** State folders with what is adopted in each. */
  readonly roots = new Map<string, ServiceState[]>();
  /** Texts of service.json by path, where they are not what the state says. */
  readonly records = new Map<string, string>();
  /** Version of how the state is laid out. */
  format = 1;
  deadJobs: string[] = [];
  /** Jobs of the feed that no home state knows. */
  forgedJobs: string[] = [];
  /** Jobs that wrote how they ended: `ID OUTCOME`. */
  endedJobs: string[] = [];
  readonly feed: string[] = [];
  readonly jobs: TakenJob[] = [];
  /** Answers to further scripts, by a text in them; the first that fits. */
  readonly scripts: [text: string, answer: (command: string) => ShellOutcome][] = [];
  /** Texts in the scripts whose answers come without their end. */
  readonly cutShort: string[] = [];
  /** How the next opening of a link fails. */
  openingFails: Failure | null = null;
  /** What is asked while opening, each once. */
  questions: Question[] = [];
  /** How taking a job goes: it is taken, refused by that word, the link is lost before or after, or the answer is cut. */
  taking: 'taken' | 'lost-before' | 'lost-after' | 'cut' | `refused ${string}` = 'taken';
  /** Calls, for tests that count them. */
  readonly calls = {
    opened: 0,
    observed: 0,
    inspected: [] as string[],
    states: 0,
    followed: [] as string[],
    ran: [] as string[],
  };
  readonly counters = new Map<string, string>();
  /** Ports of this machine that were opened, with where each leads now. */
  readonly forwards: { port: number; addressNow(): string | null; isOpen: boolean }[] = [];
  /** What Docker says of a container that is asked about, by id. */
  readonly inspections = new Map<string, ContainerInspection>();
  /** Further lines of what the script says of a stack. */
  stateLines: string[] = [];
  /** The state folders were deleted; the home state still knows what was adopted. */
  statesGone = false;
  /** Files of stacks by path, whose folders are looked at when one changed. */
  readonly stackFiles = new Map<string, string>();

  /** Called while the state folders are read. */
  beforeStates: () => void = () => {};
  /** Called before Docker is listed. */
  beforeObserve: () => void = () => {};
  /** Called before the log of a container is read. */
  beforeLogs: (id: string) => void | Promise<void> = () => {};

  private readonly links = new Set<FakeLink>();

  readonly linker: Linker = {
    open: async ({ ask, onRung, onShell, signal }) => {
      this.calls.opened += 1;
      const passed = (name: Rung['name']) => onRung({ name, state: 'passed', detail: null });
      passed('name');
      onRung({ name: 'reachable', state: 'running', detail: null });
      if (this.openingFails !== null) throw new FailureError(this.openingFails);
      passed('reachable');
      for (const question of this.questions.splice(0)) {
        const answers = await ask(question);
        if (answers === null) throw new FailureError(failure('login-refused', 'Nobody answered.'));
      }
      if (signal.aborted) throw new FailureError(failure('cancelled', 'Connecting was cancelled.'));
      passed('host-key');
      passed('login');
      const link = new FakeLink(this, () => this.links.delete(link));
      this.links.add(link);
      onShell(link.shell);
      passed('docker');
      return link;
    },
  };

  get openLinks(): number {
    return this.links.size;
  }

  /** The link is gone, as when the network is. */
  cut(why: Failure | null = lost()): void {
    for (const link of [...this.links]) link.end(why);
  }

  /** Docker says that something happened. */
  emit(event: Partial<DockerEvent> & { action: string; id: string }): void {
    const whole: DockerEvent = { kind: 'container', attributes: {}, atNano: '1', ...event };
    for (const link of this.links) link.tellEvent(whole);
  }

  /** The event stream breaks and the link stands, as when Docker is restarted. */
  breakEvents(): void {
    for (const link of this.links) link.breakEvents();
  }

  /** Text that is appended to the feed, in any pieces. */
  writeFeed(text: string): void {
    this.feed.push(text);
    for (const link of this.links) link.tellFeed(text);
  }

  line(job: string, at: number, more: Record<string, unknown>): void {
    this.writeFeed(`${JSON.stringify({ job, at, ...more })}\n`);
  }

  /** The feed's follower ends and the link stands. */
  endFollowers(): void {
    for (const link of this.links) link.endFollowers();
  }

  containerOf(id: string): ContainerFact | null {
    return this.docker.containers.find((each) => each.id === id) ?? null;
  }

  run(command: string, stdin: Uint8Array | undefined): ShellOutcome {
    this.calls.ran.push(command);
    const answer = this.answer(command, stdin);
    // A script that reads says its end, but for one that is cut short.
    const isCut = this.cutShort.some((text) => command.includes(text));
    return command.includes(endedMark) && !isCut ? { ...answer, stdout: `${answer.stdout}\n${endLine}\n` } : answer;
  }

  private answer(command: string, stdin: Uint8Array | undefined): ShellOutcome {
    if (command.includes('docker compose version')) return outcome(`${this.compose}\n${this.who}\n`);
    if (command.includes('\\001root ')) {
      this.calls.states += 1;
      this.beforeStates();
      return outcome(this.sayStates());
    }
    if (command.includes('\\001gone')) return outcome(this.sayRecord(command));
    if (command.includes('# this is receive.sh')) return this.take(command, stdin);
    if (command.includes('\\001folder ')) return outcome(this.sayStackFiles(command));
    const known = this.scripts.find(([text]) => command.includes(text));
    if (known === undefined) throw new Error(`the fake host does not know this script: ${command.slice(0, 200)}`);
    return known[1](command);
  }

  /** Somebody changed a file of a stack, or took it away with null; the follower notices. */
  changeFile(path: string, text: string | null): void {
    if (text === null) this.stackFiles.delete(path);
    else this.stackFiles.set(path, text);
    for (const link of this.links) link.tellFiles();
  }

  private sayStackFiles(command: string): string {
    const folders = new Set(
      [...this.stackFiles.keys()].map((path) => path.replace(/\/(?:\.switchyard\/.*|[^/]*)$/, '')),
    );
    const lines = [...folders]
      .filter((folder) => command.includes(folder))
      .flatMap((folder) => [
        `\u0001folder ${folder}`,
        ...[...this.stackFiles]
          .filter(([path]) => path.startsWith(`${folder}/`))
          .flatMap(([path, text]) => [
            `\u0001file ${path}`,
            ...text
              .replace(/\n$/, '')
              .split('\n')
              .map((line) => `\u0002${line}`),
          ]),
      ]);
    return `${[...lines, '\u0001end'].join('\n')}\n`;
  }

  private take(command: string, stdin: Uint8Array | undefined): ShellOutcome {
    if (this.taking === 'lost-before') throw new FailureError(lost());
    if (this.taking.startsWith('refused')) {
      return outcome(`switchyard-${this.taking}\n`, { code: 3, stderr: 'tar: short read\n' });
    }
    const [folder = '', , , id = ''] = command.trim().split(' ').slice(-4);
    const root = `${folder}/.switchyard`;
    const files = JSON.parse(new TextDecoder().decode(stdin)) as JobFile[];
    this.jobs.push({ root, id, files: Object.fromEntries(files.map(({ path, text }) => [path, text])) });
    if (this.taking === 'lost-after') throw new FailureError(lost());
    return outcome(this.taking === 'cut' ? 'switchyard-sta' : `switchyard-started ${id}\n`, {
      code: this.taking === 'cut' ? null : 0,
    });
  }

  /** One service.json as it is now. */
  private sayRecord(command: string): string {
    for (const [root, services] of this.roots)
      for (const { record } of services) {
        const path = serviceFile(root, record.service);
        if (command.endsWith(` ${quote(path)}`)) return this.records.get(path) ?? JSON.stringify(record);
      }
    return '\u0001gone';
  }

  /** Jobs of a stack that its home state knows: all that its feed begins, but those it is told not to. */
  private openJobs(project: string): string[] {
    const begun = this.feed.join('').matchAll(/\{"job":"([^"]+)","at":\d+,"kind":"job",[^\n]*"stack":"([^"]*)"/g);
    return [...new Set([...begun].filter(([, , stack]) => stack === project).map(([, id = '']) => id))].filter(
      (id) => !this.forgedJobs.includes(id),
    );
  }

  private sayStates(): string {
    const state = '/home/ada/.local/state/switchyard';
    const lines = [`\u0001home closed ${state}`];
    for (const [root, services] of this.roots) {
      const folder = root.replace(/\/\.switchyard$/, '');
      const project = services[0]?.record.stack ?? folder.slice(folder.lastIndexOf('/') + 1);
      const home = stackHome(state, project, folder);
      lines.push(
        `\u0001root ${root}`,
        `\u0001stack ${home}`,
        `\u0001project ${project}`,
        `\u0001format ${this.format}`,
      );
      lines.push(...this.stateLines, ...(this.statesGone ? ['\u0001ground gone'] : []));
      lines.push(...this.openJobs(project).map((job) => `\u0001job ${job}`));
      lines.push(...this.deadJobs.map((job) => `\u0001dead ${job}`));
      lines.push(...this.endedJobs.map((job) => `\u0001ended ${job}`));
      const say = (path: string, text: string | null) => {
        const at = path.startsWith('/') ? path : `${root}/${path}`;
        if (text !== null) lines.push(`\u0001file ${at}`, ...text.split('\n').map((line) => `\u0002${line}`));
      };
      for (const service of services) {
        const slug = service.record.service;
        say(`${home}/${slug}/service.json`, JSON.stringify(service.record));
        if (this.statesGone) continue;
        say(`${slug}/service.json`, this.records.get(serviceFile(root, slug)) ?? JSON.stringify(service.record));
        say(`${slug}/entry/live.map`, service.live === null ? null : `live ${service.live}`);
        const { watchUntilMs, mustConfirm } = service;
        say(
          `${slug}/watch`,
          watchUntilMs === null ? null : `${watchUntilMs} 0 boot green job ${mustConfirm ? 'confirm' : 'watch'}`,
        );
        for (const role of ['current', 'next', 'previous'] as const) {
          const release = service[role];
          if (release === null) continue;
          const { word, passed, total, reason } = release.state;
          const number = releaseFolder(release.file.number);
          lines.push(`\u0001role ${slug} ${role} ${number}`);
          say(`${slug}/releases/${number}/release.json`, JSON.stringify(release.file));
          say(`${slug}/releases/${number}/state`, `${word} ${passed} ${total}${reason === null ? '' : ` ${reason}`}`);
        }
      }
    }
    return `${lines.join('\n')}\n\u0001end\n`;
  }
}

const token = '00000000-0000-4000-8000-000000000000';

class FakeLink implements Link {
  readonly closed: Promise<Failure | null>;
  readonly shell: Shell;
  readonly docker: DockerEngine;
  readonly tunnel: Tunnel;
  private open = true;
  private readonly settleClosed: (why: Failure | null) => void;
  private readonly forget: () => void;
  private readonly streams = new Set<{ tell(event: DockerEvent): void; fail(): void }>();
  private readonly fileFollowers = new Set<() => void>();
  private readonly followers = new Set<{ tell(text: string): void; end(): void }>();

  constructor(host: FakeHost, forget: () => void) {
    this.forget = forget;
    let settle: (why: Failure | null) => void = () => {};
    this.closed = new Promise((resolve) => {
      settle = resolve;
    });
    this.settleClosed = settle;
    const check = () => {
      if (!this.open) throw new FailureError(lost());
    };
    this.shell = {
      run: async (command, options) => {
        check();
        return host.run(command, options?.stdin);
      },
      follow: (command, { signal, onOutput }) =>
        new Promise((resolve) => {
          if (command.includes('changed\\n')) {
            const tell = () => onOutput('changed\n', 'out');
            this.fileFollowers.add(tell);
            const end = () => {
              this.fileFollowers.delete(tell);
              resolve({ code: null });
            };
            signal.addEventListener('abort', end, { once: true });
            return;
          }
          host.calls.followed.push(command);
          let begun = true;
          // Each line behind its token and the number of its feed, however it arrives.
          const told = (text: string): string =>
            [...text]
              .map((character) => {
                const mark = begun ? `${token} 0 ` : '';
                begun = character === '\n';
                return mark + character;
              })
              .join('');
          const follower = {
            tell: (text: string) => onOutput(told(text), 'out'),
            end: () => {
              this.followers.delete(follower);
              resolve({ code: null });
            },
          };
          this.followers.add(follower);
          signal.addEventListener('abort', follower.end, { once: true });
          onOutput(`\u0001token ${token}\n${told(host.feed.join(''))}\n\u0001read ${token}\n`, 'out');
        }),
    };
    this.docker = {
      observe: async () => {
        check();
        host.beforeObserve();
        host.calls.observed += 1;
        return structuredClone(host.docker);
      },
      inspect: async (id) => {
        check();
        return structuredClone(host.inspections.get(id) ?? null);
      },
      container: async (id) => {
        check();
        host.calls.inspected.push(id);
        return structuredClone(host.containerOf(id));
      },
      events: ({ signal, onOpen, onEvent }) =>
        new Promise((resolve, reject) => {
          const stream = {
            tell: onEvent,
            fail: () => reject(new FailureError(failure('docker-stopped', 'Docker stopped.'))),
          };
          this.streams.add(stream);
          signal.addEventListener(
            'abort',
            () => {
              this.streams.delete(stream);
              resolve();
            },
            { once: true },
          );
          onOpen();
        }),
      logs: async (id, { follow, onLines }) => {
        await host.beforeLogs(id);
        onLines([{ stream: 'out', atMs: 1, text: `${follow === false ? 'read' : 'followed'} log of ${id}` }]);
      },
    };
    let port = 40_000;
    this.tunnel = {
      forward: async (addressNow) => {
        check();
        port += 1;
        const forward = { port, addressNow, isOpen: true };
        host.forwards.push(forward);
        return {
          port,
          close: async () => {
            forward.isOpen = false;
          },
        };
      },
      openSocket: async (path) => {
        check();
        return fakeSocket(host.counters.get(path) ?? '');
      },
    };
  }

  tellEvent(event: DockerEvent): void {
    for (const stream of this.streams) stream.tell(event);
  }

  breakEvents(): void {
    for (const stream of [...this.streams]) {
      this.streams.delete(stream);
      stream.fail();
    }
  }

  tellFiles(): void {
    for (const tell of this.fileFollowers) tell();
  }

  tellFeed(text: string): void {
    for (const follower of this.followers) follower.tell(text);
  }

  endFollowers(): void {
    for (const follower of [...this.followers]) follower.end();
  }

  end(why: Failure | null): void {
    if (!this.open) return;
    this.open = false;
    this.forget();
    this.breakEvents();
    this.endFollowers();
    this.settleClosed(why);
  }

  close(): void {
    this.end(null);
  }
}

/** Answers the first line that is written with a text, then ends. */
function fakeSocket(text: string): Duplex {
  const listeners: { data: ((chunk: string) => void)[]; end: (() => void)[] } = { data: [], end: [] };
  return {
    write() {
      queueMicrotask(() => {
        for (const listener of listeners.data) listener(text);
        for (const listener of listeners.end) listener();
      });
    },
    destroy() {},
    on(event: string, listener: never) {
      if (event === 'data') listeners.data.push(listener);
      if (event === 'end' || event === 'close') listeners.end.push(listener);
    },
  };
}
