/** The part of a byte stream that the engine needs; Node's Duplex fits it. */
export type Duplex = {
  write(text: string): unknown;
  destroy(): unknown;
  on(event: 'data', listener: (chunk: { toString(encoding?: string): string }) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
};
