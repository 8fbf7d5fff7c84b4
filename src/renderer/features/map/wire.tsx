import { type EdgeProps, useInternalNode } from '@xyflow/react';
import { memo, useContext } from 'react';
import { isDown } from '../../bridge/offers.ts';
import { useService } from '../../bridge/store.ts';
import { useWindow } from '../../bridge/window-state.ts';
import { gap, type Point, renderWay } from './layout.ts';
import { MapContext } from './nodes.tsx';
import { trackOffset } from './topology.ts';

type WireData = {
  kind: 'door' | 'depends' | 'store' | 'route';
  frame?: string;
  way?: Point[];
  /** The frames that a line between stacks leaves and enters. */
  between?: { from: string; to: string };
};

/** A line of the map. It ends in the track that has the traffic; while nobody can say, between the two. Broken where nobody answers. */
export const Wire = memo(function Wire({ source, target, sourceX, sourceY, targetX, targetY, data }: EdgeProps) {
  const { host } = useContext(MapContext);
  const { kind, frame, way, between } = data as WireData;
  const left = useInternalNode(between?.from ?? '');
  const entered = useInternalNode(between?.to ?? '');
  const corner = useInternalNode(frame ?? '')?.internals.positionAbsolute;
  const service = useService(host, kind === 'store' ? null : target);
  const touches = useWindow((state) => state.service === source || state.service === target);
  const dimmed = useWindow((state) => state.blast);
  // What goes past the entry point ends in neither track, whatever the switch says.
  const isPast = service?.troubles.some(({ cause }) => cause === 'bypassed') === true;
  const moving = service?.switch.kind === 'flipping' || service?.switch.kind === 'held' || isPast;
  const live = service === undefined || service.switch.kind === 'unknown' || moving ? null : service.live;
  const offset =
    service === undefined || moving
      ? 0
      : live === 'green'
        ? trackOffset
        : live === 'blue' || !service.adopted
          ? -trackOffset
          : 0;

  const start = { x: sourceX, y: sourceY };
  const end = { x: targetX, y: targetY };
  const before = { x: end.x - 22, y: end.y };
  const tail =
    offset === 0
      ? `L${end.x} ${end.y}`
      : `C${end.x - 8} ${end.y} ${end.x - 14} ${end.y + offset} ${end.x} ${end.y + offset}`;
  let path: string;
  if (way !== undefined && corner !== undefined && way.length >= 2) {
    const points = way.slice(1, -1).map((point) => ({ x: point.x + corner.x, y: point.y + corner.y }));
    path = renderWay([start, ...points, before]) + tail;
  } else if (left !== undefined && entered !== undefined) {
    // Between stacks a line keeps to the alleys: down and along below the one, up beside the other.
    const alley = left.internals.positionAbsolute.y + (left.measured.height ?? 0) + gap / 2;
    const gate = entered.internals.positionAbsolute.x - gap / 2;
    const turn = start.x + 18;
    path =
      renderWay([
        start,
        { x: turn, y: start.y },
        { x: turn, y: alley },
        { x: gate, y: alley },
        { x: gate, y: before.y },
        before,
      ]) + tail;
  } else {
    const bend = Math.max(36, Math.abs(before.x - start.x) / 2);
    path = `M${start.x} ${start.y}C${start.x + bend} ${start.y} ${before.x - bend} ${before.y} ${before.x} ${before.y}${tail}`;
  }
  return (
    <path
      d={path}
      className="wire"
      data-kind={kind}
      data-live={kind === 'store' ? undefined : (live ?? undefined)}
      data-down={(kind !== 'store' && service !== undefined && isDown(service)) || undefined}
      data-touches={touches || undefined}
      data-dimmed={(dimmed && !touches) || undefined}
    />
  );
});
