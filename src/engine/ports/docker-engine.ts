import type { ContainerFact, ContainerInspection, DockerFacts } from '../../core/docker-facts.ts';

export type {
  ContainerFact,
  ContainerInspection,
  DockerFacts,
  EngineFact,
  ImageFact,
  NetworkFact,
  VolumeFact,
} from '../../core/docker-facts.ts';

/** One line of Docker's event stream. `atNano` is the server's clock, as text for its size. */
export type DockerEvent = {
  kind: string;
  action: string;
  id: string;
  attributes: Record<string, string>;
  atNano: string;
};

export type ContainerLogLine = { stream: 'out' | 'err'; atMs: number; text: string };

/**
 * Docker's API on one host. All reads: whatever changes the server is a job. Rejects with FailureError
 * (`docker-stopped`, `docker-forbidden`, `link-lost`, `cancelled`, `bug`). Reads are retried once by the adapter.
 */
export type DockerEngine = {
  /** Everything the map needs, asked for at once. */
  observe(signal?: AbortSignal): Promise<DockerFacts>;
  /** One container as it is now, or null when there is none. Same shape as in `observe`. */
  container(id: string, signal?: AbortSignal): Promise<ContainerFact | null>;
  /** What the listing does not tell of a container, or null when there is none. */
  inspect(id: string, signal?: AbortSignal): Promise<ContainerInspection | null>;
  /**
   * Follows container, network, volume and image events. `onOpen` is called when the stream is open (after that nothing is missed).
   * Resolves when `signal` aborts; rejects when the stream breaks.
   */
  events(options: { signal: AbortSignal; onOpen(): void; onEvent(event: DockerEvent): void }): Promise<void>;
  /**
   * Follows a container's log from `tail` lines back; with `follow` false, reads what is there. Resolves when that is read,
   * the container is gone, or `signal` aborts.
   */
  logs(
    id: string,
    options: { tail: number; follow?: boolean; signal: AbortSignal; onLines(lines: ContainerLogLine[]): void },
  ): Promise<void>;
};
