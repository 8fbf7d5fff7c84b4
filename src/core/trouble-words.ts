import type { Mend } from './trouble.ts';

/** What a click that mends says: on a button, and in the command line's line below a headline. */
export function mendWords(mend: Mend): string {
  switch (mend.kind) {
    case 'put-back':
      return 'Put it back';
    case 'start':
      return 'Start it again';
    case 'go':
      return `Go to ${mend.version}`;
  }
}

/** `20:58` on this machine's clock; with the day where that was another one. */
export function clockWords(atMs: number, nowMs: number): string {
  const [at, now] = [new Date(atMs), new Date(nowMs)];
  const time = `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`;
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')} ${time}`;
}

/** What is said in the place of everything else while Docker does not answer on a host that does. */
export const dockerAwayWords = (
  target: string,
  sinceMs: number,
  nowMs: number = sinceMs,
): { title: string; text: string; byHand: string } => ({
  title: `Docker does not answer on ${target}${sinceMs > 0 ? ` since ${clockWords(sinceMs, nowMs)}` : ''}`,
  text: 'What is shown is from before. What runs there now, nobody can tell; it is looked at again every few seconds.',
  byHand: 'Start it on the server: sudo systemctl start docker',
});
