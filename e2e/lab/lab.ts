import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type CommandOptions, type CommandResult, run } from '../../build/setup/command.ts';
import { withLock } from '../../build/setup/lock.mjs';
import { type Log, logToStderr, renderSeconds, timed } from '../../build/setup/progress.ts';
import { ensureDockerEngine, ensureSystemPackages } from '../../build/setup/system.ts';
import { docker, inspectContainers, labLabel, readDocker } from './engine.ts';
import { fingerprint } from './fingerprint.ts';
import { admitUsers, containerOf, ensureContainer, homeServerArgs, waitForServer } from './home-server.ts';
import { type BuiltImage, ensureImages, listLabImages } from './images.ts';
import type { Recipe, RecipeName } from './recipe.ts';
import { crowd } from './recipes/crowd.ts';
import { featherA, featherB } from './recipes/feather.ts';
import { shop } from './recipes/shop.ts';
import { traefik } from './recipes/traefik.ts';
import { ensureRegistry, Registry } from './registry.ts';
import { renderKnownHosts, renderSshConfig, type SshHost } from './ssh-config.ts';
import { renderResetScript } from './stack-script.ts';
import { type LabPlace, type LabState, labPlace, loadState, saveState } from './state.ts';

/** All recipes, by name. */
export const recipes: Readonly<Record<RecipeName, Recipe>> = {
  shop,
  traefik,
  crowd,
  'feather-a': featherA,
  'feather-b': featherB,
};

export function isRecipeName(name: string): name is RecipeName {
  return Object.hasOwn(recipes, name);
}

/** A home server of the lab, as a test reaches it. */
export interface LabHost {
  name: string;
  /** The container of the outer engine that is this server. */
  container: string;
  /** Its address in the lab's network, reachable from this machine when that runs Linux: a load loop goes there without the outer engine's own forwarder. Changes when the server restarts. */
  address: string;
  /** On 127.0.0.1. */
  sshPort: number;
  user: string;
  keyPath: string;
  /** A key of the same rights under a passphrase, `lockedKeyPassphrase`. */
  lockedKeyPath: string;
  knownHostsPath: string;
  /** The password of `home` and of `guest`, who is not in group docker. */
  password: string;
  /** What answers there to a port of 127.0.0.1. */
  http: Record<string, number>;
  /** Stack name to its folder on the server. */
  stacks: Record<string, string>;
}

/** Of every host's lockedKeyPath. */
export const lockedKeyPassphrase = 'correct horse';

export interface ExecOptions extends CommandOptions {
  /** `home` when absent. */
  user?: string;
}

/** A lab that is up. */
export interface Lab {
  folder: string;
  hosts: Record<string, LabHost>;
  /** For `ssh -F`. */
  sshConfigPath: string;
  registry: Registry;
  /** The host of that name; throws when it is not up. */
  host(name: string): LabHost;
  /**
   * Runs something on a server as user `home` in its home folder, past sshd: an argv as it is, a text by bash.
   * Throws CommandError as run() does.
   */
  exec(host: string, command: readonly string[] | string, options?: ExecOptions): Promise<CommandResult>;
  /** Makes a recipe's stacks pristine: never adopted, first versions, new volumes; later versions are pulled anew. The proxy of `traefik` is left alone. */
  reset(recipe: RecipeName): Promise<void>;
}

export interface UpOptions {
  log?: Log;
  /** Where keys and state are; out/lab when absent. Another folder is another lab. */
  folder?: string;
}

/**
 * Brings up these recipes, beside those that are up already. Safe to call again and from several processes: what is there
 * from the same inputs is left as it is, whatever tests did to it (reset() undoes that).
 */
export async function upLab(names: readonly RecipeName[], options: UpOptions = {}): Promise<Lab> {
  const log = options.log ?? logToStderr;
  const place = labPlace(options.folder);
  return withLock(
    `lab ${place.folder}`,
    () => log('Another process is working on the lab; waiting for it ...'),
    async () => {
      const startedMs = performance.now();
      await ensureDockerEngine(log);
      await ensureSystemPackages(['openssh-client'], log);
      const state = await loadState(place, newPassword);
      const wanted = [...new Set([...state.recipes.filter(isRecipeName), ...names])];
      await ensureKeys(place);

      const imageNames = [...new Set(['host', ...wanted.flatMap((name) => recipes[name].images)])];
      // Labs share images: what another one is building is worth waiting for.
      const images = await withLock(
        'lab images',
        () => log('Another lab is building images; waiting for it ...'),
        () => ensureImages(imageNames, log),
      );
      const hostImage = imageNamed(images, 'host');
      await docker(['network', 'create', '--label', `${labLabel}=${place.id}`, place.prefix], { okCodes: [0, 1] });
      try {
        // Servers boot while the registry fills.
        const servers = Promise.all(wanted.map((name) => ensureServer(place, state, recipes[name], hostImage, log)));
        await Promise.all([servers, ensureRegistry(place, state, aliasesOf(wanted), images, hostImage, log)]);
        await writeSshFiles(place, state, wanted);
        for (const name of wanted) await provision(place, state, recipes[name], images, log);
        state.recipes = wanted;
      } finally {
        await saveState(place, state);
      }
      log(`The lab is up: ${wanted.join(', ')} (${renderSeconds(performance.now() - startedMs)})`);
      return describeLab(place, state);
    },
  );
}

/** The lab that is up, without a look at whether it should be another; throws when none is. Quick: one call to the engine. */
export async function openLab(options: Pick<UpOptions, 'folder'> = {}): Promise<Lab> {
  const place = labPlace(options.folder);
  const state = await loadState(place, newPassword);
  if (state.recipes.length === 0) throw new Error('the lab is not up. Type: npm run lab -- up');
  return describeLab(place, state);
}

/** Removes servers, registry and network. Images stay, in both engines, so that the next `up` is quick; with `images` they and all volumes go too. */
export async function downLab(options: UpOptions & { images?: boolean } = {}): Promise<void> {
  const log = options.log ?? logToStderr;
  const place = labPlace(options.folder);
  await withLock(
    `lab ${place.folder}`,
    () => log('Another process is working on the lab; waiting for it ...'),
    async () => {
      const state = await loadState(place, newPassword);
      const containers = (await readDocker(['ps', '-aq', '--filter', `label=${labLabel}=${place.id}`]))
        .split('\n')
        .filter(Boolean);
      if (containers.length > 0)
        await timed(log, 'Servers and registry removed', () => docker(['rm', '-f', '-v', ...containers]));
      await docker(['network', 'rm', place.prefix], { okCodes: [0, 1] });
      if (options.images === true) {
        const volumes = (await readDocker(['volume', 'ls', '-q', '--filter', `name=^${place.prefix}-`]))
          .split('\n')
          .filter(Boolean);
        if (volumes.length > 0) await docker(['volume', 'rm', ...volumes]);
        const images = await listLabImages();
        if (images.length > 0)
          await timed(log, 'Images removed', () => docker(['image', 'rm', '-f', ...images], { okCodes: [0, 1] }));
        await rm(place.folder, { recursive: true, force: true });
        return;
      }
      state.recipes = [];
      state.hosts = {};
      state.provisioned = {};
      state.registry = { containerId: '', published: {} };
      await saveState(place, state);
    },
  );
}

function newPassword(): string {
  return randomBytes(9).toString('base64url');
}

function aliasesOf(names: readonly RecipeName[]): Record<string, string> {
  return Object.assign({}, ...names.map((name) => recipes[name].aliases));
}

function imageNamed(images: ReadonlyMap<string, BuiltImage>, name: string): BuiltImage {
  const image = images.get(name);
  if (image === undefined) throw new Error(`image ${name} was not built`);
  return image;
}

const keyPathOf = (place: LabPlace) => path.join(place.folder, 'id_ed25519');
const lockedKeyPathOf = (place: LabPlace) => path.join(place.folder, 'id_ed25519_locked');
const knownHostsPathOf = (place: LabPlace) => path.join(place.folder, 'known_hosts');
const sshConfigPathOf = (place: LabPlace) => path.join(place.folder, 'ssh_config');

async function ensureKeys(place: LabPlace): Promise<void> {
  await mkdir(path.dirname(place.folder), { recursive: true });
  await mkdir(place.folder, { recursive: true, mode: 0o700 });
  for (const [file, passphrase] of [
    [keyPathOf(place), ''],
    [lockedKeyPathOf(place), lockedKeyPassphrase],
  ] as const) {
    if (existsSync(file)) continue;
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', passphrase, '-C', 'switchyard lab', '-f', file]);
  }
}

async function ensureServer(
  place: LabPlace,
  state: LabState,
  recipe: Recipe,
  image: BuiltImage,
  log: Log,
): Promise<void> {
  const { host } = recipe;
  const container = await ensureContainer(place, state, {
    host,
    image: image.reference,
    inputs: image.inputs,
    ports: [22, ...Object.values(recipe.http)],
    args: homeServerArgs(place, host),
    command: [],
  });
  const sshPort = state.ports[`${host}:22`] ?? 0;
  if (state.hosts[host]?.containerId === container.id) {
    await waitForServer(container.name, sshPort);
    return;
  }
  await timed(log, `Server ${host} booted`, () => waitForServer(container.name, sshPort));
  const hostKey = await admitUsers(
    container.name,
    [`${keyPathOf(place)}.pub`, `${lockedKeyPathOf(place)}.pub`],
    state.password,
  );
  state.hosts[host] = { containerId: container.id, hostKey };
}

async function writeSshFiles(place: LabPlace, state: LabState, names: readonly RecipeName[]): Promise<void> {
  const hosts: SshHost[] = names.map((name) => {
    const { host } = recipes[name];
    return {
      name: host,
      port: state.ports[`${host}:22`] ?? 0,
      user: 'home',
      keyPath: keyPathOf(place),
      knownHostsPath: knownHostsPathOf(place),
      hostKey: state.hosts[host]?.hostKey ?? '',
    };
  });
  await writeFile(knownHostsPathOf(place), renderKnownHosts(hosts));
  await writeFile(sshConfigPathOf(place), renderSshConfig(hosts));
}

async function provision(
  place: LabPlace,
  state: LabState,
  recipe: Recipe,
  images: ReadonlyMap<string, BuiltImage>,
  log: Log,
): Promise<void> {
  const containerId = state.hosts[recipe.host]?.containerId ?? '';
  const stacks = await recipe.stacks();
  // An image that was made anew is another one under the same tag: a stack of the old one would no longer be what the registry has.
  const inputs = fingerprint(JSON.stringify(stacks), ...recipe.images.map((name) => imageNamed(images, name).inputs));
  const done = state.provisioned[recipe.name];
  if (done?.containerId === containerId && done.inputs === inputs) return;
  await timed(log, `Stacks of ${recipe.name} started on ${recipe.host}`, () => resetRecipe(place, recipe, true));
  state.provisioned[recipe.name] = { containerId, inputs };
}

async function resetRecipe(place: LabPlace, recipe: Recipe, fromRegistry: boolean): Promise<void> {
  const script = renderResetScript(await recipe.stacks(), recipe, { fromRegistry });
  await docker(['exec', '-i', containerOf(place, recipe.host), 'bash', '-s'], { input: script, timeoutMs: 600_000 });
}

async function describeLab(place: LabPlace, state: LabState): Promise<Lab> {
  const names = state.recipes.filter(isRecipeName);
  const found = await inspectContainers(names.map((name) => containerOf(place, recipes[name].host)));
  const hosts: Record<string, LabHost> = {};
  for (const name of names) {
    const recipe = recipes[name];
    const { host } = recipe;
    const container = containerOf(place, host);
    hosts[host] = {
      name: host,
      container,
      address: found.get(container)?.address ?? '',
      sshPort: state.ports[`${host}:22`] ?? 0,
      user: 'home',
      keyPath: keyPathOf(place),
      lockedKeyPath: lockedKeyPathOf(place),
      knownHostsPath: knownHostsPathOf(place),
      password: state.password,
      http: Object.fromEntries(
        Object.entries(recipe.http).map(([what, port]) => [what, state.ports[`${host}:${port}`] ?? 0]),
      ),
      stacks: Object.fromEntries((await recipe.stacks()).map((stack) => [stack.name, `/home/home/${stack.name}`])),
    };
  }
  const lab: Lab = {
    folder: place.folder,
    hosts,
    sshConfigPath: sshConfigPathOf(place),
    registry: new Registry(containerOf(place, 'registry'), state.ports['registry:5000'] ?? 0),
    host(name) {
      const host = hosts[name];
      if (host === undefined)
        throw new Error(`the lab has no host named ${name}; it has: ${Object.keys(hosts).join(', ')}`);
      return host;
    },
    exec(name, command, options = {}) {
      const { user = 'home', ...rest } = options;
      const home = user === 'root' ? '/root' : `/home/${user}`;
      const argv = typeof command === 'string' ? ['bash', '-c', command] : command;
      const container = lab.host(name).container;
      return docker(
        ['exec', '-i', '-u', user, '-w', home, '-e', `HOME=${home}`, '-e', `USER=${user}`, container, ...argv],
        rest,
      );
    },
    async reset(recipe) {
      await resetRecipe(place, recipes[recipe], false);
    },
  };
  return lab;
}

/** One server in the answer of status. */
export interface HostStatus extends LabHost {
  state: 'running' | 'stopped' | 'absent';
  containers: number;
  stackStates: Record<string, string>;
}

/** What is up, asked and not remembered. */
export async function labStatus(options: Pick<UpOptions, 'folder'> = {}): Promise<{
  up: boolean;
  folder: string;
  sshConfigPath: string;
  registry: { name: string; port: number; state: string };
  hosts: HostStatus[];
}> {
  const place = labPlace(options.folder);
  const state = await loadState(place, newPassword);
  const lab = await describeLab(place, state);
  const found = await inspectContainers([
    ...Object.values(lab.hosts).map((host) => host.container),
    lab.registry.container,
  ]);
  const stateOf = (container: string) =>
    found.get(container) === undefined ? 'absent' : found.get(container)?.running === true ? 'running' : 'stopped';
  const hosts = await Promise.all(
    Object.values(lab.hosts).map(async (host): Promise<HostStatus> => {
      const hostState = stateOf(host.container);
      const base = { ...host, state: hostState, containers: 0, stackStates: {} } satisfies HostStatus;
      if (hostState !== 'running') return base;
      const { stdout } = await lab.exec(host.name, `docker compose ls --all --format json && docker ps -q | wc -l`, {
        okCodes: [0, 1],
      });
      const [json = '[]', count = '0'] = stdout.trim().split('\n');
      const stacks = JSON.parse(json || '[]') as { Name: string; Status: string }[];
      return {
        ...base,
        containers: Number(count),
        stackStates: Object.fromEntries(stacks.map((stack) => [stack.Name, stack.Status])),
      };
    }),
  );
  return {
    up: state.recipes.length > 0 && hosts.every((host) => host.state === 'running'),
    folder: place.folder,
    sshConfigPath: lab.sshConfigPath,
    registry: { name: lab.registry.name, port: lab.registry.port, state: stateOf(lab.registry.container) },
    hosts,
  };
}
