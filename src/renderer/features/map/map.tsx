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
import { isKnown } from '../../bridge/as-known.ts';
import { call } from '../../bridge/client.ts';
import { keepSame } from '../../bridge/keep-same.ts';
import { openPanel, select, useWindow } from '../../bridge/window-state.ts';
import { layOut } from './elk.ts';
import { type Box, type Direction, nextCard } from './layout.ts';
import { edgesOf, type Laid, nodesOf, type Places } from './map-nodes.ts';
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
import { cardSize, keepPlaces, type Topology, topologyOf } from './topology.ts';
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

/** Kept free above a fitted map, in pixels: what is wrong is told there, and covers nothing. */
const headlineRoom = 100;

/** Moves of the view are short, and at once for those who want no motion. */
const motionMs = (): number => (window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 180);

/** Where the operator left each host's map, for as long as the window lives. */
const viewports = new Map<string, { x: number; y: number; zoom: number }>();

const arrows: Record<string, Direction> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' };

function Canvas({ host, map, face }: { host: HostView; map: MapView; face: CardFace }) {
  const [expanded, setExpanded] = useState<Record<string, boolean>>({});
  const last = useRef<Topology | null>(null);
  const topology = useMemo(() => {
    last.current = keepSame(last.current, keepPlaces(last.current, topologyOf(map, expanded), map));
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
      return flow.fitView({
        padding: { top: `${headlineRoom}px`, x: 0.06, bottom: 0.06 },
        maxZoom: 1.1,
        minZoom,
        duration,
      });
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
      top >= headlineRoom &&
      left + cardSize.width * zoom <= box.width - 8 &&
      top + cardSize.height * zoom <= box.height - 8;
    if (!inside)
      void flow.setCenter(at.x + cardSize.width / 2, at.y + cardSize.height / 2, { zoom, duration: motionMs() });
  }, [flow]);

  const refit = useCallback(() => {
    if (!untouched.current) return;
    // Beside a panel the cards stay as readable as they were.
    const beside = useWindow.getState().panelOpen;
    void fitMap(0, beside ? Math.min(nearZoom, flow.getZoom()) : undefined).then(bringIntoView);
  }, [fitMap, bringIntoView, flow]);
  useEffect(() => {
    if (pane.current === null) return;
    const observer = new ResizeObserver(refit);
    observer.observe(pane.current);
    return () => observer.disconnect();
  }, [refit]);
  useEffect(() => {
    if (laid === null || !fitted.current) return;
    // What was laid out anew stands where it belongs with the next frame.
    const frame = requestAnimationFrame(() => requestAnimationFrame(refit));
    return () => cancelAnimationFrame(frame);
  }, [laid, refit]);

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
  const away = !isKnown(host);
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
      {empty && !away && <EmptyMap map={map} />}
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
