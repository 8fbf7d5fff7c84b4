import type { LogLine } from '../../../contract/views.ts';
import type { Slot } from '../../../core/slot.ts';

/** How many lines the window keeps; older ones are on the server. */
export const mostLines = 5000;

/** The lines with newer ones behind, the oldest dropped above the cap. */
export function appendLines(lines: LogLine[], more: LogLine[], cap = mostLines): LogLine[] {
  const all = [...lines, ...more];
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
