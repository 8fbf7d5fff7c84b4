import { type Check, explainCheck, guessCheckPath } from './check.ts';
import { type ComposeConfig, type ComposeService, escapeDollar, networkKeys, realName } from './compose-config.ts';
import { type EntryPort, type EntrySpec, entryFolderInside } from './entry.ts';
import type { AdoptPlan } from './plan.ts';
import { isProxyVariable, optOutLabels } from './release.ts';
import { labels, serviceSlug, stateFolder } from './server-layout.ts';
import type { Finding } from './stack-map.ts';
import { renderScalar } from './yaml-text.ts';

/** The image of entry points. Debian's, because jobs talk to HAProxy through its bash. */
export const entryImage = 'haproxy:3.0';

/** Everything that decides whether and how a service is adopted. Read from the server just before. */
export type AdoptFacts = {
  config: ComposeConfig;
  service: string;
  projectFolder: string;
  folderWritable: boolean;
  /** The compose files the stack was started with, absolute. */
  configFiles: string[];
  overridePath: string;
  /** The override there is already, or null. */
  override: string | null;
  /** Services that this override sets already. */
  overrideServices: string[];
  /** `uid:gid` of the operator on the server. */
  user: string;
  dockerMajor: number;
  container: { name: string; running: boolean; exposedPorts: number[] } | null;
  containers: number;
  /** What runs in its place reads a folder of ours: it is an entry point. */
  runsEntry: boolean;
  managedBy: string | null;
  /** Files of the project folder and the operator's crontab that name the container. */
  mentions: string[];
  options: { port?: number | undefined; checkPath?: string | undefined; shareVolumes?: boolean | undefined };
};

export type Adoption = {
  plan: AdoptPlan;
  entry: EntrySpec;
  checks: Check[];
  block: string;
  networks: string[];
  stopSeconds: number;
};

const finding = (level: Finding['level'], title: string, text: string, answer?: Finding['answer']): Finding => ({
  level,
  title,
  text,
  ...(answer === undefined ? {} : { answer }),
});

/** Decides adoption, with all reasons. A `stop` finding means it is refused; nothing here changes anything (SPEC AD1). */
export function planAdoption(facts: AdoptFacts, prefix: string): Adoption {
  const service = facts.config.services[facts.service] ?? {};
  const findings: Finding[] = [...obstacles(facts, service)];
  const { ports, because } = choosePorts(facts, service);
  const [main] = ports;
  if (main === undefined) {
    findings.push(
      finding(
        'stop',
        'Which port?',
        'No published, exposed or labelled port tells where the service listens. Name the port.',
        'port',
      ),
    );
  }
  const port = main?.port ?? 0;
  const checks = chooseChecks(facts, service, port);
  if (service.healthcheck?.test === undefined && facts.options.checkPath === undefined) {
    findings.push(
      finding(
        'warning',
        'Unverified',
        `The service has no health check, so “ready” means that GET / on ${port} answers below 500. A better path can be named.`,
        'checkPath',
      ),
    );
  }
  findings.push(...consequences(facts, service, port));
  const block = renderOverrideBlock(facts, service);
  const http = checks.find((check) => check.kind === 'http');
  const stopSeconds = seconds(service.stop_grace_period) ?? 3;
  const state = statefulMounts(service);
  return {
    entry: {
      prefix,
      ports: main === undefined ? [{ port: 1, mode: 'http' }] : [main, ...ports.slice(1)],
      check: http === undefined ? null : { path: http.path, low: http.low, high: http.high },
      firstHop: (service.ports ?? []).some((each) => each.published !== undefined),
    },
    checks,
    block,
    networks: networkKeys(service).map((key) => realName(facts.config, 'networks', key)),
    stopSeconds,
    plan: {
      adoptable: !findings.some((each) => each.level === 'stop'),
      flipKind: 'http',
      reasons: [
        because,
        state.length === 0
          ? 'It mounts nothing that it writes to, so two releases can run at once.'
          : `You said that two releases may open what it writes to: ${state.join(', ')}.`,
        `Its requests are moved one by one, so it has to speak HTTP${port === null ? '' : ` on ${port}`}; that is checked before anything is switched.`,
      ],
      findings,
      override: block,
      overridePath: facts.overridePath,
      containerPort: port,
      checks: checks.map(explainCheck),
      gap: {
        estimateMs: 1200 + (service.stop_grace_period === undefined ? 0 : stopSeconds * 1000),
        because: `compose stops the container and starts the entry point in its place: about 1.2 s, and up to ${stopSeconds} s more if the service does not stop when asked. It happens this once.`,
      },
    },
  };
}

function obstacles(facts: AdoptFacts, service: ComposeService): Finding[] {
  const found: Finding[] = [];
  const stop = (title: string, text: string, answer?: Finding['answer']) =>
    found.push(finding('stop', title, text, answer));
  if (facts.runsEntry)
    stop(
      'An entry point is in its place',
      `What runs is the entry point of an earlier adoption, and not ${facts.service}. Start it as plain compose first: docker compose up -d ${facts.service}.`,
    );
  if (facts.container === null || !facts.container.running)
    stop('It does not run', 'Only a running service can be adopted. Start it first: docker compose up -d.');
  if (!facts.folderWritable)
    stop(
      'The folder is read-only',
      `${facts.projectFolder} cannot be written by this user, so the override cannot be put there.`,
    );
  if (facts.containers > 1 || (service.deploy?.replicas ?? 1) > 1 || (service.scale ?? 1) > 1)
    stop('Several replicas', 'A service with more than one container cannot be adopted yet.');
  if (service.network_mode !== undefined && service.network_mode !== 'bridge') {
    stop('No network of its own', `network_mode: ${service.network_mode} leaves no place for an entry point.`);
  }
  if ((service.devices?.length ?? 0) > 0) stop('An exclusive device', 'Two releases cannot share a device.');
  if ((service.ports ?? []).some((each) => each.protocol === 'udp'))
    stop('UDP', 'It publishes a UDP port, which the entry point does not forward.');
  const state = statefulMounts(service);
  if (state.length > 0 && facts.options.shareVolumes !== true) {
    stop(
      'State that only one release may open',
      `It writes to ${state.join(', ')}. If two releases may open that at once (uploads, caches), say so; a database or SQLite may not.`,
      'shareVolumes',
    );
  }
  if (facts.managedBy !== null)
    stop(
      `${facts.managedBy} manages it`,
      `${facts.managedBy} would overwrite the entry point at its next deploy. Turn that off for this service first.`,
    );
  if (facts.overrideServices.includes(facts.service)) {
    stop(
      'The override sets it already',
      `${facts.overridePath} has lines for ${facts.service}. Move them into the compose file, then adopt.`,
    );
  }
  const others = facts.configFiles.filter((file) => file !== facts.overridePath);
  if (others.length > 1) {
    stop(
      'Several compose files',
      `The stack was started from ${others.join(', ')}: compose would not read the override by itself. Make it one compose file first.`,
    );
  } else if (others[0] !== undefined && !isReadByItself(others[0], facts.projectFolder)) {
    stop(
      'A compose file of another name',
      `The stack was started from ${others[0]}: compose would not read the override by itself. Name it compose.yaml in ${facts.projectFolder} first.`,
    );
  }
  return found;
}

/** Compose looks for an override only beside a file of these names. */
const isReadByItself = (file: string, folder: string): boolean =>
  /^(?:docker-)?compose\.ya?ml$/.test(file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : '');

const harmlessTargets =
  /^\/(?:etc\/(?:localtime|timezone)|var\/run\/docker\.sock|run\/docker\.sock|tmp|dev\/shm)(?:\/|$)/;

const statefulMounts = (service: ComposeService): string[] =>
  (service.volumes ?? [])
    .filter((each) => each.type !== 'tmpfs' && !each.read_only && !harmlessTargets.test(each.target))
    .map((each) => each.target);

function choosePorts(facts: AdoptFacts, service: ComposeService): { ports: EntryPort[]; because: string } {
  const published = (service.ports ?? []).filter((each) => each.protocol === 'tcp').map((each) => each.target);
  const exposed = (service.expose ?? []).map(Number).filter((each) => Number.isInteger(each) && each > 0);
  const labelled = Object.entries(service.labels ?? {}).flatMap(([key, value]) => {
    const traefik = /\.loadbalancer\.server\.port$/.test(key) ? Number(value) : Number.NaN;
    const caddy = /reverse_proxy$/.test(key)
      ? Number(/\{\{upstreams (?:http )?(\d+)\}\}/.exec(String(value))?.[1])
      : Number.NaN;
    return [traefik, caddy].filter((each) => Number.isInteger(each));
  });
  const virtual = Number(service.environment?.VIRTUAL_PORT ?? Number.NaN);
  const candidates: [number[], string][] = [
    [facts.options.port === undefined ? [] : [facts.options.port], 'the port you named'],
    [labelled, 'its proxy labels'],
    [Number.isInteger(virtual) ? [virtual] : [], 'VIRTUAL_PORT'],
    [published, 'its published port'],
    [exposed, 'its exposed port'],
    [facts.container?.exposedPorts ?? [], 'what its image exposes'],
  ];
  const [main, because] =
    candidates.map(([list, words]) => [list[0], words] as const).find(([port]) => port !== undefined) ?? [];
  if (main === undefined) return { ports: [], because: 'No port was found.' };
  const more = [...new Set([...published, ...exposed])].filter((port) => port !== main);
  return {
    ports: [{ port: main, mode: 'http' }, ...more.map((port): EntryPort => ({ port, mode: 'tcp' }))],
    because: `It listens on ${main}, as ${because} says.`,
  };
}

function chooseChecks(facts: AdoptFacts, service: ComposeService, port: number): Check[] {
  const test = service.healthcheck?.disable === true ? [] : (service.healthcheck?.test ?? []);
  const path = facts.options.checkPath ?? guessCheckPath(test);
  const http: Check =
    path === null
      ? { kind: 'http', port, path: '/', low: 200, high: 499, contains: '' }
      : { kind: 'http', port, path, low: 200, high: 399, contains: '' };
  const ownCheck: Check[] = test.length > 0 && test[0] !== 'NONE' ? [{ kind: 'container' }] : [];
  return [http, ...ownCheck];
}

function consequences(facts: AdoptFacts, service: ComposeService, port: number): Finding[] {
  const name = facts.container?.name ?? facts.service;
  const found = [
    finding(
      'note',
      'What changes for you',
      `docker exec, docker logs, cron lines and monitors that name ${name} reach the entry point from now on. .switchyard/bin/live ${serviceSlug(facts.service)} prints the live container, .switchyard/bin/exec runs a command in it.`,
    ),
  ];
  if (facts.mentions.length > 0)
    found.push(finding('warning', 'Scripts that name it', `These name ${name}: ${facts.mentions.join(', ')}.`));
  if ((service.ports ?? []).some((each) => each.published !== undefined)) {
    found.push(
      finding(
        'note',
        'Who the client is',
        'The service sees the entry point as its peer. The client’s address comes last in X-Forwarded-For, behind what the client says of itself; if the service keeps a list of trusted proxies, add this network to it. A proxy that runs on the server outside of Docker and sends to this port is such a client: the service then has two proxies to trust.',
      ),
    );
  }
  const proxies = Object.keys(service.environment ?? {}).filter((key) =>
    /trusted_?prox|real_?ip|forwarded_allow/i.test(key),
  );
  if (proxies.length > 0)
    found.push(
      finding(
        'warning',
        'It has a list of trusted proxies',
        `${proxies.join(', ')} should name the entry point’s network too.`,
      ),
    );
  const shared = statefulMounts(service);
  if (shared.length > 0)
    found.push(
      finding(
        'warning',
        'Both releases write',
        `${shared.join(', ')} is mounted by both slots. Flip back returns the program, not the data.`,
      ),
    );
  if (service.restart === undefined || service.restart === 'no') {
    found.push(
      finding(
        'warning',
        'It does not come back by itself',
        'The service has no restart policy, so neither it nor its entry point starts again with the engine.',
      ),
    );
  }
  if (port > 0 && service.build !== undefined && service.image === undefined) {
    found.push(
      finding(
        'note',
        'Built here',
        'The image is built on this server, so its releases are pinned by image id, not by a registry’s digest.',
      ),
    );
  }
  return found;
}

function seconds(text: string | undefined): number | null {
  const found = text === undefined ? null : /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  return found === null ? null : Number(found[1] ?? 0) * 60 + Number(found[2] ?? 0);
}

/** Keys that stay as the operator wrote them; each other key that the service sets is reset, for it is the slot's now. */
const kept = new Set([
  'image',
  'ports',
  'networks',
  'labels',
  'restart',
  'container_name',
  'expose',
  'logging',
  'profiles',
  'annotations',
  'extra_hosts',
  'dns',
  'mac_address',
]);
const replaced = new Set([
  'entrypoint',
  'environment',
  'volumes',
  'healthcheck',
  'user',
  'stop_signal',
  'stop_grace_period',
  'pull_policy',
]);
const alwaysReset = ['command', 'depends_on', 'env_file'];

/** Whether our lines in an override take this key away and never set it. */
export const isResetKey = (key: string): boolean => !kept.has(key) && !replaced.has(key);

/** The override's lines for one service, between markers, indented by two under `services:` (SPEC AD2). */
export function renderOverrideBlock(
  facts: Pick<AdoptFacts, 'config' | 'service' | 'projectFolder' | 'user' | 'dockerMajor'>,
  service: ComposeService,
): string {
  const folder = `${stateFolder(facts.projectFolder)}/${serviceSlug(facts.service)}/entry`;
  const proxyVariables = Object.entries(service.environment ?? {}).filter(([key]) => isProxyVariable(key));
  const resets = [
    ...new Set([...alwaysReset, ...Object.keys(service).filter((key) => !kept.has(key) && !replaced.has(key))]),
  ].sort();
  const lines = [
    `${facts.service}:`,
    `  image: ${entryImage}`,
    `  entrypoint: !override ["haproxy", "-db", "-f", "${entryFolderInside}/haproxy.cfg"]`,
    `  user: ${JSON.stringify(facts.user)}`,
    ...resets.map((key) => `  ${key}: !reset null`),
    ...(proxyVariables.length === 0
      ? ['  environment: !reset null']
      : [
          '  environment: !override',
          ...proxyVariables.map(([key, value]) => `    ${key}: ${JSON.stringify(String(value ?? ''))}`),
        ]),
    '  volumes: !override',
    `    - type: bind`,
    `      source: ${JSON.stringify(escapeDollar(folder))}`,
    `      target: ${entryFolderInside}`,
    '  healthcheck: !override',
    `    test: ["CMD", "bash", "-c", "exec 5<>/dev/tcp/127.0.0.1/9999 && echo 'show stat -1 4 -1' >&5 && grep -q ,UP <&5"]`,
    // An exec every five minutes, because thirty of them must leave the server asleep; engines since 25 start quicker.
    ...(facts.dockerMajor >= 25
      ? ['    interval: 5m', '    timeout: 10s', '    start_period: 60s', '    start_interval: 1s']
      : ['    interval: 30s', '    timeout: 10s', '    start_period: 60s']),
    '  stop_signal: SIGUSR1',
    '  stop_grace_period: 5s',
    '  labels:',
    ...Object.entries({
      [labels.stack]: facts.config.name,
      [labels.service]: facts.service,
      [labels.root]: escapeDollar(stateFolder(facts.projectFolder)),
      ...optOutLabels,
    }).map(([key, value]) => `    ${renderScalar(key)}: ${JSON.stringify(value)}`),
  ];
  return `${lines.map((line) => `  ${line}`).join('\n')}\n`;
}
