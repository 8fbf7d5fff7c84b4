import { setTimeout as sleep } from 'node:timers/promises';

/** Looks until it is there, and says what was looked for when it never comes. What `look` throws counts as “not yet”. */
export async function eventually<Value>(
  what: string,
  look: () => Promise<Value | null | false> | Value | null | false,
  timeoutMs = 20_000,
  everyMs = 50,
): Promise<Value> {
  const deadlineMs = performance.now() + timeoutMs;
  let last: unknown = 'nothing';
  for (;;) {
    try {
      const value = await look();
      if (value !== null && value !== false) return value;
    } catch (caught) {
      last = caught instanceof Error ? caught.message : caught;
    }
    if (performance.now() > deadlineMs)
      throw new Error(`not within ${timeoutMs} ms: ${what} (last: ${String(last).slice(0, 600)})`);
    await sleep(everyMs);
  }
}
