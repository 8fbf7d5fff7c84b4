import { type ComposeConfig, type ComposeService, networkKeys, realName } from './compose-config.ts';
import { chooseSecrets, createMask, hiddenMark } from './mask.ts';
import type { DiffLine, ValuesTold } from './plan.ts';
import { labels, stateFolder } from './server-layout.ts';
import { secretsOfServices } from './service-secrets.ts';
import { renderYaml } from './yaml-text.ts';

/** Placeholders that the job fills in on the server, once the image is there and the number is taken. */
export const tokens = {
  image: '@SWITCHYARD_IMAGE@',
  imageId: '@SWITCHYARD_IMAGE_ID@',
  release: '@SWITCHYARD_RELEASE@',
  slot: '@SWITCHYARD_SLOT@',
  container: '@SWITCHYARD_CONTAINER@',
  version: '@SWITCHYARD_VERSION@',
  at: '@SWITCHYARD_AT@',
  entry: '@SWITCHYARD_ENTRY@',
} as const;

/** Variables by which proxies find a service: they belong to the entry point alone (two of them split the traffic). */
export const isProxyVariable = (name: string): boolean =>
  /^(?:VIRTUAL_(?:HOST|PORT|PATH|PROTO|DEST|HOST_MULTIPORTS)|LETSENCRYPT_\w+|ACME_\w+|HTTPS_METHOD|NETWORK_ACCESS|CERT_NAME)$/.test(
    name,
  );

/** Labels that keep updaters, restarters and schedulers off a container: what they do would go behind Switchyard's back. */
export const optOutLabels: Record<string, string> = {
  'com.centurylinklabs.watchtower.enable': 'false',
  'wud.watch': 'false',
  'diun.enable': 'false',
  'dev.dozzle.group': 'switchyard',
  autoheal: 'false',
};

/** Keys of a service that stay with the entry point, or that mean nothing in a slot. Everything else goes to the slot. */
const entryOnly = new Set([
  'ports',
  'expose',
  'labels',
  'label_file',
  'container_name',
  'depends_on',
  'build',
  'deploy',
  'profiles',
  'links',
  'external_links',
  'scale',
  'pull_policy',
  'networks',
  'image',
  'environment',
  'mac_address',
]);

/**
 * A release's compose.yaml: one service, resolved, its image a placeholder, under its own name on the stack's networks
 * and volumes, with no port, no alias and no proxy label, so that nothing finds it but the entry point (SPEC AD4).
 */
export function renderRelease(config: ComposeConfig, name: string, prefix: string, projectFolder: string): string {
  const service = config.services[name] ?? {};
  const environment = Object.fromEntries(
    Object.entries(service.environment ?? {}).filter(([key]) => !isProxyVariable(key)),
  );
  const volumes = namedVolumes(service);
  const rest = Object.fromEntries(
    Object.entries(service).filter(([key, value]) => !entryOnly.has(key) && value !== null),
  );
  const resources = service.deploy?.resources;
  return `# Written by Switchyard: release ${tokens.release} of ${JSON.stringify(name)}.\n${renderYaml({
    name: prefix,
    services: {
      [tokens.container]: {
        container_name: tokens.container,
        image: tokens.image,
        pull_policy: 'never',
        ...rest,
        ...(Object.keys(environment).length > 0 ? { environment } : {}),
        ...(resources === undefined ? {} : { deploy: { resources } }),
        networks: Object.fromEntries(networkKeys(service).map((key) => [key, {}])),
        labels: {
          [labels.stack]: config.name,
          [labels.service]: name,
          [labels.slot]: tokens.slot,
          [labels.release]: tokens.release,
          [labels.root]: stateFolder(projectFolder),
          ...optOutLabels,
        },
      },
    },
    networks: external(config, 'networks', networkKeys(service)),
    ...(volumes.length > 0 ? { volumes: external(config, 'volumes', volumes) } : {}),
    ...picked(config.secrets, 'secrets', service.secrets),
    ...picked(config.configs, 'configs', service.configs),
  })}${hiddenBeside(service)}`;
}

/**
 * What a job must not tell of a service beside what its environment says, as comments for `kit/17-mask.sh`: what it is built with,
 * and what its labels and commands are shaped to hide.
 */
function hiddenBeside(service: ComposeService): string {
  const { environment = {}, ...beside } = service;
  const known = new Set(chooseSecrets(Object.values(environment).map((value) => String(value ?? ''))));
  return secretsOfServices([beside])
    .filter((secret) => !known.has(secret))
    .map((secret) => `# hidden: ${JSON.stringify(secret)}\n`)
    .join('');
}

const namedVolumes = (service: ComposeService): string[] =>
  (service.volumes ?? []).flatMap((each) => (each.type === 'volume' && each.source !== undefined ? [each.source] : []));

const external = (config: ComposeConfig, kind: 'networks' | 'volumes', keys: string[]) =>
  Object.fromEntries(keys.map((key) => [key, { name: realName(config, kind, key), external: true }]));

function picked(all: Record<string, unknown> | undefined, key: string, used: { source: string }[] | undefined) {
  if (used === undefined || used.length === 0) return {};
  return { [key]: Object.fromEntries(used.map(({ source }) => [source, all?.[source] ?? {}])) };
}

/**
 * A rendered release without the values of its environment: for people and for the app, and not for compose. The values are in
 * the home state alone (SPEC RE9).
 */
export function withoutValues(release: string): string {
  const kept: string[] = [];
  let inside = false;
  for (const line of release.split('\n')) {
    if ((inside && line.startsWith('      ')) || line.startsWith('# hidden: ')) continue;
    inside = line === '    environment:';
    kept.push(inside ? '    # environment: its values are in the home state of Switchyard alone' : line);
  }
  return kept.join('\n');
}

/** `release.json` before the job fills it in. */
export const renderReleaseFile = (reference: string, by: string): string =>
  `${JSON.stringify(
    {
      version: 1,
      number: tokens.release,
      slot: tokens.slot,
      reference,
      image: tokens.image,
      imageId: tokens.imageId,
      imageVersion: tokens.version,
      by,
      at: tokens.at,
    },
    null,
    2,
  )}\n`;

/**
 * What differs between two services as resolved. Variables are named and, unless `told` is `shown`, their values are not: all of
 * them, whatever they are called, and wherever else they turn up (SPEC SE1).
 */
export function diffServices(before: ComposeService, after: ComposeService, told: ValuesTold = 'hidden'): DiffLine[] {
  const lines: DiffLine[] = [];
  const compare = (field: DiffLine['field'], left: Record<string, string>, right: Record<string, string>) => {
    for (const key of [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()) {
      if (left[key] !== right[key]) lines.push({ field, key, before: left[key] ?? null, after: right[key] ?? null });
    }
  };
  compare('image', { image: before.image ?? '' }, { image: after.image ?? '' });
  compare('environment', environmentOf(before), environmentOf(after));
  compare('mount', mountsOf(before), mountsOf(after));
  compare('command', { command: text(before.command) }, { command: text(after.command) });
  const known = new Set([...entryOnly, 'environment', 'volumes', 'command', 'image']);
  compare('other', otherKeys(before, known), otherKeys(after, known));
  return told === 'shown' ? lines : hideValues(lines, createMask(secretsOfServices([before, after])));
}

function hideValues(lines: DiffLine[], mask: (text: string) => string): DiffLine[] {
  return lines.map((line) => {
    const hide = (value: string | null): string | null =>
      value === null ? null : line.field === 'environment' ? hiddenMark : mask(value);
    const [before, after, key] = [hide(line.before), hide(line.after), mask(line.key)];
    const same = before === line.before && after === line.after && key === line.key;
    return same ? line : { ...line, key, before, after, hidden: true };
  });
}

const text = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

const environmentOf = (service: ComposeService): Record<string, string> =>
  Object.fromEntries(
    Object.entries(service.environment ?? {})
      .filter(([key]) => !isProxyVariable(key))
      .map(([key, value]) => [key, text(value)]),
  );

const mountsOf = (service: ComposeService): Record<string, string> =>
  Object.fromEntries(
    (service.volumes ?? []).map((each) => [
      each.target,
      `${each.source ?? each.type}${each.read_only ? ' (read-only)' : ''}`,
    ]),
  );

const otherKeys = (service: ComposeService, known: Set<string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(service)
      .filter(([key, value]) => !known.has(key) && value !== null && value !== undefined)
      .map(([key, value]) => [key, text(value)]),
  );
