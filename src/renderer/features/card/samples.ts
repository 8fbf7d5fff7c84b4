import type { ServiceView, SlotView, SwitchView } from '../../../contract/views.ts';
import { failure } from '../../../core/failure.ts';
import { type TroubleCause, troubleCauses } from '../../../core/trouble.ts';
import { troubleSamples } from './trouble-samples.ts';

/** One card for each state a switch can be in and each cause of trouble, told as it could be true. For looking at all of them side by side. */
export type Sample = { title: string; service: ServiceView };

const minute = 60_000;
const day = 86_400_000;
const image = (version: string): string => `registry.home.lan/shop/frontend:${version}`;

function slot(now: number, at: 'blue' | 'green', role: SlotView['role'], version: string, age: number): SlotView {
  return {
    slot: at,
    role,
    release: version === '1.4.2' ? 12 : 13,
    version,
    digest: version === '1.4.2' ? 'sha256:3fa9c1d27b88' : 'sha256:77b02e10c4aa',
    image: image(version),
    health: 'healthy',
    checks: null,
    ready: true,
    container: null,
    startedAtMs: now - age,
  };
}

/** Every sample, for a moment in time. */
export function samplesAt(now: number): Sample[] {
  const history = Array.from({ length: 60 }, (_, index) => ({
    requests: Math.round(60 + 22 * Math.sin(index / 4) + 14 * Math.sin(index * 1.9)),
    errors: 0,
  }));
  const base: ServiceView = {
    id: 'shop/frontend',
    stack: 'shop',
    name: 'frontend',
    tier: 'service',
    depth: 0,
    image: image('1.4.2'),
    version: '1.4.2',
    digest: 'sha256:3fa9c1d27b88',
    createdAtMs: now - 6 * day,
    health: 'healthy',
    adopted: true,
    flipKind: 'http',
    live: 'blue',
    slots: { blue: slot(now, 'blue', 'current', '1.4.2', 6 * day), green: null },
    switch: { kind: 'idle', reason: 'Release 12 runs; there is no next.' },
    traffic: { requestsPerSecond: 12.4, errorsPerSecond: 0, history },
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
  };
  const next = { blue: base.slots.blue, green: slot(now, 'green', 'next', '1.5.0', 2 * minute) };
  const after = {
    blue: slot(now, 'blue', 'previous', '1.4.2', 6 * day),
    green: slot(now, 'green', 'current', '1.5.0', minute),
  };
  const plain = { adopted: false, live: null, slots: { blue: null, green: null }, traffic: null };
  const sample = (title: string, state: SwitchView, more: Partial<ServiceView> = {}): Sample => ({
    title,
    service: { ...base, ...more, id: `shop/${title.replace(/\W+/g, '-')}`, switch: state },
  });
  return [
    sample(
      'Not adopted',
      { kind: 'not-adopted', adoptable: true, reason: 'Runs as plain compose. Adopt it to update it without a gap.' },
      plain,
    ),
    sample(
      'Cannot be adopted',
      {
        kind: 'not-adopted',
        adoptable: false,
        reason: 'Keeps data that two releases must not open at once.',
      },
      plain,
    ),
    sample('Idle', base.switch),
    sample('Preparing', {
      kind: 'preparing',
      verb: 'deploy',
      step: 'pull',
      text: null,
      progress: { done: 43e6, total: 120e6, unit: 'bytes' },
      holder: null,
    }),
    sample('Next is ready', { kind: 'next-ready', checks: 4, from: 'blue', to: 'green' }, { slots: next }),
    sample(
      'Next is not ready',
      {
        kind: 'not-ready',
        passed: 2,
        total: 4,
        reason: '2 of 4 checks passed after 120 s; http 3000 /healthz : HTTP 503',
      },
      { slots: next },
    ),
    sample(
      'Flipping',
      { kind: 'flipping', from: 'blue', to: 'green', step: 'drain', inFlight: 3, holder: null },
      { slots: next },
    ),
    sample(
      'Flipping, by somebody else',
      {
        kind: 'flipping',
        from: 'blue',
        to: 'green',
        step: 'drain',
        inFlight: 3,
        holder: { by: 'anna@desk', sinceMs: now - minute },
      },
      { slots: next },
    ),
    sample('Held', { kind: 'held', waiting: 14, sinceMs: now - 800, reason: null }, { slots: next }),
    sample(
      'No decision',
      { kind: 'held', waiting: null, sinceMs: null, reason: 'live.map cannot be read' },
      { slots: { ...next, green: null }, live: null },
    ),
    sample(
      'Watching',
      {
        kind: 'watching',
        untilMs: now + 252_000,
        mustConfirm: false,
        from: 'blue',
        to: 'green',
        errors: 0,
        requests: 412,
      },
      { slots: after, live: 'green', canFlipBack: true, isWatched: true },
    ),
    sample(
      'To be confirmed',
      {
        kind: 'watching',
        untilMs: now + 581_000,
        mustConfirm: true,
        from: 'blue',
        to: 'green',
        errors: 0,
        requests: 57,
      },
      { slots: after, live: 'green', canFlipBack: true, isWatched: true },
    ),
    sample(
      'Settled',
      { kind: 'settled', atMs: now - 34 * minute, to: 'blue' },
      { slots: after, live: 'green', canFlipBack: true },
    ),
    sample(
      'Went back by itself',
      {
        kind: 'went-back',
        atMs: now - 12 * minute,
        reason: 'the entry point took green out: 10 wrong answers in a row',
      },
      { slots: { ...next, green: slot(now, 'green', 'idle', '1.5.0', 14 * minute) } },
    ),
    sample(
      'Ended at its start',
      { kind: 'not-ready', passed: 0, total: 0, reason: 'It exited with code 1: Error: SESSION_KEY is not set' },
      { slots: next },
    ),
    sample('Refused', {
      kind: 'failed',
      verb: 'flip',
      step: null,
      outcome: 'refused',
      recovered: false,
      failure: failure(
        'lock-held',
        'Another job holds frontend of shop: anna@desk since 20:40:11: deploy of frontend. Nothing was changed.',
      ),
    }),
    sample(
      'Refused at the gate',
      {
        kind: 'failed',
        verb: 'flip',
        step: 'gate',
        outcome: 'refused',
        recovered: false,
        failure: failure('not-ready', 'Release 13 does not pass its checks now (2 of 4), so the traffic stays.', {
          detail: 'http 3000 /healthz : HTTP 503',
          running: 'blue keeps the traffic with release 12.',
        }),
      },
      { slots: next },
    ),
    sample(
      'Adoption refused',
      {
        kind: 'failed',
        verb: 'adopt',
        step: 'check',
        outcome: 'refused',
        recovered: false,
        failure: failure('folder-read-only', 'The folder of shop cannot be written by this user.', {
          detail: '/srv/shop',
          running: 'The service runs as before, as plain compose.',
        }),
      },
      plain,
    ),
    sample('Eject refused', {
      kind: 'failed',
      verb: 'eject',
      step: 'check',
      outcome: 'refused',
      recovered: false,
      failure: failure('image-missing', 'The name shop/frontend:1.4.2 is not the image that has the traffic.', {
        running: 'blue keeps the traffic with release 12.',
      }),
    }),
    sample('Failed', {
      kind: 'failed',
      verb: 'deploy',
      step: 'pull',
      outcome: 'aborted',
      recovered: false,
      failure: failure(
        'image-missing',
        'The image registry.home.lan/shop/frontend:1.9.0 of frontend cannot be pulled.',
        {
          detail:
            'Error response from daemon: manifest for registry.home.lan/shop/frontend:1.9.0 not found: manifest unknown: manifest unknown',
          running: 'blue keeps the traffic with release 12.',
        },
      ),
    }),
    sample('Undone', {
      kind: 'failed',
      verb: 'deploy',
      step: 'ready',
      outcome: 'aborted',
      recovered: true,
      failure: failure('job-died', 'The deploy of frontend stopped, for its process was gone, and was undone.', {
        running: 'blue keeps the traffic with release 12.',
      }),
    }),
    sample('Not known', {
      kind: 'failed',
      verb: 'flip',
      step: 'move',
      outcome: 'indeterminate',
      recovered: false,
      failure: failure('job-died', 'The flip of frontend ended while moving the traffic: its process is gone.'),
    }),
    sample('Stopped', {
      kind: 'failed',
      verb: 'deploy',
      step: 'ready',
      outcome: 'aborted',
      recovered: false,
      failure: failure('cancelled', 'The deploy of frontend was asked to stop.', {
        running: 'blue keeps the traffic with release 12.',
      }),
    }),
    sample(
      'Waits for another job',
      {
        kind: 'waiting',
        verb: 'adopt',
        waitsFor: { verb: 'adopt', service: 'backend', by: 'anna@desk' },
      },
      plain,
    ),
    sample('Unknown', { kind: 'unknown', sinceMs: now - 21 * minute }, { slots: next, traffic: null }),
    sample('Locked', { kind: 'locked', by: 'anna@desk', verb: 'retire', sinceMs: now - minute }, { slots: next }),
    sample(
      'Not running',
      { kind: 'not-adopted', adoptable: false, reason: 'It does not run.' },
      {
        ...plain,
        health: 'absent',
        absence: 'Behind the profile debug; it has no container.',
        createdAtMs: null,
        digest: null,
      },
    ),
    sample(
      'Ended well',
      { kind: 'not-adopted', adoptable: false, reason: 'It does not run.' },
      { ...plain, health: 'ended' },
    ),
    ...troubleCauses.map((cause) => {
      const isAfter = afterFlip.has(cause);
      return sample(
        `Trouble: ${cause}`,
        cause === 'live-ill'
          ? {
              kind: 'watching',
              untilMs: now + 252_000,
              mustConfirm: false,
              from: 'blue',
              to: 'green',
              errors: 31,
              requests: 40,
            }
          : isAfter
            ? { kind: 'settled', atMs: now - 34 * minute, to: 'blue' }
            : base.switch,
        {
          ...(isAfter ? { slots: after, live: 'green', canFlipBack: true } : {}),
          ...(cause === 'previous-sick'
            ? { slots: { ...after, blue: { ...after.blue, health: 'restarting' } }, canFlipBack: false }
            : {}),
          health: troubleSamples[cause].level === 'down' ? 'exited' : 'healthy',
          troubles: [
            { cause, sinceMs: now - 3 * minute, orElse: null, byHand: null, quote: null, ...troubleSamples[cause] },
          ],
        },
      );
    }),
  ];
}

/** Those that are told of a service with a way back. */
const afterFlip: ReadonlySet<TroubleCause> = new Set(['live-stopped', 'live-ill', 'previous-sick', 'way-back-gone']);
