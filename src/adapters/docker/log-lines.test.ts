import { describe, expect, it } from 'vitest';
import { createLogReader } from './log-lines.ts';

const frame = (stream: 1 | 2, text: string | Buffer): Buffer => {
  const body = Buffer.from(text as string);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
};
const at = '2026-03-01T10:00:00.123456789Z';
const atMs = Date.parse('2026-03-01T10:00:00.123Z');

describe('a container’s log', () => {
  it('is told apart by stream, with its times', () => {
    const reader = createLogReader(true);
    const chunk = Buffer.concat([frame(1, `${at} out\n`), frame(2, `${at} err\r\n`)]);
    expect(reader.take(chunk)).toEqual([
      { stream: 'out', atMs, text: 'out' },
      { stream: 'err', atMs, text: 'err' },
    ]);
    expect(reader.end()).toEqual([]);
  });

  it('is the same wherever it is cut, also within a header or a character', () => {
    const whole = Buffer.concat([
      frame(1, `${at} grün 🚂\n`),
      frame(2, `${at} half `),
      frame(1, `${at} a\n${at} b\n`),
      frame(2, 'line\n'),
      frame(1, `${at} no end`),
    ]);
    const read = (size: number) => {
      const reader = createLogReader(true);
      const lines = [];
      for (let cut = 0; cut < whole.length; cut += size) lines.push(...reader.take(whole.subarray(cut, cut + size)));
      return [...lines, ...reader.end()];
    };
    const expected = [
      { stream: 'out', atMs, text: 'grün 🚂' },
      { stream: 'out', atMs, text: 'a' },
      { stream: 'out', atMs, text: 'b' },
      { stream: 'err', atMs, text: 'half line' },
      { stream: 'out', atMs, text: 'no end' },
    ];
    for (let size = 1; size <= whole.length; size++) expect(read(size)).toEqual(expected);
  });

  it('of a terminal has no frames', () => {
    const reader = createLogReader(false);
    expect(reader.take(Buffer.from(`${at} \u0001\u0000\u0000hello\r\n`))).toEqual([
      { stream: 'out', atMs, text: '\u0001\u0000\u0000hello' },
    ]);
  });

  it('keeps the last time for a line without one, and an empty line', () => {
    const reader = createLogReader(false);
    expect(reader.take(Buffer.from(`${at} first\nsecond\n${at}\n`))).toEqual([
      { stream: 'out', atMs, text: 'first' },
      { stream: 'out', atMs, text: 'second' },
      { stream: 'out', atMs, text: '' },
    ]);
  });

  it('tells a line that never ends in parts', () => {
    const reader = createLogReader(false);
    const lines = reader.take(Buffer.alloc(200_000, 'x'));
    expect(lines.reduce((sum, each) => sum + each.text.length, 0)).toBe(200_000);
  });
});
