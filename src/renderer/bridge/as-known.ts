import type { HostView } from '../../contract/views.ts';

/**
 * The view with nothing in it that nobody can know: while the host is not connected, every switch is unknown since the
 * map was last true, whatever it said then. A verb offered from an old map would be a guess.
 */
export function asKnown(view: HostView): HostView {
  if (view.map === null || view.connection.kind === 'connected') return view;
  const sinceMs = view.connection.kind === 'away' ? view.connection.sinceMs : view.map.asOfMs;
  const stacks = view.map.stacks.map((stack) => ({
    ...stack,
    services: stack.services.map((service) =>
      service.adopted ? { ...service, canFlipBack: false, switch: { kind: 'unknown' as const, sinceMs } } : service,
    ),
  }));
  return { ...view, map: { ...view.map, stacks } };
}
