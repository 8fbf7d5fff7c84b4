import type { HostView } from '../../contract/views.ts';

/**
 * The view with nothing in it that nobody can know: while the host is not connected, or its Docker does not answer, every
 * switch is unknown since the map was last true, whatever it said then. A verb offered from an old map would be a guess,
 * and what was wrong then may be the least of it: one cause, one message.
 */
export function asKnown(view: HostView): HostView {
  if (view.map === null || isKnown(view)) return view;
  const sinceMs =
    view.connection.kind === 'away' ? view.connection.sinceMs : (view.map.dockerAwaySinceMs ?? view.map.asOfMs);
  const stacks = view.map.stacks.map((stack) => ({
    ...stack,
    services: stack.services.map((service) =>
      service.adopted
        ? { ...service, canFlipBack: false, troubles: [], switch: { kind: 'unknown' as const, sinceMs } }
        : { ...service, troubles: [] },
    ),
  }));
  return { ...view, map: { ...view.map, stacks } };
}

/** Whether the map of a host is true now: the host is connected and its Docker answers. */
export const isKnown = (view: HostView): boolean =>
  view.connection.kind === 'connected' && (view.map === null || view.map.dockerAwaySinceMs === null);
