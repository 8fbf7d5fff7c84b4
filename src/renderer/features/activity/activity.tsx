import { Check, Circle, CircleDashed, CircleDot, Hourglass, type LucideIcon, OctagonX, Undo2, X } from 'lucide-react';
import { useState } from 'react';
import type { HostView } from '../../../contract/views.ts';
import { endingOfJob } from '../../../core/ending.ts';
import type { Job, JobStep } from '../../../core/job.ts';
import { explainOutcome, stepNow } from '../../../core/job-words.ts';
import { jobKey, stopJob, useStopping } from '../../bridge/stopping.ts';
import { useAnswer } from '../../bridge/use-answer.ts';
import { minimumActivityHeight, resizeActivity, showActivity, useWindow } from '../../bridge/window-state.ts';
import { useSeconds } from '../../ui/clock.ts';
import { Ago, Bar, FailureNote } from '../../ui/controls.tsx';
import { count, formatAbsolute, formatClock, formatDuration, oneLine } from '../../ui/format.ts';
import { Grip } from '../../ui/grip.tsx';
import { endingIcons } from '../../ui/marks.tsx';
import { explainStop } from '../../ui/stop-words.ts';
import { formatProgress, stepWords, verbNames } from '../../ui/switch-words.ts';
import './activity.css';

function iconOf(job: Job): LucideIcon {
  const ending = endingOfJob(job);
  if (ending !== null) return endingIcons[ending];
  if (job.state === 'waiting') return Hourglass;
  return job.state === 'running' ? CircleDot : job.state === 'rolled-back' ? Undo2 : Check;
}

function toneOf(job: Job): 'quiet' | 'warning' | 'trouble' {
  const ending = endingOfJob(job);
  if (ending === 'failed') return 'trouble';
  return job.state === 'rolled-back' || (ending !== null && ending !== 'stopped') ? 'warning' : 'quiet';
}

const rankOf = ({ state }: Job): number => (state === 'running' ? 0 : state === 'waiting' ? 1 : 2);

type Entry = { host: HostView; job: Job };

const entryKey = ({ host, job }: Entry): string => jobKey(host.id, job.id);

/** Jobs that run and ran, on all hosts: how each stands, with its steps and its whole output. Those that run come first. */
export function ActivityDrawer({ hosts }: { hosts: HostView[] }) {
  const wanted = useWindow((state) => state.job);
  const height = useWindow((state) => state.activityHeight);
  const entries = hosts
    .flatMap((host) => host.jobs.map((job): Entry => ({ host, job })))
    .sort(
      (a, b) =>
        rankOf(a.job) - rankOf(b.job) ||
        (a.job.state === 'waiting' ? a.job.startedAt - b.job.startedAt : b.job.startedAt - a.job.startedAt),
    );
  const shown =
    entries.find(
      ({ host, job }) =>
        host.id === wanted?.host && (job.id === wanted.id || job.insteadOf?.includes(wanted.id) === true),
    ) ?? entries[0];
  const running = entries.filter(({ job }) => job.state === 'running').length;
  const waiting = entries.filter(({ job }) => job.state === 'waiting').length;
  return (
    <section className="activity" style={{ height }} data-testid="activity" aria-label="Activity">
      <Grip
        edge="top"
        label="Height of the activity"
        size={height}
        least={minimumActivityHeight}
        onResize={resizeActivity}
      />
      <header className="activity-head">
        <h2>Activity</h2>
        <span className="quiet">
          {running > 0 ? `${count(running, 'job')} running` : 'nothing runs'}
          {waiting > 0 && `, ${waiting} waiting`}
          {entries.length > running + waiting && `, ${entries.length - running - waiting} ran`}
          {hosts.length > 1 && `, on ${count(hosts.length, 'server')}`}
        </span>
        <button
          type="button"
          className="button plain small icon"
          aria-label="Close activity"
          title="Close (J)"
          onClick={() => showActivity(false)}
        >
          <X size={15} />
        </button>
      </header>
      {shown === undefined ? (
        <p className="quiet activity-none">No job ran yet. What you start appears here, with each of its steps.</p>
      ) : (
        <div className="activity-body">
          <ol className="jobs">
            {entries.map((entry) => (
              <li key={entryKey(entry)}>
                <JobRow entry={entry} current={entry === shown} />
              </li>
            ))}
          </ol>
          <JobDetail key={entryKey(shown)} entry={shown} />
        </div>
      )}
    </section>
  );
}

/** Of a host that is away nobody knows more than what was seen last. */
const standing = (host: HostView, job: Job): string =>
  job.state === 'running' && host.connection.kind !== 'connected' ? 'running when last seen' : explainOutcome(job);

/** `2 of 4: pull, 43 of 120 MB` while it runs; afterwards why it ended as it did. */
function telling(job: Job): string | null {
  if (job.state === 'waiting') return job.waitsFor == null ? null : `by ${oneLine(job.waitsFor.by)}`;
  if (job.state !== 'running') return job.failure === null ? null : oneLine(job.failure.message);
  const at = stepNow(job);
  if (at === null) return null;
  const progress = at.step.progress === null ? '' : `, ${formatProgress(at.step.progress)}`;
  return `${at.number} of ${at.of}: ${stepWords(at.step.name)}${progress}`;
}

function JobRow({ entry: { host, job }, current }: { entry: Entry; current: boolean }) {
  const Icon = iconOf(job);
  const more = telling(job);
  return (
    <button
      type="button"
      className="job"
      data-testid={`job-${job.id}`}
      data-state={job.state}
      data-tone={toneOf(job)}
      aria-current={current}
      onClick={() => showActivity(true, { host: host.id, id: job.id })}
    >
      <Icon size={15} aria-hidden />
      <span className="job-name clip">
        {verbNames[job.verb]} <b>{oneLine(job.service)}</b>{' '}
        <span className="quiet">
          {job.figures.release !== undefined && `release ${job.figures.release} of `}
          {oneLine(job.stack)} on {oneLine(host.target)}
        </span>
      </span>
      <span className="quiet job-when number">
        <Took job={job} />
      </span>
      <span className="job-how clip" title={more ?? undefined}>
        <span className="job-outcome">{standing(host, job)}</span>
        {more !== null && <span className="quiet"> · {more}</span>}
      </span>
      <span className="quiet job-by clip">{oneLine(job.by)}</span>
    </button>
  );
}

function Took({ job }: { job: Job }) {
  if (job.endedAt === null) return <Running sinceMs={job.startedAt} />;
  return (
    <>
      {formatDuration(job.endedAt - job.startedAt)} · <Ago atMs={job.startedAt} />
    </>
  );
}

/** The server's clock may differ from ours: what has been seen here is what is counted. */
function Running({ sinceMs }: { sinceMs: number }) {
  const [first] = useState(() => Math.min(Date.now(), Math.max(sinceMs, Date.now() - 86_400_000)));
  const now = useSeconds();
  return <>{formatDuration(Math.max(0, Math.floor((now - first) / 1000) * 1000))}</>;
}

const stepIcons = { waiting: Circle, running: CircleDashed, done: Check, failed: OctagonX } as const;

function JobDetail({ entry: { host, job } }: { entry: Entry }) {
  const [raw, setRaw] = useState(false);
  // Points in time are for machines; what they lie apart stands at the steps.
  const figures = Object.entries(job.figures).filter(([name]) => !name.endsWith('At'));
  return (
    <div className="job-detail" data-testid="job-detail">
      <p className="quiet">
        {verbNames[job.verb]} of {oneLine(job.service)} on {oneLine(host.target)} by {oneLine(job.by)},{' '}
        {job.endedAt === null ? 'since' : 'at'}{' '}
        <time title={formatAbsolute(job.startedAt)}>{formatClock(job.startedAt, Date.now())}</time>:{' '}
        {standing(host, job)}
        {figures.length > 0 && ` · ${figures.map(([name, value]) => renderFigure(name, value)).join(' · ')}`}
      </p>
      {(job.state === 'waiting' || (job.state === 'running' && host.connection.kind === 'connected')) && (
        <Stop host={host} job={job} />
      )}
      {job.state === 'waiting' && (
        <p className="quiet">
          It begins by itself when its turn comes, by what is so then. It is gone when Switchyard is closed.
        </p>
      )}
      <ol className="steps" data-refused={job.state === 'refused' || undefined}>
        {job.steps.map((step) => (
          <Step key={step.name} step={step} refused={job.state === 'refused'} />
        ))}
      </ol>
      {job.failure !== null && (
        <FailureNote failure={job.failure} level={toneOf(job) === 'trouble' ? 'stop' : 'warning'} />
      )}
      <button
        type="button"
        className="button small"
        data-testid="job-log-toggle"
        aria-expanded={raw}
        onClick={() => setRaw(!raw)}
      >
        {raw ? 'Hide the output' : 'Whole output'}
      </button>
      {raw && <JobLog host={host.id} job={job} />}
    </div>
  );
}

/** Asks for nothing: what it will do stands beside it. */
function Stop({ host, job }: Entry) {
  const stopping = useStopping(host.id, job.id);
  const service = host.map?.stacks
    .find((stack) => stack.name === job.stack)
    ?.services.find((each) => each.name === job.service);
  return (
    <>
      <p className="job-stop">
        <button
          type="button"
          className="button small"
          data-testid="job-stop"
          disabled={stopping === 'asked'}
          onClick={() => void stopJob(host.id, job)}
        >
          {stopping === 'asked' ? 'Stopping' : 'Stop'}
        </button>
        <span className="quiet">{explainStop(service, job)}</span>
      </p>
      {stopping !== undefined && stopping !== 'asked' && <FailureNote failure={stopping} level="warning" />}
    </>
  );
}

/** `switchMs: 7` to `switch 7 ms`. */
function renderFigure(name: string, value: number): string {
  const words = name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${words} ${name.endsWith('Ms') ? formatDuration(value) : value.toLocaleString('en')}`;
}

function Step({ step, refused }: { step: JobStep; refused: boolean }) {
  const saidNo = refused && step.state === 'failed';
  const Icon = saidNo ? endingIcons.refused : stepIcons[step.state];
  return (
    <li className="step" data-state={step.state}>
      <Icon size={14} aria-label={saidNo ? 'refused' : step.state} />
      <b title={oneLine(step.name)}>{stepWords(step.name)}</b>
      <span className="clip quiet" title={step.text ?? undefined}>
        {step.progress !== null && step.state === 'running'
          ? `${formatProgress(step.progress)}${step.text === null ? '' : `, ${oneLine(step.text)}`}`
          : step.text === null
            ? ''
            : oneLine(step.text)}
      </span>
      <span className="number quiet">{step.ms === null ? '' : formatDuration(step.ms)}</span>
      {step.state === 'running' && step.progress?.total != null && (
        <div className="step-bar">
          <Bar done={step.progress.done} total={step.progress.total} label={stepWords(step.name)} />
        </div>
      )}
    </li>
  );
}

function JobLog({ host, job }: { host: string; job: Job }) {
  const newest = job.steps.map((step) => `${step.state} ${step.text}`).join('\n');
  const answer = useAnswer(
    'jobs.log',
    { host, stack: job.stack, job: job.id },
    `${host} ${job.id} ${job.state} ${newest}`,
  );
  if (answer.state === 'asking') return <p className="quiet">Reading the output.</p>;
  if (answer.state === 'failed') return <FailureNote failure={answer.failure} />;
  return (
    <pre className="file" data-testid="job-log">
      {answer.value === '' ? 'No output.' : answer.value}
    </pre>
  );
}
