import { z } from 'zod';

/**
 * What `docker compose config --format json` says, narrowed to what decisions need; the rest is carried along as it is.
 * `$` is written `$$` in it, so that it can go into a compose file again.
 */
const stringMap = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

const portSchema = z.looseObject({
  target: z.coerce.number().int(),
  published: z.union([z.string(), z.number()]).optional(),
  protocol: z.string().default('tcp'),
  host_ip: z.string().optional(),
});

const volumeSchema = z.looseObject({
  type: z.string(),
  source: z.string().optional(),
  target: z.string(),
  read_only: z.boolean().default(false),
});

export const composeServiceSchema = z.looseObject({
  image: z.string().optional(),
  build: z.unknown().optional(),
  container_name: z.string().optional(),
  command: z.unknown().optional(),
  depends_on: z.record(z.string(), z.looseObject({ condition: z.string().optional() })).optional(),
  deploy: z.looseObject({ replicas: z.number().optional() }).nullish(),
  devices: z.array(z.unknown()).optional(),
  environment: stringMap.optional(),
  expose: z.array(z.union([z.string(), z.number()])).optional(),
  healthcheck: z.looseObject({ test: z.array(z.string()).optional(), disable: z.boolean().optional() }).optional(),
  labels: stringMap.optional(),
  network_mode: z.string().optional(),
  networks: z.record(z.string(), z.unknown()).nullish(),
  ports: z.array(portSchema).optional(),
  restart: z.string().optional(),
  scale: z.number().optional(),
  stop_grace_period: z.string().optional(),
  volumes: z.array(volumeSchema).optional(),
  secrets: z.array(z.looseObject({ source: z.string() })).optional(),
  configs: z.array(z.looseObject({ source: z.string() })).optional(),
});

export type ComposeService = z.infer<typeof composeServiceSchema>;

const namedSchema = z.record(z.string(), z.looseObject({ name: z.string().optional() }).nullish());

export const composeConfigSchema = z.looseObject({
  name: z.string(),
  services: z.record(z.string(), composeServiceSchema),
  networks: namedSchema.optional(),
  volumes: namedSchema.optional(),
  secrets: z.record(z.string(), z.unknown()).optional(),
  configs: z.record(z.string(), z.unknown()).optional(),
});

export type ComposeConfig = z.infer<typeof composeConfigSchema>;

/** The real name of a network or volume that a service names by its key in the file. */
export const realName = (config: ComposeConfig, kind: 'networks' | 'volumes', key: string): string =>
  config[kind]?.[key]?.name ?? `${config.name}_${key}`;

/** The networks a service joins, by key; compose's own default when it names none. */
export const networkKeys = (service: ComposeService): string[] =>
  service.networks === undefined || service.networks === null || Object.keys(service.networks).length === 0
    ? ['default']
    : Object.keys(service.networks);

/** Text that compose will interpolate, as it is meant. */
export const escapeDollar = (text: string): string => text.replaceAll('$', '$$$$');
