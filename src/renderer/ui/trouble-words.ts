import type { ServiceView } from '../../contract/views.ts';
import type { Trouble, TroubleCause } from '../../core/trouble.ts';
import { oneLine } from './format.ts';
import type { SwitchWords, Tone } from './switch-words.ts';

export const levelWords: Record<Trouble['level'], string> = { down: 'Down', wrong: 'Wrong', 'at-risk': 'At risk' };

export const toneOf: Record<Trouble['level'], Tone> = { down: 'trouble', wrong: 'warning', 'at-risk': 'warning' };

/** A cause in the words that fit beside a button of a card; the whole sentence is the trouble's own title. */
const causeWords: Record<TroubleCause, string> = {
  'entry-gone': 'Entry point gone',
  'entry-stopped': 'Entry point down',
  'entry-paused': 'Entry point paused',
  'entry-replaced': 'Entry point replaced',
  'entry-renamed': 'Entry point renamed',
  'live-gone': 'Release gone',
  'live-stopped': 'Release stopped',
  'live-paused': 'Release paused',
  'live-crashing': 'Keeps crashing',
  'live-ill': 'Checks fail',
  'stack-down': 'Stack is down',
  'network-gone': 'Cut off',
  bypassed: 'Bypassed',
  'override-gone': 'Our lines are gone',
  'override-changed': 'Our lines changed',
  'entry-config-changed': 'Config not ours',
  'state-gone': 'Records gone',
  'stray-slot': 'Slot left over',
  'previous-sick': 'No way back now',
  'way-back-gone': 'Way back gone',
};

/** Whether a job is at work on the service: what it does is said in the place of what it may be mending. */
const isAtWork = ({ switch: { kind } }: ServiceView): boolean =>
  kind === 'preparing' || kind === 'flipping' || kind === 'locked';

/** The trouble that a service has to say in the place of its switch; at risk only where the switch has nothing to say. */
export function loudTrouble(service: ServiceView): Trouble | null {
  const [trouble] = service.troubles;
  if (trouble === undefined || isAtWork(service) || service.switch.kind === 'unknown') return null;
  if (trouble.level !== 'at-risk') return trouble;
  return service.switch.kind === 'idle' || service.switch.kind === 'settled' ? trouble : null;
}

/** A trouble in the words of a card, a row or a panel's head. */
export const explainTrouble = (trouble: Trouble): SwitchWords => ({
  word: causeWords[trouble.cause],
  more: null,
  why: oneLine(trouble.title),
  tone: toneOf[trouble.level],
});

/** What compose.yaml names and what has no container: nobody asked for it, or its stack is down and says so itself. */
export const explainAbsence = (absence: string): SwitchWords => ({
  word: 'Not running',
  more: null,
  why: oneLine(absence),
  tone: 'quiet',
});
