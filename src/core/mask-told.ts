/** Fields of what is told that hold free text, also of the server. No other may be touched: they are kinds, codes and names that are looked up. */
const freeText: ReadonlySet<string> = new Set(['text', 'reason', 'message', 'detail', 'running', 'title', 'version']);

/**
 * Plain data (a failure, a line of a feed, a switch, findings) with its free text masked. Where nothing is to be hidden it is the
 * same object, so that who compares by identity sees no change.
 */
export function maskTold<Value>(value: Value, mask: (text: string) => string): Value {
  return maskAny(value, mask) as Value;
}

/** Nothing is copied before the first change: a map of a hundred cards is masked each time it is drawn. */
function maskAny(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    let copy: unknown[] | null = null;
    for (let index = 0; index < value.length; index += 1) {
      const masked = maskAny(value[index], mask);
      if (masked === value[index]) continue;
      copy ??= [...value];
      copy[index] = masked;
    }
    return copy ?? value;
  }
  const record = value as Record<string, unknown>;
  let copy: Record<string, unknown> | null = null;
  for (const key of Object.keys(record)) {
    const each = record[key];
    const masked = typeof each === 'string' ? (freeText.has(key) ? mask(each) : each) : maskAny(each, mask);
    if (masked === each) continue;
    copy ??= { ...record };
    copy[key] = masked;
  }
  return copy ?? value;
}

/** A mask that remembers what it said of a text: a map is drawn again and again with the same words in it. */
export function rememberedMask(mask: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const masked = mask(text);
    if (known.size >= 2_000) known.clear();
    known.set(text, masked);
    return masked;
  };
}
