import type {
  ContainerFact,
  ContainerInspection,
  DockerEvent,
  EngineFact,
  ImageFact,
  NetworkFact,
  VolumeFact,
} from '../../engine/ports/docker-engine.ts';

// Docker's answers are text from another machine, of another version, written by whoever made the images: every field
// may be missing or of another type. By hand, since a schema over hundreds of containers is on the way of the map.

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fields = (value: unknown): Fields => (isFields(value) ? value : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
const texts = (value: unknown): string[] => list(value).filter((each): each is string => typeof each === 'string');

/** Labels may be called `__proto__`: a map without a prototype keeps them what they are. */
function labels(value: unknown): Record<string, string> {
  const narrowed: Record<string, string> = Object.create(null);
  for (const [key, each] of Object.entries(fields(value))) if (typeof each === 'string') narrowed[key] = each;
  return narrowed;
}

/** RFC 3339 to milliseconds; 0 for Docker's `0001-01-01` and for what is no time. */
export function timeMs(value: unknown): number {
  const ms = typeof value === 'string' ? Date.parse(value.replace(/(\.\d{3})\d+/, '$1')) : Number.NaN;
  return Number.isFinite(ms) && ms > 0 ? ms : 0;
}

const networksOf = (value: unknown): { name: string; address: string }[] =>
  Object.entries(fields(value)).map(([name, each]) => ({ name, address: text(fields(each).IPAddress) }));

/** One entry of `/containers/json`. Null when it has no id. */
export function narrowContainer(value: unknown): ContainerFact | null {
  const raw = fields(value);
  const id = text(raw.Id);
  if (id === '') return null;
  return {
    id,
    name: (texts(raw.Names)[0] ?? id.slice(0, 12)).replace(/^\//, ''),
    image: text(raw.Image),
    imageId: text(raw.ImageID),
    state: text(raw.State),
    status: text(raw.Status),
    createdAtMs: number(raw.Created) * 1000,
    labels: labels(raw.Labels),
    ports: list(raw.Ports)
      .map(fields)
      // An exposed port without a public one is open to nobody outside.
      .filter((port) => number(port.PublicPort) > 0)
      .map((port) => ({
        hostIp: text(port.IP),
        hostPort: number(port.PublicPort),
        containerPort: number(port.PrivatePort),
        protocol: text(port.Type),
      })),
    mounts: list(raw.Mounts)
      .map(fields)
      .map((mount) => ({
        kind: text(mount.Type),
        name: textOrNull(mount.Name),
        source: text(mount.Source),
        target: text(mount.Destination),
        readOnly: mount.RW === false,
      })),
    networks: networksOf(fields(raw.NetworkSettings).Networks),
    networkMode: text(fields(raw.HostConfig).NetworkMode),
  };
}

/** `/containers/ID/json`. */
export function narrowInspection(value: unknown): ContainerInspection {
  const raw = fields(value);
  const state = fields(raw.State);
  const health = isFields(state.Health) ? state.Health : null;
  const checks = list(health?.Log).map(fields);
  // The last run of checks that failed, as far as it is kept.
  const lastWell = checks.findLastIndex((each) => number(each.ExitCode) === 0);
  const failing = checks.slice(lastWell + 1);
  const lines = text(checks.at(-1)?.Output)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return {
    exitCode: number(state.ExitCode),
    restarts: number(raw.RestartCount),
    oomKilled: state.OOMKilled === true,
    startedAtMs: timeMs(state.StartedAt) || null,
    finishedAtMs: timeMs(state.FinishedAt) || null,
    restartPolicy: text(fields(fields(raw.HostConfig).RestartPolicy).Name) || 'no',
    error: textOrNull(state.Error),
    health:
      health === null
        ? null
        : { failingSinceMs: timeMs(failing[0]?.Start) || null, lastLine: lines.at(-1)?.slice(0, 400) ?? null },
  };
}

export function narrowImage(value: unknown): ImageFact | null {
  const raw = fields(value);
  const id = text(raw.Id);
  if (id === '') return null;
  const named = (each: string): boolean => !each.startsWith('<none>');
  return {
    id,
    tags: texts(raw.RepoTags).filter(named),
    digests: texts(raw.RepoDigests).filter(named),
    labels: labels(raw.Labels),
    createdAtMs: number(raw.Created) * 1000,
    sizeBytes: number(raw.Size),
  };
}

export function narrowNetwork(value: unknown): NetworkFact | null {
  const raw = fields(value);
  const name = text(raw.Name);
  if (name === '') return null;
  return { name, driver: text(raw.Driver), internal: raw.Internal === true, labels: labels(raw.Labels) };
}

export function narrowVolume(value: unknown): VolumeFact | null {
  const raw = fields(value);
  const name = text(raw.Name);
  const device = text(fields(raw.Options).device);
  return name === '' ? null : { name, labels: labels(raw.Labels), ...(device === '' ? {} : { device }) };
}

/** From `/version` and `/info`. */
export function narrowEngine(version: unknown, info: unknown): EngineFact {
  const told = fields(version);
  const raw = fields(info);
  return {
    version: text(told.Version) || text(raw.ServerVersion),
    apiVersion: text(told.ApiVersion),
    os: text(raw.OperatingSystem) || text(told.Os),
    cpus: number(raw.NCPU),
    memoryBytes: number(raw.MemTotal),
  };
}

/** Everything of a list that can be understood. */
export function narrowAll<Fact>(value: unknown, narrow: (each: unknown) => Fact | null): Fact[] {
  return list(value).flatMap((each) => {
    const fact = narrow(each);
    return fact === null ? [] : [fact];
  });
}

/** Whether a container writes to a terminal: then its log is not framed. */
export const hasTerminal = (value: unknown): boolean => fields(fields(value).Config).Tty === true;

/** One line of the event stream. Null when it is none, or tells of something that is not followed. */
export function narrowEvent(line: string): DockerEvent | null {
  let raw: Fields;
  try {
    raw = fields(JSON.parse(line));
  } catch {
    return null;
  }
  const actor = fields(raw.Actor);
  const kind = text(raw.Type);
  const action = text(raw.Action) || text(raw.status);
  if (kind === '' || action === '') return null;
  return {
    kind,
    action,
    id: text(actor.ID) || text(raw.id),
    attributes: labels(actor.Attributes),
    // Beyond what a JavaScript number can hold, so it is taken from the text. Inside a string its quotes are escaped.
    atNano: /"timeNano":(\d+)/.exec(line)?.[1] ?? '0',
  };
}
