import type { Mend, Trouble, TroubleCause } from '../../../core/trouble.ts';

type Told = Pick<Trouble, 'level' | 'title' | 'text' | 'mend'> & Partial<Pick<Trouble, 'orElse' | 'byHand' | 'quote'>>;

const putBack: Mend = { kind: 'put-back' };
const start: Mend = { kind: 'start' };
const goBack: Mend = { kind: 'go', to: 'blue', verb: 'rollback', version: '1.4.2' };

/** Every cause of trouble, told of the service frontend of the stack shop as it could be true. */
export const troubleSamples: Record<TroubleCause, Told> = {
  'entry-gone': {
    level: 'down',
    title: 'The entry point of frontend is gone',
    text: 'Its container was removed. Release 12 runs on in blue, and nobody reaches it.',
    mend: putBack,
  },
  'entry-stopped': {
    level: 'down',
    title: 'The entry point of frontend is stopped',
    text: 'Somebody stopped its container. Release 12 runs on in blue, and nobody reaches it.',
    mend: start,
  },
  'entry-paused': {
    level: 'down',
    title: 'The entry point of frontend is paused',
    text: 'Requests wait until it goes on. Release 12 runs on in blue.',
    mend: start,
  },
  'entry-replaced': {
    level: 'down',
    title: 'Something else stands in the place of frontend’s entry point',
    text: 'The container shop-frontend-1 runs nginx:1.27, which forwards to no slot.',
    mend: putBack,
  },
  'entry-renamed': {
    level: 'wrong',
    title: 'The entry point of frontend has another name',
    text: 'Its container is called frontend-old now. It answers, and the next docker compose up makes a second one.',
    mend: putBack,
  },
  'live-gone': {
    level: 'down',
    title: 'frontend 1.4.2 is gone',
    text: 'The container of blue, which has the traffic, was removed. No other release runs.',
    mend: putBack,
  },
  'live-stopped': {
    level: 'down',
    title: 'frontend 1.5.0 is stopped',
    text: 'The container of green, which has the traffic, was killed (code 137). 1.4.2 runs in blue.',
    mend: goBack,
    orElse: start,
  },
  'live-paused': {
    level: 'down',
    title: 'frontend 1.4.2 is paused',
    text: 'The container of blue, which has the traffic, is paused. Requests wait.',
    mend: start,
  },
  'live-crashing': {
    level: 'down',
    title: 'frontend 1.4.2 keeps crashing',
    text: 'Docker starts shop--frontend-blue again each time: it ended 7 times with exit code 1.',
    quote: 'Error: SESSION_KEY is not set',
    mend: null,
    byHand: 'Correct what it says in compose.yaml or in the file it reads, then deploy it again.',
  },
  'live-ill': {
    level: 'down',
    title: 'frontend 1.5.0 fails its checks',
    text: 'http 3000 /healthz answers 503. 1.4.2 runs in blue and passes.',
    mend: goBack,
  },
  'stack-down': {
    level: 'down',
    title: 'shop is down: all 3 services are gone',
    text: 'Somebody ran docker compose down. The releases of frontend are there, and can be started.',
    mend: putBack,
  },
  'network-gone': {
    level: 'down',
    title: 'The network shop_web of frontend is gone',
    text: 'The entry point and the release in blue are cut off from each other.',
    mend: putBack,
  },
  bypassed: {
    level: 'wrong',
    title: 'The traffic of frontend goes past its entry point',
    text: 'docker compose up ran without the override: 1.4.2 answers by itself, and a flip would move nothing.',
    mend: putBack,
  },
  'override-gone': {
    level: 'wrong',
    title: 'The override of frontend is gone',
    text: 'compose.override.yaml was deleted. All answers as it did; the next docker compose up removes the entry point.',
    mend: putBack,
  },
  'override-changed': {
    level: 'wrong',
    title: 'Somebody changed the override of frontend',
    text: 'compose.override.yaml is not what was written at adoption. The next docker compose up goes by what stands there.',
    mend: putBack,
  },
  'entry-config-changed': {
    level: 'wrong',
    title: 'Somebody changed the entry point’s configuration of frontend',
    text: 'haproxy.cfg is not what was written at adoption. The running entry point does not know of it before its next start.',
    mend: putBack,
  },
  'state-gone': {
    level: 'wrong',
    title: 'The records of frontend are gone',
    text: 'Its folder in .switchyard was deleted. 1.4.2 answers; going back and the history are lost.',
    mend: null,
    byHand: 'Restore .switchyard/frontend from a backup, or eject the service and adopt it anew.',
  },
  'stray-slot': {
    level: 'wrong',
    title: 'A slot of frontend was left over',
    text: 'shop--frontend-green runs 1.3.0, and no release is in green.',
    mend: putBack,
  },
  'previous-sick': {
    level: 'at-risk',
    title: 'Previous of frontend is ill',
    text: '1.4.2 in blue keeps crashing (code 1, 4 times). 1.5.0 has the traffic and is well; it cannot be taken back.',
    mend: null,
    byHand: 'Look at the logs of blue; deploy a release that can be gone back to.',
  },
  'way-back-gone': {
    level: 'at-risk',
    title: 'The image that going back needs is gone',
    text: 'shop/frontend:1.4.2 was pruned from the server. Its container runs on; removed, it cannot be made anew.',
    mend: putBack,
  },
};
