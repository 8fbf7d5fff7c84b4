import { z } from 'zod';
import {
  type ComposeConfig,
  type ComposeService,
  composeServiceSchema,
  networkKeys,
  realName,
} from './compose-config.ts';
import { type ContainerRights, plainCapability } from './container-rights.ts';
import { failure } from './failure.ts';
import { optOutLabels, renderRelease } from './release.ts';
import { failed, ok, type Result } from './result.ts';

/** A field of a found release that is not taken over, and why, in words. The field is the server's text. */
export type Dropped = { field: string; why: string };

/** A release's compose.yaml as it was found: its one service and what that names, nothing of it believed yet. */
export type FoundRelease = {
  service: Record<string, unknown>;
  networks: Record<string, unknown>;
  volumes: Record<string, unknown>;
  secrets: Record<string, unknown>;
  configs: Record<string, unknown>;
  /** Keys of the whole file that no release has. */
  more: string[];
};

const anyMap = z.record(z.string(), z.unknown());

const foundSchema = z.looseObject({
  services: z.record(z.string(), anyMap),
  networks: anyMap.nullish(),
  volumes: anyMap.nullish(),
  secrets: anyMap.nullish(),
  configs: anyMap.nullish(),
});

/** Narrows a parsed compose.yaml to that of one service. Fails with `release-unknown` where it is nothing of the kind. */
export function parseRelease(document: unknown): Result<FoundRelease> {
  const parsed = foundSchema.safeParse(document);
  const services = parsed.success ? Object.values(parsed.data.services) : [];
  const [service] = services;
  if (!parsed.success || service === undefined || services.length !== 1)
    return failed(
      failure('release-unknown', 'The compose.yaml of that release is not one that Switchyard writes.', {
        running: 'Nothing was changed.',
      }),
    );
  const { networks, volumes, secrets, configs, services: _, name, ...more } = parsed.data;
  return ok({
    service,
    networks: networks ?? {},
    volumes: volumes ?? {},
    secrets: secrets ?? {},
    configs: configs ?? {},
    more: Object.keys(more),
  });
}

/** What may be given to a release again: what compose.yaml gives the service today, and what its container has. */
export type Allowance = {
  /** The stack, as compose resolves it today. */
  config: ComposeConfig;
  service: string;
  /** The container that has the traffic; null where there is none, and then there are no privileges. */
  container: ContainerRights | null;
};

/**
 * A found release, rendered anew as `renderRelease` does, from a closed list of fields (SPEC TR4). A privilege, a host folder, a
 * volume or a network of another stack stays only where `allowed` has the same (SPEC TR5); what stays is `service`, what does
 * not is named in `dropped`. What `renderRelease` makes comes out as it went in, as long as those have not changed.
 */
export function renderReleaseAnew(
  found: FoundRelease,
  allowed: Allowance,
  prefix: string,
  projectFolder: string,
): { text: string; service: ComposeService; dropped: Dropped[] } {
  const { config, dropped } = allowRelease(found, allowed);
  return {
    text: renderRelease(config, allowed.service, prefix, projectFolder),
    service: config.services[allowed.service] ?? {},
    dropped,
  };
}

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const word = z.union([z.string(), z.number()]);
const words = z.array(z.string());
const command = z.union([z.string(), words]);
const wordMap = z.record(z.string(), scalar.nullable());

/** Fields that give a container nothing of the host, with what each may hold. */
const plainFields: Record<string, z.ZodType> = {
  command,
  entrypoint: command,
  environment: wordMap,
  working_dir: z.string(),
  user: z.string(),
  hostname: z.string(),
  domainname: z.string(),
  restart: z.string(),
  platform: z.string(),
  init: z.boolean(),
  read_only: z.boolean(),
  tty: z.boolean(),
  stdin_open: z.boolean(),
  stop_signal: z.string(),
  stop_grace_period: z.string(),
  tmpfs: z.union([z.string(), words]),
  dns: z.union([z.string(), words]),
  dns_opt: words,
  dns_search: z.union([z.string(), words]),
  extra_hosts: z.union([words, z.record(z.string(), z.union([z.string(), words]))]),
  cap_drop: words,
  shm_size: word,
  mem_limit: word,
  mem_reservation: word,
  memswap_limit: word,
  mem_swappiness: word,
  pids_limit: z.number(),
  cpus: word,
  cpu_count: word,
  cpu_percent: word,
  cpu_period: word,
  cpu_quota: word,
  cpu_rt_period: word,
  cpu_rt_runtime: word,
  cpu_shares: word,
  cpuset: z.string(),
  storage_opt: wordMap,
  ulimits: z.record(z.string(), z.union([z.number(), z.strictObject({ soft: z.number(), hard: z.number() })])),
  logging: z.strictObject({ driver: z.string().optional(), options: wordMap.nullish() }),
  healthcheck: z.strictObject({
    test: words.optional(),
    interval: z.string().optional(),
    timeout: z.string().optional(),
    retries: z.number().optional(),
    start_period: z.string().optional(),
    start_interval: z.string().optional(),
    disable: z.boolean().optional(),
  }),
  post_start: z.array(hookSchema()),
  pre_stop: z.array(hookSchema()),
};

/** A hook runs in the container as the service does; `privileged: true` would not. */
function hookSchema() {
  return z.strictObject({
    command,
    user: z.string().optional(),
    working_dir: z.string().optional(),
    environment: wordMap.nullish(),
  });
}

const resourcesSchema = z.object({ cpus: word.optional(), memory: word.optional(), pids: z.number().optional() });

/** Rendered anew whatever was found. */
const renderedAnew = new Set(['container_name', 'image', 'pull_policy', 'networks', 'labels']);

const unknownField = 'it is none of the fields that a release may have';
const otherKind = 'it holds something that this field does not hold';
const notBoth = 'compose.yaml and the running container do not both have it';

function allowRelease(found: FoundRelease, allowed: Allowance): { config: ComposeConfig; dropped: Dropped[] } {
  const today = allowed.config.services[allowed.service] ?? {};
  const dropped: Dropped[] = found.more.map((field) => ({ field, why: unknownField }));
  const drop = (field: string, why: string): void => {
    dropped.push({ field, why });
  };
  const networks = allowNetworks(found, allowed, today, drop);
  const { mounts, volumes } = allowMounts(found, allowed, today, drop);
  const secrets = allowFiles('secrets', found, allowed, drop);
  const configs = allowFiles('configs', found, allowed, drop);
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(found.service)) {
    const whole = own({ volumes: mounts, secrets: secrets.used, configs: configs.used }, key);
    if (whole !== undefined) {
      if (whole.length > 0) kept[key] = whole;
    } else if (key === 'deploy') {
      const deploy = allowDeploy(value, today, allowed.container, drop);
      if (deploy !== null) kept.deploy = deploy;
    } else if (!renderedAnew.has(key) && value !== null) {
      const stays = allowField(key, value, today, allowed.container, drop);
      if (stays !== undefined) kept[key] = stays;
    }
  }
  for (const key of Object.keys(narrow(anyMap, found.service.labels)))
    if (!key.startsWith('dev.switchyard.') && !(key in optOutLabels)) drop(`labels ${key}`, unknownField);
  const service = composeServiceSchema.parse({
    ...kept,
    networks: Object.fromEntries([...networks.keys()].map((key) => [key, null])),
  });
  return {
    config: {
      name: allowed.config.name,
      services: { [allowed.service]: service },
      networks: Object.fromEntries([...networks].map(([key, name]) => [key, { name }])),
      volumes: Object.fromEntries([...volumes].map(([key, name]) => [key, { name }])),
      secrets: secrets.defined,
      configs: configs.defined,
    },
    dropped,
  };
}

type Drop = (field: string, why: string) => void;

function allowField(
  key: string,
  value: unknown,
  today: ComposeService,
  container: ContainerRights | null,
  drop: Drop,
): unknown {
  const plain = own(plainFields, key);
  if (plain !== undefined) {
    const parsed = plain.safeParse(value);
    if (parsed.success) return literal(value);
    drop(key, otherKind);
    return undefined;
  }
  const privilege = own(privileges, key);
  if (privilege !== undefined) return privilege(key, value, own(today, key), container, drop);
  drop(key, unknownField);
  return undefined;
}

type Privilege = (
  key: string,
  value: unknown,
  today: unknown,
  container: ContainerRights | null,
  drop: Drop,
) => unknown;

/** One value, the same in both. `harmless` ones give nothing, and need nobody's leave. */
const single =
  (of: (container: ContainerRights) => unknown, harmless: unknown[] = []): Privilege =>
  (key, value, today, container, drop) => {
    if (harmless.includes(value)) return value;
    if (container !== null && typeof value !== 'object' && value === today && value === of(container))
      return literal(value);
    drop(typeof value === 'object' ? key : `${key} ${String(value)}`, notBoth);
    return undefined;
  };

/** A list's entry as text; of anything else than text or a number none. */
const entryText = (entry: unknown): string =>
  typeof entry === 'string' || typeof entry === 'number' ? String(entry) : '';

/** Each entry of a list by itself. */
const several =
  (
    of: (container: ContainerRights) => string[],
    plain: (entry: unknown) => string = entryText,
    harmless: (entry: unknown) => boolean = () => false,
  ): Privilege =>
  (key, value, today, container, drop) => {
    const inCompose = new Set(listOf(today).map(plain));
    const inContainer = new Set(container === null ? [] : of(container).map(plain));
    const kept = listOf(value).filter((entry) => {
      if (harmless(entry) || (plain(entry) !== '' && inCompose.has(plain(entry)) && inContainer.has(plain(entry))))
        return true;
      drop(`${key} ${plain(entry)}`, notBoth);
      return false;
    });
    return kept.length > 0 ? literal(kept) : undefined;
  };

/** Each entry of a map by itself. */
const mapped =
  (of: (container: ContainerRights) => Record<string, string>): Privilege =>
  (key, value, today, container, drop) => {
    const inCompose = narrow(wordMap, today);
    const inContainer = container === null ? {} : of(container);
    const kept = Object.entries(narrow(wordMap, value)).filter(([name, each]) => {
      if (has(inCompose, name, each) && has(inContainer, name, each)) return true;
      drop(`${key} ${name}`, notBoth);
      return false;
    });
    return kept.length > 0 ? literal(Object.fromEntries(kept)) : undefined;
  };

const has = (map: Record<string, unknown>, name: string, value: unknown): boolean =>
  Object.hasOwn(map, name) && String(map[name]) === String(value);

/** Fields that give a container something of the host, of its engine or of other containers. */
const privileges: Record<string, Privilege> = {
  privileged: single((container) => container.privileged, [false]),
  cap_add: several(
    (container) => container.capAdd,
    (entry) => plainCapability(entryText(entry)),
  ),
  devices: several((container) => container.devices, deviceText),
  device_cgroup_rules: several((container) => container.deviceCgroupRules),
  gpus: (key, value, today, container, drop) =>
    allowSame(key, value, today, container?.hasDeviceRequests === true, drop),
  security_opt: several(
    (container) => container.securityOpt,
    (entry) => entryText(entry).replace(/^([a-z-]+)=/, '$1:'),
    (entry) => typeof entry === 'string' && /^no-new-privileges(?:[:=]true)?$/.test(entry),
  ),
  group_add: several((container) => container.groupAdd),
  sysctls: mapped((container) => container.sysctls),
  annotations: mapped((container) => container.annotations),
  oom_score_adj: single((container) => container.oomScoreAdj, [0]),
  oom_kill_disable: single((container) => container.oomKillDisable, [false]),
  pid: single((container) => container.pid),
  ipc: single((container) => container.ipc, ['private', 'shareable', 'none']),
  uts: single((container) => container.uts),
  userns_mode: single((container) => container.userns),
  cgroup: single((container) => container.cgroup, ['private']),
  cgroup_parent: single((container) => container.cgroupParent),
  runtime: single((container) => container.runtime, ['runc']),
  network_mode: single((container) => container.networkMode, ['bridge', 'none']),
  volumes_from: several(
    (container) => container.volumesFrom,
    (entry) => entryText(entry).replace(/^container:/, ''),
  ),
};

/** Compose writes a device as text or as its parts; Docker as its parts. */
function deviceText(device: unknown): string {
  const parts = narrow(anyMap, device);
  const [source, target, permissions] =
    typeof device === 'string'
      ? device.split(':')
      : [parts.source, parts.target, parts.permissions].map((each) => (typeof each === 'string' ? each : undefined));
  return `${source}:${target ?? source}:${permissions ?? 'rwm'}`;
}

function allowSame(key: string, value: unknown, today: unknown, isInContainer: boolean, drop: Drop): unknown {
  if (isInContainer && isSame(value, today)) return literal(value);
  drop(key, notBoth);
  return undefined;
}

/** Limits stay; devices that are reserved are a privilege. */
function allowDeploy(
  value: unknown,
  today: ComposeService,
  container: ContainerRights | null,
  drop: Drop,
): ComposeService['deploy'] | null {
  const { resources, ...more } = narrow(anyMap, value);
  for (const key of Object.keys(more)) drop(`deploy ${key}`, unknownField);
  const kept: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(narrow(anyMap, resources))) {
    const part = narrow(anyMap, each);
    const limits = resourcesSchema.safeParse(part);
    if ((key !== 'limits' && key !== 'reservations') || !limits.success) {
      drop(`deploy resources ${key}`, key === 'limits' || key === 'reservations' ? otherKind : unknownField);
      continue;
    }
    const stays: Record<string, unknown> = {};
    for (const [name, inner] of Object.entries(part)) {
      if (name in limits.data) stays[name] = literal(inner);
      else if (name === 'devices' && key === 'reservations') {
        const reserved = narrow(anyMap, narrow(anyMap, today.deploy?.resources).reservations).devices;
        const devices = allowSame('deploy devices', inner, reserved, container?.hasDeviceRequests === true, drop);
        if (devices !== undefined) stays.devices = devices;
      } else drop(`deploy resources ${key} ${name}`, unknownField);
    }
    if (Object.keys(stays).length > 0) kept[key] = stays;
  }
  return Object.keys(kept).length > 0 ? { resources: kept } : null;
}

/** Networks by their keys: those of the stack, and those that the container is in. Of none of these, those of compose.yaml. */
function allowNetworks(
  found: FoundRelease,
  allowed: Allowance,
  today: ComposeService,
  drop: Drop,
): Map<string, string> {
  const known = new Set([
    ...Object.keys(allowed.config.networks ?? {}).map((key) => realName(allowed.config, 'networks', key)),
    ...networkKeys(today).map((key) => realName(allowed.config, 'networks', key)),
    ...(allowed.container?.networks ?? []),
  ]);
  const kept = new Map<string, string>();
  for (const [key, options] of Object.entries(narrow(anyMap, found.service.networks))) {
    const name = nameOf(found.networks, key);
    if (!known.has(name))
      drop(`networks ${name}`, 'it is no network of the stack, and the running container is not in it');
    else kept.set(key, name);
    if (known.has(name) && Object.keys(narrow(anyMap, options)).length > 0)
      drop(`networks ${name}: its options`, unknownField);
  }
  if (kept.size === 0) for (const key of networkKeys(today)) kept.set(key, realName(allowed.config, 'networks', key));
  return kept;
}

const mountSchema = z.object({
  type: z.string(),
  source: z.string().optional(),
  target: z.string(),
  read_only: z.boolean().default(false),
  bind: anyMap.nullish(),
});

function allowMounts(found: FoundRelease, allowed: Allowance, today: ComposeService, drop: Drop) {
  const { config, container } = allowed;
  const known = new Set([
    ...Object.keys(config.volumes ?? {}).map((key) => realName(config, 'volumes', key)),
    ...(container?.mounts ?? []).map(({ name }) => name),
  ]);
  const volumes = new Map<string, string>();
  const mounts: unknown[] = [];
  for (const each of listOf(found.service.volumes)) {
    const parsed = mountSchema.safeParse(each);
    if (!parsed.success) {
      drop('volumes', otherKind);
      continue;
    }
    const { type, source, target, read_only, bind } = parsed.data;
    const more = Object.keys(narrow(anyMap, each)).filter(
      (key) => !['type', 'source', 'target', 'read_only', 'consistency', type].includes(key),
    );
    const field = `volumes ${source === undefined ? '' : `${source}:`}${target}`;
    if (more.length > 0) {
      drop(field, otherKind);
    } else if (type === 'tmpfs' || (type === 'volume' && source === undefined)) {
      mounts.push(literal(each));
    } else if (type === 'volume' && source !== undefined) {
      const name = nameOf(found.volumes, source);
      if (known.has(name)) {
        mounts.push(literal(each));
        volumes.set(source, name);
      } else
        drop(`volumes ${name}:${target}`, 'it is no volume of the stack, and the running container does not mount it');
    } else {
      // Read-only is less than what both may do.
      const inCompose = (today.volumes ?? []).some(
        (one) =>
          one.type === type &&
          one.source === source &&
          one.target === target &&
          (read_only || !one.read_only) &&
          isSame(narrow(anyMap, one.bind), narrow(anyMap, bind)),
      );
      const propagation = narrow(anyMap, bind).propagation ?? 'rprivate';
      const inContainer = (container?.mounts ?? []).some(
        (one) =>
          one.kind === type &&
          one.source === unescaped(source) &&
          one.target === target &&
          (read_only || !one.readOnly) &&
          (type !== 'bind' || one.propagation === propagation),
      );
      if (inCompose && inContainer) mounts.push(literal(each));
      else drop(field, notBoth);
    }
  }
  return { mounts, volumes };
}

/** Secrets or configs: their text, where it stands in the file; a file of the host as any host mount. */
function allowFiles(kind: 'secrets' | 'configs', found: FoundRelease, allowed: Allowance, drop: Drop) {
  const used: unknown[] = [];
  const defined: Record<string, unknown> = {};
  const entrySchema = z.strictObject({
    source: z.string(),
    target: z.string().optional(),
    uid: z.string().optional(),
    gid: z.string().optional(),
    mode: word.optional(),
  });
  for (const each of listOf(found.service[kind])) {
    const parsed = entrySchema.safeParse(each);
    if (!parsed.success) {
      drop(kind, otherKind);
      continue;
    }
    const { source } = parsed.data;
    const definition = narrow(anyMap, own(found[kind], source));
    const keys = Object.keys(definition);
    const isText =
      kind === 'configs' &&
      typeof definition.content === 'string' &&
      keys.every((key) => key === 'content' || key === 'name');
    const { file } = definition;
    const isAsToday =
      isSame(definition, narrow(anyMap, own(allowed.config[kind] ?? {}, source))) &&
      (file === undefined ||
        (allowed.container?.mounts ?? []).some((one) => one.kind === 'bind' && one.source === unescaped(file)));
    if (isText || isAsToday) {
      used.push(literal(each));
      defined[source] = literal(definition);
    } else drop(`${kind} ${source}`, notBoth);
  }
  return { used, defined };
}

const nameOf = (all: Record<string, unknown>, key: string): string => {
  const { name } = narrow(anyMap, own(all, key));
  return typeof name === 'string' ? literalText(name) : key;
};

/** Nothing in it is a variable: each `$` that compose would look behind is doubled, and pairs stay pairs. */
function literal(value: unknown): unknown {
  if (typeof value === 'string') return literalText(value);
  if (Array.isArray(value)) return value.map(literal);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, literal(each)]));
  return value;
}

const literalText = (text: string): string => text.replaceAll(/\$\$?/g, '$$$$');

/** What an object has of its own under a name that the server chose. */
const own = <Value>(map: Record<string, Value>, key: string): Value | undefined =>
  Object.hasOwn(map, key) ? map[key] : undefined;

const unescaped = (text: unknown): string => entryText(text).replaceAll('$$', () => '$');

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const narrow = <Value extends object>(schema: z.ZodType<Value>, value: unknown): Value => {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : ({} as Value);
};

/** Equal as data, in whatever order their keys stand. */
function isSame(left: unknown, right: unknown): boolean {
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isSame(left[key as never], right[key as never]))
  );
}
