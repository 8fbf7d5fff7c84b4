import type { ContainerRights } from '../../core/container-rights.ts';
import type { ContainerFact, DockerFacts } from '../../core/docker-facts.ts';
import type { MapFacts } from '../../core/draw-map.ts';
import type { Job, JobStep } from '../../core/job.ts';
import { labels, stackHome } from '../../core/server-layout.ts';
import type { ReleaseOnServer, ReleaseState, ServerState, ServiceState } from '../../core/server-state.ts';
import type { ReleaseFile, ServiceRecord } from '../../core/service-record.ts';
import type { Slot } from '../../core/slot.ts';

// Plain data for tests: a shop with one adopted service, each part changeable.

export const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

export const container = (more: Partial<ContainerFact> & { name: string }): ContainerFact => ({
  id: `id-of-${more.name}`,
  image: 'registry.lan/shop/frontend:1.0.0',
  imageId: digest('1'),
  state: 'running',
  status: 'Up 2 hours',
  createdAtMs: 1_000,
  labels: {},
  ports: [],
  mounts: [],
  networks: [{ name: 'shop_default', address: '172.20.0.2' }],
  networkMode: 'shop_default',
  ...more,
});

/** A container that compose started. */
export const composed = (
  stack: string,
  service: string,
  more: Partial<ContainerFact> & { folder?: string; dependsOn?: string } = {},
): ContainerFact => {
  const { folder = `/srv/${stack}`, dependsOn, ...rest } = more;
  return container({
    name: `${stack}-${service}-1`,
    ...rest,
    labels: {
      'com.docker.compose.project': stack,
      'com.docker.compose.service': service,
      'com.docker.compose.project.working_dir': folder,
      'com.docker.compose.project.config_files': `${folder}/compose.yaml`,
      ...(dependsOn === undefined ? {} : { 'com.docker.compose.depends_on': dependsOn }),
      ...rest.labels,
    },
  });
};

/** The container of a slot of shop/frontend. */
export const slotOf = (slot: Slot, release: string, more: Partial<ContainerFact> = {}): ContainerFact =>
  container({
    name: `shop--frontend--${slot}`,
    imageId: releaseFile(Number(release), slot).imageId,
    ...more,
    labels: {
      'com.docker.compose.project': 'shop--frontend',
      'com.docker.compose.service': `shop--frontend--${slot}`,
      'com.docker.compose.config-hash': 'f00d',
      [labels.stack]: 'shop',
      [labels.service]: 'frontend',
      [labels.slot]: slot,
      [labels.release]: release,
      [labels.root]: '/srv/shop/.switchyard',
      ...more.labels,
    },
  });

export const dockerFacts = (containers: ContainerFact[], more: Partial<DockerFacts> = {}): DockerFacts => ({
  engine: { version: '26.1.5', apiVersion: '1.45', os: 'Debian GNU/Linux 12', cpus: 4, memoryBytes: 8e9 },
  containers,
  images: [],
  networks: [],
  volumes: [],
  ...more,
});

export const serviceRecord = (more: Partial<ServiceRecord> = {}): ServiceRecord => ({
  version: 1,
  stack: 'shop',
  service: 'frontend',
  entry: 'shop-frontend-1',
  entryImage: 'haproxy:3.0',
  kind: 'http',
  ports: [{ port: 3000, mode: 'http' }],
  checks: [{ kind: 'http', port: 3000, path: '/healthz', low: 200, high: 399, contains: '' }],
  dependsOn: ['backend'],
  networks: ['shop_default'],
  watchSeconds: 300,
  drainSeconds: 30,
  readySeconds: 120,
  stopSeconds: 3,
  ...more,
});

export const releaseFile = (number: number, slot: Slot, more: Partial<ReleaseFile> = {}): ReleaseFile => ({
  version: 1,
  number,
  slot,
  reference: `registry.lan/shop/frontend:1.${number - 1}.0`,
  image: `registry.lan/shop/frontend@${digest(String(number))}`,
  imageId: digest(String(number)),
  imageVersion: `1.${number - 1}.0`,
  by: 'ada@laptop',
  at: number * 1_000_000,
  ...more,
});

export const release = (number: number, slot: Slot, state: Partial<ReleaseState> = {}): ReleaseOnServer => ({
  file: releaseFile(number, slot),
  state: { word: 'ready', passed: 1, total: 1, reason: null, ...state },
});

/** A stack that the home state knows, with what is adopted there. */
export const serverState = (services: ServiceState[], more: Partial<ServerState> = {}): ServerState => {
  const { folder = '/srv/shop', project = 'shop' } = more;
  return {
    root: `${folder}/.switchyard`,
    folder,
    project,
    home: stackHome('/home/ada/.local/state/switchyard', project, folder),
    newerFormat: false,
    shownOnly: false,
    ground: { kind: 'safe' },
    drift: [],
    services,
    deadJobs: [],
    openJobs: [],
    unseenJobs: [],
    endedJobs: new Map(),
    damaged: [],
    setAside: [],
    ...more,
  };
};

/** Adopted, release 1 in blue, nothing else. */
export const serviceState = (more: Partial<ServiceState> = {}): ServiceState => ({
  record: serviceRecord(),
  recordDamage: null,
  filesGone: false,
  live: 'blue-settled',
  current: release(1, 'blue'),
  next: null,
  previous: null,
  watchUntilMs: null,
  mustConfirm: false,
  settledAtMs: null,
  wentBack: null,
  entryIsOld: false,
  socketIsLinked: false,
  holder: null,
  ...more,
});

export const step = (name: string, more: Partial<JobStep> = {}): JobStep => ({
  name,
  state: 'waiting',
  text: null,
  progress: null,
  ms: null,
  ...more,
});

export const job = (more: Partial<Job> = {}): Job => ({
  id: 'job1',
  verb: 'flip',
  stack: 'shop',
  service: 'frontend',
  by: 'ada@laptop',
  startedAt: 10_000,
  endedAt: null,
  steps: [step('gate'), step('move'), step('drain')],
  state: 'running',
  failure: null,
  figures: {},
  recovered: false,
  ...more,
});

/** A container of shop that may do nothing that others may not. */
export const noRights: ContainerRights = {
  privileged: false,
  capAdd: [],
  devices: [],
  deviceCgroupRules: [],
  hasDeviceRequests: false,
  securityOpt: [],
  groupAdd: [],
  sysctls: {},
  annotations: {},
  oomScoreAdj: 0,
  oomKillDisable: false,
  pid: '',
  ipc: 'private',
  uts: '',
  userns: '',
  cgroup: 'private',
  cgroupParent: '',
  runtime: 'runc',
  networkMode: 'shop_default',
  volumesFrom: [],
  mounts: [],
  networks: ['shop_default'],
};

/** What a map is drawn from: these containers, and nothing else known. */
export const mapFacts = (docker: DockerFacts, more: Partial<MapFacts> = {}): MapFacts => ({
  docker,
  compose: '2.29.0',
  states: [],
  jobs: [],
  unsettled: new Set(),
  ours: new Set(),
  dismissed: new Set(),
  traffic: {},
  awaySinceMs: null,
  homeMounts: [],
  found: [],
  dockerAwaySinceMs: null,
  inspections: new Map(),
  histories: new Map(),
  outlines: new Map(),
  aheadMs: 0,
  watched: {},
  asOfMs: 99,
  ...more,
});
