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
