import { blastRadius, dependencyDepths } from './boundary.ts';
import { explainCheck } from './check.ts';
import { deployerOf } from './deployer.ts';
import type { ContainerFact, DockerFacts, ImageFact } from './docker-facts.ts';
import { liveSlotOf } from './entry.ts';
import { isServing, parseHealth } from './health.ts';
import { tagOf, tierOf } from './image-kind.ts';
import type { Job } from './job.ts';
import { routedBy } from './routing.ts';
import { labels, releaseFolder, slotContainer, slotPrefix, stateFolder } from './server-layout.ts';
import type { ReleaseOnServer, ServerState, ServiceState } from './server-state.ts';
import { digestOf } from './service-record.ts';
import { isSlot, type Slot, slots } from './slot.ts';
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

export type MapFacts = {
  docker: DockerFacts;
  compose: string | null;
  states: ServerState[];
  jobs: Job[];
  /** Ids of the jobs that were asked for here, and not by another client. */
  ours: ReadonlySet<string>;
  /** Jobs whose failure the operator put away. */
  dismissed: ReadonlySet<string>;
  traffic: Readonly<Record<string, Traffic>>;
  /** Answers since the flip that is being watched, by service id. */
  watched: Readonly<Record<string, { requests: number; errors: number }>>;
  awaySinceMs: number | null;
  asOfMs: number;
};

const composeLabel = (name: string): string => `com.docker.compose.${name}`;

/** Draws the map from facts. Pure: the same facts give the same map. All text in it is untrusted. */
export function drawMap(facts: MapFacts): StackMap {
  const images = new Map(facts.docker.images.map((image) => [image.id, image]));
  const slotContainers = new Map<string, ContainerFact>();
  const byStack = new Map<string, Map<string, ContainerFact[]>>();
  const loose: Container[] = [];
  for (const container of facts.docker.containers) {
    const stack = container.labels[composeLabel('project')];
    const service = container.labels[composeLabel('service')];
    // What runs once and is gone, of compose or of a job, is no part of the stack.
    if (container.labels[composeLabel('oneoff')] === 'True' || container.labels[labels.job] !== undefined) continue;
    if (isSlot(container.labels[labels.slot])) {
      slotContainers.set(container.name, container);
    } else if (stack === undefined || service === undefined) {
      loose.push(containerOf(container));
    } else {
      const services = byStack.get(stack) ?? new Map<string, ContainerFact[]>();
      services.set(service, [...(services.get(service) ?? []), container]);
      byStack.set(stack, services);
    }
  }
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
    dockerAwaySinceMs: null,
    engine: { docker: engine.version, compose: facts.compose, os: engine.os },
  };
}

function drawStack(
  facts: MapFacts,
  images: ReadonlyMap<string, ImageFact>,
  slotContainers: ReadonlyMap<string, ContainerFact>,
  name: string,
  containers: ReadonlyMap<string, ContainerFact[]>,
): Stack {
  const folder =
    [...containers.values()]
      .flat()
      .map((each) => each.labels[composeLabel('project.working_dir')])
      .find((each) => each !== undefined) ?? null;
  const server = folder === null ? undefined : facts.states.find((each) => each.root === stateFolder(folder));
  const dependsOn = new Map<string, string[]>();
  for (const [service, list] of containers) {
    const state = server?.services.find((each) => each.record.service === service);
    dependsOn.set(service, state === undefined ? dependenciesOf(list) : state.record.dependsOn);
  }
  const depths = dependencyDepths(dependsOn);
  const services = [...containers]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([service, list]): Service => {
      const id = `${name}/${service}`;
      const state = server?.services.find((each) => each.record.service === service) ?? null;
      const shared = {
        id,
        stack: name,
        name: service,
        depth: depths.get(service) ?? 0,
        ports: portsOf(list),
        networks: [...new Set(list.flatMap((each) => each.networks.map((network) => network.name)))].sort(),
        dependsOn: dependsOn.get(service) ?? [],
        blastRadius: blastRadius(service, dependsOn).map((each) => `${name}/${each}`),
        containers: list.map(containerOf),
        managedBy: list.map((each) => deployerOf(each.labels)).find((each) => each !== null) ?? null,
      };
      return state === null
        ? { ...shared, ...drawPlain(facts, images, service, list, newestJob(facts, name, service).shown) }
        : { ...shared, ...drawAdopted(facts, images, slotContainers, state, list) };
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

function drawPlain(
  facts: MapFacts,
  images: ReadonlyMap<string, ImageFact>,
  service: string,
  list: ContainerFact[],
  job: Job | null,
): Drawn {
  const [first] = list;
  const image = first?.image ?? '';
  const fact = images.get(first?.imageId ?? '');
  const health =
    list
      .map((each) => parseHealth(each.state, each.status))
      .sort((a, b) => Number(isServing(a)) - Number(isServing(b)))[0] ?? 'exited';
  const tier = tierOf(image, service);
  const reason = plainReason(list, tier, health);
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
    troubles: [],
    absence: null,
    findings: [],
  };
}

/** Why a plain service is better left as it is, at first sight; the plan of adoption looks closer. */
function plainReason(list: ContainerFact[], tier: Service['tier'], health: Service['health']): string | null {
  if (!isServing(health) && health !== 'starting' && health !== 'unhealthy') return 'It does not run.';
  if (tier === 'state') return 'Keeps data that two releases must not open at once.';
  if (tier === 'proxy') return 'A proxy stays where it is: what it routes to is adopted.';
  if (list.length > 1) return 'Several replicas.';
  if (list.some((each) => each.networkMode === 'host' || each.networkMode.startsWith('container:')))
    return 'It has no network of its own.';
  return null;
}

function drawAdopted(
  facts: MapFacts,
  images: ReadonlyMap<string, ImageFact>,
  slotContainers: ReadonlyMap<string, ContainerFact>,
  state: ServiceState,
  entry: ContainerFact[],
): Drawn {
  const { record } = state;
  const id = `${record.stack}/${record.service}`;
  const prefix = slotPrefix(record.stack, record.service);
  const live = liveSlotOf(state.live);
  const containerAt = (slot: Slot) => slotContainers.get(slotContainer(prefix, slot)) ?? null;
  const drawn = Object.fromEntries(slots.map((slot) => [slot, drawSlot(state, slot, containerAt(slot))])) as Record<
    Slot,
    SlotState | null
  >;
  const liveContainer = live === null ? null : containerAt(live);
  const current = state.current?.file;
  const running = (release: ReleaseOnServer | null): boolean => {
    if (release === null) return false;
    const container = containerAt(release.file.slot);
    return (
      container !== null &&
      container.labels[labels.release] === releaseFolder(release.file.number) &&
      container.state === 'running'
    );
  };
  const { newest, shown: job } = newestJob(facts, record.stack, record.service);
  const wentBack =
    state.wentBack !== null && facts.dismissed.has(`${id}@${state.wentBack.atMs}`) ? null : state.wentBack;
  const previousWarm = running(state.previous) && live !== state.previous?.file.slot;
  const entryHealth = entry[0] === undefined ? 'exited' : parseHealth(entry[0].state, entry[0].status);
  const slotHealth = liveContainer === null ? 'exited' : parseHealth(liveContainer.state, liveContainer.status);
  return {
    tier: tierOf(current?.reference ?? '', record.service),
    image: current?.reference ?? liveContainer?.image ?? '',
    version: current?.imageVersion || (current === undefined ? null : tagOf(current.reference)),
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
    canFlipBack: previousWarm && state.next === null && (newest?.state !== 'running' || makesWay(newest)),
    isWatched: isWatched(state, facts.asOfMs),
    troubles: [],
    absence: null,
    findings:
      state.holder !== null && newest?.state !== 'running'
        ? [{ level: 'note', title: 'The service is locked', text: state.holder }]
        : [],
  };
}

/** Whether going back may be asked for while this job runs: it undoes what it began, or has moved and only waits (SPEC FL11). */
const makesWay = ({ verb, steps }: Job): boolean =>
  verb === 'deploy' ||
  verb === 'retire' ||
  (verb === 'flip' && steps.some(({ name, state }) => name === 'drain' && state === 'running'));

const isOurs = (facts: MapFacts, job: Job | null): boolean => job !== null && facts.ours.has(job.id);

/** The job that runs for a service, else the last that ran; `shown` unless the operator put its end away. */
function newestJob(facts: MapFacts, stack: string, service: string): { newest: Job | null; shown: Job | null } {
  const mine = facts.jobs.filter((job) => job.stack === stack && job.service === service);
  const running = mine.find((job) => job.state === 'running') ?? null;
  const telling = running ?? mine.find((job) => job.state !== 'refused' || isOpenRefusal(facts, job, mine)) ?? null;
  const isDismissed = telling !== null && telling !== running && facts.dismissed.has(telling.id);
  return { newest: running ?? mine[0] ?? null, shown: isDismissed ? null : telling };
}

/** A refusal is told where it was asked for, until another job of the service has completed. */
const isOpenRefusal = (facts: MapFacts, refused: Job, jobs: Job[]): boolean =>
  facts.ours.has(refused.id) &&
  !jobs.some((job) => job.state === 'completed' && (job.endedAt ?? 0) >= (refused.endedAt ?? 0));

function drawSlot(state: ServiceState, slot: Slot, container: ContainerFact | null): SlotState | null {
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
    health: container === null ? null : parseHealth(container.state, container.status),
    checks: release.state.total > 0 ? { passed: release.state.passed, total: release.state.total } : null,
    ready: release.state.word === 'ready',
    container: container === null ? null : containerOf(container),
    startedAtMs: container?.createdAtMs ?? null,
  };
}

const containerOf = (fact: ContainerFact): Container => ({
  id: fact.id,
  name: fact.name,
  health: parseHealth(fact.state, fact.status),
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
