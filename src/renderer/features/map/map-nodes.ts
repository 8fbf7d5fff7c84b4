import type { Edge, Node } from '@xyflow/react';
import {
  arrange,
  collapsedSize,
  doorHeight,
  doorWidth,
  type Frame,
  lineId,
  type Point,
  type StackLayout,
  storeSize,
} from './layout.ts';
import { cardSize, collapseAbove, type StackTopology, type Topology } from './topology.ts';

/** Where what was moved by hand stands, by its id; of what is in a stack, inside of its frame. */
export type Places = Record<string, Point>;

/** A topology with the layout of each of its stacks. */
export type Laid = { topology: Topology; layouts: Record<string, StackLayout> };

const looseSize = (loose: number) => ({ width: 320, height: 60 + Math.min(loose, 12) * 28 + (loose > 12 ? 24 : 0) });
const looseId = '(loose)';

/** Stacks with a proxy stand first: traffic comes from the left. Those that open and close stand last. */
export function framesOf({ topology, layouts }: Laid): Frame[] {
  const rank = (stack: StackTopology): number => {
    if (topology.stacks.length > 1 && stack.services.length > collapseAbove) return 2;
    return stack.services.some((service) => service.tier === 'proxy') ? 0 : 1;
  };
  const frames = topology.stacks.map((stack) => ({
    id: stack.name,
    rank: rank(stack),
    size: layouts[stack.name]?.size ?? collapsedSize,
    ...(rank(stack) === 2 ? { base: collapsedSize } : {}),
  }));
  const height = (frame: Frame): number => (frame.base ?? frame.size).height;
  frames.sort((a, b) => a.rank - b.rank || height(b) - height(a) || a.id.localeCompare(b.id));
  return topology.loose === 0 ? frames : [...frames, { id: looseId, size: looseSize(topology.loose) }];
}

/** What stands on the map, and where: what was moved by hand stays there. A frame reaches as far as its cards do. */
export function nodesOf(laid: Laid, moved: Places): Node[] {
  const { topology, layouts } = laid;
  const frames = framesOf(laid);
  const corners = arrange(frames);
  const nodes: Node[] = [];
  for (const { id, size } of frames) {
    const stack = topology.stacks.find((each) => each.name === id);
    const layout = layouts[id];
    const base = { position: moved[id] ?? corners[id] ?? { x: 0, y: 0 }, draggable: true, selectable: false };
    if (stack === undefined || layout === undefined) {
      nodes.push({ ...base, id, type: 'loose', data: {}, ...size, style: size });
      continue;
    }
    const places: Places = { ...layout.places };
    for (const key of Object.keys(places)) places[key] = moved[key] ?? places[key] ?? { x: 0, y: 0 };
    const reach = { ...size };
    if (!stack.collapsed) {
      for (const service of stack.services) {
        const at = places[service.id];
        if (at === undefined) continue;
        reach.width = Math.max(reach.width, at.x + cardSize.width + 28);
        reach.height = Math.max(reach.height, at.y + cardSize.height + 28);
      }
    }
    nodes.push({
      ...base,
      id,
      type: 'stack',
      data: { name: id, collapsed: stack.collapsed, tints: stack.tints, places },
      width: reach.width,
      height: reach.height,
      style: reach,
      dragHandle: '.frame-head',
      zIndex: 0,
    });
    if (stack.collapsed) continue;
    const inside = (
      node: string,
      type: string,
      data: Record<string, unknown>,
      at: { width: number; height: number },
    ) => {
      nodes.push({
        id: node,
        type,
        parentId: id,
        position: places[node] ?? { x: 28, y: 48 },
        extent: [
          [type === 'door' ? -14 : 16, 44],
          [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
        ],
        data,
        width: at.width,
        height: at.height,
        zIndex: 2,
        selectable: false,
      });
    };
    for (const door of stack.doors) {
      inside(
        door.id,
        'door',
        { label: door.label, service: door.service },
        { width: doorWidth(door.label), height: doorHeight },
      );
    }
    for (const store of stack.stores)
      inside(store.id, 'store', { name: store.name, services: store.services }, storeSize);
    for (const service of stack.services) inside(service.id, 'service', { id: service.id }, cardSize);
  }
  return nodes;
}

/** The lines of the map. Those of what was moved find their own way. */
export function edgesOf({ topology, layouts }: Laid, moved: Places): Edge[] {
  const edges: Edge[] = [];
  for (const stack of topology.stacks) {
    if (stack.collapsed) continue;
    const layout = layouts[stack.name];
    const add = (source: string, target: string, kind: string) => {
      const id = lineId(source, target);
      const still = moved[source] === undefined && moved[target] === undefined;
      edges.push({
        id,
        source,
        target,
        type: 'wire',
        zIndex: 1,
        data: { kind, frame: stack.name, way: still ? layout?.ways[id] : undefined },
      });
    };
    for (const door of stack.doors) add(door.id, door.service, 'door');
    for (const each of stack.depends) add(each.from, each.to, 'depends');
    for (const each of stack.routes) add(each.from, each.to, 'route');
    for (const store of stack.stores) for (const service of store.services) add(service, store.id, 'store');
  }
  const stackOf = (id: string): string =>
    topology.stacks.find((stack) => stack.services.some((service) => service.id === id))?.name ?? '';
  for (const route of topology.routes) {
    edges.push({
      id: lineId(route.from, route.to),
      source: route.from,
      target: route.to,
      type: 'wire',
      zIndex: 1,
      data: { kind: 'route', between: { from: stackOf(route.from), to: stackOf(route.to) } },
    });
  }
  return edges;
}
