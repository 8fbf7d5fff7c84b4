import {
  ArrowUpDown,
  BadgeQuestionMark,
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
  Timer,
  TriangleAlert,
  Undo2,
} from 'lucide-react';
import type { HostView, ServiceView, SwitchView } from '../../contract/views.ts';
import { type Ending, endingOf } from '../../core/ending.ts';
import { type Health, isTrouble } from '../../core/health.ts';

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

/** Says something only when a container is in trouble: healthy is quiet. */
export function HealthMark({ health, size = 14 }: { health: Health; size?: number }) {
  if (!isTrouble(health)) return null;
  const hard = health !== 'unhealthy';
  const Icon = hard ? OctagonX : TriangleAlert;
  return <Icon size={size} aria-label={health} className={hard ? 'trouble' : 'warning'} />;
}

export type Worst = 'fine' | 'busy' | 'warning' | 'trouble' | 'away' | 'off';

/** The worst state of a service, for sums. */
export function worstOf(service: ServiceView): 'fine' | 'warning' | 'trouble' {
  const { switch: state } = service;
  const { kind } = state;
  const ending = state.kind === 'failed' ? endingOf(state) : null;
  const failed = ending === 'failed';
  const undecided = state.kind === 'held' && state.reason !== null;
  if (
    failed ||
    undecided ||
    service.health === 'exited' ||
    service.health === 'dead' ||
    service.health === 'restarting'
  )
    return 'trouble';
  if (ending !== null && ending !== 'stopped') return 'warning';
  if (kind === 'went-back' || kind === 'not-ready' || service.health === 'unhealthy') return 'warning';
  return 'fine';
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
      const states = (host.map?.stacks ?? []).flatMap((stack) => stack.services.map(worstOf));
      return states.includes('trouble') ? 'trouble' : states.includes('warning') ? 'warning' : 'fine';
    }
  }
}
