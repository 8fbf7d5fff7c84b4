import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { renderArgv, run } from '../setup/command.ts';
import { outFolder, repositoryFolder } from '../setup/folders.ts';
import { ensureSystemPackages } from '../setup/system.ts';
import { type Counts, countReport, readFaults, readPlaywright, readVitest, verdict } from './counts.ts';
import { playwrightFailures, type Verdict, vitestFailures } from './failures.ts';
import { show } from './processes.ts';
import { checkRules } from './rules.ts';

/** One runner. What it throws counts as one failure. */
export type Part = { name: string; about: string; run(): Promise<Verdict> };

const minute = 60_000;

const tool = (name: string): string => path.join(repositoryFolder, 'node_modules', '.bin', name);

const judged =
  (argv: readonly string[], timeoutMs = 10 * minute) =>
  async (): Promise<Counts> =>
    verdict(await show(argv, { timeoutMs }));

/** What may be /bin/sh on a server. */
const shells = [['sh'], ['dash'], ['bash'], ['busybox', 'sh']];

/** The scripts that run on a server, read by every shell that they may meet there, and by shellcheck. A missing one fails. */
async function checkShell(): Promise<Counts> {
  const names = await readdir('resources/server', { recursive: true });
  const scripts = [
    ...names.filter((name) => name.endsWith('.sh')).map((name) => `resources/server/${name}`),
    'resources/server/live',
    'resources/server/exec',
  ];
  let code = 0;
  for (const shell of shells) {
    for (const script of scripts) code ||= await show([...shell, '-n', script], { timeoutMs: minute });
  }
  // SC2154, SC2034: the parts of a job use each other's variables, because run.sh puts them together. Sourced files are not there yet.
  code ||= await show(
    ['shellcheck', '--shell=sh', '--severity=warning', '--exclude=SC2154,SC2034,SC1091', ...scripts],
    { timeoutMs: 5 * minute },
  );
  return verdict(code);
}

/** npm itself accepts the lock file for each kind of machine that the app is made on, whichever kind this one is. */
async function checkLock(): Promise<Counts> {
  const folder = await mkdtemp(path.join(tmpdir(), 'switchyard-lock-'));
  try {
    for (const name of ['package.json', 'package-lock.json', '.npmrc']) await cp(name, path.join(folder, name));
    let code = 0;
    for (const os of ['linux', 'darwin', 'win32']) {
      for (const cpu of ['x64', 'arm64']) {
        const argv = [
          'npm',
          'ci',
          '--dry-run',
          '--no-audit',
          '--no-fund',
          '--loglevel=error',
          `--os=${os}`,
          `--cpu=${cpu}`,
        ];
        const { code: ended, stderr } = await run(argv, { cwd: folder, timeoutMs: minute, okCodes: [0, 1] });
        process.stdout.write(`${renderArgv(argv)}: ${ended}\n${stderr}`);
        code ||= ended;
      }
    }
    return verdict(code);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function judge(
  report: string,
  code: number,
  count: (report: unknown) => Counts | null,
  failuresOf: (report: unknown) => string[],
): Promise<Verdict> {
  const text = await readFile(report, 'utf8').catch(() => null);
  const counts = countReport(count, text, code);
  return counts.failed === 0 || text === null ? counts : { ...counts, failures: failuresOf(JSON.parse(text)) };
}

const vitest = (project: string, timeoutMs: number) => async (): Promise<Verdict> => {
  const report = path.join(outFolder, 'test', `${project}.json`);
  await rm(report, { force: true });
  const code = await show(
    [
      tool('vitest'),
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { timeoutMs },
  );
  return judge(report, code, readVitest, vitestFailures);
};

const faultPoints = 72;

/** So many of the fault suite's cases, the same ones each time; each is a test. Its own set-up brings the servers it needs. */
async function faults(): Promise<Counts> {
  const report = path.join(outFolder, 'test', 'faults.json');
  await rm(report, { force: true });
  const code = await show(
    [
      process.execPath,
      'e2e/faults/main.ts',
      '--points',
      String(faultPoints),
      '--seed',
      '1',
      '--json',
      '--output',
      report,
    ],
    { timeoutMs: 25 * minute },
  );
  return countReport(readFaults, await readFile(report, 'utf8').catch(() => null), code);
}

/** Its own set-up brings the build, Electron, a screen and the lab. */
async function endToEnd(): Promise<Verdict> {
  const report = path.join(outFolder, 'test', 'window.json');
  await rm(report, { force: true });
  const code = await show(
    [tool('playwright'), 'test', '--config', 'e2e/window/playwright.config.ts', '--reporter=list,json'],
    { timeoutMs: 25 * minute, env: { PLAYWRIGHT_JSON_OUTPUT_FILE: report } },
  );
  return judge(report, code, readPlaywright, playwrightFailures);
}

/** What `npm run check` runs: quick, without Docker. */
export const checkParts: readonly Part[] = [
  { name: 'types', about: 'tsc -b, a project a layer', run: judged([tool('tsc'), '-b']) },
  {
    name: 'style',
    about: 'biome check, no warnings',
    run: judged([tool('biome'), 'check', '--error-on-warnings', '.']),
  },
  { name: 'lock', about: 'npm ci, dry, for six kinds of machine', run: checkLock },
  { name: 'knip', about: 'dead code, unused dependencies', run: judged([tool('knip'), '--no-progress']) },
  {
    name: 'rules',
    about: 'each rule of src/core/SPEC.md is proven by a test',
    run: async () => verdict(await checkRules((line) => process.stdout.write(`${line}\n`))),
  },
  { name: 'sh', about: 'the server kit parses in every shell, and shellcheck finds nothing', run: checkShell },
  { name: 'unit', about: 'unit and property tests', run: vitest('unit', 15 * minute) },
  { name: 'layers', about: 'what may import what', run: vitest('layers', 15 * minute) },
];

/** What `npm test` runs after them. */
export const labParts: readonly Part[] = [
  { name: 'kit', about: 'the server kit under a real shell', run: vitest('kit', 15 * minute) },
  { name: 'integration', about: 'contracts and journeys on the lab', run: vitest('integration', 30 * minute) },
  { name: 'faults', about: 'jobs that are killed, cut off and starved, on the lab', run: faults },
  { name: 'window', about: 'end to end in the real window', run: endToEnd },
];

/** What the parts need of the system, put there first so that no part waits for it. */
export async function prepare(): Promise<void> {
  await ensureSystemPackages([
    'openssh-client',
    'git',
    'strace',
    'dash',
    'bash',
    'busybox|busybox-static',
    'shellcheck',
  ]);
}
