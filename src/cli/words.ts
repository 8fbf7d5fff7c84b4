import { remedies } from '../contract/remedies.ts';
import { type Ending, endingOf } from '../core/ending.ts';
import type { Failure } from '../core/failure.ts';
import type { Job } from '../core/job.ts';
import { doing, explainOutcome, explainStep, explainWaitsFor, stepNow } from '../core/job-words.ts';
import { plainLine } from '../core/plain-text.ts';
import type { DiffLine, ReleaseRecord } from '../core/plan.ts';
import type { Finding, Holder, Service, StackMap, Switch } from '../core/stack-map.ts';
import type { Mend, Trouble } from '../core/trouble.ts';
import { clockWords, dockerAwayWords, mendWords } from '../core/trouble-words.ts';

/** Text from the server for a line of ours: nothing that a terminal would act on, and no line end, behind which it could say anything. */
const plain = plainLine;

export function explainFailure(failure: Failure): string {
  const remedy = remedies[failure.code];
  return [
    plain(failure.message),
    failure.detail === null ? null : `  ${plain(failure.detail)}`,
    failure.running === null || failure.running === '' ? null : `What runs now: ${plain(failure.running)}`,
    `What to do: ${remedy.advice}`,
    remedy.command === null ? null : `  ${remedy.command}`,
  ]
    .filter((line) => line !== null)
    .join('\n');
}

export function explainJob(job: Job): string {
  const took = job.endedAt === null ? '' : ` in ${((job.endedAt - job.startedAt) / 1000).toFixed(1)} s`;
  const figures = Object.entries(job.figures)
    .filter(([name]) => name.endsWith('Ms'))
    .map(([name, value]) => `${name} ${Math.round(value)}`)
    .join(', ');
  return `${job.id}  ${job.verb} ${plain(job.stack)}/${plain(job.service)} by ${plain(job.by)}: ${job.state}${took}${figures === '' ? '' : ` (${figures})`}`;
}

const jobColumns = ['JOB', 'VERB', 'SERVICE', 'BY', 'STARTED', 'TOOK', 'OUTCOME', 'REASON'] as const;

/** Jobs as a table, one a line: how each ended, or the step that it is in. `nowMs` says how long the running ones have taken. */
export function explainJobs(jobs: Job[], nowMs: number): string {
  if (jobs.length === 0) return 'No job has run here yet.';
  const rows = jobs.map((job) => {
    const at = job.state === 'running' ? stepNow(job) : null;
    return [
      job.id,
      job.verb,
      `${job.stack}/${job.service}`,
      job.by,
      new Date(job.startedAt).toISOString().replace(/\.\d+/, ''),
      `${(Math.max(0, (job.endedAt ?? nowMs) - job.startedAt) / 1000).toFixed(1)} s`,
      `${explainOutcome(job)}${at === null ? '' : `, ${at.number} of ${at.of}: ${at.step.name}`}`,
      job.failure?.message ?? '',
    ].map(plain);
  });
  const widths = jobColumns.map((name, index) => Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)));
  return [jobColumns, ...rows]
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The step a job is in, with its progress. */
export function stepLine(job: Job): string {
  const step = job.steps.find((each) => each.state === 'running');
  if (job.state === 'waiting')
    return plain(
      `${job.verb} ${job.service}: ${explainOutcome(job)}${job.waitsFor == null ? '' : ` (${job.waitsFor.by})`}`,
    );
  if (step === undefined) return `${job.verb} ${plain(job.service)}: ${explainOutcome(job)}`;
  const { progress } = step;
  const amount = (value: number): string =>
    progress?.unit === 'bytes' ? `${(value / 1e6).toFixed(1)} MB` : String(value);
  const done =
    progress === null
      ? ''
      : `, ${amount(progress.done)}${progress.total === null ? '' : ` of ${amount(progress.total)}`}${progress.unit === 'bytes' ? '' : ` ${progress.unit}`}`;
  return `${job.verb} ${plain(job.service)}: ${plain(explainStep(step.name))}${done}${step.text === null ? '' : `  ${plain(step.text)}`}`;
}

export function explainSwitch(value: Switch): string {
  switch (value.kind) {
    case 'not-adopted':
      return value.adoptable ? 'plain compose, can be adopted' : `plain compose: ${value.reason}`;
    case 'idle':
      return value.reason;
    case 'preparing':
      return `${doing[value.verb]}: ${explainStep(value.step)}${explainHolder(value.holder)}`;
    case 'next-ready':
      return `next is ready in ${value.to} (${value.checks} checks)`;
    case 'not-ready':
      return `next is not ready${value.total === 0 ? '' : ` (${value.passed} of ${value.total} checks)`}: ${value.reason}`;
    case 'flipping':
      return `flipping to ${value.to}: ${explainStep(value.step)}${explainHolder(value.holder)}`;
    case 'held':
      return value.reason === null ? 'held: requests wait' : `no decision: ${value.reason}; requests wait`;
    case 'watching':
      return value.mustConfirm
        ? `goes back to ${value.from} at ${new Date(value.untilMs).toLocaleTimeString()} unless confirmed`
        : `watching ${value.to} until ${new Date(value.untilMs).toLocaleTimeString()}`;
    case 'settled':
      return `settled; can flip back to ${value.to}`;
    case 'went-back':
      return `went back by itself: ${value.reason}`;
    case 'failed':
      return `${value.verb} ${endingWords[endingOf(value)]}: ${value.failure.message}`;
    case 'waiting':
      return `${value.verb} waits for ${explainWaitsFor(value.waitsFor)}`;
    case 'unknown':
      return 'unknown: the host is away';
    case 'locked':
      return `locked: ${value.by} is ${doing[value.verb]}`;
  }
}

const endingWords: Record<Ending, string> = {
  refused: 'refused, nothing changed',
  stopped: 'stopped, undone',
  undone: 'undone after its process died',
  unknown: 'not known yet',
  failed: 'failed',
};

const explainHolder = (holder: Holder | null): string =>
  holder === null ? '' : ` (${holder.by} since ${new Date(holder.sinceMs).toLocaleTimeString()})`;

const levelWords: Record<Trouble['level'], string> = { down: 'DOWN', wrong: 'WRONG', 'at-risk': 'AT RISK' };

/** What is wrong with a service, the worst first: what, since when, why, and the command that mends it. */
export function explainTroubles(service: Service, target: string, nowMs: number): string[] {
  const name = `${target} ${service.id}`;
  const command = (mend: Mend): string =>
    `${mendWords(mend)}: switchyard ${mend.kind === 'go' ? mend.verb : 'mend'} ${name}`;
  return service.troubles.flatMap(({ level, title, text, sinceMs, mend, orElse, byHand, quote }) =>
    [
      `${levelWords[level]}  ${service.stack}: ${title}${sinceMs === null ? '' : `, since ${clockWords(sinceMs, nowMs)}`}`,
      `  ${text}`,
      quote === null ? null : `  It said: ${quote.replaceAll(/\s+/g, ' ')}`,
      mend === null ? null : `  ${command(mend)}`,
      orElse === null ? null : `  or ${command(orElse)}`,
      byHand === null ? null : `  By hand: ${byHand}`,
    ]
      .filter((line) => line !== null)
      .map(plain),
  );
}

export function explainMap(map: StackMap, target: string): string {
  const services = map.stacks.flatMap((stack) => stack.services);
  const rank = (level: Trouble['level'] | undefined): number =>
    level === undefined ? 3 : ['down', 'wrong', 'at-risk'].indexOf(level);
  const troubled = services
    .filter(({ troubles }) => troubles.length > 0)
    .sort((a, b) => rank(a.troubles[0]?.level) - rank(b.troubles[0]?.level));
  const away = map.dockerAwaySinceMs === null ? null : dockerAwayWords(target, map.dockerAwaySinceMs, map.asOfMs);
  const service = (each: Service): string => {
    const live = each.live === null ? '' : `  live: ${each.live}`;
    return `  ${plain(each.name).padEnd(20)} ${plain(each.version ?? '').padEnd(10)} ${each.health.padEnd(10)}${live}  ${plain(each.absence ?? explainSwitch(each.switch))}`;
  };
  return [
    ...(away === null ? [] : [plain(away.title), `  ${away.text}`, `  ${away.byHand}`]),
    ...troubled.flatMap((each) => explainTroubles(each, target, map.asOfMs)),
    ...(away === null && troubled.length === 0 ? [] : ['']),
    `${plain(target)}: Docker ${plain(map.engine.docker)}, compose ${plain(map.engine.compose ?? '?')}`,
    ...map.stacks.flatMap((stack) => [
      `${plain(stack.name)}  ${plain(stack.folder ?? '')}`,
      ...stack.findings.map((each) => `  ${explainFinding(each)}`),
      ...stack.services.flatMap((each) => [service(each), ...each.findings.map((one) => `    ${explainFinding(one)}`)]),
    ]),
  ].join('\n');
}

const answerFlags: Record<NonNullable<Finding['answer']>, string> = {
  port: '--port N',
  checkPath: '--check-path /PATH',
  shareVolumes: '--share-volumes',
  again: '--again',
};

/** A finding on one line, with the option that answers it. */
export const explainFinding = ({ level, title, text, answer }: Finding): string =>
  `${level}: ${plain(title)}. ${plain(text)}${answer === undefined ? '' : ` (${answerFlags[answer]})`}`;

export const explainDiff = (lines: DiffLine[]): string =>
  [
    ...lines.map(
      (line) =>
        `  ${line.field} ${plain(line.key)}: ${plain(line.before ?? '(none)')} → ${plain(line.after ?? '(none)')}`,
    ),
    ...(lines.some((line) => line.hidden === true) ? ['  Values are hidden; --show-values shows them.'] : []),
  ].join('\n');

export function explainReleases(releases: ReleaseRecord[]): string {
  if (releases.length === 0) return 'No releases yet: the service is plain compose.';
  return releases
    .map((each) => {
      const times = [
        each.deployMs === null ? null : `deployed in ${(each.deployMs / 1000).toFixed(1)} s`,
        each.liveForMs === null ? null : `live for ${Math.round(each.liveForMs / 1000)} s`,
      ];
      return `${String(each.number).padStart(4)}  ${each.slot.padEnd(5)} ${each.role.padEnd(8)} ${plain(each.version ?? '').padEnd(10)} ${each.outcome.padEnd(10)} ${new Date(each.createdAtMs).toISOString()}  ${plain(each.by)}  ${[
        ...times,
        each.reason,
        each.pruned,
      ]
        .filter((part) => part !== null)
        .map(plain)
        .join(', ')}`;
    })
    .join('\n');
}
