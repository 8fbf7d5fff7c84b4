import type { WindowBounds } from '../settings/settings.ts';

/** A rectangle in the desktop's own points. */
export type Area = { x: number; y: number; width: number; height: number };

export type Placement = { x?: number; y?: number; width: number; height: number; maximized: boolean };

/** The smallest window that shows everything. */
export const minimumSize = { width: 900, height: 600 };

const freshSize = { width: 1280, height: 820 };

/** How much of the title bar must be on a screen for the window to be caught with the mouse. */
const gripWidth = 120;
const gripHeight = 24;

/**
 * Where to open the window: where it was, if enough of it can be reached there, else centred by the system. Never
 * larger than the screen it opens on, never smaller than the smallest. `workAreas` has the primary screen first.
 */
export function placeWindow(remembered: WindowBounds | null, workAreas: readonly Area[]): Placement {
  const primary = workAreas[0] ?? { x: 0, y: 0, ...freshSize };
  if (remembered === null) return { ...sizedFor(freshSize, primary), maximized: false };

  const home = workAreas.find((area) => canBeCaught(remembered, area));
  if (home === undefined) return { ...sizedFor(remembered, primary), maximized: remembered.maximized };
  const size = sizedFor(remembered, home);
  return {
    x: between(remembered.x, home.x, home.x + home.width - size.width),
    y: between(remembered.y, home.y, home.y + home.height - size.height),
    ...size,
    maximized: remembered.maximized,
  };
}

const sizedFor = (wanted: { width: number; height: number }, area: Area): { width: number; height: number } => ({
  width: Math.max(minimumSize.width, Math.min(wanted.width, area.width)),
  height: Math.max(minimumSize.height, Math.min(wanted.height, area.height)),
});

const between = (value: number, low: number, high: number): number => Math.max(low, Math.min(value, high));

function canBeCaught(window: WindowBounds, area: Area): boolean {
  const visibleWidth = Math.min(window.x + window.width, area.x + area.width) - Math.max(window.x, area.x);
  const titleBarShows = window.y >= area.y - gripHeight && window.y + gripHeight <= area.y + area.height;
  return visibleWidth >= gripWidth && titleBarShows;
}
