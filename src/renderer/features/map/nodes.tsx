import { Handle, type NodeProps, Position, useStore } from '@xyflow/react';
import { Boxes, ChevronsDownUp, Database } from 'lucide-react';
import { type ComponentType, createContext, memo, useContext } from 'react';
import { useConnected, useHost, useServer, useStack } from '../../bridge/store.ts';
import { openPanel, select, showSheet, useWindow } from '../../bridge/window-state.ts';
import { FindingsButton } from '../../ui/findings-button.tsx';
import { count, formatAbsolute, oneLine, shortImage } from '../../ui/format.ts';
import { HealthMark, ServiceMark, worstOf } from '../../ui/marks.tsx';
import type { Point } from './layout.ts';
import { cardSize, collapseAbove, portY, type Tint } from './topology.ts';

export type CardFace = ComponentType<{ host: string; id: string; detail: 'near' | 'mid' | 'far'; selected: boolean }>;

type MapContextValue = { host: string; face: CardFace; toggle: (stack: string, expanded: boolean) => void };

export const MapContext = createContext<MapContextValue>({
  host: '',
  face: () => null,
  toggle: () => undefined,
});

/** From this zoom on a card says all it has to say. */
export const nearZoom = 0.72;

const detailOf = (state: { transform: [number, number, number] }): 'near' | 'mid' | 'far' => {
  const zoom = state.transform[2];
  return zoom >= nearZoom ? 'near' : zoom >= 0.42 ? 'mid' : 'far';
};

/** The size of a door's and a store's letters, so that they are 10 px on the screen at least; from afar, where that has no room, they have none. */
const labelSizeOf = (state: { transform: [number, number, number] }): number | null => {
  const zoom = state.transform[2];
  return detailOf(state) === 'far' ? null : Math.max(12, Math.ceil(10 / zoom));
};

/** Whether the open blast radius leaves this service standing. */
function useSurvives(host: string, id: string): boolean {
  const of = useWindow((state) => (state.blast ? state.service : null));
  return useServer((state) => {
    if (of === null || of === id) return false;
    const services = state.hosts.find((each) => each.id === host)?.map?.stacks.flatMap((stack) => stack.services) ?? [];
    const radius = services.find((service) => service.id === of)?.blastRadius ?? [];
    return !radius.some((each) => each === id || id.endsWith(`/${each}`));
  });
}

export const ServiceNode = memo(function ServiceNode({ data }: NodeProps) {
  const { host, face: Face } = useContext(MapContext);
  const id = data.id as string;
  const detail = useStore(detailOf);
  const selected = useWindow((state) => state.service === id);
  const survives = useSurvives(host, id);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a card holds buttons of its own, so that it cannot be one.
    <div
      className="service-node"
      role="group"
      data-service={id}
      data-survives={survives || undefined}
      tabIndex={selected ? 0 : -1}
      onFocus={(event) => {
        if (event.target === event.currentTarget) select(id);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && event.target === event.currentTarget) openPanel(id);
      }}
    >
      <Handle type="target" position={Position.Left} style={{ top: portY }} isConnectable={false} />
      <Face host={host} id={id} detail={detail} selected={selected} />
      <Handle type="source" position={Position.Right} style={{ top: portY }} isConnectable={false} />
    </div>
  );
});

export const DoorNode = memo(function DoorNode({ data }: NodeProps) {
  const { host } = useContext(MapContext);
  const survives = useSurvives(host, data.service as string);
  const size = useStore(labelSizeOf);
  const label = data.label as string;
  return (
    <div className="door" title={`Published port ${label}`} data-survives={survives || undefined}>
      {size !== null && (
        <span className="number" style={{ fontSize: size }}>
          {label}
        </span>
      )}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
});

export const StoreNode = memo(function StoreNode({ data }: NodeProps) {
  const { host } = useContext(MapContext);
  const survives = useSurvives(host, (data.services as string[])[0] ?? '');
  const size = useStore(labelSizeOf);
  const name = data.name as string;
  return (
    <div className="store" title={`Volume ${oneLine(name)}`} data-survives={survives || undefined}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <Database size={size === null ? 26 : size + 3} aria-hidden />
      {size !== null && (
        <span className="clip" style={{ fontSize: size }}>
          {oneLine(name)}
        </span>
      )}
    </div>
  );
});

/** Members of a network as one quiet shape: their cards with a margin, and a band between neighbours. */
function TintShape({ tint, places, index }: { tint: Tint; places: Record<string, Point>; index: number }) {
  const spread = 16 - (index % 3) * 4;
  const boxes = tint.services.flatMap((id) => {
    const at = places[id];
    return at === undefined ? [] : [at];
  });
  boxes.sort((a, b) => a.x - b.x || a.y - b.y);
  const middle = (at: Point) => ({ x: at.x + cardSize.width / 2, y: at.y + portY });
  return (
    <g className="tint" style={{ fill: `var(--tint-${index % 4})`, stroke: `var(--tint-${index % 4})` }}>
      {boxes.slice(1).map((at, step) => {
        const from = middle(boxes[step] ?? at);
        const to = middle(at);
        return <path key={`${at.x} ${at.y}`} d={`M${from.x} ${from.y}L${to.x} ${to.y}`} strokeWidth={44} fill="none" />;
      })}
      {boxes.map((at) => (
        <rect
          key={`${at.x} ${at.y}`}
          x={at.x - spread}
          y={at.y - spread}
          width={cardSize.width + spread * 2}
          height={cardSize.height + spread * 2}
          rx={14}
          stroke="none"
        />
      ))}
    </g>
  );
}

export const StackNode = memo(function StackNode({ data, width, height }: NodeProps) {
  const { host, toggle } = useContext(MapContext);
  const name = data.name as string;
  const stack = useStack(host, name);
  const known = useConnected(host);
  const detail = useStore(detailOf);
  if (stack === undefined) return null;
  const tints = data.tints as Tint[];
  const places = data.places as Record<string, Point>;
  const collapsed = data.collapsed as boolean;
  const shown = oneLine(name);
  const troubles = stack.services.filter((service) => worstOf(service) !== 'fine');
  const worst = troubles.find((service) => worstOf(service) === 'trouble') ?? troubles[0];
  return (
    <section className="frame" data-testid={`stack-${name}`} data-detail={detail} aria-label={`Stack ${shown}`}>
      {!collapsed && tints.length > 0 && (
        <svg className="tints" width={width} height={height} aria-hidden="true">
          {tints.map((tint, index) => (
            <TintShape key={tint.name} tint={tint} places={places} index={index} />
          ))}
        </svg>
      )}
      <header className="frame-head" title={stack.folder ?? undefined}>
        <h2 className="clip">{shown}</h2>
        <span className="frame-count">{count(stack.services.length, 'service')}</span>
        <FindingsButton
          stack={name}
          findings={stack.findings}
          onOpen={() => showSheet({ kind: 'findings', stack: name })}
        />
        <span className="frame-tints">
          {!collapsed &&
            detail !== 'far' &&
            tints.map((tint, index) => (
              <span
                key={tint.name}
                className="tint-name"
                title={`Network ${tint.name}: ${count(tint.services.length, 'service')}`}
              >
                <i style={{ background: `var(--tint-${index % 4})` }} />
                {oneLine(tint.name.replace(`${name}_`, ''))}
                {tint.internal && ' (internal)'}
              </span>
            ))}
        </span>
        {!collapsed && stack.services.length > collapseAbove && (
          <button type="button" className="button plain small nodrag" onClick={() => toggle(name, false)}>
            <ChevronsDownUp size={14} /> Collapse
          </button>
        )}
      </header>
      {collapsed && (
        <div className="frame-sum">
          <p>
            {!known ? (
              <>How they are is not known now.</>
            ) : worst === undefined ? (
              <>All {stack.services.length} are well.</>
            ) : (
              <>
                <ServiceMark service={worst} size={16} /> {count(troubles.length, 'service')} of {stack.services.length}{' '}
                {troubles.length === 1 ? 'needs' : 'need'} a look:{' '}
                {troubles
                  .slice(0, 3)
                  .map((service) => oneLine(service.name))
                  .join(', ')}
              </>
            )}
          </p>
          <button
            type="button"
            className="button nodrag nopan"
            data-testid={`expand-${name}`}
            onClick={() => toggle(name, true)}
          >
            <Boxes size={15} /> Show {count(stack.services.length, 'service')}
          </button>
        </div>
      )}
    </section>
  );
});

export const LooseNode = memo(function LooseNode() {
  const { host } = useContext(MapContext);
  const loose = useHost(host)?.map?.loose ?? [];
  return (
    <section className="frame loose" data-testid="loose" aria-label="Containers outside of any stack">
      <header className="frame-head">
        <h2>Outside of any stack</h2>
        <span className="frame-count">{count(loose.length, 'container')}</span>
      </header>
      <ul>
        {loose.slice(0, 12).map((container) => (
          <li key={container.id} title={`${container.status}\nsince ${formatAbsolute(container.createdAtMs)}`}>
            <HealthMark health={container.health} />
            <b className="clip">{oneLine(container.name)}</b>
            <span className="quiet clip">{oneLine(shortImage(container.image))}</span>
          </li>
        ))}
      </ul>
      {loose.length > 12 && <p className="quiet">and {loose.length - 12} more, in the list</p>}
    </section>
  );
});
