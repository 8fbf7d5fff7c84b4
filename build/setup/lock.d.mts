/**
 * Runs a step while no other process of this machine runs one under the same name; waits its turn otherwise,
 * after one call of onWait. A holder that dies releases at once.
 */
export function withLock<T>(name: string, onWait: () => void, step: () => Promise<T>): Promise<T>;
