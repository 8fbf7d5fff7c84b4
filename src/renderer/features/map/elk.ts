import ELK, { type ElkNode } from 'elkjs/lib/elk-api.js';
import workerUrl from 'elkjs/lib/elk-worker.min.js?url';
import { collapsedLayout, elkGraphOf, readElk, type StackLayout } from './layout.ts';
import type { StackTopology } from './topology.ts';

type Elk = { layout(graph: ElkNode): Promise<ElkNode> };

let elk: Promise<Elk> | undefined;

/** Layout in a worker; where the platform refuses one, in this thread: slower, never missing. */
function startElk(): Promise<Elk> {
  return new Promise((resolve) => {
    const here = () => void import('elkjs/lib/elk.bundled.js').then((module) => resolve(new module.default()));
    try {
      const worker = new Worker(workerUrl);
      const inWorker = new ELK({ workerFactory: () => worker });
      worker.addEventListener('error', here);
      inWorker.layout({ id: 'first' }).then(() => {
        document.documentElement.dataset.layout = 'worker';
        resolve(inWorker);
      }, here);
    } catch {
      here();
    }
  });
}

/** Starts the layout before there is anything to lay out: it takes longer to load than to work. */
export function warmUp(): void {
  elk ??= startElk();
}

const known = new Map<string, Promise<StackLayout>>();

/** Places of one stack. The same stack is only ever laid out once. */
export function layOut(stack: StackTopology): Promise<StackLayout> {
  if (stack.collapsed) return Promise.resolve(collapsedLayout);
  const key = JSON.stringify(stack);
  const before = known.get(key);
  if (before !== undefined) return before;
  elk ??= startElk();
  const answer = elk.then((each) => each.layout(elkGraphOf(stack))).then((graph) => readElk(stack, graph));
  known.set(key, answer);
  if (known.size > 400) known.delete(known.keys().next().value ?? '');
  return answer;
}
