import { blastRadius, dependencyDepths } from './boundary.ts';
import { explainCheck } from './check.ts';
import { comesBack, isWell } from './container-condition.ts';
import { deployerOf } from './deployer.ts';
import type { ContainerFact, ContainerHistory, ContainerInspection, DockerFacts, ImageFact } from './docker-facts.ts';
import { liveSlotOf, oldEntryFinding } from './entry.ts';
import { findTroubles, isEntryOf } from './find-trouble.ts';
import { type Health, isQuiet, isServing, parseHealth } from './health.ts';
import type { HomeMount } from './home-mounts.ts';
import { tagOf, tierOf } from './image-kind.ts';
import type { Job } from './job.ts';
import { routedBy } from './routing.ts';
import { labels, slotContainer, slotPrefix } from './server-layout.ts';
import type { Drift, ReleaseOnServer, ServerState, ServiceState } from './server-state.ts';
import { damageFindings, digestOf } from './service-record.ts';
import { isSlot, type Slot, slots } from './slot.ts';
import { holdsRelease } from './slot-container.ts';
import type { OutlinedService } from './stack-files.ts';
import { stackFolder } from './stack-folder.ts';
import type {
  Container,
  Finding,
  Mount,
  PublishedPort,
  Service,
  SlotState,
  Stack,
  StackMap,
  Traffic,
} from './stack-map.ts';
import { decidePlainSwitch, decideSwitch, isWatched } from './switch.ts';
import type { TakeIn } from './take-in.ts';
import type { Trouble } from './trouble.ts';
import { trustFindings } from './trust-findings.ts';

export type MapFacts = {
  docker: DockerFacts;
  compose: string | null;
  states: ServerState[];
  jobs: Job[];
  /** Ids of jobs whose end was told after `states` was read: what they left is not known yet. */
  unsettled: ReadonlySet<string>;
  /** Ids of the jobs that were asked for here, and not by another client. */
  ours: ReadonlySet<string>;
  /** Jobs whose failure the operator put away. */
  dismissed: ReadonlySet<string>;
  traffic: Readonly<Record<string, Traffic>>;
  /** Answers since the flip that is being watched, by service id. */
  watched: Readonly<Record<string, { requests: number; errors: number }>>;
  /** What was asked of containers in trouble, by id. */
  inspections: ReadonlyMap<string, ContainerInspection>;
  /** What was heard of containers, by name. */
  histories: ReadonlyMap<string, ContainerHistory>;
  /** What compose.yaml and the override name, by project folder. */
  outlines: ReadonlyMap<string, readonly OutlinedService[]>;
  /** By how much the server's clock is ahead of this machine's. */
  aheadMs: number;
  awaySinceMs: number | null;
  /** Containers that may write where the programs of jobs lie. */
  homeMounts: readonly HomeMount[];
  /** Stacks' folders in which an earlier version adopted something, and why it is not taken in. */
  found: readonly { folder: string; why: string }[];
  /** How taking those in ended, by folder. */
  takeIns?: ReadonlyMap<string, TakeIn>;
  dockerAwaySinceMs: number | null;
  asOfMs: number;
};

const composeLabel = (name: string): string => `com.docker.compose.${name}`;

/** The throw-away container that a job probes from: told by its name, which ends with the job that its label names. */
const isProbe = ({ name, labels: told }: ContainerFact): boolean =>
  told[labels.job] !== undefined && name.endsWith(`--probe-${told[labels.job]}`);

/** Draws the map from facts. Pure: the same facts give the same map. All text in it is untrusted. */
export function drawMap(facts: MapFacts): StackMap {
  const images = new Map(facts.docker.images.map((image) => [image.id, image]));
  // Told by their exact names, and never by a label: a label must not hide a container.
  const owners = [
    ...facts.states.flatMap(({ services }) => services.map(({ record }) => record)),
    // Before its adoption is written down, and when it is not any more, the job tells whose they are.
    ...facts.jobs.filter((job) => (job.verb === 'adopt' || job.verb === 'eject') && isAtWork(facts, job)),
  ];
  const slotNames = new Set(
    owners.flatMap(({ stack, service }) => slots.map((slot) => slotContainer(slotPrefix(stack, service), slot))),
  );
  const slotContainers = new Map<string, ContainerFact>();
  const byStack = new Map<string, Map<string, ContainerFact[]>>();
  const loose: Container[] = [];
  for (const container of facts.docker.containers) {
    const stack = container.labels[composeLabel('project')];
    const service = container.labels[composeLabel('service')];
    // What runs once and is gone, of compose or of a job, is no part of the stack.
    if (container.labels[composeLabel('oneoff')] === 'True' || isProbe(container)) continue;
    if (slotNames.has(container.name)) {
      slotContainers.set(container.name, container);
    } else if (stack === undefined || service === undefined) {
      loose.push(containerOf(facts, container));
    } else {
      const services = byStack.get(stack) ?? new Map<string, ContainerFact[]>();
      services.set(service, [...(services.get(service) ?? []), container]);
      byStack.set(stack, services);
    }
  }
  // What is adopted never leaves the map, whatever containers there are (SPEC DN2).
  for (const { project, services } of facts.states)
    if (services.length > 0 && !byStack.has(project)) byStack.set(project, new Map());
  const stacks = [...byStack]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, services]) => drawStack(facts, images, slotContainers, name, services));
  const labelsOf = new Map(facts.docker.containers.map((each) => [each.id, each.labels]));
  const routed = stacks.flatMap((stack) =>
    stack.services.map((service) => ({ ...service, labels: labelsOf.get(service.containers[0]?.id ?? '') ?? {} })),
  );
  const { engine } = facts.docker;
  return {
    stacks: stacks.map((stack) => ({
      ...stack,
      services: stack.services.map((service) => {
        const proxies = routedBy(routed.find((each) => each.id === service.id) ?? { ...service, labels: {} }, routed);
        return proxies.length === 0 ? service : { ...service, routedBy: proxies };
      }),
    })),
    loose,
    asOfMs: facts.asOfMs,
    dockerAwaySinceMs: facts.dockerAwaySinceMs,
    engine: { docker: engine.version, compose: facts.compose, os: engine.os },
  };
}

function drawStack(
  facts: MapFacts,
  images: ReadonlyMap<string, ImageFact>,
  slotContainers: ReadonlyMap<string, ContainerFact>,
  name: string,
  composed: ReadonlyMap<string, ContainerFact[]>,
): Stack {
  // What the home state knows of a stack counts before what its containers say of themselves (SPEC HS1).
  const server = facts.states.find((each) => each.project === name);
  const { folder, findings } = stackFolder(name, [...composed.values()].flat(), server?.folder ?? null);
  const outline = folder === null ? [] : (facts.outlines.get(folder) ?? []);
  const adopted = server?.services ?? [];
  const containers = new Map<string, ContainerFact[]>(composed);
  for (const each of [...adopted.map(({ record }) => record.service), ...outline.map((one) => one.name)])
    if (!containers.has(each)) containers.set(each, []);
  const drift = server?.drift ?? [];
  const stackHasContainers = composed.size > 0;
  const dependsOn = new Map<string, string[]>();
  for (const [service, list] of containers) {
    const state = adopted.find((each) => each.record.service === service);
    const written = outline.find((each) => each.name === service);
    const plain = list.length === 0 && written !== undefined ? written.dependsOn : dependenciesOf(list);
    dependsOn.set(service, state === undefined ? plain : state.record.dependsOn);
  }
  const depths = dependencyDepths(dependsOn);
  const services = [...containers]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([service, list]): Service => {
      const id = `${name}/${service}`;
      const state = adopted.find((each) => each.record.service === service) ?? null;
      const written = outline.find((each) => each.name === service) ?? null;
      const shared = {
        id,
        stack: name,
        name: service,
        depth: depths.get(service) ?? 0,
        ports: portsOf(list),
        networks: [...new Set(list.flatMap((each) => each.networks.map((network) => network.name)))].sort(),
        dependsOn: dependsOn.get(service) ?? [],
        blastRadius: blastRadius(service, dependsOn).map((each) => `${name}/${each}`),
        containers: list.map((each) => containerOf(facts, each)),
        managedBy: list.map((each) => deployerOf(each.labels)).find((each) => each !== null) ?? null,
      };
      return state === null
        ? {
            ...shared,
            ...drawPlain(facts, images, { stack: name, service, written }, ownOf(slotContainers, name, service, list)),
          }
        : {
            ...shared,
            ...drawAdopted(facts, images, slotContainers, state, list, {
              stackHasContainers,
              composeImage: written?.image ?? null,
              drift,
            }),
          };
    });
  const used = (kind: (service: Service) => string[]): Map<string, string[]> => {
    const users = new Map<string, string[]>();
    for (const service of services)
      for (const each of kind(service)) users.set(each, [...(users.get(each) ?? []), service.id]);
    return users;
  };
  const networks = used((service) => service.networks);
  const volumes = used((service) =>
    service.mounts.filter((mount) => mount.kind === 'volume').map((mount) => mount.source),
  );
  return {
    name,
    folder,
    services,
    networks: [...networks].map(([network, users]) => {
      const fact = facts.docker.networks.find((each) => each.name === network);
      return {
        name: network,
        stack: fact?.labels[composeLabel('project')] ?? null,
        services: users,
        internal: fact?.internal ?? false,
      };
    }),
    volumes: [...volumes].map(([volume, users]) => ({
      name: volume,
      stack: facts.docker.volumes.find((each) => each.name === volume)?.labels[composeLabel('project')] ?? null,
      services: users,
    })),
    findings: [
      ...trustFindings(facts, server, folder),
      ...findings,
      ...(server?.damaged ?? []).map(
        (path): Finding => ({
          level: 'warning',
          title: 'A file of Switchyard’s cannot be read',
          text: `${path} is damaged. The services run on; the file was left as it is.`,
        }),
      ),
      ...(server?.setAside ?? []).map(
        (path): Finding => ({
          level: 'warning',
          title: 'A record of the journal cannot be read',
          text: `It was set aside as ${path}. The services run on, and what has the traffic is known without it; the history may lack what it said. Delete the file to be rid of this notice.`,
        }),
      ),
    ],
  };
}

type Drawn = Omit<
  Service,
  'id' | 'stack' | 'name' | 'depth' | 'ports' | 'networks' | 'dependsOn' | 'blastRadius' | 'containers' | 'managedBy'
>;

/**
 * The containers that a service which is not adopted is drawn by. While it is being adopted its own is in slot blue already, and
 * the entry point stands in its place: whose version that is, nobody asked.
 */
function ownOf(
  slotContainers: ReadonlyMap<string, ContainerFact>,
  stack: string,
  service: string,
  list: ContainerFact[],
): ContainerFact[] {
  const copy = slotContainers.get(slotContainer(slotPrefix(stack, service), 'blue'));
  const [first] = list;
  // Its label counts only once its adoption is written down (SPEC TR1); the folder that it reads is known before.
  const isEntry = first !== undefined && (first.labels[labels.root] !== undefined || isEntryOf(first, service));
  return copy !== undefined && isEntry ? [copy] : list;
}

function drawPlain(
  facts: MapFacts,
  images: ReadonlyMap<string, ImageFact>,
  { stack, service, written }: { stack: string; service: string; written: OutlinedService | null },
  list: ContainerFact[],
): Drawn {
  const job = newestJob(facts, stack, service).shown;
  const [first] = list;
  const fact = images.get(first?.imageId ?? '');
  // In a slot it has the name that its release has; what the operator calls it is a tag of the image.
  const named = isSlot(first?.labels[labels.slot])
    ? fact?.tags.find((tag) => !tag.startsWith('switchyard/'))
    : undefined;
  const image = named ?? first?.image ?? written?.image ?? '';
  const health =
    list.map((each) => healthOf(facts, each)).sort((a, b) => Number(isServing(a)) - Number(isServing(b)))[0] ??
    'absent';
  const tier = tierOf(image, service);
  const entry = list.find((each) => isEntryOf(each, service)) ?? null;
  const reason =
    entry === null
      ? plainReason(list, tier, health)
      : 'What runs in its place is an entry point of Switchyard, not the service.';
  return {
    tier,
    image,
    version: versionOf(fact, image),
    digest: digestOfImage(fact, image),
    createdAtMs: first?.createdAtMs ?? null,
    health,
    adopted: false,
    flipKind: null,
    live: null,
    slots: { blue: null, green: null },
    switch: decidePlainSwitch({ awaySinceMs: facts.awaySinceMs, job, isOurs: isOurs(facts, job), reason }),
    traffic: null,
    mounts: mountsOf(list),
    canFlipBack: false,
    isWatched: false,
    troubles: job !== null && isAtWork(facts, job) ? [] : plainTroubles(facts, stack, service, list, entry),
    absence: list.length > 0 ? null : absenceOf(written),
    findings: [],
  };
}

/** Why a plain service is better left as it is, at first sight; the plan of adoption looks closer. */
function plainReason(list: ContainerFact[], tier: Service['tier'], health: Service['health']): string | null {
  if (list.length === 0) return 'It has no container.';
  if (!isServing(health) && health !== 'starting' && health !== 'unhealthy') return 'It does not run.';
  if (tier === 'state') return 'Keeps data that two releases must not open at once.';
  if (tier === 'proxy') return 'A proxy stays where it is: what it routes to is adopted.';
  if (list.length > 1) return 'Several replicas.';
  if (list.some((each) => each.networkMode === 'host' || each.networkMode.startsWith('container:')))
    return 'It has no network of its own.';
  return null;
}

/** Why there is no container of a service that compose.yaml names. */
const absenceOf = (written: OutlinedService | null): string =>
  written === null || written.profiles.length === 0
    ? 'Named in compose.yaml; it has no container.'
    : `Behind the profile ${written.profiles.join(', ')}; it has no container.`;

/** What an earlier adoption left on a service that is not adopted any more, as far as anybody can tell. */
function plainTroubles(
  facts: MapFacts,
  stack: string,
  service: string,
  list: ContainerFact[],
  entry: ContainerFact | null,
): Trouble[] {
  const shared = { sinceMs: null, mend: null, orElse: null, quote: null };
  if (entry !== null)
    return [
      {
        ...shared,
        level: 'wrong',
        cause: 'state-gone',
        title: `The files of Switchyard for ${service} are gone`,
        text: `${entry.name} is an entry point, and there is no folder of ${service} in .switchyard that says what it leads to. It does not come back after its next stop, for its configuration was in there.`,
        byHand: `Take our lines for ${service} out of the override, if they are there, and run docker compose up -d ${service} in the folder of ${stack}: it is plain compose then, and can be adopted anew.`,
      },
    ];
  const stray = list.find((each) => isSlot(each.labels[labels.slot]) && /--(?:blue|green)$/.test(each.name));
  if (stray === undefined || (stray.state !== 'running' && stray.state !== 'restarting')) return [];
  const owner = { stack: stray.labels[labels.stack], service: stray.labels[labels.service] ?? '' };
  // Its entry point may still lead to it.
  if (facts.docker.containers.some((each) => isEntryOf(each, owner.service))) return [];
  if (facts.jobs.some((job) => isAtWork(facts, job) && job.stack === owner.stack)) return [];
  return [
    {
      ...shared,
      level: 'wrong',
      cause: 'stray-slot',
      title: `${stray.name} is left over from an adoption`,
      text: `It runs the image ${stray.image}, and nothing leads to it: ${owner.service} of ${owner.stack ?? stack} is not adopted any more.`,
      byHand: `docker rm -f ${stray.name} removes it; what it mounts stays.`,
    },
  ];
}

type AdoptedFacts = {
  stackHasContainers: boolean;
  composeImage: string | null;
  drift: readonly Drift[];
};

function drawAdopted(
  facts: MapFacts,
  images: ReadonlyMap<string, ImageFact>,
  slotContainers: ReadonlyMap<string, ContainerFact>,
  state: ServiceState,
  entry: ContainerFact[],
  more: AdoptedFacts,
): Drawn {
  const { record } = state;
  const id = `${record.stack}/${record.service}`;
  const prefix = slotPrefix(record.stack, record.service);
  const live = liveSlotOf(state.live);
  const containerAt = (slot: Slot) => slotContainers.get(slotContainer(prefix, slot)) ?? null;
  const drawn = Object.fromEntries(
    slots.map((slot) => [slot, drawSlot(facts, state, slot, containerAt(slot))]),
  ) as Record<Slot, SlotState | null>;
  const liveContainer = live === null ? null : containerAt(live);
  const current = state.current?.file;
  const running = (release: ReleaseOnServer | null): boolean => {
    if (release === null) return false;
    const container = containerAt(release.file.slot);
    return holdsRelease(container, prefix, release.file) && container?.state === 'running';
  };
  const { newest, shown: job } = newestJob(facts, record.stack, record.service);
  const wentBack =
    state.wentBack !== null && facts.dismissed.has(`${id}@${state.wentBack.atMs}`) ? null : state.wentBack;
  const previousWarm = running(state.previous) && live !== state.previous?.file.slot;
  const previousIsWell = state.previous !== null && isWell(containerAt(state.previous.file.slot));
  // Whoever stopped it: while it has the traffic, nobody is served.
  const servingHealth = (container: ContainerFact | null | undefined): Health => {
    const health = container === null || container === undefined ? 'exited' : healthOf(facts, container);
    return isQuiet(health) ? 'exited' : health;
  };
  const entryHealth = servingHealth(entry[0]);
  const slotHealth = servingHealth(liveContainer);
  return {
    tier: tierOf(current?.reference ?? '', record.service),
    image: current?.reference ?? liveContainer?.image ?? '',
    // Right behind its adoption, its roles are not written yet.
    version:
      current === undefined
        ? liveContainer === null
          ? null
          : versionOf(images.get(liveContainer.imageId), liveContainer.image)
        : current.imageVersion || tagOf(current.reference),
    digest:
      current === undefined
        ? null
        : (digestOf(current.image) ?? digestOfImage(images.get(current.imageId), current.reference)),
    createdAtMs: liveContainer?.createdAtMs ?? null,
    health: isServing(entryHealth) || entryHealth === 'starting' ? slotHealth : entryHealth,
    adopted: true,
    checks: record.checks.map(explainCheck),
    flipKind: record.kind,
    live,
    slots: { blue: drawn.blue, green: drawn.green },
    switch: decideSwitch({
      state: { ...state, wentBack },
      job,
      isOurs: isOurs(facts, job),
      awaySinceMs: facts.awaySinceMs,
      watched: facts.watched[id] ?? null,
      nowMs: facts.asOfMs,
      previousWarm,
      nextRunning: running(state.next),
    }),
    traffic: facts.traffic[id] ?? null,
    mounts: liveContainer === null ? [] : mountsOf([liveContainer]),
    canFlipBack:
      previousWarm && previousIsWell && state.next === null && (newest?.state !== 'running' || makesWay(newest)),
    isWatched: isWatched(state, facts.asOfMs),
    troubles: troublesOf(facts, state, newest, entry, containerAt, more),
    absence: null,
    findings: [
      ...damageFindings(state),
      ...(state.entryIsOld ? [oldEntryFinding] : []),
      ...(state.holder !== null && newest?.state !== 'running'
        ? [{ level: 'note' as const, title: 'The service is locked', text: state.holder }]
        : []),
    ],
  };
}

function troublesOf(
  facts: MapFacts,
  state: ServiceState,
  newest: Job | null,
  composed: ContainerFact[],
  containerAt: (slot: Slot) => ContainerFact | null,
  more: AdoptedFacts,
): Trouble[] {
  const running = newest !== null && isAtWork(facts, newest) ? newest.verb : null;
  // It takes the entry point and its files away on purpose.
  if (running === 'eject') return [];
  const found = findTroubles({
    ...more,
    state,
    filesGone: state.filesGone,
    composed,
    named: facts.docker.containers.find(({ name }) => name === state.record.entry) ?? null,
    slots: { blue: containerAt('blue'), green: containerAt('green') },
    imageIds: new Set(facts.docker.images.map(({ id }) => id)),
    networkNames: new Set(facts.docker.networks.map(({ name }) => name)),
    inspections: facts.inspections,
    histories: facts.histories,
    aheadMs: facts.aheadMs,
    nowMs: facts.asOfMs,
  });
  // A job that frees the other slot is not told as the loss of a way back.
  return running === null ? found : found.filter(({ level }) => level !== 'at-risk');
}

/** Whether going back may be asked for while this job runs: it undoes what it began, or has moved and only waits (SPEC FL11). */
const makesWay = ({ verb, steps }: Job): boolean =>
  verb === 'deploy' ||
  verb === 'retire' ||
  verb === 'mend' ||
  (verb === 'flip' && steps.some(({ name, state }) => name === 'drain' && state === 'running'));

/** It runs, or has just ended, and what it left behind was not read yet. */
const isAtWork = (facts: MapFacts, { id, state }: Job): boolean => state === 'running' || facts.unsettled.has(id);

const isOurs = (facts: MapFacts, job: Job | null): boolean => job !== null && facts.ours.has(job.id);

/** The job that runs for a service, else the last that ran; `shown` unless the operator put its end away. */
function newestJob(facts: MapFacts, stack: string, service: string): { newest: Job | null; shown: Job | null } {
  const mine = facts.jobs.filter((job) => job.stack === stack && job.service === service);
  const running = mine.find((job) => job.state === 'running') ?? null;
  const waiting = mine.find((job) => job.state === 'waiting');
  const telling =
    running ?? waiting ?? mine.find((job) => job.state !== 'refused' || isOpenRefusal(facts, job, mine)) ?? null;
  const isDismissed = telling !== null && telling !== running && facts.dismissed.has(telling.id);
  return { newest: running ?? mine[0] ?? null, shown: isDismissed ? null : telling };
}

/** A refusal is told where it was asked for, until another job of the service has completed. */
const isOpenRefusal = (facts: MapFacts, refused: Job, jobs: Job[]): boolean =>
  facts.ours.has(refused.id) &&
  !jobs.some((job) => job.state === 'completed' && (job.endedAt ?? 0) >= (refused.endedAt ?? 0));

function drawSlot(facts: MapFacts, state: ServiceState, slot: Slot, container: ContainerFact | null): SlotState | null {
  const roles = [
    ['current', state.current],
    ['next', state.next],
    ['previous', state.previous],
  ] as const;
  const [role, release] = roles.find(([, each]) => each?.file.slot === slot) ?? [];
  if (role === undefined || release === undefined || release === null) return null;
  return {
    slot,
    role,
    release: release.file.number,
    version: release.file.imageVersion || tagOf(release.file.reference),
    digest: digestOf(release.file.image),
    image: release.file.reference,
    health: container === null ? null : healthOf(facts, container),
    checks: release.state.total > 0 ? { passed: release.state.passed, total: release.state.total } : null,
    ready: release.state.word === 'ready',
    container: container === null ? null : containerOf(facts, container),
    startedAtMs: container?.createdAtMs ?? null,
  };
}

/** What Docker's listing says, and whether somebody had it stopped: that is told by events, and by a policy that would have started it again. */
function healthOf(facts: MapFacts, fact: ContainerFact): Health {
  const health = parseHealth(fact.state, fact.status);
  if (health !== 'exited' && health !== 'ended') return health;
  const isStopped =
    facts.histories.get(fact.name)?.stopped === true || comesBack(facts.inspections.get(fact.id) ?? null);
  return isStopped ? 'stopped' : health;
}

const containerOf = (facts: MapFacts, fact: ContainerFact): Container => ({
  id: fact.id,
  name: fact.name,
  health: healthOf(facts, fact),
  status: fact.status,
  image: fact.image,
  createdAtMs: fact.createdAtMs,
});

/** `com.docker.compose.depends_on`: `db:service_healthy:false,cache:service_started:true`. */
function dependenciesOf(list: ContainerFact[]): string[] {
  const names = list.flatMap((each) =>
    (each.labels[composeLabel('depends_on')] ?? '').split(',').map((part) => part.split(':')[0] ?? ''),
  );
  return [...new Set(names.filter((name) => name !== ''))].sort();
}

function portsOf(list: ContainerFact[]): PublishedPort[] {
  const seen = new Map<string, PublishedPort>();
  for (const port of list.flatMap((each) => each.ports)) {
    if (port.hostPort === 0) continue;
    const key = `${port.hostPort}/${port.protocol}`;
    // Docker lists a port once for IPv4 and once for IPv6.
    if (!seen.has(key))
      seen.set(key, {
        hostIp: port.hostIp,
        hostPort: port.hostPort,
        containerPort: port.containerPort,
        protocol: port.protocol === 'udp' ? 'udp' : 'tcp',
      });
  }
  return [...seen.values()].sort((a, b) => a.hostPort - b.hostPort);
}

const mountsOf = (list: ContainerFact[]): Mount[] =>
  list.flatMap((each) =>
    each.mounts.map(
      (mount): Mount => ({
        kind: mount.kind === 'volume' || mount.kind === 'tmpfs' ? mount.kind : 'bind',
        source: mount.name ?? mount.source,
        target: mount.target,
        readOnly: mount.readOnly,
      }),
    ),
  );

const versionOf = (fact: ImageFact | undefined, image: string): string | null =>
  fact?.labels['org.opencontainers.image.version'] ?? tagOf(image);

function digestOfImage(fact: ImageFact | undefined, image: string): string | null {
  const repository = (image.split('@')[0] ?? image).replace(/:[^/:]+$/, '');
  const pinned = fact?.digests.find((each) => each.startsWith(`${repository}@`)) ?? fact?.digests[0];
  return pinned === undefined ? null : digestOf(pinned);
}
