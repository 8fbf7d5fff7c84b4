import { quantile } from '../load/load.ts';

/** Milliseconds: the middle, what 95 of 100 do not exceed, and the most. */
export type Figures = { p50: number; p95: number; max: number };

export function figuresOf(values: readonly number[]): Figures {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    p50: rounded(quantile(sorted, 0.5)),
    p95: rounded(quantile(sorted, 0.95)),
    max: rounded(sorted.at(-1) ?? 0),
  };
}

/** To two digits after the point. */
export const rounded = (value: number): number => Math.round(value * 100) / 100;
