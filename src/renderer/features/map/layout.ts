import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import { cardSize, portY, type StackTopology } from './topology.ts';

export type Point = { x: number; y: number };
export type Size = { width: number; height: number };

/** Where the things of one stack stand, from the frame's corner. */
export type StackLayout = {
  size: Size;
  places: Record<string, Point>;
  /** The way of each line, by `lineId`, from the frame's corner. */
  ways: Record<string, Point[]>;
};

export const doorHeight = 26;
export const doorWidth = (label: string): number => Math.max(56, Math.round(26 + label.length * 7.2));
export const storeSize: Size = { width: 168, height: 44 };
export const frameInset = { top: 56, right: 28, bottom: 30, left: 28 } as const;
/** From one layer to the next. */
const layerGap = 64;
const rowGap = 28;

export const lineId = (from: string, to: string): string => `${from} -> ${to}`;

const tierOrder = ['outside', 'proxy', 'service', 'state'];

/** A service that no line of its stack touches: it stands below, in rows. */
const isAlone = (stack: StackTopology, id: string): boolean =>
  !stack.doors.some((door) => door.service === id) &&
  ![...stack.depends, ...stack.routes].some((each) => each.from === id || each.to === id) &&
  !stack.stores.some((store) => store.services.includes(id));

/** The stack as elk takes it: doors first, proxies, services by dependency, state last. */
export function elkGraphOf(stack: StackTopology): ElkNode {
  const port = (id: string, x: number, y: number) => ({ id, x, y, width: 0, height: 0 });
  const place = (id: string, size: Size, partition: number, y: number): ElkNode => ({
    id,
    ...size,
    ports: [port(`${id}|in`, 0, y), port(`${id}|out`, size.width, y)],
    layoutOptions: {
      'elk.partitioning.partition': String(partition),
      'elk.portConstraints': 'FIXED_POS',
    },
  });
  const children: ElkNode[] = [
    ...stack.doors.map((door) =>
      place(door.id, { width: doorWidth(door.label), height: doorHeight }, 0, doorHeight / 2),
    ),
    ...stack.services
      .filter((service) => !isAlone(stack, service.id))
      .map((service) => place(service.id, cardSize, 1 + Math.max(0, tierOrder.indexOf(service.tier)), portY)),
    ...stack.stores.map((store) => place(store.id, storeSize, 6, storeSize.height / 2)),
  ];
  const line = (from: string, to: string): ElkExtendedEdge => ({
    id: lineId(from, to),
    sources: [`${from}|out`],
    targets: [`${to}|in`],
  });
  return {
    id: stack.name,
    layoutOptions: {
      'elk.algorithm': 'layered',
      'elk.direction': 'RIGHT',
      'elk.partitioning.activate': 'true',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
      'elk.layered.nodePlacement.favorStraightEdges': 'true',
      'elk.layered.spacing.nodeNodeBetweenLayers': String(layerGap),
      'elk.layered.spacing.edgeNodeBetweenLayers': '24',
      'elk.spacing.nodeNode': String(rowGap),
      'elk.spacing.componentComponent': String(rowGap),
      'elk.spacing.edgeNode': '22',
      'elk.spacing.edgeEdge': '14',
      'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
      'elk.padding': `[top=${frameInset.top},left=${stack.doors.length > 0 ? 0 : frameInset.left},bottom=${frameInset.bottom},right=${frameInset.right}]`,
    },
    children,
    edges: [
      ...stack.doors.map((door) => line(door.id, door.service)),
      ...[...stack.depends, ...stack.routes].map((each) => line(each.from, each.to)),
      ...stack.stores.flatMap((store) => store.services.map((service) => line(service, store.id))),
    ],
  };
}

/** What elk answered, as places and ways. */
export function readElk(stack: StackTopology, answer: ElkNode): StackLayout {
  const places: Record<string, Point> = {};
  for (const child of answer.children ?? []) places[child.id] = { x: child.x ?? 0, y: child.y ?? 0 };
  const ways: Record<string, Point[]> = {};
  for (const edge of answer.edges ?? []) {
    const section = edge.sections?.[0];
    if (section !== undefined) ways[edge.id] = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
  }
  // Doors are holes in the left border: all of them stand there, however deep their service is.
  for (const door of stack.doors) {
    const place = places[door.id];
    const way = ways[lineId(door.id, door.service)];
    if (place === undefined) continue;
    place.x = -14;
    if (way?.[0] !== undefined) way[0] = { x: place.x + doorWidth(door.label), y: way[0].y };
  }
  return placeAlone(stack, { size: { width: answer.width ?? 0, height: answer.height ?? 0 }, places, ways });
}

/** Puts the services that stand alone in rows below the others, in line with their first column. */
function placeAlone(stack: StackTopology, layout: StackLayout): StackLayout {
  const alone = stack.services.filter((service) => isAlone(stack, service.id));
  if (alone.length === 0) return layout;
  const together = stack.services.length - alone.length;
  const columns = stack.services.flatMap((service) => layout.places[service.id]?.x ?? []);
  const left = columns.length === 0 ? frameInset.left : Math.min(...columns);
  const top = together === 0 ? frameInset.top : layout.size.height - frameInset.bottom + rowGap;
  const step = { x: cardSize.width + layerGap, y: cardSize.height + rowGap };
  const room = Math.floor((layout.size.width - left - frameInset.right + layerGap) / step.x);
  const perRow = Math.max(room, Math.min(alone.length, Math.ceil(Math.sqrt(alone.length * 0.8))), 1);
  const places = { ...layout.places };
  alone.forEach((service, index) => {
    places[service.id] = { x: left + (index % perRow) * step.x, y: top + Math.floor(index / perRow) * step.y };
  });
  const right = left + Math.min(perRow, alone.length) * step.x - layerGap;
  const bottom = top + Math.ceil(alone.length / perRow) * step.y - rowGap;
  return {
    ...layout,
    places,
    size: {
      width: Math.max(together === 0 ? 0 : layout.size.width, right + frameInset.right),
      height: bottom + frameInset.bottom,
    },
  };
}

export const collapsedSize: Size = { width: 320, height: 148 };

export const collapsedLayout: StackLayout = { size: collapsedSize, places: {}, ways: {} };

/** The alley between two frames. */
export const gap = 44;

/** A frame to find a place for. `base` is its size collapsed, where it can be: what the others are arranged for. */
export type Frame = { id: string; size: Size; base?: Size };

/**
 * Frames side by side in a rectangle of about the shape of a window, the first given first. Each goes where its top is
 * highest, then leftmost. The same frames always come to the same places, and opening a frame moves none before it.
 */
export function arrange(frames: Frame[], shape = 1.6): Record<string, Point> {
  const closed = frames.map(({ id, size, base }) => ({ id, size: base ?? size }));
  const area = closed.reduce((sum, { size }) => sum + (size.width + gap) * (size.height + gap), 0);
  const widest = Math.max(0, ...closed.map(({ size }) => size.width));
  let best = { limit: widest, score: Number.POSITIVE_INFINITY };
  for (const factor of [0.8, 0.9, 1, 1.1, 1.2, 1.35, 1.5]) {
    const limit = Math.max(widest, Math.sqrt(area * shape) * factor);
    const places = fill(closed, limit);
    const width = Math.max(0, ...closed.map(({ id, size }) => (places[id]?.x ?? 0) + size.width));
    const height = Math.max(0, ...closed.map(({ id, size }) => (places[id]?.y ?? 0) + size.height));
    const score = Math.max(width / shape, height);
    if (score < best.score) best = { limit, score };
  }
  return fill(frames, best.limit);
}

function fill(frames: Frame[], limit: number): Record<string, Point> {
  const places: Record<string, Point> = {};
  let skyline: { x: number; width: number; y: number }[] = [{ x: 0, width: Number.POSITIVE_INFINITY, y: 0 }];
  for (const { id, size } of frames) {
    const width = size.width + gap;
    let best: Point | undefined;
    for (const { x } of skyline) {
      if (x > 0 && x + size.width > limit) continue;
      const y = Math.max(
        ...skyline.filter((step) => step.x < x + width && step.x + step.width > x).map((step) => step.y),
      );
      if (best === undefined || y < best.y) best = { x, y };
    }
    const at = best ?? { x: 0, y: 0 };
    places[id] = at;
    skyline = raise(skyline, at.x, width, at.y + size.height + gap);
  }
  return places;
}

function raise(skyline: { x: number; width: number; y: number }[], x: number, width: number, y: number) {
  const end = x + width;
  const next: typeof skyline = [];
  for (const step of skyline) {
    const stepEnd = step.x + step.width;
    if (step.x < x) next.push({ ...step, width: Math.min(stepEnd, x) - step.x });
    if (stepEnd > end && end > step.x) next.push({ x: end, width: stepEnd - end, y: step.y });
    else if (step.x >= end) next.push(step);
  }
  next.push({ x, width, y });
  return next.sort((a, b) => a.x - b.x);
}

/** A way as an SVG path with round corners. */
export function renderWay(points: Point[], radius = 10): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let path = `M${first.x} ${first.y}`;
  let before = first;
  rest.forEach((point, index) => {
    const after = rest[index + 1];
    if (after === undefined) {
      path += `L${point.x} ${point.y}`;
    } else {
      const r = Math.min(radius, distance(before, point) / 2, distance(point, after) / 2);
      const into = towards(point, before, r);
      const out = towards(point, after, r);
      path += `L${into.x} ${into.y}Q${point.x} ${point.y} ${out.x} ${out.y}`;
    }
    before = point;
  });
  return path;
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);
const towards = (from: Point, to: Point, by: number): Point => {
  const whole = distance(from, to) || 1;
  return { x: round(from.x + ((to.x - from.x) * by) / whole), y: round(from.y + ((to.y - from.y) * by) / whole) };
};
const round = (value: number): number => Math.round(value * 10) / 10;

export type Direction = 'left' | 'right' | 'up' | 'down';
export type Box = Point & Size & { id: string };

/** The card one comes to from `from` in a direction: near and straight ahead first. Null when there is none. */
export function nextCard(boxes: Box[], from: string, direction: Direction): string | null {
  const start = boxes.find((box) => box.id === from);
  if (start === undefined) {
    // Where reading begins.
    const [first] = [...boxes].sort((a, b) => a.x + a.y - (b.x + b.y));
    return first?.id ?? null;
  }
  const horizontal = direction === 'left' || direction === 'right';
  const sign = direction === 'right' || direction === 'down' ? 1 : -1;
  let best: { id: string; cost: number } | null = null;
  for (const box of boxes) {
    if (box.id === from) continue;
    const dx = box.x + box.width / 2 - start.x - start.width / 2;
    const dy = box.y + box.height / 2 - start.y - start.height / 2;
    const ahead = (horizontal ? dx : dy) * sign;
    const aside = Math.abs(horizontal ? dy : dx);
    if (ahead <= 1 || aside > ahead * 2.5) continue;
    const cost = ahead + aside * 2;
    if (best === null || cost < best.cost) best = { id: box.id, cost };
  }
  return best?.id ?? null;
}
