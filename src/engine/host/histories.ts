import type { ContainerHistory } from '../../core/docker-facts.ts';
import type { Clock } from '../ports/clock.ts';
import type { DockerEvent } from '../ports/docker-engine.ts';
import type { HostNow } from './host-now.ts';

const nothing: ContainerHistory = {
  stopped: false,
  endedAtMs: null,
  removedAtMs: null,
  pausedAtMs: null,
  illSinceMs: null,
};

/** No host has more containers that anything happens to. */
const most = 1_000;

/** Keeps what an event says of a container that Docker does not say when it is asked later: who ended it, and when. */
export function noteEvent(now: HostNow, clock: Clock, event: DockerEvent): void {
  const { name } = event.attributes;
  if (event.kind !== 'container' || name === undefined) return;
  const before = now.histories.get(name) ?? nothing;
  const after = changed(before, event.action, clock.nowMs());
  if (after === before) return;
  const kept = [...now.histories].filter(([each]) => each !== name).slice(-most);
  now.histories = new Map([...kept, [name, after]]);
}

function changed(before: ContainerHistory, action: string, nowMs: number): ContainerHistory {
  switch (action) {
    case 'start':
      // What it came to before is kept for who asks whether it is in a loop.
      return { ...nothing, endedAtMs: before.stopped ? null : before.endedAtMs };
    case 'create':
      return nothing;
    case 'die':
      return { ...before, endedAtMs: nowMs };
    // Docker says so before or behind the end, as it comes.
    case 'stop':
      return { ...before, stopped: true, endedAtMs: before.endedAtMs ?? nowMs };
    case 'destroy':
      return { ...before, removedAtMs: nowMs };
    case 'pause':
      return { ...before, pausedAtMs: nowMs };
    case 'unpause':
      return { ...before, pausedAtMs: null };
    case 'health_status: unhealthy':
      return { ...before, illSinceMs: nowMs };
    case 'health_status: healthy':
      return { ...before, illSinceMs: null };
    default:
      return before;
  }
}
