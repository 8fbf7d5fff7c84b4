/** What is known of one HTTP/1.1 answer so far. */
export type Answer = {
  status: number;
  /** Of the header `x-release`; empty when the answer has none. */
  release: string;
  /** Whether the server keeps the connection open after it. */
  keepsOpen: boolean;
};

export type ReadState = 'more' | 'complete' | 'garbled';

const headEnd = Buffer.from('\r\n\r\n');
const noBytes = Buffer.alloc(0);
/** No honest head of the services under load is longer; more is taken for garbage. */
const longestHeadBytes = 64 * 1024;

/**
 * Reads exactly one HTTP/1.1 answer from the bytes of a connection, strictly: a body shorter than announced is not an
 * answer, and neither are bytes after its end. `reset()` makes it ready for the next one.
 */
export class AnswerReader {
  answer: Answer = { status: 0, release: '', keepsOpen: true };
  /** Whether any byte has come. */
  begun = false;
  #pending: Buffer = noBytes;
  #part: 'head' | 'fixed' | 'chunk-size' | 'chunk' | 'trailer' | 'until-close' | 'over' = 'head';
  /** Bytes of the body, or of the chunk with its line end, that are still to come. */
  #left = 0;

  reset(): void {
    this.begun = false;
    this.#pending = noBytes;
    this.#part = 'head';
    this.#left = 0;
  }

  /** Takes the next bytes. */
  push(bytes: Buffer): ReadState {
    this.begun = true;
    if (this.#part === 'over') return 'garbled';
    let rest = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    this.#pending = noBytes;
    for (;;) {
      switch (this.#part) {
        case 'head': {
          const end = rest.indexOf(headEnd);
          if (end === -1) return rest.length > longestHeadBytes ? 'garbled' : this.#wait(rest);
          if (!this.#readHead(rest.toString('latin1', 0, end))) return 'garbled';
          rest = rest.subarray(end + headEnd.length);
          break;
        }
        case 'fixed':
          if (rest.length < this.#left) {
            this.#left -= rest.length;
            return 'more';
          }
          return this.#finish(rest.length - this.#left);
        case 'chunk-size': {
          const end = rest.indexOf('\r\n');
          if (end === -1) return rest.length > 1024 ? 'garbled' : this.#wait(rest);
          const size = /^[0-9a-fA-F]{1,8}/.exec(rest.toString('latin1', 0, end))?.[0];
          if (size === undefined) return 'garbled';
          this.#left = Number.parseInt(size, 16);
          this.#part = this.#left === 0 ? 'trailer' : 'chunk';
          // The chunk's own line end is waited for with it.
          this.#left += 2;
          rest = rest.subarray(end + 2);
          break;
        }
        case 'chunk':
          if (rest.length < this.#left) {
            this.#left -= rest.length;
            return 'more';
          }
          rest = rest.subarray(this.#left);
          this.#part = 'chunk-size';
          break;
        case 'trailer': {
          const end = rest.indexOf('\r\n');
          if (end === -1) return rest.length > longestHeadBytes ? 'garbled' : this.#wait(rest);
          rest = rest.subarray(end + 2);
          if (end === 0) return this.#finish(rest.length);
          break;
        }
        case 'until-close':
          return 'more';
      }
    }
  }

  /** The server has closed its side: whether that makes the answer whole. */
  close(): boolean {
    if (this.#part !== 'until-close') return false;
    this.#part = 'over';
    return true;
  }

  #wait(rest: Buffer): ReadState {
    this.#pending = rest;
    return 'more';
  }

  #finish(bytesAfter: number): ReadState {
    this.#part = 'over';
    return bytesAfter === 0 ? 'complete' : 'garbled';
  }

  #readHead(head: string): boolean {
    const status = /^HTTP\/1\.([01]) (\d{3})(?: |$|\r)/.exec(head);
    if (status === null) return false;
    const code = Number(status[2]);
    // An interim answer; the real one follows.
    if (code < 200) return true;
    const connection = headerOf(head, 'connection').toLowerCase();
    this.answer = {
      status: code,
      release: headerOf(head, 'x-release'),
      keepsOpen: status[1] === '1' ? !connection.includes('close') : connection.includes('keep-alive'),
    };
    const length = headerOf(head, 'content-length');
    if (code === 204 || code === 304) {
      this.#part = 'fixed';
      this.#left = 0;
    } else if (headerOf(head, 'transfer-encoding').toLowerCase().includes('chunked')) {
      this.#part = 'chunk-size';
    } else if (length !== '') {
      if (!/^\d+$/.test(length)) return false;
      this.#part = 'fixed';
      this.#left = Number(length);
    } else {
      this.#part = 'until-close';
      this.answer.keepsOpen = false;
    }
    return true;
  }
}

function headerOf(head: string, name: string): string {
  const found = new RegExp(`\\r\\n${name}:[ \\t]*([^\\r\\n]*)`, 'i').exec(head);
  return found?.[1]?.trim() ?? '';
}
