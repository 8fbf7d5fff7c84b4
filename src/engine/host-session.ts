import { renderScript } from '../core/command.ts';
import { drawMap } from '../core/draw-map.ts';
import { failure, failureOf } from '../core/failure.ts';
import { type FeedLine, foldFeed } from '../core/feed.ts';
import type { Verb, VerbOptions } from '../core/job.ts';
import { failed, ok, type Result, unreachable } from '../core/result.ts';
import { serviceSlug, slotContainer, slotPrefix, stateFolder } from '../core/server-layout.ts';
import { otherSlot, type Slot, slots } from '../core/slot.ts';
import type { StackMap } from '../core/stack-map.ts';
import { planAdoptJob, prepareAdoption } from './adopt.ts';
import { planConfirmJob } from './confirm.ts';
import { planDeployJob, prepareNext } from './deploy.ts';
import { planEjectJob } from './eject.ts';
import { planFlipJob } from './flip.ts';
import { createConnecting } from './host/connecting.ts';
import { createEvents } from './host/events.ts';
import { createFeeds } from './host/feeds.ts';
import { jobList, nothingKnown } from './host/host-now.ts';
import { createLooks } from './host/looks.ts';
import { createPreviews } from './host/previews.ts';
import { createTrafficReading } from './host/traffic.ts';
import { type JobPlan, type Kit, uploadJob } from './job-upload.ts';
import type { Archive } from './ports/archive.ts';
import type { Clock } from './ports/clock.ts';
import type { ComposeText } from './ports/compose-text.ts';
import type { Linker } from './ports/link.ts';
import { compareReleases, readReleases } from './releases.ts';
import { planRetireJob } from './retire.ts';
import type { ServiceName, Session } from './session.ts';
import { stopJob } from './stop.ts';
import type { VerbFacts } from './verbs.ts';
import { canGoWithoutJob, goBackByHand } from './way-back.ts';

export type HostSessionParts = {
  target: string;
  /** Who asks, as `user@machine`. */
  by: string;
  linker: Linker;
  archive: Archive;
  composeText: ComposeText;
  clock: Clock;
  kit: Kit;
  /** Shell that every job reads right after the kit. Set by the fault suite alone. */
  plant?: string | undefined;
};

/**
 * One host: connects and reconnects, keeps the map true, starts jobs and follows them. See `Session` for the promises.
 * What is known is in one record (`host/host-now.ts`); the files of `host/` keep it true, and here is what is asked of it.
 */
export function createHostSession(parts: HostSessionParts): Session {
  const { clock } = parts;
  const now = nothingKnown();
  const dismissed = new Set<string>();
  /** Jobs that were asked for here: a refusal is told to who asked. */
  const ours = new Set<string>();
  const closing = new AbortController();
  const changeListeners = new Set<() => void>();
  let announced = false;

  const announce = () => {
    if (announced) return;
    announced = true;
    Promise.resolve().then(() => {
      announced = false;
      for (const listener of [...changeListeners]) listener();
    });
  };

  let drawn: StackMap | null = null;
  let isDrawn = true;
  const redraw = () => {
    isDrawn = false;
    announce();
  };
  /** Drawn when somebody looks, not with each of the changes in between: a job tells twenty in the time of a frame. */
  const currentMap = (): StackMap | null => {
    if (isDrawn || now.docker === null) return drawn;
    isDrawn = true;
    drawn = drawMap({
      docker: now.docker,
      compose: now.compose,
      states: now.states,
      jobs: jobList(now),
      ours,
      dismissed,
      traffic: traffic.current(),
      watched: traffic.watchedSince(),
      awaySinceMs: now.connection.kind === 'away' ? now.connection.sinceMs : null,
      asOfMs: now.asOfMs,
    });
    return drawn;
  };

  const previews = createPreviews();
  const traffic = createTrafficReading(now, clock, redraw);
  const looks = createLooks(now, clock, () => feeds.follow(), redraw);
  const feeds = createFeeds(now, clock, looks.lookAtStates, redraw);
  const events = createEvents(now, clock, looks, redraw);
  const connecting = createConnecting(now, {
    target: parts.target,
    linker: parts.linker,
    clock,
    followEvents: events.follow,
    observeStates: looks.observeStates,
    onConnected: traffic.schedule,
    onShut: traffic.stop,
    onLost: previews.closeAll,
    redraw,
  });

  const noLink = () => failed(failure('link-lost', `There is no link to ${parts.target}.`, { transient: true }));

  const folderOf = (stack: string): string | null =>
    currentMap()?.stacks.find((each) => each.name === stack)?.folder ?? null;

  const factsFor = (name: ServiceName): Result<VerbFacts> => {
    const { open, docker } = now;
    const map = currentMap();
    if (open === null || docker === null || map === null) return noLink();
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
      now.states
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
      case 'confirm':
        return planConfirmJob(facts);
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
    connection: () => now.connection,
    map: currentMap,
    jobs: () => jobList(now),
    onChange(listener) {
      changeListeners.add(listener);
      return () => changeListeners.delete(listener);
    },
    onTraffic(listener) {
      traffic.listeners.add(listener);
      return () => traffic.listeners.delete(listener);
    },
    setAttention: traffic.setAttention,

    connect: connecting.connect,
    wake: connecting.wake,
    disconnect: connecting.disconnect,
    answer: connecting.answer,
    refresh: () =>
      guarded(async () => {
        if (now.open === null) return noLink();
        const { link } = now.open;
        await looks.observeDocker(link);
        await looks.observeStates(link);
        redraw();
        const map = currentMap();
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
        ours.add(id);
        const uploaded = await uploadJob(facts.value.shell, parts.archive, parts.kit, id, plan.value, parts.plant);
        if (!uploaded.ok && !(verb === 'rollback' && canGoWithoutJob(uploaded.failure))) return uploaded;
        // The feed's own first line replaces this; until then the job is known to have begun.
        if (!now.jobs.has(id)) {
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
          now.jobs = foldFeed(now.jobs, started);
        }
        if (!uploaded.ok) {
          const back = await goBackByHand(facts.value.shell, plan.value.root, serviceSlug(name.service));
          now.jobs = foldFeed(now.jobs, {
            kind: 'end',
            job: id,
            at: clock.nowMs(),
            outcome: back.ok ? 'completed' : 'refused',
            code: back.ok ? '' : back.failure.code,
            message: back.ok ? back.value : back.failure.message,
            running: '',
            detail: (back.ok ? null : back.failure.detail) ?? '',
          });
          looks.lookAtAll();
        }
        if (!now.states.some((state) => state.root === plan.value.root)) looks.lookAtStates();
        feeds.lookWhileRunning();
        redraw();
        const job = now.jobs.get(id);
        return job === undefined ? failed(failure('bug', 'The job was started, but is not known.')) : ok(job);
      }),
    ended: (_stack, id, signal) =>
      guarded(async () => {
        const job = await waitFor(() => {
          const known = now.jobs.get(id);
          return known === undefined || known.state === 'running' ? null : known;
        }, signal);
        if (job !== null) {
          // What the job left behind is read before it is said to have ended; how it ended is known without.
          try {
            // Moving the traffic leaves every container as it was.
            const moved = job.verb === 'flip' || job.verb === 'rollback';
            if (now.open !== null && !moved) await looks.observeDocker(now.open.link);
            if (now.open !== null) await looks.observeStates(now.open.link);
          } catch {
            looks.lookAtAll();
          }
          redraw();
          return ok(job);
        }
        return failed(failure('cancelled', 'Waiting for the job was given up; the job itself goes on.'));
      }),
    stop: (stack, job) =>
      guarded(async () => {
        const { open } = now;
        const folder = folderOf(stack);
        return open === null || folder === null ? noLink() : stopJob(open.link.shell, stateFolder(folder), job);
      }),
    knownJobs: (signal) =>
      guarded(async () => {
        const known = await waitFor(() => (feeds.areRead() ? jobList(now) : null), signal);
        return known === null ? failed(failure('cancelled', 'Waiting for the list of jobs was given up.')) : ok(known);
      }),
    jobLog: (stack, job) =>
      guarded(async () => {
        const { open } = now;
        const folder = folderOf(stack);
        if (open === null || folder === null) return noLink();
        if (!/^[\w-]+$/.test(job)) return failed(failure('job-unknown', `There is no job “${job}”.`));
        const script =
          'tail -c 262144 "$1/jobs/$2/output" 2>/dev/null || echo "The output of this job is not kept any more."';
        return ok(
          (await open.link.shell.run(renderScript(script, [stateFolder(folder), job]), { timeoutMs: 20_000 })).stdout,
        );
      }),
    dismiss(name) {
      for (const job of now.jobs.values()) {
        if (job.stack === name.stack && job.service === name.service && job.state !== 'running') dismissed.add(job.id);
      }
      for (const { record, wentBack } of now.states.flatMap((state) => state.services)) {
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
    followLogs: (name, { tail, follow = true, signal, onLines }) =>
      guarded(async () => {
        const facts = factsFor(name);
        if (!facts.ok) return facts;
        if (now.open === null) return noLink();
        const { link } = now.open;
        const sources: { id: string; slot: Slot | null }[] =
          facts.value.state === null
            ? facts.value.service.containers.map(({ id }) => ({ id, slot: null }))
            : slots.flatMap((slot) => {
                const container = facts.value.service.slots[slot]?.container;
                return container === null || container === undefined ? [] : [{ id: container.id, slot }];
              });
        // One that is refused ends the others, so that the refusal is told at once and not when they end.
        const ending = new AbortController();
        const end = () => ending.abort();
        signal.addEventListener('abort', end, { once: true });
        if (signal.aborted) end();
        try {
          await Promise.all(
            sources.map(({ id, slot }) =>
              link.docker.logs(id, {
                tail,
                follow,
                signal: ending.signal,
                onLines: (lines) => onLines(lines.map((line) => ({ slot, ...line }))),
              }),
            ),
          );
          return ok(null);
        } catch (caught) {
          return signal.aborted ? ok(null) : failed(failureOf(caught));
        } finally {
          signal.removeEventListener('abort', end);
          end();
        }
      }),
    openPreview: (name, slot) =>
      guarded(async () => {
        const facts = factsFor(name);
        if (!facts.ok) return facts;
        const { state, docker, service } = facts.value;
        const id = service.id;
        const container = docker.containers.find(
          (each) => each.name === slotContainer(slotPrefix(name.stack, name.service), slot),
        );
        const address = container?.networks.find((network) => network.address !== '')?.address;
        const release = service.slots[slot]?.release;
        if (
          state === null ||
          now.open === null ||
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
        const forward = await previews.open(now.open.link.tunnel, id, address, state.record.ports[0]?.port ?? 80);
        return ok({ url: `http://127.0.0.1:${forward.port}/`, port: forward.port, release });
      }),
    closePreview: (name) => previews.close(`${name.stack}/${name.service}`),
    close() {
      closing.abort();
      connecting.disconnect();
      previews.closeAll();
      changeListeners.clear();
      traffic.listeners.clear();
    },
  };
}
