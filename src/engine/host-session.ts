import type { ComposeConfig } from '../core/compose-config.ts';
import { drawMap } from '../core/draw-map.ts';
import { failure, failureOf } from '../core/failure.ts';
import { findHomeMounts } from '../core/home-mounts.ts';
import { createMask } from '../core/mask.ts';
import { maskTold, rememberedMask } from '../core/mask-told.ts';
import { plainText } from '../core/plain-text.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { stateFolder } from '../core/server-layout.ts';
import { secretsOfConfig } from '../core/service-secrets.ts';
import type { StackMap } from '../core/stack-map.ts';
import { prepareAdoption } from './adopt.ts';
import { prepareNext } from './deploy.ts';
import { createChanges } from './host/changes.ts';
import { createConnecting } from './host/connecting.ts';
import { createEvents } from './host/events.ts';
import { createFeeds } from './host/feeds.ts';
import { createFiles } from './host/files.ts';
import { withFreshRecord } from './host/fresh-record.ts';
import { currentId, jobList, nothingKnown } from './host/host-now.ts';
import { createInspections } from './host/inspections.ts';
import { createJobs } from './host/jobs.ts';
import { followLogs, readJobLog } from './host/logs.ts';
import { createLooks } from './host/looks.ts';
import { createPresence, refuseToStart } from './host/presence.ts';
import { createPreviews } from './host/previews.ts';
import { noLink, serviceFacts } from './host/service-facts.ts';
import { createSince } from './host/since.ts';
import { createTrafficReading } from './host/traffic.ts';
import type { Kit } from './job-upload.ts';
import type { Archive } from './ports/archive.ts';
import type { Clock } from './ports/clock.ts';
import type { ComposeText } from './ports/compose-text.ts';
import type { Link, Linker } from './ports/link.ts';
import type { Shell } from './ports/shell.ts';
import { compareReleases, readReleases } from './releases.ts';
import type { ServiceName, Session } from './session.ts';
import { stopJob } from './stop.ts';
import { jobPlace, type VerbFacts } from './verbs.ts';

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
  const changes = createChanges();

  const dated = createSince();
  let drawn: StackMap | null = null;
  let isDrawn = true;
  const redraw = () => {
    jobs.advance();
    isDrawn = false;
    previews.dropOld();
    changes.announce();
  };
  /** Drawn when somebody looks, not with each of the changes in between: a job tells twenty in the time of a frame. */
  const currentMap = (): StackMap | null => {
    if (isDrawn || now.docker === null) return drawn;
    isDrawn = true;
    const map = drawMap({
      docker: now.docker,
      compose: now.compose,
      states: now.states,
      jobs: jobList(now),
      unsettled: now.unsettled,
      ours: jobs.ours,
      dismissed: jobs.dismissed,
      traffic: traffic.current(),
      watched: traffic.watchedSince(),
      inspections: now.inspections,
      histories: now.histories,
      outlines: now.outlines,
      aheadMs: now.aheadMs,
      awaySinceMs: now.connection.kind === 'away' ? now.connection.sinceMs : null,
      homeMounts: now.homeState === null ? [] : findHomeMounts(now.docker, now.homeState.path),
      found: now.found,
      takeIns: now.takeIns,
      dockerAwaySinceMs: now.dockerAwaySinceMs,
      asOfMs: now.asOfMs,
    });
    drawn = dated(maskTold(map, now.mask), clock.nowMs());
    return drawn;
  };

  const secrets = new Set<string>();
  /** What was read of a stack is hidden from then on wherever it turns up, also in what an older job wrote down. */
  const learn = (config: ComposeConfig) => {
    for (const secret of secretsOfConfig(config)) secrets.add(secret);
    const mask = createMask(secrets);
    // What is not seen in a text must not keep a value in it from being found.
    now.mask = rememberedMask((text) => mask(plainText(text)));
  };

  const guarded = async <Value>(work: () => Promise<Result<Value>>): Promise<Result<Value>> => {
    const result = await work().catch((caught: unknown) => failed(failureOf(caught)));
    return result.ok ? result : failed(maskTold(result.failure, now.mask));
  };

  const previews = createPreviews(now);
  const traffic = createTrafficReading(now, clock, redraw);
  const inspections = createInspections(now, redraw);
  const presence = createPresence(now, parts.target, clock, { onBack: () => looks.lookAtStates(), redraw });
  const onStates = () => {
    feeds.follow();
    files.follow();
  };
  const looks = createLooks(now, clock, { presence, inspections, takeIn: { ...parts, learn } }, onStates, redraw);
  const files = createFiles(now, parts.composeText, () => looks.lookAtStates(), redraw);
  const feeds = createFeeds(now, clock, looks.lookAtStates, redraw);
  const factsOf = (name: ServiceName) => serviceFacts(now, currentMap(), parts, name);
  const jobs = createJobs(now, {
    ...parts,
    looks,
    feeds,
    changes,
    factsOf,
    stop: (stack, id) => void stop(stack, id),
    redraw,
  });
  const events = createEvents(now, clock, { looks, presence, inspections }, redraw);
  const connecting = createConnecting(now, {
    target: parts.target,
    linker: parts.linker,
    clock,
    followEvents: events.follow,
    observeStates: looks.observeStates,
    onConnected: () => {
      files.follow();
      traffic.schedule();
    },
    onShut: traffic.stop,
    onLost: previews.closeAll,
    redraw,
  });

  const onLink = <Value>(work: (link: Link) => Promise<Result<Value>>): Promise<Result<Value>> =>
    guarded(async () => (now.open === null ? noLink(parts.target) : work(now.open.link)));

  const onService = <Value>(
    name: ServiceName,
    work: (facts: VerbFacts, link: Link) => Promise<Result<Value>>,
  ): Promise<Result<Value>> =>
    onLink(async (link) => {
      const facts = factsOf(name);
      return facts.ok ? work(facts.value, link) : facts;
    });

  const onStack = <Value>(
    stack: string,
    work: (shell: Shell, home: string) => Promise<Result<Value>>,
  ): Promise<Result<Value>> =>
    onLink(async (link) => {
      const home = now.states.find((each) => each.project === stack)?.home;
      return home === undefined ? noLink(parts.target) : work(link.shell, home);
    });

  const stop = (stack: string, job: string): Promise<Result<null>> =>
    onStack(stack, (shell, home) => stopJob(shell, home, currentId(now, job)));

  return {
    connection: () => now.connection,
    map: currentMap,
    jobs: () => jobList(now),
    onChange: changes.listen,
    onTraffic(listener) {
      traffic.listeners.add(listener);
      return () => traffic.listeners.delete(listener);
    },
    setAttention: traffic.setAttention,

    connect: connecting.connect,
    wake: connecting.wake,
    disconnect() {
      jobs.clearWaiting();
      connecting.disconnect();
    },
    answer: connecting.answer,
    refresh: () =>
      onLink(async (link) => {
        if (now.dockerAwaySinceMs !== null && now.open !== null) await refuseToStart(now.open, parts.target);
        await looks.observeDocker(link);
        await looks.observeStates(link);
        await Promise.all([files.read(link), inspections.look(link)]);
        redraw();
        const map = currentMap();
        return map === null ? failed(failure('indeterminate', 'There is no map yet.')) : ok(map);
      }),

    planAdopt: (name, options, values) =>
      onService(name, async (facts) => {
        const prepared = await prepareAdoption(facts, options, values);
        if (!prepared.ok) return prepared;
        learn(prepared.value.reading.config);
        return ok(prepared.value.adoption.plan);
      }),
    planNext: (name, options, values) =>
      onService(name, async (known) => {
        const fresh = await withFreshRecord(known, false);
        const prepared = fresh.ok ? await prepareNext(fresh.value, options, values) : fresh;
        if (!prepared.ok) return prepared;
        learn(prepared.value.reading.config);
        return ok(prepared.value.plan);
      }),
    start: (name, verb, options) =>
      onService(name, async (facts) => {
        // The home state would know the stack by it, and what was adopted before would not be taken in any more.
        const waits = verb === 'adopt' ? now.takeIns.get(facts.folder) : undefined;
        if (waits?.word === 'waits')
          return failed(
            failure('not-adoptable', `An earlier Switchyard adopted services of ${name.stack}, and those come first.`, {
              running: 'Nothing was changed.',
              detail: waits.why.join(' '),
            }),
          );
        return jobs.start(facts, verb, options);
      }),
    ended: (_stack, id, signal) => guarded(() => jobs.ended(id, signal)),
    stop: async (stack, job) => jobs.stopWaiting(job) ?? stop(stack, job),
    knownJobs: (signal) => guarded(() => jobs.known(signal)),
    jobLog: (stack, job) =>
      onStack(stack, async (shell, home) => {
        const log = await readJobLog(shell, home, currentId(now, job));
        return log.ok ? ok(now.mask(log.value)) : log;
      }),
    dismiss: jobs.dismiss,

    releases: (name) =>
      onService(name, async ({ shell, folder, state }) =>
        state === null ? ok([]) : maskTold(await readReleases(shell, stateFolder(folder), state), now.mask),
      ),
    compareReleases: (name, before, after, values) =>
      onService(name, (facts) =>
        compareReleases(facts.shell, parts.composeText, jobPlace(facts), name.service, before, after, values),
      ),
    followLogs: (name, options) => onService(name, (facts, link) => followLogs(link.docker, facts, options)),
    openPreview: (name, slot) => onService(name, (facts, link) => previews.open(link.tunnel, facts, slot)),
    closePreview: (name) => previews.close(`${name.stack}/${name.service}`),
    close() {
      jobs.clearWaiting();
      connecting.disconnect();
      previews.closeAll();
      changes.close();
      traffic.listeners.clear();
    },
  };
}
