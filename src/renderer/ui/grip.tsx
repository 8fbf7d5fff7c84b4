import { useRef } from 'react';

/** What the arrow keys move an edge by. */
const keyStep = 24;

/** The edge of something that stands at the right or at the bottom: dragged, or moved by the arrow keys, it is resized. */
export function Grip({
  edge,
  label,
  size,
  least,
  onResize,
}: {
  edge: 'left' | 'top';
  label: string;
  size: number;
  least: number;
  onResize: (size: number) => void;
}) {
  const start = useRef<{ at: number; size: number } | null>(null);
  const [more, less] = edge === 'left' ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown'];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be dragged.
    <div
      className="grip"
      data-edge={edge}
      role="separator"
      tabIndex={0}
      aria-orientation={edge === 'left' ? 'vertical' : 'horizontal'}
      aria-label={label}
      aria-valuenow={size}
      aria-valuemin={least}
      onPointerDown={(event) => {
        start.current = { at: edge === 'left' ? event.clientX : event.clientY, size };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (start.current === null) return;
        onResize(start.current.size + start.current.at - (edge === 'left' ? event.clientX : event.clientY));
      }}
      onPointerUp={() => {
        start.current = null;
      }}
      onKeyDown={(event) => {
        if (event.key !== more && event.key !== less) return;
        // The arrows of the map and of the list are not meant.
        event.preventDefault();
        onResize(size + (event.key === more ? keyStep : -keyStep));
      }}
    />
  );
}
