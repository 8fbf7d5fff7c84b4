import {
  ArrowUpDown,
  BadgeQuestionMark,
  Check,
  CheckCheck,
  CircleDashed,
  CircleMinus,
  CirclePause,
  CirclePlay,
  CircleQuestionMark,
  CircleSlash,
  CircleStop,
  Eye,
  Hand,
  HardDriveDownload,
  History,
  Hourglass,
  Lock,
  type LucideIcon,
  OctagonX,
  ShieldAlert,
  Square,
  Timer,
  TriangleAlert,
  Undo2,
} from 'lucide-react';
import type { HostView, ServiceView, SwitchView } from '../../contract/views.ts';
import { type Ending, endingOf } from '../../core/ending.ts';
import { type Health, isTrouble } from '../../core/health.ts';
import type { Trouble } from '../../core/trouble.ts';

const icons: Record<Exclude<SwitchView['kind'], 'not-adopted' | 'failed'>, LucideIcon> = {
  idle: CircleMinus,
  preparing: HardDriveDownload,
  'next-ready': CirclePlay,
  'not-ready': TriangleAlert,
  flipping: ArrowUpDown,
  held: CirclePause,
  waiting: Hourglass,
  watching: Eye,
  settled: CheckCheck,
  'went-back': Undo2,
  unknown: CircleQuestionMark,
  locked: Lock,
};

/** Each ending has a shape of its own, on the card as in the list of jobs (SPEC TO1). */
export const endingIcons: Record<Ending, LucideIcon> = {
  refused: Hand,
  stopped: CircleStop,
  undone: History,
  unknown: BadgeQuestionMark,
  failed: OctagonX,
};

/** Each state of the switch has a shape of its own. `declined`: how what was asked for here ended, where it got no job. */
export function SwitchMark({
  state,
  declined,
  size = 14,
}: {
  state: SwitchView;
  declined?: Ending | undefined;
  size?: number;
}) {
  const Icon =
    declined !== undefined
      ? endingIcons[declined]
      : state.kind === 'not-adopted'
        ? state.adoptable
          ? CircleDashed
          : CircleSlash
        : state.kind === 'failed'
          ? endingIcons[endingOf(state)]
          : state.kind === 'watching' && state.mustConfirm
            ? Timer
            : icons[state.kind];
  return <Icon size={size} aria-hidden className="switch-mark" />;
}

/** Each level of trouble has a shape of its own, beside its colour and its word. */
const levelIcons: Record<Trouble['level'], LucideIcon> = {
  down: OctagonX,
  wrong: TriangleAlert,
  'at-risk': ShieldAlert,
};

export function TroubleMark({ level, size = 14 }: { level: Trouble['level']; size?: number }) {
  const Icon = levelIcons[level];
  return <Icon size={size} aria-hidden className={`trouble-mark ${level === 'down' ? 'trouble' : 'warning'}`} />;
}

/** What ended well, was stopped on purpose, or never started: nobody's emergency. */
const quietIcons: Partial<Record<Health, LucideIcon>> = { ended: Check, stopped: Square, absent: CircleDashed };

/** Loud only when a container is in trouble: healthy says nothing, and what rests on purpose is grey. */
export function HealthMark({ health, size = 14 }: { health: Health; size?: number }) {
  const Quiet = quietIcons[health];
  if (Quiet !== undefined) return <Quiet size={size} aria-label={health} className="quiet" />;
  if (!isTrouble(health)) return null;
  const hard = health !== 'unhealthy';
  const Icon = hard ? OctagonX : TriangleAlert;
  return <Icon size={size} aria-label={health} className={hard ? 'trouble' : 'warning'} />;
}

/** The mark in front of a service's name: what is wrong with it, else how its container does. */
export function ServiceMark({ service, size = 14 }: { service: ServiceView; size?: number }) {
  const [trouble] = service.troubles;
  return trouble === undefined || trouble.level === 'at-risk' ? (
    <HealthMark health={service.health} size={size} />
  ) : (
    <TroubleMark level={trouble.level} size={size} />
  );
}

export type Worst = 'fine' | 'busy' | 'warning' | 'trouble' | 'away' | 'off';

/** The worst state of a service, for sums. */
export function worstOf(service: ServiceView): 'fine' | 'warning' | 'trouble' {
  const { switch: state } = service;
  const { kind } = state;
  const ending = state.kind === 'failed' ? endingOf(state) : null;
  const [trouble] = service.troubles;
  const undecided = state.kind === 'held' && state.reason !== null;
  const gone = isTrouble(service.health) && service.health !== 'unhealthy';
  if (trouble?.level === 'down' || ending === 'failed' || undecided || gone) return 'trouble';
  if (trouble !== undefined || (ending !== null && ending !== 'stopped')) return 'warning';
  if (kind === 'went-back' || kind === 'not-ready') return 'warning';
  return service.health === 'unhealthy' ? 'warning' : 'fine';
}

/** The worst state of a host, for its tab: one cause, one mark. */
export function worstOfHost(host: HostView): Worst {
  switch (host.connection.kind) {
    case 'idle':
      return 'off';
    case 'away':
      return 'away';
    case 'failed':
      return 'trouble';
    case 'connecting':
    case 'asking':
      return 'busy';
    case 'connected': {
      // Before the first map nobody knows; without Docker nobody knows any more.
      if (host.map === null) return 'busy';
      if (host.map.dockerAwaySinceMs !== null) return 'trouble';
      const states = host.map.stacks.flatMap((stack) => stack.services.map(worstOf));
      return states.includes('trouble') ? 'trouble' : states.includes('warning') ? 'warning' : 'fine';
    }
  }
}
