import { isSlot, otherSlot, type Slot, slots } from './slot.ts';
import type { Finding } from './stack-map.ts';

/**
 * Who has the traffic, as live.map says it; one backend of the entry point for each (SPEC EN1).
 *
 *   <slot>-watching   the other slot is a warm backup; wrong answers take the live one out
 *   <slot>-settled    the live slot alone; an ill service beats a 503 of ours
 *   hold              nobody: requests wait
 */
export type LiveState = `${Slot}-watching` | `${Slot}-settled` | 'hold';

export function parseLiveMap(text: string): LiveState | null {
  const value = /^live\s+(\S+)\s*$/m.exec(text)?.[1];
  if (value === 'hold') return 'hold';
  const [slot, state] = value?.split('-') ?? [];
  return isSlot(slot) && (state === 'watching' || state === 'settled') ? `${slot}-${state}` : null;
}

export function liveSlotOf(state: LiveState | null): Slot | null {
  const slot = state?.split('-')[0];
  return isSlot(slot) ? slot : null;
}

/** A port the entry point listens on and forwards; the first one carries the health check. */
export type EntryPort = { port: number; mode: 'http' | 'tcp' };

export type EntrySpec = {
  /** Container name of a slot without the slot: `shop--frontend`. */
  prefix: string;
  ports: [EntryPort, ...EntryPort[]];
  /** HTTP path that HAProxy asks, with the statuses that pass; null checks the port alone. */
  check: { path: string; low: number; high: number } | null;
  /** Whether clients reach the entry point with no proxy before it: then it is the one that says who they are. */
  firstHop: boolean;
};

/** Where the official image looks for its configuration; the entry folder is mounted there. */
export const entryFolderInside = '/usr/local/etc/haproxy';

/**
 * The entry point's configuration. Only its text decides; the same spec renders the same bytes.
 * Numbers: one retry each 100 ms for 30 s (a hold), 10 wrong answers in a row take a watched slot out (measured: 39
 * bad answers under 32 connections), checks every 5 s so that a home server sleeps, 500 ms while something changes.
 */
export function renderEntryConfig(spec: EntrySpec): string {
  const main = spec.ports[0];
  const lines = [
    '# Written by Switchyard. live.map alone says who has the traffic.',
    'global',
    '  stats socket ipv4@127.0.0.1:9999 level admin',
    `  stats socket ${entryFolderInside}/run/admin.sock mode 600 level admin`,
    '  stats timeout 10m',
    '  nbthread 1',
    '  maxconn 2000',
    '  hard-stop-after 4s',
    '  set-var proc.began date()',
    '  tune.bufsize 16384',
    '',
    'resolvers docker',
    '  nameserver engine 127.0.0.11:53',
    '  resolve_retries 2',
    // Each question wakes the engine, thirty times over: a slot that comes back at another address is asked for sooner by its failing check.
    '  timeout resolve 5s',
    '  timeout retry 1s',
    '  hold valid 5s',
    '  hold obsolete 2s',
    '  hold nx 2s',
    '  hold other 2s',
    '  hold refused 2s',
    '  hold timeout 10s',
    '',
    'defaults',
    '  timeout connect 100ms',
    '  timeout client 1h',
    '  timeout server 1h',
    '  timeout tunnel 24h',
    '  timeout http-request 60s',
    '  timeout http-keep-alive 75s',
    '  timeout queue 30s',
    '  timeout check 2s',
    '  retries 300',
    '  retry-on conn-failure',
    '  option redispatch 1',
    '  option idle-close-on-response',
    '  default-server inter 5s fastinter 500ms downinter 2s fall 2 rise 2 resolvers docker resolve-prefer ipv4 init-addr libc,none',
    '',
  ];
  for (const port of spec.ports) {
    lines.push(
      `frontend p${port.port}`,
      `  mode ${port.mode}`,
      `  bind :${port.port}`,
      ...(port.mode === 'http' && spec.firstHop ? renderForwarding() : []),
      // After a restart of everything previous may be up first: for a minute live.map's own slot is waited for, not replaced.
      '  acl settled_in date(),sub(proc.began) -m int gt 60',
      ...slots.flatMap((slot) => [
        `  acl live_${slot} str(live),map(${entryFolderInside}/live.map,hold) -m beg ${slot}-`,
        `  acl watching_${slot} str(live),map(${entryFolderInside}/live.map,hold) -m str ${slot}-watching`,
      ]),
      ...slots.flatMap((slot) => [
        `  use_backend p${port.port}_${slot}-watching if watching_${slot} settled_in { nbsrv(p${port.port}_${slot}-watching) gt 0 }`,
        `  use_backend p${port.port}_${slot}-settled if live_${slot} { nbsrv(p${port.port}_${slot}-settled) gt 0 }`,
        `  use_backend p${port.port}_${slot}-alone if live_${slot}`,
      ]),
      `  default_backend p${port.port}_hold`,
      '',
    );
    for (const slot of slots) lines.push(...renderBackends(spec, port, slot, port === main));
    lines.push(
      `backend p${port.port}_hold`,
      `  mode ${port.mode}`,
      '  server hold 127.0.0.1:9',
      ...slots.map((slot) => `  server ${slot} ${spec.prefix}--${slot}:${port.port} disabled`),
      '',
    );
  }
  return lines.join('\n');
}

/** Headers in which a single address stands. Those of one vendor's network (CF-Connecting-IP) are that vendor's, and stay. */
const addressHeaders = ['X-Real-IP', 'True-Client-IP', 'X-Client-IP', 'X-Cluster-Client-IP'];

/** Lines of a header that are joined into one; of more, the first are dropped: no chain of proxies is that long. */
const joinedLines = 4;

/**
 * Says who the client is (SPEC EN7). A service trusts the entry point, and programs differ in what they read: the first
 * line, the last, or all of them. So there is one line, and the address that the entry point sees is the last in it.
 */
function renderForwarding(): string[] {
  const appended = (name: string, own: string, when: string): string[] => {
    const told = Array.from({ length: joinedLines }, (_, index) => `%[req.fhdr(${name},${index - joinedLines})]`);
    return [
      `  http-request set-header ${name} "${[...told, own].join(', ')}"${when}`,
      // Lines that are not there leave their commas.
      `  http-request replace-header ${name} '^[, ]+(.*)$' '\\1'`,
    ];
  };
  const disguised = ['X-Forwarded-For', ...addressHeaders].flatMap(underscored).join('|');
  return [
    `  http-request del-header '^(${disguised})$' -m reg`,
    ...appended('X-Forwarded-For', '%[src]', ''),
    ...appended('Forwarded', 'for=%[src]', ' if { req.fhdr_cnt(Forwarded) gt 0 }'),
    // A quote that is left open would swallow what stands behind it.
    `  http-request set-header Forwarded for=%[src] if { req.fhdr_cnt(Forwarded) gt 0 } !{ req.fhdr(Forwarded) -m reg '^[^"\\\\]*("[^"\\\\]*"[^"\\\\]*)*$' }`,
    ...addressHeaders.map((name) => `  http-request set-header ${name} %[src] if { req.fhdr_cnt(${name}) gt 0 }`),
  ];
}

/** A header's name with `_` in the place of one `-` at least: programs that know headers as variables take them for the same. */
function underscored(name: string): string[] {
  const words = name.toLowerCase().split('-');
  return words.slice(1).map((_, at) => `${words.slice(0, at + 1).join('-')}_${words.slice(at + 1).join('[-_]')}`);
}

function renderBackends(spec: EntrySpec, port: EntryPort, slot: Slot, main: boolean): string[] {
  const other = otherSlot(slot);
  const root = (each: Slot) => `p${spec.ports[0].port}_${each}-watching/${each}`;
  const address = (each: Slot) => `${spec.prefix}--${each}:${port.port}`;
  const mode = `  mode ${port.mode}`;
  const httpCheck =
    main && spec.check !== null && port.mode === 'http'
      ? [
          '  option httpchk',
          `  http-check send meth GET uri ${spec.check.path} ver HTTP/1.1 hdr Host ${spec.prefix}--${slot}:${port.port} hdr User-Agent switchyard-check`,
          `  http-check expect status ${spec.check.low}-${spec.check.high}`,
        ]
      : [];
  const observed = `check observe ${port.mode === 'http' ? 'layer7' : 'layer4'} error-limit 10 on-error mark-down`;
  return [
    `backend p${port.port}_${slot}-watching`,
    mode,
    ...httpCheck,
    `  server ${slot} ${address(slot)} ${main ? observed : `track ${root(slot)}`}`,
    `  server ${other} ${address(other)} track ${root(other)} backup`,
    '',
    `backend p${port.port}_${slot}-settled`,
    mode,
    `  server ${slot} ${address(slot)} track ${root(slot)}`,
    '',
    // Unchecked. While the name is not known yet (after a restart of the engine) requests wait on the second server.
    `backend p${port.port}_${slot}-alone`,
    mode,
    `  server ${slot} ${address(slot)}`,
    '  server hold 127.0.0.1:9 backup',
    '',
  ];
}

/**
 * What is wrong with the text of an entry point's configuration that an earlier version wrote: `option forwardfor if-none`
 * let a client bring its own X-Forwarded-For (SPEC EN8). Empty for one as it is rendered now. Reads the text, runs nothing.
 */
export function explainEntryConfig(text: string): Finding[] {
  return /^[ \t]*option[ \t]+forwardfor\b[^#\n]*\bif-none\b/m.test(text) ? [oldEntryFinding] : [];
}

/** That finding. */
export const oldEntryFinding: Finding = {
  level: 'warning',
  title: 'Clients can choose their address',
  text: 'The entry point was set up by an earlier Switchyard: it passes on the X-Forwarded-For that a client brings along, and a service that trusts the entry point takes it for the client’s address. Until it is renewed, do not let the service decide by that address. To renew it now, eject the service and adopt it again.',
};

/** Counters of one entry point, read from HAProxy's `show stat`. Totals since it started. */
export type EntryCounters = {
  requests: number;
  /** Answers 5xx that clients got. */
  errors: number;
};

/** Reads the CSV of `show stat`, by the names in its header; unknown columns are ignored. Null when it is not one, or not to its end: the empty line. */
export function parseEntryCounters(csv: string): EntryCounters | null {
  if (!csv.endsWith('\n\n')) return null;
  const rows = csv.split('\n').filter((line) => line !== '');
  const header = rows.shift()?.replace(/^# /, '').split(',');
  if (header === undefined || !header.includes('pxname')) return null;
  const column = (name: string) => header.indexOf(name);
  const serverColumn = column('svname');
  const errorColumn = column('hrsp_5xx');
  const requestColumn = column('req_tot');
  const sessionColumn = column('stot');
  const modeColumn = column('mode');
  const counters: EntryCounters = { requests: 0, errors: 0 };
  for (const row of rows) {
    const cells = row.split(',');
    if (cells[serverColumn] !== 'FRONTEND') continue;
    const number = (index: number) => Number(cells[index] ?? 0) || 0;
    // Only a web port counts requests; of any other port its connections are what there is to count.
    counters.requests += number(cells[modeColumn] === 'tcp' ? sessionColumn : requestColumn);
    counters.errors += number(errorColumn);
  }
  return counters;
}
