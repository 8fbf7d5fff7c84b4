import { renderScript } from '../core/command.ts';
import {
  type Connection,
  freshLadder,
  mayRetry,
  type Question,
  type Rung,
  reconnectDelayMs,
  withRung,
} from '../core/connection.ts';
import type { DockerFacts } from '../core/docker-facts.ts';
import { drawMap } from '../core/draw-map.ts';
import { type Failure, FailureError, failure, failureOf } from '../core/failure.ts';
import { type FeedLine, foldDeath, foldFeed, parseFeedLine } from '../core/feed.ts';
import type { Job, Verb } from '../core/job.ts';
import { failed, ok, type Result, unreachable } from '../core/result.ts';
import { labels, slotContainer, slotPrefix, stateFolder } from '../core/server-layout.ts';
import { observeScript, parseServerStates, type ServerState } from '../core/server-state.ts';
import { otherSlot, type Slot, slots } from '../core/slot.ts';
import type { StackMap, Traffic } from '../core/stack-map.ts';
import { planAdoptJob, prepareAdoption } from './adopt.ts';
import { planDeployJob, prepareNext } from './deploy.ts';
import { planEjectJob } from './eject.ts';
import { freshMeter, meterReading, readEntryCounters, type TrafficMeter } from './entry-metrics.ts';
import { planFlipJob } from './flip.ts';
import { type JobPlan, type Kit, uploadJob } from './job-upload.ts';
import type { Archive } from './ports/archive.ts';
import type { Clock } from './ports/clock.ts';
import type { ComposeText } from './ports/compose-text.ts';
import type { ContainerFact, DockerEvent } from './ports/docker-engine.ts';
import type { Link, Linker } from './ports/link.ts';
import type { Forward } from './ports/tunnel.ts';
import { compareReleases, readReleases } from './releases.ts';
import { planRetireJob } from './retire.ts';
import type { ServiceName, Session, VerbOptions } from './session.ts';
import type { VerbFacts } from './verbs.ts';

export type HostSessionParts = {
  target: string;
  /** Who asks, as `user@machine`. */
  by: string;
  linker: Linker;
  archive: Archive;
  composeText: ComposeText;
  clock: Clock;
  kit: Kit;
};

/** Oldest compose that knows `!override`, which the entry point needs. */
export const oldestCompose = [2, 24, 4] as const;

const hostScript = `
docker compose version --short 2>/dev/null || echo none
id -u; id -un; id -Gn
`;

/** What is known of the host while a link is open. Thrown away with the link. */
type Open = {
  link: Link;
  abort: AbortController;
  /** State folders whose feed is followed. */
  followed: string;
  stopFollowing(): void;
};

/** One host: connects and reconnects, keeps the map true, starts jobs and follows them. See `Session` for the promises. */
export function createHostSession(parts: HostSessionParts): Session {
  const { clock } = parts;
  let connection: Connection = { kind: 'idle' };
  let open: Open | null = null;
  let wanted = false;
  let attempt = 0;
  let retryTimer: unknown = null;
  let connecting: Promise<Connection> | null = null;
  let question: { value: Question; settle(answers: string[] | null): void } | null = null;

  let docker: DockerFacts | null = null;
  let compose: string | null = null;
  let states: ServerState[] = [];
  let jobs: ReadonlyMap<string, Job> = new Map();
  let map: StackMap | null = null;
  let asOfMs = 0;
  const dismissed = new Set<string>();
  /** Jobs without a process, as last read: a feed that is told again must not bring them back to life. */
  let dead: ReadonlySet<string> = new Set();
  const closing = new AbortController();
  const meters = new Map<string, TrafficMeter>();
  const baselines = new Map<string, { untilMs: number; requests: number; errors: number }>();
  let attentive = false;
  let trafficTimer: unknown = null;

  const changeListeners = new Set<() => void>();
  const trafficListeners = new Set<(traffic: Record<string, Traffic>) => void>();
  const previews = new Map<string, Forward>();
  let announced = false;

  const announce = () => {
    if (announced) return;
    announced = true;
    Promise.resolve().then(() => {
      announced = false;
      for (const listener of [...changeListeners]) listener();
    });
  };

  const setConnection = (next: Connection) => {
    connection = next;
    redraw();
  };

  const jobList = (): Job[] =>
    [...jobs.values()]
      .sort((a, b) => Number(b.state === 'running') - Number(a.state === 'running') || b.startedAt - a.startedAt)
      .slice(0, 50);

  const traffic = (): Record<string, Traffic> =>
    Object.fromEntries([...meters].map(([id, meter]) => [id, meter.traffic]));

  /** Answers of each watched service since its watch was first seen. */
  const watchedSince = (): Record<string, { requests: number; errors: number }> => {
    const found: Record<string, { requests: number; errors: number }> = {};
    for (const { record, live, watchUntilMs } of states.flatMap((state) => state.services)) {
      const id = `${record.stack}/${record.service}`;
      const counters = meters.get(id)?.last?.counters;
      if (counters === undefined || live?.endsWith('-watching') !== true) {
        baselines.delete(id);
        continue;
      }
      const known = baselines.get(id);
      const since =
        known !== undefined && Math.abs(known.untilMs - (watchUntilMs ?? 0)) < 5_000
          ? known
          : { untilMs: watchUntilMs ?? 0, requests: counters.requests, errors: counters.errors };
      baselines.set(id, since);
      found[id] = {
        requests: Math.max(0, counters.requests - since.requests),
        errors: Math.max(0, counters.errors - since.errors),
      };
    }
    return found;
  };

  const redraw = () => {
    if (docker !== null) {
      map = drawMap({
        docker,
        compose,
        states,
        jobs: jobList(),
        dismissed,
        traffic: traffic(),
        watched: watchedSince(),
        awaySinceMs: connection.kind === 'away' ? connection.sinceMs : null,
        asOfMs,
      });
    }
    announce();
  };

  // --- what the server's own files say ---

  const roots = (): string[] => {
    const folders = new Set<string>();
    for (const container of docker?.containers ?? []) {
      const folder = container.labels['com.docker.compose.project.working_dir'];
      if (folder?.startsWith('/') && container.labels[labels.slot] === undefined) folders.add(stateFolder(folder));
      const root = container.labels[labels.root];
      if (root?.startsWith('/')) folders.add(root);
    }
    return [...folders].sort();
  };

  const observeStates = async (link: Link): Promise<void> => {
    const folders = roots();
    if (folders.length === 0) return;
    const outcome = await link.shell.run(renderScript(observeScript, folders), { timeoutMs: 20_000 });
    states = parseServerStates(outcome.stdout, clock.nowMs());
    asOfMs = clock.nowMs();
    dead = new Set(states.flatMap((state) => state.deadJobs));
    jobs = new Map([...jobs].map(([id, job]) => [id, dead.has(id) ? foldDeath(job, clock.nowMs()) : job]));
    followFeeds();
  };

  /** Runs an effect once more after the one under way, however often it is asked for meanwhile. */
  const coalesced = (effect: (link: Link) => Promise<void>, delayMs: number) => {
    let running = false;
    let again = false;
    let waiting = false;
    const run = async (): Promise<void> => {
      if (running) {
        again = true;
        return;
      }
      running = true;
      try {
        if (open !== null) await effect(open.link);
        redraw();
      } catch {
        // The link tells by itself when it is gone; a single read that failed is repeated by the next event.
      } finally {
        running = false;
        if (again) {
          again = false;
          void run();
        }
      }
    };
    return () => {
      if (waiting) return;
      waiting = true;
      setTimeout(() => {
        waiting = false;
        void run();
      }, delayMs);
    };
  };

  const observeDocker = async (link: Link): Promise<void> => {
    docker = await link.docker.observe();
    asOfMs = clock.nowMs();
  };

  const lookAtStates = coalesced(observeStates, 20);
  const lookAtAll = coalesced(async (link) => {
    await observeDocker(link);
    await observeStates(link);
  }, 150);

  // --- events ---

  const pending = new Set<string>();

  const lookAtContainer = async (link: Link, id: string): Promise<void> => {
    if (pending.has(id)) return;
    pending.add(id);
    await Promise.resolve();
    pending.delete(id);
    try {
      const fact = await link.docker.container(id);
      if (docker === null) return;
      const known = docker.containers.some((each) => each.id === id);
      docker = {
        ...docker,
        containers:
          fact === null
            ? docker.containers.filter((each) => each.id !== id)
            : known
              ? docker.containers.map((each) => (each.id === id ? fact : each))
              : [...docker.containers, fact],
      };
      asOfMs = clock.nowMs();
      if (fact !== null && !docker.images.some((image) => image.id === fact.imageId)) lookAtAll();
      if (fact !== null && (!known || fact.labels[labels.root] !== undefined)) lookAtStates();
      redraw();
    } catch {
      // As above: the next event or the re-list after a gap reads it again.
    }
  };

  const endings: Record<string, ContainerFact['state']> = { die: 'exited', pause: 'paused' };

  const onEvent = (link: Link, event: DockerEvent) => {
    if (event.kind !== 'container') {
      lookAtAll();
      return;
    }
    if (event.action.startsWith('exec_') || event.action === 'top' || event.action === 'attach') return;
    const state = endings[event.action];
    if (docker !== null && state !== undefined) {
      // What the event itself says is shown at once; the container is read again behind it.
      const code = event.attributes.exitCode;
      docker = {
        ...docker,
        containers: docker.containers.map((each) =>
          each.id === event.id
            ? { ...each, state, status: state === 'exited' ? `Exited (${code ?? '?'}) just now` : 'Paused' }
            : each,
        ),
      };
      redraw();
    }
    if (event.action === 'destroy' && docker !== null) {
      docker = { ...docker, containers: docker.containers.filter((each) => each.id !== event.id) };
      redraw();
      return;
    }
    void lookAtContainer(link, event.id);
  };

  const followEvents = async (now: Open): Promise<void> => {
    let opened = false;
    try {
      await now.link.docker.events({
        signal: now.abort.signal,
        onOpen: () => {
          opened = true;
        },
        onEvent: (event) => onEvent(now.link, event),
      });
    } catch {
      if (open !== now) return;
      // The stream broke but the link stands: Docker was restarted. Look again until it answers.
      setTimeout(
        () => {
          if (open !== now) return;
          lookAtAll();
          void followEvents(now);
        },
        opened ? 500 : 2_000,
      );
    }
  };

  // --- feeds: jobs of all clients, live ---

  const onFeedLine = (line: FeedLine) => {
    const before = jobs.get(line.job);
    jobs = foldFeed(jobs, line);
    const after = jobs.get(line.job);
    if (after !== undefined && dead.has(line.job)) jobs = new Map(jobs).set(line.job, foldDeath(after, clock.nowMs()));
    if (
      line.kind === 'end' ||
      line.kind === 'settled' ||
      line.kind === 'moved' ||
      (line.kind === 'done' && line.step !== 'drain')
    ) {
      if (before?.state === 'running' || before === undefined) lookAtStates();
    }
    lookWhileRunning();
    redraw();
  };

  let lookTimer: ReturnType<typeof setTimeout> | null = null;

  /** A job that died writes no line: while one runs, the server is asked now and then whether it lives. */
  const lookWhileRunning = () => {
    if (lookTimer !== null || open === null || ![...jobs.values()].some((job) => job.state === 'running')) return;
    lookTimer = setTimeout(() => {
      lookTimer = null;
      lookAtStates();
      lookWhileRunning();
    }, 3_000);
  };

  const followFeeds = () => {
    if (open === null) return;
    const now = open;
    const feeds = states.map((state) => `${state.root}/feed.ndjson`).sort();
    const key = feeds.join('\n');
    if (key === now.followed) return;
    now.stopFollowing();
    now.followed = key;
    if (feeds.length === 0) return;
    const abort = new AbortController();
    now.stopFollowing = () => abort.abort();
    now.abort.signal.addEventListener('abort', () => abort.abort(), { once: true });
    let rest = '';
    const follow = now.link.shell.follow(renderScript('exec tail -q -n 400 -F "$@" 2>/dev/null', feeds), {
      signal: abort.signal,
      onOutput: (chunk) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const text of lines) {
          const line = parseFeedLine(text);
          if (line !== null) onFeedLine(line);
        }
      },
    });
    follow
      .catch(() => null)
      .then(() => {
        if (open === now && now.followed === key && !abort.signal.aborted) {
          now.followed = '';
          setTimeout(() => followFeeds(), 1_000);
        }
      });
  };

  // --- traffic ---

  const readTraffic = async (): Promise<void> => {
    const now = open;
    if (now === null || docker === null) return;
    const adopted = states.flatMap((state) =>
      state.services.map((service) => ({ root: state.root, record: service.record })),
    );
    await Promise.all(
      adopted.map(async ({ root, record }) => {
        const counters = await readEntryCounters(now.link.tunnel, root, record.service);
        const id = `${record.stack}/${record.service}`;
        if (counters !== null) meters.set(id, meterReading(meters.get(id) ?? freshMeter(), counters, clock.nowMs()));
      }),
    );
    if (open !== now) return;
    const all = traffic();
    for (const listener of [...trafficListeners]) listener(all);
    // The card of a watched service counts along.
    if (states.some((state) => state.services.some((service) => service.live?.endsWith('-watching') === true)))
      redraw();
  };

  const scheduleTraffic = () => {
    clearTimeout(trafficTimer);
    if (!attentive || open === null) return;
    trafficTimer = setTimeout(() => {
      void readTraffic().finally(scheduleTraffic);
    }, 2_000);
  };

  // --- connecting ---

  const climb = (rung: Rung) => {
    if (connection.kind === 'connecting' || connection.kind === 'asking') {
      setConnection({ ...connection, ladder: withRung(connection.ladder, rung) });
    }
  };

  const ask = (value: Question): Promise<string[] | null> =>
    new Promise((resolve) => {
      const ladder = 'ladder' in connection ? connection.ladder : freshLadder();
      question = {
        value,
        settle: (answers) => {
          question = null;
          if (connection.kind === 'asking') setConnection({ kind: 'connecting', ladder: connection.ladder });
          resolve(answers);
        },
      };
      setConnection({ kind: 'asking', ladder, question: value });
    });

  const checkHost = (output: string): Failure | null => {
    const [version = 'none', uid = '', user = '', groups = ''] = output.trim().split('\n');
    climb({ name: 'compose', state: 'running', detail: null });
    const parts3 = version
      .replace(/^v/, '')
      .split('.')
      .map((part) => Number.parseInt(part, 10));
    if (version === 'none' || parts3.some(Number.isNaN)) {
      climb({ name: 'compose', state: 'failed', detail: null });
      return failure(
        'compose-missing',
        `${parts.target} has Docker, but no compose plugin: “docker compose version” fails there.`,
      );
    }
    compose = version.replace(/^v/, '');
    const older = compareVersions(parts3, oldestCompose) < 0;
    climb({ name: 'compose', state: older ? 'failed' : 'passed', detail: `compose ${compose}` });
    if (older) {
      return failure(
        'compose-old',
        `The compose plugin of ${parts.target} is ${compose}; Switchyard needs ${oldestCompose.join('.')} or later.`,
      );
    }
    climb({
      name: 'rights',
      state: 'passed',
      detail: uid === '0' ? 'root' : `${user}${groups.split(' ').includes('docker') ? ', in group docker' : ''}`,
    });
    return null;
  };

  const tryOnce = async (): Promise<Connection> => {
    const previous = connection;
    const quiet = previous.kind === 'away' ? previous : null;
    if (quiet === null) setConnection({ kind: 'connecting', ladder: freshLadder() });
    const abort = new AbortController();
    let ladder = freshLadder();
    let link: Link | null = null;
    cancelAttempt = () => abort.abort();
    try {
      link = await parts.linker.open({
        signal: abort.signal,
        ask,
        onRung: (rung) => {
          ladder = withRung(ladder, rung);
          climb(rung);
        },
      });
      const opened: Open = { link, abort: new AbortController(), followed: '', stopFollowing: () => {} };
      // Events are followed before the first listing, so that nothing falls between the two.
      void followEvents(opened);
      const [facts, host] = await Promise.all([
        link.docker.observe(),
        link.shell.run(renderScript(hostScript, []), { timeoutMs: 15_000 }),
      ]);
      const problem = checkHost(host.stdout);
      if (problem !== null) throw new FailureError(problem);
      if (!wanted) throw new FailureError(failure('cancelled', `Connecting to ${parts.target} was cancelled.`));
      docker = facts;
      asOfMs = clock.nowMs();
      open = opened;
      await observeStates(link);
      if (!wanted || open !== opened)
        throw new FailureError(failure('cancelled', `Connecting to ${parts.target} was cancelled.`));
      attempt = 0;
      const done = 'ladder' in connection ? connection.ladder : ladder;
      setConnection({ kind: 'connected', ladder: done, sinceMs: clock.nowMs() });
      scheduleTraffic();
      void link.closed.then((why) => {
        if (open === opened) lost(why);
      });
      return connection;
    } catch (caught) {
      const why = failureOf(caught);
      if (open?.link === link) open = null;
      link?.close();
      if (!wanted) {
        setConnection({ kind: 'idle' });
      } else if (quiet !== null && mayRetry(why)) {
        away(quiet.sinceMs, why);
      } else {
        wanted = false;
        const reached = 'ladder' in connection ? connection.ladder : ladder;
        setConnection({
          kind: 'failed',
          ladder: reached.map((rung) => (rung.state === 'running' ? { ...rung, state: 'failed' } : rung)),
          failure: why,
        });
      }
      return connection;
    }
  };

  let cancelAttempt: () => void = () => {};

  const away = (sinceMs: number, why: Failure) => {
    const delayMs = reconnectDelayMs(attempt, 0.5 + clock.random() / 2);
    attempt += 1;
    setConnection({ kind: 'away', sinceMs, retryAtMs: clock.nowMs() + delayMs, failure: why });
    clearTimeout(retryTimer);
    retryTimer = setTimeout(() => {
      if (connection.kind === 'away' && wanted) void connectOnce();
    }, delayMs);
  };

  const shut = () => {
    if (open === null) return;
    const { link, abort, stopFollowing } = open;
    open = null;
    stopFollowing();
    abort.abort();
    clearTimeout(trafficTimer);
    link.close();
  };

  const lost = (why: Failure | null) => {
    shut();
    for (const [id, preview] of previews) {
      previews.delete(id);
      void preview.close();
    }
    if (wanted)
      away(clock.nowMs(), why ?? failure('link-lost', `The link to ${parts.target} is gone.`, { transient: true }));
  };

  const connectOnce = (): Promise<Connection> => {
    connecting ??= tryOnce().finally(() => {
      connecting = null;
    });
    return connecting;
  };

  // --- verbs ---

  const factsFor = (name: ServiceName): Result<VerbFacts> => {
    if (open === null || docker === null || map === null)
      return failed(failure('link-lost', `There is no link to ${parts.target}.`, { transient: true }));
    const stack = map.stacks.find((each) => each.name === name.stack);
    const service = stack?.services.find((each) => each.name === name.service);
    if (stack === undefined || service === undefined) {
      const known = map.stacks.flatMap((each) => each.services.map((one) => one.id)).join(', ');
      return failed(
        failure('service-unknown', `There is no service ${name.stack}/${name.service} on ${parts.target}.`, {
          running: 'Nothing was changed.',
          detail: `There are: ${known}`,
        }),
      );
    }
    if (stack.folder === null)
      return failed(
        failure(
          'compose-unreadable',
          `The containers of ${stack.name} do not tell which folder they were started from.`,
        ),
      );
    const state =
      states
        .find((each) => each.root === stateFolder(stack.folder ?? ''))
        ?.services.find((each) => each.record.service === name.service) ?? null;
    return ok({
      shell: open.link.shell,
      kit: parts.kit,
      composeText: parts.composeText,
      docker,
      folder: stack.folder,
      stack,
      service,
      state,
      by: parts.by,
    });
  };

  const planJob = async (facts: VerbFacts, verb: Verb, options: VerbOptions): Promise<Result<JobPlan>> => {
    switch (verb) {
      case 'adopt':
        return planAdoptJob(facts, options);
      case 'deploy':
        return planDeployJob(facts, options);
      case 'flip':
      case 'rollback':
        return planFlipJob(facts, verb, options);
      case 'retire':
        return planRetireJob(facts, options);
      case 'eject':
        return planEjectJob(facts);
      default:
        return unreachable(verb);
    }
  };

  const guarded = async <Value>(work: () => Promise<Result<Value>>): Promise<Result<Value>> => {
    try {
      return await work();
    } catch (caught) {
      return failed(failureOf(caught));
    }
  };

  const jobId = (): string =>
    `${clock.nowMs().toString(36)}${Math.floor(clock.random() * 36 ** 4)
      .toString(36)
      .padStart(4, '0')}`;

  const waitFor = <Value>(look: () => Value | null, signal: AbortSignal | undefined): Promise<Value | null> =>
    new Promise((resolve) => {
      const stop = () => {
        changeListeners.delete(check);
        signal?.removeEventListener('abort', abandon);
        closing.signal.removeEventListener('abort', abandon);
      };
      const abandon = () => {
        stop();
        resolve(null);
      };
      const check = () => {
        const value = look();
        if (value === null) return;
        stop();
        resolve(value);
      };
      changeListeners.add(check);
      signal?.addEventListener('abort', abandon, { once: true });
      closing.signal.addEventListener('abort', abandon, { once: true });
      check();
      if (signal?.aborted === true) abandon();
    });

  return {
    connection: () => connection,
    map: () => map,
    jobs: jobList,
    onChange(listener) {
      changeListeners.add(listener);
      return () => changeListeners.delete(listener);
    },
    onTraffic(listener) {
      trafficListeners.add(listener);
      return () => trafficListeners.delete(listener);
    },
    setAttention(value) {
      if (attentive === value) return;
      attentive = value;
      if (value) void readTraffic().finally(scheduleTraffic);
      else clearTimeout(trafficTimer);
    },

    connect() {
      wanted = true;
      attempt = 0;
      clearTimeout(retryTimer);
      if (open !== null) return Promise.resolve(connection);
      return connectOnce();
    },
    wake() {
      if (connection.kind !== 'away' || !wanted) return;
      clearTimeout(retryTimer);
      attempt = 0;
      void connectOnce();
    },
    disconnect() {
      wanted = false;
      clearTimeout(retryTimer);
      question?.settle(null);
      cancelAttempt();
      shut();
      setConnection({ kind: 'idle' });
    },
    answer(id, answers) {
      if (question === null || question.value.id !== id) return false;
      question.settle(answers);
      return true;
    },
    refresh: () =>
      guarded(async () => {
        if (open === null)
          return failed(failure('link-lost', `There is no link to ${parts.target}.`, { transient: true }));
        await observeDocker(open.link);
        await observeStates(open.link);
        redraw();
        return map === null ? failed(failure('indeterminate', 'There is no map yet.')) : ok(map);
      }),

    planAdopt: (name, options) =>
      guarded(async () => {
        const facts = factsFor(name);
        if (!facts.ok) return facts;
        const prepared = await prepareAdoption(facts.value, options);
        return prepared.ok ? ok(prepared.value.adoption.plan) : prepared;
      }),
    planNext: (name, options) =>
      guarded(async () => {
        const facts = factsFor(name);
        if (!facts.ok) return facts;
        const prepared = await prepareNext(facts.value, options);
        return prepared.ok ? ok(prepared.value.plan) : prepared;
      }),
    start: (name, verb, options) =>
      guarded(async () => {
        const facts = factsFor(name);
        if (!facts.ok) return facts;
        const plan = await planJob(facts.value, verb, options);
        if (!plan.ok) return plan;
        const id = jobId();
        const uploaded = await uploadJob(facts.value.shell, parts.archive, parts.kit, id, plan.value);
        if (!uploaded.ok) return uploaded;
        // The feed's own first line replaces this; until then the job is known to have begun.
        if (!jobs.has(id)) {
          const started: FeedLine = {
            kind: 'job',
            job: id,
            at: clock.nowMs(),
            verb,
            stack: name.stack,
            service: name.service,
            by: parts.by,
            steps: 'start',
          };
          jobs = foldFeed(jobs, started);
        }
        if (!states.some((state) => state.root === plan.value.root)) lookAtStates();
        lookWhileRunning();
        redraw();
        const job = jobs.get(id);
        return job === undefined ? failed(failure('bug', 'The job was started, but is not known.')) : ok(job);
      }),
    ended: (_stack, id, signal) =>
      guarded(async () => {
        const job = await waitFor(() => {
          const known = jobs.get(id);
          return known === undefined || known.state === 'running' ? null : known;
        }, signal);
        if (job !== null) {
          // What the job left behind is read before it is said to have ended; how it ended is known without.
          try {
            if (open !== null) await observeDocker(open.link);
            if (open !== null) await observeStates(open.link);
          } catch {
            lookAtAll();
          }
          redraw();
          return ok(job);
        }
        return failed(failure('cancelled', 'Waiting for the job was given up; the job itself goes on.'));
      }),
    jobLog: (stack, job) =>
      guarded(async () => {
        const root = map?.stacks.find((each) => each.name === stack)?.folder;
        if (open === null || root === null || root === undefined)
          return failed(failure('link-lost', `There is no link to ${parts.target}.`, { transient: true }));
        if (!/^[\w-]+$/.test(job)) return failed(failure('job-unknown', `There is no job “${job}”.`));
        const script =
          'tail -c 262144 "$1/jobs/$2/output" 2>/dev/null || echo "The output of this job is not kept any more."';
        return ok(
          (await open.link.shell.run(renderScript(script, [stateFolder(root), job]), { timeoutMs: 20_000 })).stdout,
        );
      }),
    dismiss(name) {
      for (const job of jobs.values()) {
        if (job.stack === name.stack && job.service === name.service && job.state !== 'running') dismissed.add(job.id);
      }
      for (const { record, wentBack } of states.flatMap((state) => state.services)) {
        const here = record.stack === name.stack && record.service === name.service;
        if (here && wentBack !== null) dismissed.add(`${name.stack}/${name.service}@${wentBack.atMs}`);
      }
      redraw();
    },

    releases: (name) =>
      guarded(async () => {
        const facts = factsFor(name);
        if (!facts.ok) return facts;
        const { state, folder, shell } = facts.value;
        if (state === null) return ok([]);
        return readReleases(shell, stateFolder(folder), state);
      }),
    compareReleases: (name, before, after) =>
      guarded(async () => {
        const facts = factsFor(name);
        if (!facts.ok) return facts;
        return compareReleases(facts.value.shell, stateFolder(facts.value.folder), name.service, before, after);
      }),
    followLogs: (name, { tail, signal, onLines }) =>
      guarded(async () => {
        const facts = factsFor(name);
        if (!facts.ok || open === null)
          return facts.ok
            ? failed(failure('link-lost', `There is no link to ${parts.target}.`, { transient: true }))
            : facts;
        const { link } = open;
        const sources: { id: string; slot: Slot | null }[] =
          facts.value.state === null
            ? facts.value.service.containers.map(({ id }) => ({ id, slot: null }))
            : slots.flatMap((slot) => {
                const container = facts.value.service.slots[slot]?.container;
                return container === null || container === undefined ? [] : [{ id: container.id, slot }];
              });
        await Promise.all(
          sources.map(({ id, slot }) =>
            link.docker
              .logs(id, { tail, signal, onLines: (lines) => onLines(lines.map((line) => ({ slot, ...line }))) })
              .catch(() => null),
          ),
        );
        return ok(null);
      }),
    openPreview: (name, slot) =>
      guarded(async () => {
        const facts = factsFor(name);
        if (!facts.ok) return facts;
        const { state, docker: now, service } = facts.value;
        const id = service.id;
        const container = now.containers.find(
          (each) => each.name === slotContainer(slotPrefix(name.stack, name.service), slot),
        );
        const address = container?.networks.find((network) => network.address !== '')?.address;
        const release = service.slots[slot]?.release;
        if (
          state === null ||
          open === null ||
          container?.state !== 'running' ||
          address === undefined ||
          release === undefined
        ) {
          return failed(
            failure('service-not-running', `Nothing runs in slot ${slot} of ${id} that could be looked at.`, {
              running: `${otherSlot(slot)} is not touched.`,
            }),
          );
        }
        await previews.get(id)?.close();
        const forward = await open.link.tunnel.forward(address, state.record.ports[0]?.port ?? 80);
        previews.set(id, forward);
        return ok({ url: `http://127.0.0.1:${forward.port}/`, port: forward.port, release });
      }),
    async closePreview(name) {
      const id = `${name.stack}/${name.service}`;
      const forward = previews.get(id);
      previews.delete(id);
      await forward?.close();
    },
    close() {
      closing.abort();
      this.disconnect();
      for (const preview of previews.values()) void preview.close();
      previews.clear();
      changeListeners.clear();
      trafficListeners.clear();
    },
  };
}

/** Below, equal or above zero as `a` is older, the same or newer than `b`. */
function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < 3; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
