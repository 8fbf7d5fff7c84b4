import { withoutUnseen } from '../../core/plain-text.ts';

/** `1 B`, `43 MB`, `1.2 GB`: decimal units, as registries count. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** `0.8 s`, `12 s`, `4 min 12 s`, `3 h 5 min`, `6 d 4 h`: two units at most. Below 100 ms in milliseconds. */
export function formatDuration(ms: number): string {
  if (ms < 0) return '0 s';
  if (ms < 100) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joined(minutes, 'min', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joined(hours, 'h', minutes % 60, 'min');
  return joined(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const joined = (a: number, unitA: string, b: number, unitB: string): string =>
  b === 0 ? `${a} ${unitA}` : `${a} ${unitA} ${b} ${unitB}`;

/** `now`, `40 s`, `5 min`, `3 h`, `6 d`, `4 mo`, `2 y`: one unit, for a card. */
export function formatAge(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h`;
  const days = Math.floor(hours / 24);
  if (days < 60) return `${days} d`;
  if (days < 730) return `${Math.floor(days / 30.4)} mo`;
  return `${Math.floor(days / 365)} y`;
}

/** `4:12` for a countdown. Whole seconds that are left: of five minutes never more than `5:00`, though the clock it is told by is up to a second old. */
export function formatCountdown(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { weekday: 'short', hour: '2-digit', minute: '2-digit' });
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const whole = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'medium' });

/** `21:07` today, `Sun 21:07` this week, else `3 Nov 2026`. */
export function formatClock(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  if (at.toDateString() === new Date(nowMs).toDateString()) return clock.format(at);
  if (Math.abs(nowMs - atMs) < 6 * 86_400_000) return day.format(at).replace(',', '');
  return date.format(at);
}

/** The whole date and time, for the hover. */
export const formatAbsolute = (atMs: number): string => whole.format(new Date(atMs));

/** `0.4`, `12`, `1.2k`: requests per second on a card. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return '0';
  if (perSecond < 9.95) return perSecond < 0.05 ? '<0.1' : perSecond.toFixed(1).replace(/\.0$/, '');
  if (perSecond < 999.5) return String(Math.round(perSecond));
  return `${(perSecond / 1000).toFixed(1)}k`;
}

/** `1 check`, `4 checks`. */
export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** How long a flip may wait to be confirmed. */
export const confirmChoices = [
  { minutes: 2, words: '2 minutes' },
  { minutes: 10, words: '10 minutes' },
  { minutes: 60, words: '1 hour' },
] as const;

/** How long a flip may be watched, the usual first. */
export const watchChoices = [
  { minutes: 5, words: '5 minutes' },
  { minutes: 30, words: '30 minutes' },
  { minutes: 120, words: '2 hours' },
  { minutes: 0, words: 'not at all' },
] as const;

/** `2 of 4 checks pass`; of a lone check, whether it does. */
export function passing(passed: number, total: number): string {
  if (total === 0) return 'it ended before it could be asked';
  if (total === 1) return passed === 1 ? 'the check passes' : 'the check does not pass';
  return `${passed} of ${total} checks ${passed === 1 ? 'passes' : 'pass'}`;
}

/** The six digits people compare: `sha256:3fa9c1…` to `3fa9c1`. */
export const shortDigest = (digest: string | null): string | null =>
  digest === null ? null : digest.replace(/^sha256:/, '').slice(0, 6);

/** What an image is called without the registry in front and the digest behind. */
export function shortImage(image: string): string {
  const bare = image.replace(/@sha256:[0-9a-f]+$/, '');
  return bare.replace(/^(docker\.io\/)?(library\/)?/, '');
}

/** `release 12 (1.4.2) in blue`. */
export const releaseWords = (at: { release: number; version: string | null; slot: string }): string =>
  `release ${at.release}${at.version === null ? '' : ` (${oneLine(at.version)})`} in ${at.slot}`;

/** The image in two parts, `shop/frontend` and `1.5.0`; without a digest, which has a line of its own. Null where it names no tag. */
export function splitImage(image: string): { repository: string; tag: string } | null {
  const tag = tagOf(image);
  return tag === null ? null : { repository: image.replace(/@.*$/, '').slice(0, -tag.length - 1), tag };
}

/** The tag of an image reference, or null. */
export function tagOf(image: string): string | null {
  const bare = image.replace(/@.*$/, '');
  const colon = bare.lastIndexOf(':');
  return colon > bare.lastIndexOf('/') ? bare.slice(colon + 1) : null;
}

/** Untrusted text for one line: no control characters, no direction tricks, nothing unseen, no line breaks. */
export function oneLine(text: string): string {
  return withoutUnseen(text)
    .replace(/\s+/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, '·')
    .trim();
}

/** `8080`, `127.0.0.1:8080`, `53/udp`: how a published port is reached from outside. */
export function formatPort(port: { hostIp: string; hostPort: number; protocol: 'tcp' | 'udp' }): string {
  const everywhere = port.hostIp === '' || port.hostIp === '0.0.0.0' || port.hostIp === '::';
  const ip = port.hostIp.includes(':') ? `[${port.hostIp}]` : port.hostIp;
  return `${everywhere ? '' : `${ip}:`}${port.hostPort}${port.protocol === 'udp' ? '/udp' : ''}`;
}
