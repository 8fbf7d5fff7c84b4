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

/** What Docker says of one container beyond the listing. Asked of those in trouble only. Times are on the server's clock. */
export type ContainerInspection = {
  exitCode: number;
  /** How often Docker started it again by itself since somebody started it. */
  restarts: number;
  oomKilled: boolean;
  startedAtMs: number | null;
  finishedAtMs: number | null;
  /** `no`, `always`, `unless-stopped`, `on-failure`. */
  restartPolicy: string;
  /** Why it could not be started, in Docker's words, or null. Untrusted text. */
  error: string | null;
  /** Of its own health check: since when it fails, as far as Docker remembers, and the last line it printed. Untrusted text. */
  health: { failingSinceMs: number | null; lastLine: string | null } | null;
};

/** What was heard of a container by its name since the link is open, on this machine's clock. */
export type ContainerHistory = {
  /** Somebody asked it to stop. */
  stopped: boolean;
  endedAtMs: number | null;
  removedAtMs: number | null;
  pausedAtMs: number | null;
  illSinceMs: number | null;
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

/** `device`: the folder of the host that the volume stands for, where its driver was told one. */
export type VolumeFact = { name: string; labels: Record<string, string>; device?: string };

export type EngineFact = { version: string; apiVersion: string; os: string; cpus: number; memoryBytes: number };

export type DockerFacts = {
  engine: EngineFact;
  containers: ContainerFact[];
  images: ImageFact[];
  networks: NetworkFact[];
  volumes: VolumeFact[];
};
