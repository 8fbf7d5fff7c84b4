import type { ComposeConfig, ComposeService } from './compose-config.ts';
import { chooseSecrets, secretsWithin } from './mask.ts';

/** What a service is given that is not to be told: every value of its environment, what it is built with, and what its command, labels and health check are shaped to hide. */
function valuesOf(service: ComposeService): string[] {
  const written = [
    ...Object.entries(service.labels ?? {}).map(([key, value]) => `${key}=${String(value ?? '')}`),
    ...[service.command, service.entrypoint, service.healthcheck?.test].map(wordsOf),
  ];
  return [...textsOf(service.environment), ...textsOf(buildArgs(service)), ...written.flatMap(secretsWithin)];
}

const textsOf = (values: Record<string, unknown> | undefined): string[] =>
  Object.values(values ?? {}).flatMap((value) =>
    value === null || value === undefined ? [] : [plainDollar(String(value))],
  );

const wordsOf = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(String).join(' ');
  return typeof value === 'string' ? value : '';
};

/** `compose config` writes `$` as `$$`; a container is given one. */
const plainDollar = (text: string): string => text.replaceAll('$$', '$');

function buildArgs({ build }: ComposeService): Record<string, unknown> | undefined {
  const args: unknown = typeof build === 'object' && build !== null && 'args' in build ? build.args : undefined;
  if (Array.isArray(args))
    return Object.fromEntries(
      args.map(String).map((each) => [each.replace(/=.*$/s, ''), each.replace(/^[^=]*=?/, '')]),
    );
  return typeof args === 'object' && args !== null ? (args as Record<string, unknown>) : undefined;
}

/** What everybody sees of a service anyway: to hide it elsewhere would make sentences unreadable. */
function openWordsOf(service: ComposeService): string[] {
  const images = (service.image ?? '').split(/[@/]|:(?=[^/]*$)/);
  const mounts = (service.volumes ?? []).flatMap((each) => [each.source ?? '', each.target]);
  const hosts = [service.container_name ?? '', service.hostname, ...Object.keys(service.networks ?? {})];
  return [service.image ?? '', ...images, ...mounts, ...hosts].filter(
    (each): each is string => typeof each === 'string',
  );
}

/** What is hidden wherever it turns up, of some services of one stack, and of their forms before and after a change. */
export const secretsOfServices = (services: ComposeService[], openWords: string[] = []): string[] =>
  chooseSecrets(services.flatMap(valuesOf), [...openWords, ...services.flatMap(openWordsOf)]);

/** The same of a whole stack, whose names are known to everybody. */
export const secretsOfConfig = (config: ComposeConfig): string[] =>
  secretsOfServices(Object.values(config.services), [
    config.name,
    ...Object.keys(config.services),
    ...Object.keys(config.networks ?? {}),
    ...Object.keys(config.volumes ?? {}),
  ]);
