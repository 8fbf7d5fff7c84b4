import { hostname, userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { remedies } from '../contract/remedies.ts';
import { type Failure, failure } from '../core/failure.ts';
import { exitCodes, type Job, type VerbOptions, verbs } from '../core/job.ts';
import { plainData, plainLine, plainText } from '../core/plain-text.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { Service } from '../core/stack-map.ts';
import { decideWatchEnd } from '../core/switch.ts';
import type { ServiceName, Session } from '../engine/session.ts';
import { createSession } from '../wiring/session.ts';
import { type Invocation, parseInvocation, usage } from './arguments.ts';
import { askInTerminal } from './ask.ts';
import {
  explainDiff,
  explainFailure,
  explainFinding,
  explainJob,
  explainJobs,
  explainMap,
  explainReleases,
  stepLine,
} from './words.ts';

// Names, labels and logs of the server are in most lines: none goes out with what a terminal would act on (SPEC SE6).
const print = (text: string): void => {
  process.stdout.write(`${plainText(text)}\n`);
};

const printDocument = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(plainData(value))}\n`);
};

const tell = (text: string): void => {
  process.stderr.write(`${plainText(text)}\n`);
};

/** Says a failure on both faces: words on standard error, the document on standard output when asked. Returns the exit code. */
function fail(invocation: Invocation | null, problem: Failure, job: Job | null = null): number {
  if (invocation?.json === true) printDocument({ ok: false, failure: problem, remedy: remedies[problem.code], job });
  else tell(explainFailure(problem));
  if (job !== null && job.state !== 'running' && job.state !== 'waiting') return exitCodes[job.state];
  if (problem.code === 'indeterminate' || problem.code === 'link-lost') return exitCodes.indeterminate;
  return problem.code === 'bug' ? 1 : exitCodes.refused;
}

const succeed = (invocation: Invocation, value: unknown, words: string): number => {
  if (invocation.json) printDocument({ ok: true, value });
  else print(words);
  return 0;
};

async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  if (argv.length === 0 || argv.includes('--help') || argv[0] === 'help') {
    print(usage);
    return argv.length === 0 ? 2 : 0;
  }
  const invocation = parseInvocation(argv);
  if ('wrong' in invocation) {
    tell(`${invocation.wrong}\n\n${usage}`);
    return 2;
  }
  const session = createSession({
    target: invocation.target,
    sshConfigPath: invocation.sshConfigPath,
    by: `${userInfo().username}@${hostname()}`,
    kitFolder: fileURLToPath(new URL('../../resources/server', import.meta.url)),
  });
  const stopAsking = answerQuestions(session);
  try {
    const connection = await session.connect();
    if (connection.kind !== 'connected') {
      const problem = 'failure' in connection ? connection.failure : null;
      if (problem !== null) return fail(invocation, problem);
      tell(`${plainLine(invocation.target)} is not connected.`);
      return exitCodes.indeterminate;
    }
    return await run(session, invocation);
  } finally {
    stopAsking();
    session.close();
  }
}

async function run(session: Session, invocation: Invocation): Promise<number> {
  const { command, service: name, options } = invocation;
  if (command === 'map') {
    // What is down is told from files too, and by asking once more about what is in trouble.
    const map = await session.refresh();
    return map.ok
      ? succeed(invocation, map.value, explainMap(map.value, invocation.target))
      : fail(invocation, map.failure);
  }
  if (command === 'jobs') return jobs(session, invocation);
  if (command === 'log') return jobLog(session, invocation);
  if (command === 'stop') return stop(session, invocation);
  if (name === null) return 2;
  const verb = verbs.find((each) => each === command);
  if (verb !== undefined) {
    if (verb === 'mend') {
      const read = await session.refresh();
      if (!read.ok) return fail(invocation, read.failure);
    }
    const started = await session.start(name, verb, options);
    if (!started.ok) {
      const code = fail(invocation, started.failure);
      if (started.failure.code === 'not-adoptable' && !invocation.json) await tellAnswers(session, name, options);
      return code;
    }
    const job = started.value;
    const stop = invocation.json ? () => {} : followSteps(session, job.id);
    const ended = await session.ended(name.stack, job.id);
    stop();
    if (!ended.ok) return fail(invocation, ended.failure);
    if (ended.value.failure !== null) return fail(invocation, ended.value.failure, ended.value);
    if (verb === 'flip' && invocation.follow) {
      const back = await wentBack(session, name, ended.value);
      if (back !== null && back.failure !== null) return fail(invocation, back.failure, back);
    }
    if (options.confirmMinutes !== undefined && !invocation.json && !invocation.follow)
      tell(
        `It goes back in ${options.confirmMinutes} min unless you keep it: switchyard confirm ${invocation.target} ${name.stack}/${name.service}`,
      );
    return succeed(invocation, ended.value, explainJob(ended.value));
  }
  switch (command) {
    case 'plan': {
      const service = serviceOf(session, name);
      if (service?.adopted === true) {
        const plan = await session.planNext(name, options, invocation.values);
        if (!plan.ok) return fail(invocation, plan.failure);
        const words = [
          `next: ${plainLine(plan.value.image)}${plan.value.upToDate ? ' (up to date)' : ''}`,
          explainDiff(plan.value.diff),
          ...plan.value.findings.map(explainFinding),
        ];
        return succeed(invocation, plan.value, words.filter((line) => line !== '').join('\n'));
      }
      const plan = await session.planAdopt(name, options, invocation.values);
      if (!plan.ok) return fail(invocation, plan.failure);
      const { value } = plan;
      const words = [
        value.adoptable ? `${name.service} can be adopted.` : `${name.service} cannot be adopted.`,
        ...value.reasons.map((reason) => `  ${plainLine(reason)}`),
        ...value.findings.map(explainFinding),
        ...value.checks.map((check) => `check: ${plainLine(check)}`),
        `gap: about ${value.gap.estimateMs} ms. ${value.gap.because}`,
        `writes ${plainLine(value.overridePath)}:`,
        value.override,
      ];
      return succeed(invocation, value, words.join('\n'));
    }
    case 'releases': {
      const releases = await session.releases(name);
      return releases.ok
        ? succeed(invocation, releases.value, explainReleases(releases.value))
        : fail(invocation, releases.failure);
    }
    case 'compare': {
      const [before, after] = invocation.rest.map(Number);
      if (before === undefined || after === undefined || Number.isNaN(before) || Number.isNaN(after)) {
        tell('compare takes two release numbers.');
        return 2;
      }
      const diff = await session.compareReleases(name, before, after, invocation.values);
      return diff.ok
        ? succeed(invocation, diff.value, explainDiff(diff.value) || 'Nothing differs.')
        : fail(invocation, diff.failure);
    }
    case 'preview': {
      const service = serviceOf(session, name);
      const next =
        (['blue', 'green'] as const).find((slot) => service?.slots[slot]?.role === 'next') ?? service?.live ?? 'blue';
      const preview = await session.openPreview(name, invocation.slot ?? next);
      if (!preview.ok) return fail(invocation, preview.failure);
      succeed(
        invocation,
        preview.value,
        `Release ${preview.value.release} of ${name.service} is at ${preview.value.url} until you press Ctrl-C. No traffic goes there.`,
      );
      await interrupted();
      return 0;
    }
    case 'logs': {
      const abort = new AbortController();
      if (invocation.follow) void interrupted().then(() => abort.abort());
      const followed = await session.followLogs(name, {
        tail: 200,
        follow: invocation.follow,
        signal: abort.signal,
        onLines: (lines) => {
          for (const line of lines)
            if (invocation.json) printDocument(line);
            else print(`${line.slot ?? ''}\t${line.text.replaceAll('\n', ' ')}`);
        },
      });
      return followed.ok ? 0 : fail(invocation, followed.failure);
    }
    default:
      return 2;
  }
}

/** Says which option answers what stood in the way of an adoption. */
async function tellAnswers(session: Session, name: ServiceName, options: VerbOptions): Promise<void> {
  const plan = await session.planAdopt(name, options);
  for (const finding of plan.ok ? plan.value.findings : [])
    if (finding.level === 'stop' && finding.answer !== undefined) tell(explainFinding(finding));
}

const serviceOf = (session: Session, name: ServiceName): Service | undefined =>
  session
    .map()
    ?.stacks.find((stack) => stack.name === name.stack)
    ?.services.find((each) => each.name === name.service);

/** Waits for the end of a flip's watch: the job that took the traffic back, or null when the flip stayed or was superseded. */
function wentBack(session: Session, name: ServiceName, flip: Job): Promise<Job | null> {
  return new Promise((resolve) => {
    const look = () => {
      const end = decideWatchEnd(flip, session.jobs(), serviceOf(session, name));
      if (end === 'open') return;
      stop();
      resolve(end === 'over' ? null : end);
    };
    const stop = session.onChange(look);
    look();
  });
}

/** The feeds of a host that answers are read within a moment; one that was lost meanwhile may be long away. */
const feedsTimeoutMs = 30_000;

async function jobs(session: Session, invocation: Invocation): Promise<number> {
  const known = await session.knownJobs(AbortSignal.timeout(feedsTimeoutMs));
  if (!known.ok) return fail(invocation, known.failure);
  if (!invocation.follow) return succeed(invocation, known.value, explainJobs(known.value, Date.now()));
  const seen = new Map<string, string>();
  const look = () => {
    for (const job of session.jobs()) {
      const line = invocation.json ? JSON.stringify(job) : stepLine(job);
      if (seen.get(job.id) !== line) {
        if (invocation.json) printDocument(job);
        else print(line);
      }
      seen.set(job.id, line);
    }
  };
  look();
  const unfollow = session.onChange(look);
  await interrupted();
  unfollow();
  return 0;
}

/** The job that was named. */
async function jobNamed(session: Session, { job: id, target }: Invocation): Promise<Result<Job>> {
  const known = await session.knownJobs(AbortSignal.timeout(feedsTimeoutMs));
  if (!known.ok) return known;
  const job = known.value.find((each) => each.id === id);
  return job === undefined
    ? failed(failure('job-unknown', `There is no job “${id}” on ${target}.`, { running: 'Nothing was changed.' }))
    : ok(job);
}

async function jobLog(session: Session, invocation: Invocation): Promise<number> {
  const named = await jobNamed(session, invocation);
  if (!named.ok) return fail(invocation, named.failure);
  const log = await session.jobLog(named.value.stack, named.value.id);
  return log.ok ? succeed(invocation, log.value, log.value.replace(/\n$/, '')) : fail(invocation, log.failure);
}

/** Stops a job and waits for its end: the exit code is that of how it ended. */
async function stop(session: Session, invocation: Invocation): Promise<number> {
  const named = await jobNamed(session, invocation);
  if (!named.ok) return fail(invocation, named.failure);
  const job = named.value;
  const asked = await session.stop(job.stack, job.id);
  if (!asked.ok) return fail(invocation, asked.failure);
  const unfollow = invocation.json ? () => {} : followSteps(session, job.id);
  const ended = await session.ended(job.stack, job.id);
  unfollow();
  if (!ended.ok) return fail(invocation, ended.failure);
  if (ended.value.failure !== null) return fail(invocation, ended.value.failure, ended.value);
  return succeed(invocation, ended.value, explainJob(ended.value));
}

function followSteps(session: Session, id: string): () => void {
  let last = '';
  return session.onChange(() => {
    // One that another job was in the way of is tried again, under another id.
    const job = session.jobs().find((each) => each.id === id || each.insteadOf?.includes(id) === true);
    if (job === undefined) return;
    const line = stepLine(job);
    if (line !== last) tell(line);
    last = line;
  });
}

function answerQuestions(session: Session): () => void {
  let asked = '';
  return session.onChange(() => {
    const connection = session.connection();
    if (connection.kind !== 'asking' || connection.question.id === asked) return;
    asked = connection.question.id;
    const { question } = connection;
    if (!process.stdin.isTTY) {
      session.answer(question.id, null);
      return;
    }
    void askInTerminal(question, { input: process.stdin, output: process.stderr }).then((answers) =>
      session.answer(question.id, answers),
    );
  });
}

const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });

main().then(
  (code) => {
    process.exitCode = code;
  },
  (caught: unknown) => {
    tell(`Switchyard itself failed: ${caught instanceof Error ? (caught.stack ?? caught.message) : String(caught)}`);
    process.exitCode = 1;
  },
);
