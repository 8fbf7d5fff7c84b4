import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostView } from '../../src/contract/views.ts';
import type { Session } from '../../src/engine/session.ts';
import { createLog } from '../../src/main/log/log.ts';
import { createNotifier } from '../../src/main/notify/notifier.ts';
import { eventually } from '../../src/testkit/eventually.ts';
import { act, commandLine, completes, connectTo, granted, serviceOn } from '../journeys/journey.ts';
import { theLab } from '../journeys/the-lab.ts';
import type { Lab } from '../lab/lab.ts';
import { ofKind, planted, toldIn } from './planted.ts';

const name = { stack: 'vault', service: 'web' };
const folder = '/home/home/vault';
const base = 'registry.lab:5000/shop/frontend:1.0.0';
const image = 'registry.lab:5000/vault/web:1';

/** A stack's compose file, as JSON is one. `$` is compose's own, so that it is written twice. */
function composeFile(mode: string): string {
  const text = (value: string) => value.replaceAll('$', '$$$$');
  const environment = ofKind('environment', 'version', 'short').map(({ name: key, value }) => [key, text(value)]);
  const spoken = Buffer.from(JSON.stringify(ofKind('printed').map(({ value }) => value))).toString('base64');
  const [password, token] = ofKind('command');
  const [check] = ofKind('health-check');
  return JSON.stringify({
    services: {
      web: {
        image,
        entrypoint: ['node', '/planted/app.mjs'],
        command: [`--password=${password?.value}`, '--db-token', token?.value],
        environment: { MODE: mode, SPOKEN: spoken, ...Object.fromEntries(environment) },
        env_file: ['planted.env'],
        labels: Object.fromEntries(ofKind('label').map(({ name: key, value }) => [key, value])),
        healthcheck: { test: ['CMD-SHELL', `true || wget http://probe:${check?.value}@localhost/`], interval: '30s' },
        volumes: ['./app.mjs:/planted/app.mjs:ro'],
        expose: ['3000'],
        restart: 'unless-stopped',
      },
    },
  });
}

let lab: Lab;
let session: Session;
const local = mkdtempSync(path.join(tmpdir(), 'switchyard-secrets-'));
/** All that the session told, and the notifications made of it. */
const told: string[] = [];
const notices: string[] = [];

const put = (file: string, text: string) =>
  lab.exec('home', `echo ${Buffer.from(text).toString('base64')} | base64 -d >${folder}/${file}`);
const write = (mode: string) => put('compose.yaml', composeFile(mode));

beforeAll(async () => {
  lab = await theLab('shop');
  const [version] = ofKind('version');
  await lab.exec(
    'home',
    `docker rm -f $(docker ps -aq --filter label=com.docker.compose.project=vault --filter label=dev.switchyard.stack=vault) 2>/dev/null; docker ps -aq --filter name=vault | xargs -r docker rm -f; rm -rf ${folder}; mkdir -p ${folder}`,
  );
  await put('app.mjs', readFileSync(path.join(import.meta.dirname, 'app.mjs'), 'utf8'));
  await put(
    'planted.env',
    ofKind('env-file')
      .map(({ name: key, value }) => `${key}=${value}\n`)
      .join(''),
  );
  await write('serves');
  // An image whose version says more than it should.
  await lab.exec(
    'home',
    `docker pull -q ${base} && docker create --name vault-seed ${base} && docker commit --change 'LABEL org.opencontainers.image.version="1.0 --token=${version?.value}"' vault-seed ${image} && docker rm vault-seed && docker push -q ${image}; cd ${folder} && docker compose up -d`,
  );
  await lab.exec(
    'home',
    `nohup sh -c 'while [ -d ${folder} ]; do ps -eo args; sleep 0.05; done' >/tmp/vault-ps 2>/dev/null </dev/null & echo $! >/tmp/vault-ps.pid`,
  );
  session = await connectTo(lab, 'home', { by: 'tester@secrets' });
  const log = createLog(local);
  const notifier = createNotifier(({ title, body }) => notices.push(`${title}: ${body}`));
  session.onChange(() => {
    const [connection, map, jobs] = [session.connection(), session.map(), session.jobs()];
    told.push(JSON.stringify([connection, map, jobs]));
    notifier.look({ id: 'home', target: 'home', connection, map, jobs } as HostView);
    for (const { failure } of jobs) if (failure !== null) log.error(failure.message, failure.detail);
  });
});
afterAll(async () => {
  session?.close();
  rmSync(local, { recursive: true, force: true });
  await lab?.exec(
    'home',
    `kill $(cat /tmp/vault-ps.pid); cd ${folder} && docker compose down -t 1 -v; docker ps -aq --filter name=vault | xargs -r docker rm -f; rm -rf ${folder} /tmp/vault-ps*`,
  );
});

test('there are sixty of them, each found by its own mark', () => {
  expect(planted.length).toBeGreaterThanOrEqual(60);
  expect(new Set(planted.map(({ mark }) => mark)).size).toBe(planted.length);
  for (const each of planted) expect(toldIn(`x ${each.value} y`)).toEqual([`${each.kind} ${each.name} (${each.mark})`]);
});

test('SE1 SE3 a plan of adoption tells none, and what it shows on request is the file that is written', async () => {
  const hidden = granted(await session.planAdopt(name, { port: 3000 }));
  expect(hidden.adoptable).toBe(true);
  expect(toldIn(JSON.stringify(hidden))).toEqual([]);
  await completes(session, name, 'adopt', { port: 3000, checkPath: '/' });
});

test('SE3 SE4 a release that ends at its start tells its last line, and none of what it was given', async () => {
  await write('exits');
  const { job, failure, outcome } = await act(session, name, 'deploy');
  expect([outcome, failure?.code]).toEqual(['aborted', 'exited-at-start']);
  expect(failure?.detail).toMatch(/: fatal: .*•••/);
  expect(toldIn(JSON.stringify(job))).toEqual([]);
});

test('SE3 a release whose checks fail tells none of what it answers', async () => {
  await write('is-sick');
  const started = granted(await session.start(name, 'deploy', { again: true }));
  await eventually('its check is told', () =>
    session.jobs().some(({ id, steps }) => id === started.id && steps.some(({ text }) => text?.includes('HTTP 500'))),
  );
  granted(await session.stop(name.stack, started.id));
  granted(await session.ended(name.stack, started.id));
});

test('SE3 a flip that goes back by itself says why, and tells none', async () => {
  await write('falls-later');
  await completes(session, name, 'deploy', { replace: true, again: true });
  await completes(session, name, 'flip', { watchMinutes: 5 });
  const slot = serviceOn(session, name).live;
  await lab.exec('home', `docker exec vault--web--${slot} node -e "fetch('http://127.0.0.1:3000/fall')"`);
  await eventually('it went back', () => serviceOn(session, name).switch.kind === 'went-back');
  expect(notices.length).toBeGreaterThan(0);
});

test('SE1 a comparison tells what was changed, and the values only to who asks', async () => {
  const lines = granted(await session.compareReleases(name, 1, 4));
  expect(lines).toContainEqual({ field: 'environment', key: 'MODE', before: '•••', after: '•••', hidden: true });
  const shown = granted(await session.compareReleases(name, 1, 4, 'shown'));
  expect(shown).toContainEqual({ field: 'environment', key: 'MODE', before: 'serves', after: 'falls-later' });
});

test('SE1 SE3 SE4 the command line prints none, in words or in a document', async () => {
  const service = 'vault/web';
  // Every value is another one in what compose.yaml says now: all of them are in the plan.
  await put('compose.yaml', composeFile('serves').replaceAll('wx', 'wx2'));
  const [job] = session.jobs().filter(({ failure }) => failure?.code === 'exited-at-start');
  const lines = [
    ['map', 'home'],
    ['plan', 'home', service],
    ['plan', 'home', service, '--json'],
    ['compare', 'home', service, '1', '4', '--json'],
    ['releases', 'home', service, '--json'],
    ['jobs', 'home', '--json'],
    ['log', 'home', job?.id ?? '', '--json'],
  ];
  const results = await Promise.all(
    lines.map(async (line) => {
      const { stdout, stderr, code } = await commandLine(lab, ...line);
      return { line: line.join(' '), code, told: toldIn(stdout + stderr) };
    }),
  );
  expect(results).toEqual(lines.map((line) => ({ line: line.join(' '), code: 0, told: [] })));
  const shown = await commandLine(lab, 'plan', 'home', service, '--show-values');
  expect(toldIn(shown.stdout, ofKind('environment', 'short')).length).toBeGreaterThan(40);
  await write('falls-later');
});

test('SE3 SE4 SE5 after all of it, no file of a job, no record, no argument of a process and no view tells one', async () => {
  await completes(session, name, 'eject');
  // What a service is given stands in the operator's own files, and in one file of each release.
  const { stdout } = await lab.exec(
    'home',
    `cd ${folder} && find .switchyard ~/.local/state/switchyard -type f ! -path '*/releases/*/compose.yaml' 2>/dev/null | while IFS= read -r file; do printf '\\n\\001%s\\n' "$file"; cat "$file"; done`,
  );
  const files = stdout
    .split('\u0001')
    .slice(1)
    .map((part) => [part.slice(0, part.indexOf('\n')), part] as const);
  expect(files.map(([file]) => file)).toEqual(expect.arrayContaining([expect.stringContaining('feed.ndjson')]));
  expect(files.flatMap(([file, text]) => toldIn(text).map((each) => `${file}: ${each}`))).toEqual([]);

  const ran = [...new Set((await lab.exec('home', 'sort -u /tmp/vault-ps')).stdout.split('\n'))];
  expect(ran.length).toBeGreaterThan(20);
  // The program itself, and its health check, have them where the operator put them.
  const ours = ran.filter((line) => !line.includes('/planted/app.mjs') && !line.includes('true || wget'));
  expect(ours.flatMap((line) => toldIn(line).map((each) => `${line.slice(0, 80)}: ${each}`))).toEqual([]);

  expect(told.length).toBeGreaterThan(20);
  expect([...new Set(told.flatMap((view) => toldIn(view)))]).toEqual([]);
  expect(notices.flatMap((notice) => toldIn(notice))).toEqual([]);
  expect(toldIn(readFileSync(path.join(local, 'main.log'), 'utf8'))).toEqual([]);
});
