import { spawn } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import { expect } from 'vitest';
import type { Failure } from '../../src/core/failure.ts';
import type { Job, Verb } from '../../src/core/job.ts';
import type { Result } from '../../src/core/result.ts';
import type { Service } from '../../src/core/stack-map.ts';
import type { ServiceName, Session, VerbOptions } from '../../src/engine/session.ts';
import { createSession } from '../../src/wiring/session.ts';
import type { Lab } from '../lab/lab.ts';

const repository = path.join(import.meta.dirname, '../..');

/** A session as the app and the command line make it, connected to a server of the lab. The caller closes it. */
export async function connectTo(lab: Lab, host: string, options: { by?: string; target?: string } = {}) {
  const session = createSession({
    target: options.target ?? host,
    sshConfigPath: lab.sshConfigPath,
    by: options.by ?? 'tester@journey',
    kitFolder: path.join(repository, 'resources/server'),
  });
  const connection = await session.connect();
  if (connection.kind !== 'connected') {
    session.close();
    throw new Error(`no link to ${host}: ${JSON.stringify(connection)}`);
  }
  return session;
}

export type Ended = { job: Job | null; failure: Failure | null; outcome: Job['state'] | 'not-started' };

/** Starts a verb and waits for its end, whichever that is. */
export async function act(
  session: Session,
  name: ServiceName,
  verb: Verb,
  options: VerbOptions = {},
  timeoutMs = 120_000,
): Promise<Ended> {
  const started = await session.start(name, verb, options);
  if (!started.ok) return { job: null, failure: started.failure, outcome: 'not-started' };
  return endOf(session, started.value, timeoutMs);
}

export async function endOf(session: Session, job: Job, timeoutMs = 120_000): Promise<Ended> {
  const ended = await session.ended(job.stack, job.id, AbortSignal.timeout(timeoutMs));
  if (!ended.ok) return { job: null, failure: ended.failure, outcome: 'not-started' };
  return { job: ended.value, failure: ended.value.failure, outcome: ended.value.state };
}

/** As `act`, for what has to work: throws with the job's own words when it does not. */
export async function completes(
  session: Session,
  name: ServiceName,
  verb: Verb,
  options: VerbOptions = {},
): Promise<Job> {
  const { job, failure, outcome } = await act(session, name, verb, options);
  if (job !== null && outcome === 'completed') return job;
  const log = job === null ? '' : await session.jobLog(name.stack, job.id).then((log) => (log.ok ? log.value : ''));
  throw new Error(
    `${verb} of ${name.stack}/${name.service}: ${outcome} ${JSON.stringify(failure)}\n${log.slice(-2000)}`,
  );
}

export function granted<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}

/** A service on the session's map. */
export function serviceOn(session: Session, name: ServiceName): Service {
  const found = session
    .map()
    ?.stacks.find((stack) => stack.name === name.stack)
    ?.services.find((service) => service.name === name.service);
  if (found === undefined) throw new Error(`${name.stack}/${name.service} is not on the map`);
  return found;
}

export type Answer = { status: number; release: string; body: string };

/** One request on a connection of its own, never repeated. */
export function get(host: string, port: number, route = '/'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host, port, path: route, agent: false, timeout: 10_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, release: String(response.headers['x-release'] ?? ''), body }),
      );
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 10 s')));
    request.on('error', reject);
  });
}

/** What makes a container the same one: nobody replaced, restarted or stopped it. */
export async function identities(lab: Lab, host: string, ...containers: string[]): Promise<string> {
  const format = '{{.Name}} {{.Id}} {{.State.StartedAt}} restarts={{.RestartCount}}';
  return (await lab.exec(host, ['docker', 'inspect', '--format', format, ...containers])).stdout;
}

/** A stack's whole configuration as compose resolves it, read in its folder as an operator would. */
export async function composeConfig(lab: Lab, host: string, folder: string): Promise<Record<string, unknown>> {
  const { stdout } = await lab.exec(host, `cd ${quoted(folder)} && docker compose config --format json`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** The same without the services' images. */
export function withoutImages(config: Record<string, unknown>): unknown {
  const services = (config.services ?? {}) as Record<string, Record<string, unknown>>;
  return {
    ...config,
    services: Object.fromEntries(
      Object.entries(services).map(([name, { image: _image, ...service }]) => [name, service]),
    ),
  };
}

export async function fileOn(lab: Lab, host: string, file: string): Promise<string> {
  return (await lab.exec(host, ['cat', file])).stdout;
}

/** Everything below a folder but what jobs leave behind, as one text: names, modes, bytes. To say “nothing was changed”. */
export async function folderPrint(lab: Lab, host: string, folder: string): Promise<string> {
  const script = `cd ${quoted(folder)} && find . \\( -path ./.switchyard/jobs -o -path ./.switchyard/journal -o -path ./.switchyard/lock -o -path ./.switchyard/feed.ndjson \\) -prune -o -printf '%p %m %l\\n' | sort; find . -type f ! -path './.switchyard/jobs/*' ! -path './.switchyard/journal/*' ! -path './.switchyard/lock/*' ! -name feed.ndjson -exec sha256sum {} + | sort -k2`;
  return (await lab.exec(host, script, { user: 'root' })).stdout;
}

export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Where a service answers, and where its files are. */
export type Place = {
  lab: Lab;
  host: string;
  folder: string;
  name: ServiceName;
  at: () => { host: string; port: number };
};

/**
 * What holds after everything that is done to an adopted service: live.map names one slot, the container of that slot runs the
 * current release, and what answers is that release. Returns its version.
 */
export async function oneIsLive(place: Place, version?: string): Promise<string> {
  const { lab, host, folder, name } = place;
  const state = `${folder}/.switchyard/${name.service}`;
  const map = (await fileOn(lab, host, `${state}/entry/live.map`)).trim();
  expect(map).toMatch(/^live (blue|green)-(watching|settled)$/);
  const slot = map.slice(5).split('-')[0];
  const release = JSON.parse(await fileOn(lab, host, `${state}/current/release.json`)) as {
    slot: string;
    number: string;
    imageVersion: string;
  };
  expect(release.slot, 'current is the release in the slot that live.map names').toBe(slot);
  const container = await lab.exec(host, [
    ...['docker', 'inspect', '--format', '{{.State.Running}} {{index .Config.Labels "dev.switchyard.release"}}'],
    `${name.stack}--${name.service}--${slot}`,
  ]);
  expect(container.stdout.trim()).toBe(`true ${release.number}`);
  const { host: address, port } = place.at();
  const answer = await get(address, port, '/version');
  expect(answer.status).toBe(200);
  expect(answer.release, 'the release that answers is current').toBe(release.imageVersion);
  if (version !== undefined) expect(answer.release).toBe(version);
  return answer.release;
}

/** The shop's frontend on `home`, through the port it publishes. */
export function frontendOf(lab: Lab): Place {
  return {
    lab,
    host: 'home',
    folder: '/home/home/shop',
    name: { stack: 'shop', service: 'frontend' },
    at: () => ({ host: lab.host('home').address, port: 8080 }),
  };
}

/** Writes the image: line of a service of the shop, as an operator does in an editor. */
export async function editImage(place: Place, version: string, file = 'compose.yaml'): Promise<void> {
  const { lab, host, folder, name } = place;
  await lab.exec(host, `sed -i 's#\\(shop/${name.service}:\\)[0-9.]*#\\1${version}#' ${quoted(`${folder}/${file}`)}`);
}

export const frontendImage = (version: string): string => `registry.lab:5000/shop/frontend:${version}`;
export const backendImage = (version: string): string => `registry.lab:5000/shop/backend:${version}`;

export type CommandLineResult = { code: number | null; stdout: string; stderr: string };

/** The command line as a child process. Without a signal it is waited for at most 150 s. */
export function commandLine(lab: Lab, ...argv: string[]): Promise<CommandLineResult> {
  return startCommandLine(lab, ...argv).ended;
}

export function startCommandLine(lab: Lab, ...argv: string[]) {
  const child = spawn(process.execPath, [path.join(repository, 'src/cli/main.ts'), ...argv, '-F', lab.sshConfigPath], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 150_000,
  });
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      printed[stream] += chunk;
    });
  }
  const ended = new Promise<CommandLineResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...printed }));
  });
  return { child, printed, ended };
}
