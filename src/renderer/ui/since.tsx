import { Ago } from './controls.tsx';
import { formatClock } from './format.ts';

/** `since 21:04, 2 min ago`, the whole date on hover; nothing where nobody can tell. */
export function Since({ atMs }: { atMs: number | null }) {
  if (atMs === null) return null;
  return (
    <span className="since number">
      since {formatClock(atMs, Date.now())}, <Ago atMs={atMs} />
    </span>
  );
}
