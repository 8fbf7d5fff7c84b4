/** The facts of one `docker ps`-like listing, as Docker's API spells them, narrowed to what is used. Untrusted text. */
export type ContainerFact = {
  id: string;
  /** First name, without the leading slash. */
  name: string;
  image: string;
  imageId: string;
  /** Docker's `State`: running, exited, restarting, paused, created, dead. */
  state: string;
  /** Docker's `Status`, e.g. `Up 3 days (healthy)`. */
  status: string;
  createdAtMs: number;
  labels: Record<string, string>;
  ports: { hostIp: string; hostPort: number; containerPort: number; protocol: string }[];
  mounts: { kind: string; name: string | null; source: string; target: string; readOnly: boolean }[];
  networks: { name: string; address: string }[];
  networkMode: string;
};

export type ImageFact = {
  id: string;
  tags: string[];
  digests: string[];
  labels: Record<string, string>;
  createdAtMs: number;
  sizeBytes: number;
};

export type NetworkFact = { name: string; driver: string; internal: boolean; labels: Record<string, string> };

export type VolumeFact = { name: string; labels: Record<string, string> };

export type EngineFact = { version: string; apiVersion: string; os: string; cpus: number; memoryBytes: number };

export type DockerFacts = {
  engine: EngineFact;
  containers: ContainerFact[];
  images: ImageFact[];
  networks: NetworkFact[];
  volumes: VolumeFact[];
};

/** One line of Docker's event stream. `atNano` is the server's clock, as text for its size. */
export type DockerEvent = {
  kind: string;
  action: string;
  id: string;
  attributes: Record<string, string>;
  atNano: string;
};

export type ContainerLogLine = { stream: 'out' | 'err'; atMs: number; text: string };

/** What `/containers/ID/json` tells beyond the listing, narrowed. */
export type ContainerDetail = {
  id: string;
  name: string;
  imageId: string;
  state: string;
  health: string | null;
  exitCode: number;
  oomKilled: boolean;
  restartCount: number;
  startedAtMs: number;
  finishedAtMs: number;
  exposedPorts: number[];
  networks: { name: string; address: string }[];
};

/**
 * Docker's API on one host. All reads: whatever changes the server is a job. Rejects with FailureError
 * (`docker-stopped`, `docker-forbidden`, `link-lost`, `cancelled`, `bug`). Reads are retried once by the adapter.
 */
export type DockerEngine = {
  /** Everything the map needs, asked for at once. */
  observe(signal?: AbortSignal): Promise<DockerFacts>;
  /** One container as it is now, or null when there is none. Same shape as in `observe`. */
  container(id: string, signal?: AbortSignal): Promise<ContainerFact | null>;
  inspect(id: string, signal?: AbortSignal): Promise<ContainerDetail | null>;
  /**
   * Follows container, network, volume and image events. `onOpen` is called when the stream is open (after that nothing is missed).
   * Resolves when `signal` aborts; rejects when the stream breaks.
   */
  events(options: { signal: AbortSignal; onOpen(): void; onEvent(event: DockerEvent): void }): Promise<void>;
  /** Follows a container's log from `tail` lines back. Resolves when the container is gone or `signal` aborts. */
  logs(
    id: string,
    options: { tail: number; signal: AbortSignal; onLines(lines: ContainerLogLine[]): void },
  ): Promise<void>;
};
