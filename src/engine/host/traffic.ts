import type { Traffic } from '../../core/stack-map.ts';
import { freshMeter, meterReading, readEntryCounters, type TrafficMeter } from '../entry-metrics.ts';
import type { Clock } from '../ports/clock.ts';
import type { HostNow } from './host-now.ts';

type Counted = { requests: number; errors: number };

/** The counters of all entry points, read every 2 s while somebody looks, and otherwise not: an idle server stays asleep. */
export function createTrafficReading(now: HostNow, clock: Clock, redraw: () => void) {
  const meters = new Map<string, TrafficMeter>();
  const baselines = new Map<string, Counted & { untilMs: number }>();
  const listeners = new Set<(traffic: Record<string, Traffic>) => void>();
  let attentive = false;
  let timer: unknown = null;

  const isWatching = (live: string | null): boolean => live?.endsWith('-watching') === true;

  /** By service id. */
  const current = (): Record<string, Traffic> =>
    Object.fromEntries([...meters].map(([id, meter]) => [id, meter.traffic]));

  /** Answers of each watched service since its watch was first seen. */
  const watchedSince = (): Record<string, Counted> => {
    const found: Record<string, Counted> = {};
    for (const { record, live, watchUntilMs } of now.states.flatMap((state) => state.services)) {
      const id = `${record.stack}/${record.service}`;
      const counters = meters.get(id)?.last?.counters;
      if (counters === undefined || !isWatching(live)) {
        baselines.delete(id);
        continue;
      }
      const known = baselines.get(id);
      // Read again, the end of a watch is off by what the two clocks drift: seconds apart is another watch.
      const since =
        known !== undefined && Math.abs(known.untilMs - (watchUntilMs ?? 0)) < 5_000
          ? known
          : { untilMs: watchUntilMs ?? 0, requests: counters.requests, errors: counters.errors };
      baselines.set(id, since);
      found[id] = {
        requests: Math.max(0, counters.requests - since.requests),
        errors: Math.max(0, counters.errors - since.errors),
      };
    }
    return found;
  };

  const read = async (): Promise<void> => {
    const { open } = now;
    if (open === null || now.docker === null) return;
    const adopted = now.states.flatMap((state) =>
      state.services
        .filter(({ socketIsLinked }) => !socketIsLinked)
        .map((service) => ({ root: state.root, record: service.record })),
    );
    await Promise.all(
      adopted.map(async ({ root, record }) => {
        const counters = await readEntryCounters(open.link.tunnel, root, record.service);
        const id = `${record.stack}/${record.service}`;
        if (counters !== null) meters.set(id, meterReading(meters.get(id) ?? freshMeter(), counters, clock.nowMs()));
      }),
    );
    if (now.open !== open) return;
    const all = current();
    for (const listener of [...listeners]) listener(all);
    // The card of a watched service counts along.
    if (now.states.some((state) => state.services.some((service) => isWatching(service.live)))) redraw();
  };

  const schedule = () => {
    clearTimeout(timer);
    if (!attentive || now.open === null) return;
    timer = setTimeout(() => {
      void read().finally(schedule);
    }, 2_000);
  };

  const stop = () => clearTimeout(timer);

  return {
    current,
    watchedSince,
    /** Goes on reading, if somebody looks and a link is open. */
    schedule,
    stop,
    setAttention(value: boolean) {
      if (attentive === value) return;
      attentive = value;
      if (value) void read().finally(schedule);
      else stop();
    },
    listeners,
  };
}
