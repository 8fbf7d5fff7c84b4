import { type LoadRecords, longestGap } from '../../load/load.ts';
import type { ActName } from '../cases.ts';
import type { JournalRecord } from '../journal.ts';
import type { Outage } from '../kinds/harm.ts';
import type { Invariant } from './verdict.ts';

/** What a request may take to be lost after what it waited for was gone: of timers and of a busy machine. */
const slackMs = 100;
/** A load of 40 a second makes as many in a second. */
const fewestRequests = 20;
/** Longer than any gap that was announced, or the start of a process, may take on a busy machine. */
const longestGapMs = 10_000;
const longestRestartMs = 30_000;
const gapSteps: Partial<Record<ActName, string>> = { adopt: 'switch', eject: 'replace' };

/** I2: no request is lost but those that a killed process had, and those of a gap that was announced. */
export const nothingLost: Invariant = ({ act, kind, load, outage, before, after, toldAtMs }) => {
  if (load === null) return [];
  if (load.count < fewestRequests) return [`only ${load.count} requests were made: nothing is known`];
  const known = new Set(before.journal.map(recordKey));
  const gap = announcedGap(
    act,
    after.journal.filter((record) => !known.has(recordKey(record))),
    toldAtMs,
  );
  const windows = [...(outage === null ? [] : [outage]), ...(gap === null ? [] : [gap])];
  const own = act === 'back' ? ownFailure : () => false;
  const lost = failuresOf(load).filter((failure) => !own(failure) && !windows.some((each) => touches(failure, each)));
  const found: string[] = [];
  if (lost.length > 0) {
    const first = lost[0] as Failed;
    const offset =
      outage === null ? '' : `, ${Math.round(first.endMs - outage.fromMs)} ms after the ${kind} fault began`;
    found.push(`${lost.length} of ${load.count} requests lost; the first: ${first.words}${offset}`);
  }
  const mostMs = kind === 'engine' || kind === 'power' ? longestRestartMs : longestGapMs;
  for (const { fromMs, toMs } of windows) {
    const silentMs = longestGap(load, fromMs, toMs);
    if (silentMs > mostMs) found.push(`nothing answered for ${Math.round(silentMs)} ms`);
  }
  return found;
};

const recordKey = ({ seq, job, step, phase }: JournalRecord) => `${seq} ${job} ${step} ${phase}`;

/**
 * From the beginning of the step that adoption and ejection say has a gap to the last that the job wrote down; null where none
 * was begun.
 */
export function announcedGap(act: ActName, records: readonly JournalRecord[], toldAtMs: number): Outage | null {
  const step = gapSteps[act];
  const begun = records.find((record) => record.step === step && record.phase === 'begin');
  if (begun === undefined) return null;
  const last = Math.max(...records.filter(({ job }) => job === begun.job).map(({ at }) => at));
  return { fromMs: begun.at - slackMs, toMs: Math.min(toldAtMs, last + slackMs) };
}

type Failed = { beginMs: number; endMs: number; status: number; words: string };

const failureWords = ['', 'connect', 'reset', 'truncated', 'garbled', 'timeout', 'status'];

function failuresOf({ count, beginMs, endMs, status, failure, release, releases }: LoadRecords): Failed[] {
  const found: Failed[] = [];
  for (let at = 0; at < count; at += 1) {
    const kind = failure[at] ?? 0;
    if (kind === 0) continue;
    const answered = status[at] ?? 0;
    found.push({
      beginMs: beginMs[at] ?? 0,
      endMs: endMs[at] ?? 0,
      status: answered,
      words: `${failureWords[kind] ?? kind}${answered === 0 ? '' : ` ${answered} of ${releases[release[at] ?? 0] || 'the entry point'}`}`,
    });
  }
  return found;
}

/** What the ill release answered itself. */
const ownFailure = ({ status }: Failed) => status === 500;

const touches = ({ beginMs, endMs }: Failed, { fromMs, toMs }: Outage) =>
  endMs >= fromMs - slackMs && beginMs <= toMs + slackMs;
