/**
 * `after`, with every part that equals its counterpart in `before` replaced by that counterpart. A host's view is sent
 * whole, so that this is what lets a card stay untouched when only its neighbour changed. Plain data only.
 */
export function keepSame<Value>(before: unknown, after: Value): Value {
  if (Object.is(before, after)) return after;
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null) return after;
  if (Array.isArray(after)) {
    if (!Array.isArray(before)) return after;
    const kept = after.map((each, index) => keepSame(before[index], each));
    const same = kept.length === before.length && kept.every((each, index) => Object.is(each, before[index]));
    return (same ? before : kept) as Value;
  }
  if (Array.isArray(before)) return after;
  const old = before as Record<string, unknown>;
  const keys = Object.keys(after);
  let same = keys.length === Object.keys(old).length;
  const kept: Record<string, unknown> = {};
  for (const key of keys) {
    kept[key] = keepSame(old[key], (after as Record<string, unknown>)[key]);
    if (!(key in old) || !Object.is(kept[key], old[key])) same = false;
  }
  return (same ? before : kept) as Value;
}
