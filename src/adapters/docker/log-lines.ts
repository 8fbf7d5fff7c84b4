import { StringDecoder } from 'node:string_decoder';
import type { ContainerLogLine } from '../../engine/ports/docker-engine.ts';
import { timeMs } from './narrow.ts';

type LogReader = {
  /** The lines that are whole after this chunk. */
  take(chunk: Buffer): ContainerLogLine[];
  /** What is left when the stream ends: a last line without its end. */
  end(): ContainerLogLine[];
};

/** A line that never ends must not fill the memory: longer ones are told in parts. */
const longestLine = 64 * 1024;

const headerLength = 8;

/**
 * Docker's log stream with timestamps, as lines. `framed`: each part has a header of 8 bytes (stream, 0, 0, 0, length
 * big-endian); containers with a terminal write without. Parts may be cut anywhere, also within a character.
 */
export function createLogReader(framed: boolean): LogReader {
  const out = createLineReader('out');
  const err = createLineReader('err');
  let header = Buffer.alloc(0);
  let left = 0;
  let current = out;
  return {
    take(chunk) {
      if (!framed) return out.take(chunk);
      const lines: ContainerLogLine[] = [];
      let at = 0;
      while (at < chunk.length) {
        if (left > 0) {
          const part = chunk.subarray(at, at + left);
          left -= part.length;
          at += part.length;
          lines.push(...current.take(part));
          continue;
        }
        const missing = headerLength - header.length;
        header = Buffer.concat([header, chunk.subarray(at, at + missing)]);
        at += missing;
        if (header.length < headerLength) break;
        current = header[0] === 2 ? err : out;
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
      }
      return lines;
    },
    end: () => [...out.end(), ...err.end()],
  };
}

function createLineReader(stream: ContainerLogLine['stream']): LogReader {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let lastMs = 0;
  const line = (raw: string): ContainerLogLine => {
    const whole = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const stamp = /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))(?: |$)/.exec(whole);
    if (stamp?.[1] === undefined) return { stream, atMs: lastMs, text: whole };
    lastMs = timeMs(stamp[1]);
    return { stream, atMs: lastMs, text: whole.slice(stamp[0].length) };
  };
  return {
    take(chunk) {
      const parts = (rest + decoder.write(chunk)).split('\n');
      rest = parts.pop() ?? '';
      if (rest.length > longestLine) {
        parts.push(rest);
        rest = '';
      }
      return parts.map(line);
    },
    end() {
      const last = rest + decoder.end();
      rest = '';
      return last === '' ? [] : [line(last)];
    },
  };
}
