import { parentPort, workerData } from 'node:worker_threads';
import type { LoadCounters } from './load.ts';
import { type LoopEnd, type LoopOptions, startLoop } from './load-loop.ts';

/** From the side that asked for the load. */
export type ToWorker = { kind: 'stop' } | { kind: 'last-answer'; id: number; release: string; afterMs: number };
export type FromWorker =
  | { kind: 'counters'; counters: LoadCounters }
  | { kind: 'last-answer'; id: number; atMs: number | null }
  | { kind: 'ended'; end: LoopEnd };

const port = parentPort;
if (port === null) throw new Error('load-worker.ts is started by load.ts');
const say = (message: FromWorker) => port.postMessage(message);

const loop = startLoop(workerData as LoopOptions);
const ticker = setInterval(() => say({ kind: 'counters', counters: loop.counters() }), 50);
port.on('message', (message: ToWorker) => {
  if (message.kind === 'stop') void loop.stop();
  else say({ kind: 'last-answer', id: message.id, atMs: loop.lastAnswer(message.release, message.afterMs) });
});
void loop.ended.then((end) => {
  clearInterval(ticker);
  say({ kind: 'ended', end });
  port.close();
});
