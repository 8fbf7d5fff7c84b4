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
