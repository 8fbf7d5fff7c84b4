import type { HostView, ServiceView } from '../../contract/views.ts';
import { freshLadder } from '../../core/connection.ts';
import type { Job } from '../../core/job.ts';
import type { Trouble } from '../../core/trouble.ts';

/** A service of the stack `shop` that runs well, changed as a test needs it. */
export function serviceView(name: string, changes: Partial<ServiceView> = {}): ServiceView {
  return {
    id: `shop/${name}`,
    stack: 'shop',
    name,
    tier: 'service',
    depth: 0,
    image: `registry.lan/${name}:1.0.0`,
    version: '1.0.0',
    digest: null,
    createdAtMs: null,
    health: 'healthy',
    adopted: true,
    flipKind: 'http',
    live: 'blue',
    slots: { blue: null, green: null },
    switch: { kind: 'idle', reason: 'up to date' },
    traffic: null,
    ports: [],
    mounts: [],
    networks: [],
    dependsOn: [],
    blastRadius: [],
    containers: [],
    managedBy: null,
    canFlipBack: false,
    isWatched: false,
    troubles: [],
    absence: null,
    findings: [],
    ...changes,
  };
}

/** The host `home`, connected, with one stack of these services. */
export function hostView(services: ServiceView[], changes: Partial<HostView> = {}): HostView {
  return {
    id: 'h1',
    target: 'home',
    connection: { kind: 'connected', ladder: freshLadder(), sinceMs: 0 },
    map: {
      stacks: [{ name: 'shop', folder: '/srv/shop', services, networks: [], volumes: [], findings: [] }],
      loose: [],
      asOfMs: 0,
      dockerAwaySinceMs: null,
      engine: { docker: '26.1.5', compose: '2.30.0', os: 'Debian' },
    },
    jobs: [],
    ...changes,
  };
}

/** A flip of `shop/frontend` that runs. */
export function runningJob(changes: Partial<Job> = {}): Job {
  return {
    id: 'j1',
    verb: 'flip',
    stack: 'shop',
    service: 'frontend',
    by: 'anna@desk',
    startedAt: 0,
    endedAt: null,
    steps: [],
    state: 'running',
    failure: null,
    figures: {},
    recovered: false,
    ...changes,
  };
}

/** An entry point that was removed, changed as a test needs it. */
export function troubleOf(changes: Partial<Trouble> = {}): Trouble {
  return {
    level: 'down',
    cause: 'entry-gone',
    title: 'The entry point of frontend is gone',
    text: 'Its container was removed. Release 1 runs on in blue, and nobody reaches it.',
    sinceMs: 0,
    mend: { kind: 'put-back' },
    orElse: null,
    byHand: null,
    quote: null,
    ...changes,
  };
}
