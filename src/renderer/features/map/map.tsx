import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  type Edge,
  type Node,
  type NodeChange,
  ReactFlow,
  ReactFlowProvider,
  useNodesInitialized,
  useReactFlow,
} from '@xyflow/react';
import { Locate, Maximize2, Minus, Plus, RotateCw } from 'lucide-react';
import { memo, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { HostView, MapView } from '../../../contract/views.ts';
import { call } from '../../bridge/client.ts';
import { keepSame } from '../../bridge/keep-same.ts';
import { openPanel, select, useWindow } from '../../bridge/window-state.ts';
import { layOut } from './elk.ts';
import {
  arrange,
  type Box,
  collapsedSize,
  type Direction,
  doorHeight,
  doorWidth,
  type Frame,
  lineId,
  nextCard,
  type Point,
  type StackLayout,
  storeSize,
} from './layout.ts';
import {
  type CardFace,
  DoorNode,
  LooseNode,
  MapContext,
  nearZoom,
  ServiceNode,
  StackNode,
  StoreNode,
} from './nodes.tsx';
import { cardSize, collapseAbove, type StackTopology, type Topology, topologyOf } from './topology.ts';
import { Wire } from './wire.tsx';
import './map.css';

const nodeTypes = { stack: StackNode, service: ServiceNode, door: DoorNode, store: StoreNode, loose: LooseNode };
const edgeTypes = { wire: Wire };

/** The map of one host. `face` draws a service, so that the map knows nothing of cards. */
export function MapScreen({ host, map, face }: { host: HostView; map: MapView; face: CardFace }) {
  return (
    <ReactFlowProvider key={host.id}>
      <Canvas host={host} map={map} face={face} />
    </ReactFlowProvider>
  );
}

type Places = Record<string, Point>;
type Laid = { topology: Topology; layouts: Record<string, StackLayout> };

/** The layouts of all stacks of a topology, the last complete ones until the next are there. */
function useLayouts(topology: Topology): Laid | null {
  const [laid, setLaid] = useState<Laid | null>(null);
  useEffect(() => {
    let current = true;
    void Promise.all(topology.stacks.map(async (stack) => [stack.name, await layOut(stack)] as const)).then((pairs) => {
      if (current) setLaid({ topology, layouts: Object.fromEntries(pairs) });
    });
    return () => {
      current = false;
    };
  }, [topology]);
  return laid;
}

function usePositions(host: string): [Places | null, (places: Places | null) => void] {
  const [places, setPlaces] = useState<Places | null>(null);
  useEffect(() => {
    void call('positions.get', { host }).then((reply) => setPlaces(reply.ok ? reply.value : {}));
  }, [host]);
  const save = useCallback(
    (next: Places | null) => {
      setPlaces(next ?? {});
      void call('positions.set', { host, positions: next });
    },
    [host],
  );
  return [places, save];
}

const looseSize = (loose: number) => ({ width: 320, height: 60 + Math.min(loose, 12) * 28 + (loose > 12 ? 24 : 0) });
const looseId = '(loose)';

/** Stacks with a proxy stand first: traffic comes from the left. Those that open and close stand last. */
function framesOf({ topology, layouts }: Laid): Frame[] {
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

function nodesOf(laid: Laid, moved: Places): Node[] {
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

function edgesOf({ topology, layouts }: Laid, moved: Places): Edge[] {
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

/** Moves of the view are short, and at once for those who want no motion. */
const motionMs = (): number => (window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 180);

/** Where the operator left each host's map, for as long as the window lives. */
const viewports = new Map<string, { x: number; y: number; zoom: number }>();

const arrows: Record<string, Direction> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' };

function Canvas({ host, map, face }: { host: HostView; map: MapView; face: CardFace }) {
  const [expanded, setExpanded] = useState<Record<string, boolean>>({});
  const last = useRef<Topology | null>(null);
  const topology = useMemo(() => {
    last.current = keepSame(last.current, topologyOf(map, expanded));
    return last.current;
  }, [map, expanded]);
  const laid = useLayouts(topology);
  const [moved, saveMoved] = usePositions(host.id);
  const [nodes, setNodes] = useState<Node[]>([]);
  const flow = useReactFlow();
  const placed = useNodesInitialized();
  const pane = useRef<HTMLDivElement>(null);
  const fitted = useRef(viewports.has(host.id));
  /** Fitted, and not moved by hand since: it then stays fitted when the panel opens or the window changes its size. */
  const untouched = useRef(false);
  const service = useWindow((state) => state.service);
  const panelOpen = useWindow((state) => state.panelOpen);

  useEffect(() => {
    if (laid !== null && moved !== null) setNodes(nodesOf(laid, moved));
  }, [laid, moved]);
  const edges = useMemo(() => (laid === null || moved === null ? [] : edgesOf(laid, moved)), [laid, moved]);

  const fitMap = useCallback(
    (duration = motionMs(), minZoom = 0.1) => {
      untouched.current = true;
      return flow.fitView({ padding: 0.06, maxZoom: 1.1, minZoom, duration });
    },
    [flow],
  );
  const zoomBy = useCallback(
    (way: 'in' | 'out') => {
      untouched.current = false;
      const options = { duration: motionMs() };
      void (way === 'in' ? flow.zoomIn(options) : flow.zoomOut(options));
    },
    [flow],
  );
  useEffect(() => {
    if (!placed || nodes.length === 0 || fitted.current) return;
    fitted.current = true;
    void fitMap(0);
  }, [placed, nodes, fitMap]);

  /** The card whose panel is open stays in view. */
  const bringIntoView = useCallback(() => {
    const { service: selected, panelOpen: hasPanel } = useWindow.getState();
    const node = selected === null || !hasPanel ? undefined : flow.getInternalNode(selected);
    const box = pane.current?.getBoundingClientRect();
    if (node === undefined || box === undefined) return;
    const { x, y, zoom } = flow.getViewport();
    const at = node.internals.positionAbsolute;
    const left = at.x * zoom + x;
    const top = at.y * zoom + y;
    const inside =
      left >= 8 &&
      top >= 8 &&
      left + cardSize.width * zoom <= box.width - 8 &&
      top + cardSize.height * zoom <= box.height - 8;
    if (!inside)
      void flow.setCenter(at.x + cardSize.width / 2, at.y + cardSize.height / 2, { zoom, duration: motionMs() });
  }, [flow]);

  useEffect(() => {
    if (pane.current === null) return;
    const observer = new ResizeObserver(() => {
      if (!untouched.current) return;
      // Beside a panel the cards stay as readable as they were.
      const beside = useWindow.getState().panelOpen;
      void fitMap(0, beside ? Math.min(nearZoom, flow.getZoom()) : undefined).then(bringIntoView);
    });
    observer.observe(pane.current);
    return () => observer.disconnect();
  }, [fitMap, bringIntoView, flow]);

  useEffect(() => {
    if (service === null || !panelOpen) return;
    const timer = setTimeout(bringIntoView, 30);
    return () => clearTimeout(timer);
  }, [service, panelOpen, bringIntoView]);

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector('dialog[open]') !== null) return;
      const target = event.target as HTMLElement;
      if (target.closest('input, textarea, select, [role="tablist"], aside') !== null) return;
      if (event.key === '0') void fitMap();
      else if (event.key === '+' || event.key === '=') zoomBy('in');
      else if (event.key === '-') zoomBy('out');
      else {
        const direction = arrows[event.key];
        if (direction === undefined) return;
        event.preventDefault();
        const boxes: Box[] = flow
          .getNodes()
          .filter((node) => node.type === 'service')
          .map((node) => ({
            id: node.id,
            ...(flow.getInternalNode(node.id)?.internals.positionAbsolute ?? node.position),
            ...cardSize,
          }));
        const next = nextCard(boxes, useWindow.getState().service ?? '', direction);
        if (next === null) return;
        select(next);
        const node = pane.current?.querySelector<HTMLElement>(`[data-service="${CSS.escape(next)}"]`);
        node?.focus({ preventScroll: true });
        const box = boxes.find((each) => each.id === next);
        const size = pane.current?.getBoundingClientRect();
        if (box === undefined || size === undefined) return;
        const { x, y, zoom } = flow.getViewport();
        const left = box.x * zoom + x;
        const top = box.y * zoom + y;
        if (left < 0 || top < 0 || left + box.width * zoom > size.width || top + box.height * zoom > size.height)
          void flow.setCenter(box.x + box.width / 2, box.y + box.height / 2, { zoom, duration: motionMs() });
      }
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [flow, fitMap, zoomBy]);

  const change = useCallback((changes: NodeChange[]) => setNodes((before) => applyNodeChanges(changes, before)), []);
  const dropped = useCallback(
    (_event: unknown, node: Node) => saveMoved({ ...(moved ?? {}), [node.id]: node.position }),
    [moved, saveMoved],
  );
  const touched = useCallback(() => {
    untouched.current = false;
  }, []);
  const context = useMemo(
    () => ({
      host: host.id,
      face,
      toggle: (stack: string, collapsed: boolean) => setExpanded((before) => ({ ...before, [stack]: collapsed })),
    }),
    [host.id, face],
  );
  const away = host.connection.kind !== 'connected';
  const empty = map.stacks.length === 0 && map.loose.length === 0;
  return (
    <section
      className="map"
      ref={pane}
      data-testid="map"
      data-away={away || undefined}
      data-laid={nodes.length > 0 || undefined}
      aria-label={`Map of ${host.target}. Arrow keys move between services, Enter opens one.`}
    >
      <MapContext.Provider value={context}>
        <Stage host={host.id} nodes={nodes} edges={edges} onChange={change} onDropped={dropped} onTouched={touched} />
      </MapContext.Provider>
      {empty && <EmptyMap map={map} />}
      <div className="map-tools" role="toolbar" aria-label="Map">
        <Tool label="Zoom in (+)" onClick={() => zoomBy('in')}>
          <Plus size={15} />
        </Tool>
        <Tool label="Zoom out (-)" onClick={() => zoomBy('out')}>
          <Minus size={15} />
        </Tool>
        <Tool label="Fit the map (0)" testid="map-fit" onClick={() => void fitMap()}>
          <Maximize2 size={14} />
        </Tool>
        {moved !== null && Object.keys(moved).length > 0 && (
          <Tool label="Put everything back in order" testid="map-reset" onClick={() => saveMoved(null)}>
            <RotateCw size={14} />
          </Tool>
        )}
        {service !== null && (
          <Tool
            label="Show the selected service"
            onClick={() => void flow.fitView({ nodes: [{ id: service }], maxZoom: 1, duration: motionMs() })}
          >
            <Locate size={14} />
          </Tool>
        )}
      </div>
    </section>
  );
}

const openService = (_event: unknown, node: Node): void => {
  if (node.type === 'service') openPanel(node.id);
};
const selectNone = (): void => select(null);

type StageProps = {
  host: string;
  nodes: Node[];
  edges: Edge[];
  onChange: (changes: NodeChange[]) => void;
  onDropped: (event: unknown, node: Node) => void;
  /** The operator moved the view by hand. */
  onTouched: () => void;
};

/** Renders only when something stands elsewhere: what a card says is the card's own business. */
const Stage = memo(function Stage({ host, nodes, edges, onChange, onDropped, onTouched }: StageProps) {
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      nodeTypes={nodeTypes}
      edgeTypes={edgeTypes}
      onNodesChange={onChange}
      onNodeDragStop={onDropped}
      onNodeClick={openService}
      onPaneClick={selectNone}
      onMoveStart={(event) => {
        if (event !== null) onTouched();
      }}
      onMoveEnd={(_event, viewport) => viewports.set(host, viewport)}
      defaultViewport={viewports.get(host) ?? { x: 0, y: 0, zoom: 1 }}
      minZoom={0.08}
      maxZoom={1.75}
      nodeDragThreshold={4}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      edgesReconnectable={false}
      elementsSelectable={false}
      zoomOnDoubleClick={false}
      zIndexMode="manual"
      elevateNodesOnSelect={false}
      disableKeyboardA11y
      deleteKeyCode={null}
      onlyRenderVisibleElements={nodes.length > 250}
      proOptions={{ hideAttribution: true }}
    >
      <Background variant={BackgroundVariant.Dots} gap={24} size={1.5} color="var(--dots)" />
    </ReactFlow>
  );
});

function Tool({
  label,
  testid,
  onClick,
  children,
}: {
  label: string;
  testid?: string;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className="button plain icon"
      aria-label={label}
      title={label}
      data-testid={testid}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

function EmptyMap({ map }: { map: MapView }) {
  return (
    <div className="map-empty" data-testid="map-empty">
      <h2>Nothing runs here yet</h2>
      <p>
        Switchyard looked for containers on Docker {map.engine.docker}, running or stopped, and for compose projects by
        the labels that <code className="mono">docker compose up</code> gives them. There are none.
      </p>
      <p className="quiet">Start a stack on the server and it appears here by itself.</p>
    </div>
  );
}
