import { memo } from 'react';

const width = 48;
const height = 14;
const most = 60;

/** Requests of the last five minutes as bars, errors on top of them; the newest at the right. */
export const Sparkline = memo(function Sparkline({ history }: { history: { requests: number; errors: number }[] }) {
  const points = history.slice(-most);
  const top = Math.max(1, ...points.map((point) => point.requests));
  const step = width / most;
  const bar = (value: number) => (value <= 0 ? 0 : Math.max(1, (value / top) * height));
  const path = (read: (point: { requests: number; errors: number }) => number) =>
    points
      .map((point, index) => {
        const tall = bar(read(point));
        return tall === 0
          ? ''
          : `M${((most - points.length + index + 0.5) * step).toFixed(1)} ${height}v${-tall.toFixed(1)}`;
      })
      .join('');
  return (
    <svg className="sparkline" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path d={`M0 ${height - 0.5}h${width}`} className="sparkline-ground" />
      <path d={path((point) => point.requests)} />
      <path d={path((point) => point.errors)} className="sparkline-errors" />
    </svg>
  );
});
