import type { HostView } from '../../contract/views.ts';
import { failure } from '../../core/failure.ts';
import { createFakeBridge } from './fake-bridge.ts';
import {
  adoptedIdle,
  connected,
  crowd,
  homeHost,
  ladderUpTo,
  mapOf,
  nextReady,
  notReady,
  pullFailed,
  shop,
  troubled,
  watching,
} from './fixtures.ts';

/** Puts a fake main process behind the window: `?scene=NAME&theme=dark`. */
const page = globalThis as unknown as { location: { search: string }; fake: unknown };
const asked = new URLSearchParams(page.location.search);

const away = (): HostView => ({
  ...homeHost(adoptedIdle()),
  connection: {
    kind: 'away',
    sinceMs: Date.now() - 125_000,
    retryAtMs: Date.now() + 21_000,
    failure: failure('link-lost', 'The connection to home was lost.', { transient: true }),
  },
});

const manyTroubles = (): HostView => {
  const home = homeHost(
    troubled({
      cause: 'stack-down',
      title: 'shop is down: all 3 services are gone',
      text: 'Somebody ran docker compose down. The releases of frontend are there, and can be started.',
    }),
  );
  const [shopAt, edge, media] = home.map?.stacks ?? [];
  if (home.map === null || shopAt === undefined || edge === undefined || media === undefined) return home;
  const whoami = troubled({
    level: 'wrong',
    cause: 'override-gone',
    title: 'The override of whoami is gone',
    text: 'compose.override.yaml was deleted. All answers as it did; the next docker compose up removes the entry point.',
  });
  const jellyfin = troubled({
    cause: 'live-crashing',
    title: 'jellyfin 10.10.3 keeps crashing',
    text: 'It ended 7 times with code 1: System.IO.IOException: No space left on device.',
    mend: null,
    byHand: 'Free some space on the server, then start it again.',
  });
  return {
    ...home,
    map: {
      ...home.map,
      stacks: [
        {
          ...shopAt,
          services: shopAt.services.map((each) =>
            each.name === 'db' ? { ...each, health: 'absent', absence: 'Behind the profile debug.' } : each,
          ),
        },
        {
          ...edge,
          services: edge.services.map((each) =>
            each.name === 'whoami' ? { ...each, ...whoami, health: 'healthy' } : each,
          ),
        },
        {
          ...media,
          services: media.services.map((each) => (each.name === 'jellyfin' ? { ...each, ...jellyfin } : each)),
        },
      ],
    },
  };
};

const scenes: Record<string, () => HostView[]> = {
  first: () => [],
  shop: () => [homeHost({})],
  adopted: () => [homeHost(adoptedIdle())],
  ready: () => [homeHost(nextReady()), { ...connected('nas', []), map: mapOf([]) }],
  'not-ready': () => [homeHost(notReady())],
  small: () => [connected('home', [shop(nextReady())])],
  watching: () => [homeHost(watching())],
  failed: () => [homeHost(pullFailed())],
  crowd: () => [connected('big', crowd())],
  away: () => [away()],
  down: () => [homeHost(troubled())],
  many: () => [manyTroubles()],
  'watched-down': () => [
    homeHost({
      ...watching(),
      health: 'exited',
      troubles:
        troubled({
          cause: 'live-stopped',
          title: 'frontend 1.5.0 is stopped',
          text: 'The container of green, which has the traffic, was killed (code 137). 1.4.2 runs in blue and passes its checks.',
          mend: { kind: 'go', to: 'blue', verb: 'rollback', version: '1.4.2' },
        }).troubles ?? [],
    }),
  ],
  docker: () => {
    const home = homeHost(troubled());
    const since = Date.now() - 41_000;
    return [{ ...home, map: home.map === null ? null : { ...home.map, asOfMs: since, dockerAwaySinceMs: since } }];
  },
  asking: () => [
    {
      id: 'vps',
      target: 'vps',
      connection: {
        kind: 'asking',
        ladder: ladderUpTo(3, 'running'),
        question: { kind: 'passphrase', id: 'p', keyPath: '/home/anna/.ssh/id_ed25519', again: true },
      },
      map: null,
      jobs: [],
    },
  ],
  changed: () => [
    {
      id: 'vps',
      target: 'vps',
      connection: {
        kind: 'failed',
        ladder: ladderUpTo(2, 'failed', 'not the key in known_hosts line 14'),
        failure: failure(
          'host-key-changed',
          'The host key of vps is not the one in known_hosts. Nothing was sent to it.',
          {
            detail: 'known_hosts:14 has SHA256:9fGq…, the host showed SHA256:JRNn…',
          },
        ),
      },
      map: null,
      jobs: [],
    },
  ],
};

const theme = asked.get('theme');
const bridge = createFakeBridge((scenes[asked.get('scene') ?? 'ready'] ?? (() => []))(), {
  theme: theme === 'dark' || theme === 'light' ? theme : 'system',
});
globalThis.switchyard = bridge;
page.fake = bridge;
