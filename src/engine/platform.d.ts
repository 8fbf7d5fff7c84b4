// The few globals that Node and the browser share and the engine uses. Declared here, and not taken from a
// library, so that neither Node's nor the browser's types can be used in this layer.
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

declare const AbortController: { new (): AbortController };
declare const AbortSignal: { any(signals: AbortSignal[]): AbortSignal };
declare function setTimeout(callback: () => void, ms: number): unknown;
/** Runs it when what runs now has ended; what it throws is an error that nobody caught. */
declare function queueMicrotask(callback: () => void): void;
declare function clearTimeout(handle: unknown): void;
