import { type EntryCounters, parseEntryCounters } from '../core/entry.ts';
import { serviceSlug } from '../core/server-layout.ts';
import type { Traffic } from '../core/stack-map.ts';
import type { Duplex } from './ports/duplex.ts';
import type { Tunnel } from './ports/tunnel.ts';

/**
 * HAProxy's counters of one entry point, over its admin socket in the service's folder. Null when it cannot be reached in 3 s.
 * Nothing stays open: the socket takes ten connections, and those are the flips' too.
 */
export function readEntryCounters(tunnel: Tunnel, root: string, service: string): Promise<EntryCounters | null> {
  return new Promise((resolve) => {
    let text = '';
    let opened: Duplex | null = null;
    let settled = false;
    const settle = (value: EntryCounters | null) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      opened?.destroy();
      resolve(value);
    };
    const timer = setTimeout(() => settle(null), 3_000);
    tunnel.openSocket(`${root}/${serviceSlug(service)}/entry/run/admin.sock`).then(
      (stream) => {
        opened = stream;
        stream.on('error', () => settle(null));
        if (settled) {
          stream.destroy();
          return;
        }
        stream.on('data', (chunk) => {
          text += chunk.toString('utf8');
          if (text.length > 1_000_000) settle(null);
        });
        // HAProxy ends its side after the answer, then waits for ours: a stream that ended need not close by itself.
        stream.on('end', () => settle(parseEntryCounters(text)));
        stream.on('close', () => settle(parseEntryCounters(text)));
        stream.write('show stat -1 1 -1\n');
      },
      () => settle(null),
    );
  });
}

const pointMs = 5_000;
const points = 60;

/** Turns totals into rates and the last five minutes. One for each entry point. */
export type TrafficMeter = {
  traffic: Traffic;
  last: { counters: EntryCounters; atMs: number } | null;
  point: { requests: number; errors: number; beganMs: number };
};

export const freshMeter = (): TrafficMeter => ({
  traffic: { requestsPerSecond: 0, errorsPerSecond: 0, history: [] },
  last: null,
  point: { requests: 0, errors: 0, beganMs: 0 },
});

/** The meter after one more reading. A counter that went down means that the entry point was started anew. Pure. */
export function meterReading(meter: TrafficMeter, counters: EntryCounters, atMs: number): TrafficMeter {
  const { last } = meter;
  if (last === null || counters.requests < last.counters.requests || atMs <= last.atMs) {
    return { ...meter, last: { counters, atMs }, point: { requests: 0, errors: 0, beganMs: atMs } };
  }
  const seconds = (atMs - last.atMs) / 1000;
  const requests = counters.requests - last.counters.requests;
  const errors = Math.max(0, counters.errors - last.counters.errors);
  const point = { ...meter.point, requests: meter.point.requests + requests, errors: meter.point.errors + errors };
  const full = atMs - point.beganMs >= pointMs;
  const perSecond = (count: number) => (count * 1000) / Math.max(1, atMs - point.beganMs);
  const history = full
    ? [...meter.traffic.history, { requests: perSecond(point.requests), errors: perSecond(point.errors) }].slice(
        -points,
      )
    : meter.traffic.history;
  return {
    traffic: { requestsPerSecond: requests / seconds, errorsPerSecond: errors / seconds, history },
    last: { counters, atMs },
    point: full ? { requests: 0, errors: 0, beganMs: atMs } : point,
  };
}
