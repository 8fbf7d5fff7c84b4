import type { Bridge, CallName, Calls, EventName, Events } from '../../contract/channels.ts';
import type { Reply } from '../../contract/reply.ts';
import type { HostView, SettingsView } from '../../contract/views.ts';
import { failure } from '../../core/failure.ts';
import type { VerbOptions } from '../../core/job.ts';
import type { Service } from '../../core/stack-map.ts';
import { adoptPlan, diff, ladderUpTo, nextPlan, releases, slot } from './fixtures.ts';

type Handlers = {
  [Name in CallName]: (input: Calls[Name]['in']) => Promise<Reply<Calls[Name]['out']>> | Reply<Calls[Name]['out']>;
};

const ok = <Value>(value: Value): Reply<Value> => ({ ok: true, value });

export type FakeBridge = Bridge & {
  /** Every call in its order, for asserting. */
  calls: { name: CallName; input: unknown }[];
  emit<Name extends EventName>(name: Name, payload: Events[Name]): void;
  /** Replaces one service of a host and tells the window. */
  change(host: string, id: string, change: Partial<Service>): void;
};

/** A main process of made-up hosts: it answers every call, and verbs run through their states in seconds. */
export function createFakeBridge(
  hosts: HostView[],
  options: { stepMs?: number; theme?: SettingsView['theme'] } = {},
): FakeBridge {
  const stepMs = options.stepMs ?? 700;
  const listeners = new Map<string, Set<(json: string) => void>>();
  const state = new Map(hosts.map((host) => [host.id, host]));
  let theme: SettingsView['theme'] = options.theme ?? 'system';
  const positions = new Map<string, Record<string, { x: number; y: number }>>();
  let follows = 0;
  const timers = new Map<string, ReturnType<typeof setInterval>>();

  const emit: FakeBridge['emit'] = (name, payload) => {
    for (const listener of listeners.get(name) ?? []) listener(JSON.stringify(payload));
  };
  const tell = (host: HostView): void => {
    state.set(host.id, host);
    emit('host', host);
  };
  const change: FakeBridge['change'] = (hostId, id, part) => {
    const host = state.get(hostId);
    if (host?.map == null) return;
    const stacks = host.map.stacks.map((each) => ({
      ...each,
      services: each.services.map((service) => (service.id === id ? { ...service, ...part } : service)),
    }));
    tell({ ...host, map: { ...host.map, stacks, asOfMs: Date.now() } });
  };
  const find = (hostId: string, id: string): Service | undefined =>
    state
      .get(hostId)
      ?.map?.stacks.flatMap((each) => each.services)
      .find((service) => service.id === id);

  const later = (steps: (() => void)[]): void => {
    steps.forEach((step, index) => {
      setTimeout(step, stepMs * (index + 1));
    });
  };

  const runVerb = (host: string, id: string, verb: string, { image, confirmMinutes }: VerbOptions): void => {
    const before = find(host, id);
    if (before === undefined) return;
    const set = (part: Partial<Service>) => change(host, id, part);
    const live = before.live ?? 'blue';
    const other = live === 'blue' ? 'green' : 'blue';
    if (verb === 'adopt') {
      set({ switch: { kind: 'preparing', verb: 'adopt', step: 'switch', text: null, progress: null, holder: null } });
      later([
        () =>
          set({
            adopted: true,
            live: 'blue',
            slots: { blue: slot('blue', 'current', 1, before.image), green: null },
            switch: { kind: 'idle', reason: 'up to date' },
          }),
      ]);
    } else if (verb === 'deploy') {
      const next = image ?? before.image.replace(/:[^:]*$/, ':1.5.0');
      const pull = (done: number) => () =>
        set({
          switch: {
            kind: 'preparing',
            verb: 'deploy',
            step: 'pull',
            text: 'layer 4 of 9',
            progress: { done, total: 120e6, unit: 'bytes' },
            holder: null,
          },
        });
      pull(12e6)();
      later([
        pull(43e6),
        pull(110e6),
        () =>
          set({
            switch: {
              kind: 'preparing',
              verb: 'deploy',
              step: 'ready',
              text: null,
              progress: { done: 2, total: 4, unit: 'checks' },
              holder: null,
            },
          }),
        () =>
          set({
            slots: {
              ...before.slots,
              [other]: slot(other, 'next', 13, next, { startedAtMs: Date.now(), checks: { passed: 4, total: 4 } }),
            },
            switch: { kind: 'next-ready', checks: 4, from: live, to: other },
          }),
      ]);
    } else if (verb === 'flip' || verb === 'rollback') {
      const step = (name: string, inFlight: number | null) => () =>
        set({ switch: { kind: 'flipping', from: live, to: other, step: name, inFlight, holder: null } });
      step('move', null)();
      const blue = before.slots.blue;
      const green = before.slots.green;
      later([
        step('drain', 3),
        () =>
          set({
            live: other,
            slots: {
              blue: blue === null ? null : { ...blue, role: other === 'blue' ? 'current' : 'previous' },
              green: green === null ? null : { ...green, role: other === 'green' ? 'current' : 'previous' },
            },
            canFlipBack: true,
            isWatched: verb === 'flip',
            switch:
              verb === 'flip'
                ? {
                    kind: 'watching',
                    untilMs: Date.now() + (confirmMinutes ?? 5) * 60_000,
                    mustConfirm: confirmMinutes !== undefined,
                    from: live,
                    to: other,
                    errors: 0,
                    requests: 0,
                  }
                : { kind: 'settled', atMs: Date.now(), to: live },
          }),
      ]);
    } else if (verb === 'confirm' && before.switch.kind === 'watching') {
      const { switch: watched } = before;
      later([() => set({ switch: { ...watched, mustConfirm: false } })]);
    } else if (verb === 'retire') {
      later([
        () =>
          set({
            slots: { ...before.slots, [other]: null },
            canFlipBack: false,
            switch: { kind: 'idle', reason: 'up to date' },
          }),
      ]);
    }
  };

  const handlers: Handlers = {
    'hosts.list': () => ok([...state.values()].map((host) => structuredClone(host))),
    'hosts.aliases': () =>
      ok([
        { alias: 'home', hostName: '192.168.1.20', user: 'anna' },
        { alias: 'nas', hostName: 'nas.home.lan', user: null },
        { alias: 'vps', hostName: 'vps.example.org', user: 'deploy' },
      ]),
    'hosts.add': ({ target }) => {
      const host: HostView = {
        id: target,
        target,
        connection: { kind: 'connecting', ladder: ladderUpTo(1) },
        map: null,
        jobs: [],
      };
      tell(host);
      later([
        () => tell({ ...host, connection: { kind: 'connecting', ladder: ladderUpTo(2) } }),
        () =>
          tell({
            ...host,
            connection: {
              kind: 'asking',
              ladder: ladderUpTo(2, 'running'),
              question: {
                kind: 'host-key',
                id: 'q1',
                algorithm: 'ssh-ed25519',
                sha256: 'SHA256:JRNnoLhiGkq2sZt1m0wqZx2i3dKcYcJ0h4qg6b7VtOw',
                host: target,
              },
            },
          }),
      ]);
      return ok(host);
    },
    'hosts.remove': ({ host }) => {
      state.delete(host);
      emit('host-removed', { host });
      return ok(null);
    },
    'hosts.connect': () => ok(null),
    'hosts.disconnect': () => ok(null),
    'hosts.answer': ({ host }) => {
      const view = state.get(host);
      if (view !== undefined)
        tell({
          ...view,
          connection: {
            kind: 'failed',
            ladder: ladderUpTo(4, 'failed', 'permission denied on /var/run/docker.sock'),
            failure: failure('docker-forbidden', 'anna may not use Docker on home.', {
              detail:
                'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock',
            }),
          },
        });
      return ok(null);
    },
    'hosts.refresh': () => ok(null),
    'adopt.plan': () => ok(adoptPlan),
    'next.plan': ({ options: asked }) => ok(nextPlan(asked.image ?? 'registry.home.lan/shop/frontend:1.5.0')),
    'verbs.start': ({ ref, verb, options: asked }) => {
      runVerb(ref.host, `${ref.stack}/${ref.service}`, verb, asked);
      return ok({
        id: `job-${verb}`,
        verb,
        stack: ref.stack,
        service: ref.service,
        by: 'anna@laptop',
        startedAt: Date.now(),
        endedAt: null,
        steps: [],
        state: 'running',
        failure: null,
        figures: {},
        recovered: false,
      });
    },
    'jobs.stop': () => ok(null),
    'jobs.log': () =>
      ok(
        '21:04:11 prove rollback: rollback.sh parses\n21:04:11 pull: 1.5.0 from registry.home.lan\n21:04:13 pull: layer 4 of 9, 43 MB of 120 MB\n',
      ),
    'cards.dismiss': ({ ref }) => {
      change(ref.host, `${ref.stack}/${ref.service}`, { switch: { kind: 'idle', reason: 'up to date' } });
      return ok(null);
    },
    'releases.list': () => ok(releases()),
    'releases.compare': () => ok(diff),
    'logs.follow': () => {
      follows += 1;
      const follow = `f${follows}`;
      let line = 0;
      const lines = (n: number) =>
        Array.from({ length: n }, () => {
          line += 1;
          return {
            slot: line % 5 === 0 ? ('green' as const) : ('blue' as const),
            atMs: Date.now() - 1000,
            stream: line % 17 === 0 ? ('err' as const) : ('out' as const),
            text: line % 17 === 0 ? `warn: slow query, ${line} ms` : `INFO  GET /products/${line} 200 ${line % 30} ms`,
          };
        });
      setTimeout(() => emit('log', { follow, lines: lines(300), ended: false }), 30);
      timers.set(
        follow,
        setInterval(() => emit('log', { follow, lines: lines(1), ended: false }), 1000),
      );
      return ok({ follow });
    },
    'logs.stop': ({ follow }) => {
      clearInterval(timers.get(follow));
      return ok(null);
    },
    'preview.open': ({ ref, slot: at }) =>
      ok({ url: 'http://127.0.0.1:41873/', port: 41873, service: ref.service, slot: at, release: 13 }),
    'preview.close': () => ok(null),
    'settings.get': () => ok({ theme, damagedFile: null, hasKeyring: true }),
    'settings.set': (input) => {
      theme = input.theme;
      return ok({ theme, damagedFile: null, hasKeyring: true });
    },
    'positions.get': ({ host }) => ok(positions.get(host) ?? {}),
    'positions.set': ({ host, positions: next }) => {
      positions.set(host, next ?? {});
      return ok(null);
    },
  };

  const bridge: FakeBridge = {
    platform: 'linux',
    calls: [],
    emit,
    change,
    async call(name, input) {
      bridge.calls.push({ name, input });
      return handlers[name](input as never) as never;
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      set.add(listener as never);
      return () => set.delete(listener as never);
    },
  };
  return bridge;
}
