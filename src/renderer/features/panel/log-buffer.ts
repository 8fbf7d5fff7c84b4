import type { LogLine } from '../../../contract/views.ts';
import type { Slot } from '../../../core/slot.ts';

/** How many lines the window keeps; older ones are on the server. */
export const mostLines = 5000;

/**
 * The lines with newer ones among them, by their time, the oldest dropped above the cap. Each container is read by itself,
 * so that what the second said an hour ago comes after what the first says now. Lines of one time stay as they came.
 */
export function mergeLines(lines: LogLine[], more: LogLine[], cap = mostLines): LogLine[] {
  const all = [...lines, ...more].sort((a, b) => a.atMs - b.atMs);
  return all.length > cap ? all.slice(all.length - cap) : all;
}

/** The lines of a slot (null: all of them) that hold a text, however it is spelled. */
export function filterLines(lines: LogLine[], slot: Slot | null, text: string): LogLine[] {
  const wanted = text.trim().toLowerCase();
  if (slot === null && wanted === '') return lines;
  return lines.filter(
    (line) => (slot === null || line.slot === slot) && (wanted === '' || line.text.toLowerCase().includes(wanted)),
  );
}

/** Terminal colours and control characters, taken out: the text is what is read. */
export const plainText = (text: string): string =>
  text
    .replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '')
    .replace(/\t/g, '  ')
    .replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '');

/** In columns: the letters of East Asia take two, and so do those that are two units long, as emoji are. */
const widthOf = (text: string): number =>
  text.length + (text.match(/[\u1100-\u115f\u2e80-\ud7ff\uf900-\uffef]/g)?.length ?? 0);

/**
 * Where each line begins when it is broken after so many columns, as a terminal breaks it, counted in rows; the last number
 * is where the next one would. Null columns: nothing is broken.
 */
export function rowsOf(lines: LogLine[], columns: number | null): number[] {
  let row = 0;
  const tops = lines.map(({ text }) => {
    const top = row;
    row += columns === null ? 1 : Math.max(1, Math.ceil(widthOf(plainText(text)) / columns));
    return top;
  });
  return [...tops, row];
}

/** The line that a row belongs to: the last of `tops` that is not below it. */
export function lineAt(tops: number[], row: number): number {
  let [low, high] = [0, Math.max(0, tops.length - 2)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((tops[middle] ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}
