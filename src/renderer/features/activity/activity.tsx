import {
  Check,
  Circle,
  CircleAlert,
  CircleDashed,
  CircleDot,
  CircleQuestionMark,
  OctagonX,
  Undo2,
  X,
} from 'lucide-react';
import { useState } from 'react';
import type { HostView } from '../../../contract/views.ts';
import type { Job, JobStep } from '../../../core/job.ts';
import { useAnswer } from '../../bridge/use-answer.ts';
import { showActivity, useWindow } from '../../bridge/window-state.ts';
import { useSeconds } from '../../ui/clock.ts';
import { Ago, Bar, FailureNote } from '../../ui/controls.tsx';
import { count, formatDuration, oneLine } from '../../ui/format.ts';
import { formatProgress, verbNames } from '../../ui/switch-words.ts';
import './activity.css';

const jobIcons = {
  running: CircleDot,
  completed: Check,
  'rolled-back': Undo2,
  refused: CircleAlert,
  aborted: OctagonX,
  indeterminate: CircleQuestionMark,
} as const;

const jobWords: Record<Job['state'], string> = {
  running: 'running',
  completed: 'completed',
  'rolled-back': 'went back',
  refused: 'refused, nothing changed',
  aborted: 'aborted, undone',
  indeterminate: 'not known yet',
};

const tone = (state: Job['state']): string =>
  state === 'aborted'
    ? 'trouble'
    : state === 'rolled-back' || state === 'refused' || state === 'indeterminate'
      ? 'warning'
      : 'quiet';

/** Jobs that run and ran, with their steps and their whole output. */
export function ActivityDrawer({ host }: { host: HostView }) {
  const wanted = useWindow((state) => state.job);
  const jobs = [...host.jobs].sort((a, b) => b.startedAt - a.startedAt);
  const job = jobs.find((each) => each.id === wanted) ?? jobs[0];
  const running = jobs.filter((each) => each.state === 'running').length;
  return (
    <section className="activity" data-testid="activity" aria-label="Activity">
      <header className="activity-head">
        <h2>Activity</h2>
        <span className="quiet">
          {running > 0 ? `${count(running, 'job')} running` : 'nothing runs'}
          {jobs.length > running && `, ${jobs.length - running} ran`}
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
      {job === undefined ? (
        <p className="quiet activity-none">No job ran yet. What you start appears here, with each of its steps.</p>
      ) : (
        <div className="activity-body">
          <ol className="jobs">
            {jobs.map((each) => (
              <li key={each.id}>
                <JobRow job={each} current={each.id === job.id} />
              </li>
            ))}
          </ol>
          <JobDetail key={job.id} host={host.id} job={job} />
        </div>
      )}
    </section>
  );
}

function JobRow({ job, current }: { job: Job; current: boolean }) {
  const Icon = jobIcons[job.state];
  return (
    <button
      type="button"
      className="job"
      data-testid={`job-${job.id}`}
      data-state={job.state}
      data-tone={tone(job.state)}
      aria-current={current}
      onClick={() => showActivity(true, job.id)}
    >
      <Icon size={15} aria-label={jobWords[job.state]} />
      <span className="job-name clip">
        {verbNames[job.verb]} <b>{oneLine(job.service)}</b> <span className="quiet">{oneLine(job.stack)}</span>
      </span>
      <span className="quiet job-when number">
        <Took job={job} />
      </span>
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

function JobDetail({ host, job }: { host: string; job: Job }) {
  const [raw, setRaw] = useState(false);
  // Points in time are for machines; what they lie apart stands at the steps.
  const figures = Object.entries(job.figures).filter(([name]) => !name.endsWith('At'));
  return (
    <div className="job-detail">
      <p className="quiet">
        {verbNames[job.verb]} of {oneLine(job.service)} by {oneLine(job.by)}: {jobWords[job.state]}
        {figures.length > 0 && ` · ${figures.map(([name, value]) => renderFigure(name, value)).join(' · ')}`}
      </p>
      <ol className="steps" data-refused={job.state === 'refused' || undefined}>
        {job.steps.map((step) => (
          <Step key={step.name} step={step} />
        ))}
      </ol>
      {job.failure !== null && (
        <FailureNote failure={job.failure} level={job.state === 'refused' ? 'warning' : 'stop'} />
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
      {raw && <JobLog host={host} job={job} />}
    </div>
  );
}

/** `switchMs: 7` to `switch 7 ms`. */
function renderFigure(name: string, value: number): string {
  const words = name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${words} ${name.endsWith('Ms') ? formatDuration(value) : value.toLocaleString('en')}`;
}

function Step({ step }: { step: JobStep }) {
  const Icon = stepIcons[step.state];
  return (
    <li className="step" data-state={step.state}>
      <Icon size={14} aria-label={step.state} />
      <b>{oneLine(step.name)}</b>
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
          <Bar done={step.progress.done} total={step.progress.total} label={step.name} />
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
