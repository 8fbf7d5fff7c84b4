import type { ServiceView, SwitchView } from '../../contract/views.ts';
import { type Ending, endingOf, endingOfDeclined } from '../../core/ending.ts';
import type { Failure } from '../../core/failure.ts';
import type { Verb } from '../../core/job.ts';
import { doing, explainStep, explainWaitsFor } from '../../core/job-words.ts';
import { unreachable } from '../../core/result.ts';
import type { Holder } from '../../core/stack-map.ts';
import { count, formatBytes, formatClock, formatCountdown, formatDuration, oneLine } from './format.ts';
import { tellingOf } from './telling.ts';

/** How loud a state is: quiet is healthy, notable is the operator's turn or work under way. */
export type Tone = 'quiet' | 'notable' | 'warning' | 'trouble';

export type SwitchWords = {
  word: string;
  /** What follows the word, or null. */
  more: string | null;
  /** The one line that tells why, shown in the track it is about. */
  why: string | null;
  tone: Tone;
};

export const verbNames: Record<Verb | 'preview', string> = {
  adopt: 'Adopt',
  deploy: 'Deploy',
  flip: 'Flip',
  confirm: 'Keep',
  rollback: 'Flip back',
  retire: 'Retire',
  mend: 'Putting back',
  eject: 'Eject',
  preview: 'Preview',
};

/** `43 of 120 MB`, `2 of 4 checks`. */
export function formatProgress(progress: { done: number; total: number | null; unit: string }): string {
  const { done, total, unit } = progress;
  if (unit === 'bytes') {
    if (total === null) return formatBytes(done);
    const [a, b] = [formatBytes(done), formatBytes(total)];
    const [figure, ownUnit] = a.split(' ');
    return `${b.endsWith(` ${ownUnit}`) ? figure : a} of ${b}`;
  }
  return total === null ? count(done, unit.replace(/s$/, '')) : `${done} of ${total} ${unit}`;
}

/** Whether the state changes by the second, so that its words need a clock. */
export const ticks = (kind: SwitchView['kind']): boolean => kind === 'watching' || kind === 'held';

/** The switch in plain words. */
export function explainSwitch(state: SwitchView, nowMs: number): SwitchWords {
  switch (state.kind) {
    case 'not-adopted':
      return state.adoptable
        ? { word: 'Not adopted', more: null, why: oneLine(state.reason), tone: 'quiet' }
        : { word: 'Cannot be adopted', more: null, why: oneLine(state.reason), tone: 'quiet' };
    case 'idle':
      // That the release runs, its row says; the reason whole is in the panel and on the command line.
      return { word: 'No next', more: null, why: null, tone: 'quiet' };
    case 'preparing':
      return {
        word: capital(doing[state.verb]),
        // What is counted tells what is done: both have no room on a card.
        more: state.progress === null ? stepWords(state.step) : formatProgress(state.progress),
        why: explainHolder(state.holder, nowMs) ?? (state.text === null ? null : oneLine(state.text)),
        tone: 'notable',
      };
    case 'next-ready':
      return {
        word: 'Ready',
        more: state.checks === 0 ? 'unverified, no checks' : count(state.checks, 'check'),
        why: null,
        tone: 'notable',
      };
    case 'not-ready':
      return {
        word: 'Not ready',
        // One that ends at its start is gone before anything could be asked.
        more: state.total === 0 ? null : `${state.passed} of ${state.total} passed`,
        why: tellingOf(state.reason),
        tone: 'warning',
      };
    case 'flipping':
      return {
        word: 'Flipping',
        more: state.inFlight === null ? stepWords(state.step) : `finishing ${count(state.inFlight, 'request')}`,
        why: explainHolder(state.holder, nowMs),
        tone: 'notable',
      };
    case 'held':
      if (state.reason !== null)
        return { word: 'No decision', more: 'requests wait', why: tellingOf(state.reason), tone: 'trouble' };
      return {
        word: 'Holding',
        more: [
          state.waiting === null ? 'requests wait' : count(state.waiting, 'request'),
          ...(state.sinceMs === null ? [] : [formatDuration(Math.max(0, nowMs - state.sinceMs))]),
        ].join(', '),
        why: null,
        tone: 'notable',
      };
    case 'watching':
      return {
        word: state.mustConfirm ? 'Confirm' : 'Watching',
        more: state.mustConfirm
          ? state.untilMs <= nowMs
            ? 'time is over, going back'
            : `within ${formatCountdown(state.untilMs - nowMs)}`
          : `${formatCountdown(state.untilMs - nowMs)} left`,
        why:
          state.requests === 0
            ? 'no requests yet'
            : `${state.errors === 0 ? 'none' : state.errors.toLocaleString('en')} of ${state.requests.toLocaleString('en')} failed`,
        tone: 'notable',
      };
    case 'settled':
      return {
        word: 'Settled',
        more: state.atMs === null ? null : formatClock(state.atMs, nowMs),
        why: null,
        tone: 'quiet',
      };
    case 'went-back':
      return {
        word: 'Went back by itself',
        more: formatClock(state.atMs, nowMs),
        why: tellingOf(state.reason),
        tone: 'warning',
      };
    case 'failed':
      return explainEnding(endingOf(state), state.verb, state.step, state.failure);
    case 'waiting':
      return {
        word: `${verbNames[state.verb]} waits`,
        more: null,
        why: oneLine(
          `for ${explainWaitsFor(state.waitsFor)}${state.waitsFor === null ? '' : ` by ${state.waitsFor.by}`}`,
        ),
        tone: 'notable',
      };
    case 'unknown':
      return {
        word: 'Unknown',
        more: `since ${formatClock(state.sinceMs, nowMs)}`,
        why: null,
        tone: 'quiet',
      };
    case 'locked':
      return {
        word: 'Locked',
        more: `by ${oneLine(state.by)}`,
        why: `${doing[state.verb]} since ${formatClock(state.sinceMs, nowMs)}`,
        tone: 'quiet',
      };
    default:
      return unreachable(state);
  }
}

/** What was asked for and got no job: refused, unless nobody knows whether it was sent. */
export const explainDeclined = (verb: Verb | 'preview', failure: Failure): SwitchWords =>
  explainEnding(endingOfDeclined(failure), verb, null, failure);

/** One word and tone for each ending (SPEC TO1). */
function explainEnding(ending: Ending, verb: Verb | 'preview', step: string | null, failure: Failure): SwitchWords {
  const name = verbNames[verb];
  const at = step === null ? '' : ` while ${stepWords(step)}`;
  // A detail of one word, a path or an id, tells nothing by itself.
  const telling = tellingOf(/\S\s+\S/.test(failure.detail ?? '') ? (failure.detail ?? '') : failure.message);
  switch (ending) {
    case 'refused':
      return { word: `${name} refused`, more: 'nothing changed', why: telling, tone: 'warning' };
    case 'stopped':
      return {
        word: `${name} stopped`,
        more: null,
        why: step === null ? 'it had not begun' : 'what it began was undone',
        tone: 'quiet',
      };
    case 'undone':
      return { word: `${name} undone`, more: null, why: `its process died${at}`, tone: 'warning' };
    case 'unknown':
      return {
        word: `${name} not known yet`,
        more: null,
        why:
          failure.code === 'job-died'
            ? 'its process is gone; the server is looked at again'
            : 'the server is looked at again',
        tone: 'warning',
      };
    case 'failed':
      return { word: `${name} failed`, more: at === '' ? null : at.trim(), why: telling, tone: 'trouble' };
    default:
      return unreachable(ending);
  }
}

/** What follows the word where there is room for one line: in trouble why, else how it goes. */
export const inOneLine = ({ more, why, tone }: SwitchWords): string | null =>
  tone === 'warning' || tone === 'trouble' ? (why ?? more) : (more ?? why);

/** Who runs what the card shows, and since when, where that is somebody else. */
const explainHolder = (holder: Holder | null, nowMs: number): string | null =>
  holder === null ? null : `by ${oneLine(holder.by)} since ${formatClock(holder.sinceMs, nowMs)}`;

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** A step in words, on one line. */
export const stepWords = (name: string): string => oneLine(explainStep(name));

/** What a flip back cannot bring back, said plainly, where the service writes something. */
export function dataWarning(service: ServiceView, nowMs: number): string | null {
  const writes = service.mounts.some((mount) => mount.kind !== 'tmpfs' && !mount.readOnly);
  if (!writes || !service.canFlipBack) return null;
  const live = service.live === null ? null : service.slots[service.live];
  const since = live?.startedAtMs ?? null;
  return `Flip back returns the program, not the data written${
    since === null ? ' in the meantime' : ` since ${formatClock(since, nowMs)}`
  }.`;
}
