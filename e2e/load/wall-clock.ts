/**
 * What `performance.now()` must be given to be the wall clock, to a fraction of a millisecond: read where the wall
 * clock's millisecond turns, again when this thread was put aside meanwhile. Takes about 1 ms, 200 ms at most. It uses
 * nothing from around it, so that a page can be given it.
 */
export function wallClockOffsetMs(): number {
  const givesUpAt = performance.now() + 200;
  let best = { offsetMs: Date.now() - performance.now(), doubtMs: Number.POSITIVE_INFINITY };
  let wallBefore = Date.now();
  let before = performance.now();
  while (best.doubtMs > 0.05 && before < givesUpAt) {
    const wall = Date.now();
    const after = performance.now();
    if (wall !== wallBefore && after - before < best.doubtMs)
      best = { offsetMs: wall - after, doubtMs: after - before };
    wallBefore = wall;
    before = after;
  }
  return best.offsetMs;
}
