/** How a version of the shop's frontend or backend behaves. */
export type Behaviour =
  | { kind: 'good' }
  | { kind: 'fails-later'; failsAfterS: number }
  | { kind: 'never-ready' }
  | { kind: 'exits-at-start' }
  | { kind: 'slow-start'; readyAfterS: number };

/** One version of the shop; the picture of each differs by its number and its colour. */
export interface ShopRelease {
  version: string;
  title: string;
  /** A colour dark enough for white text. */
  accent: string;
  created: string;
  behaviour: Behaviour;
  /** Bytes of noise in a layer of its own, so that a pull takes a while. */
  ballastBytes?: number;
}

export const shopReleases: readonly ShopRelease[] = [
  {
    version: '1.0.0',
    title: 'Good tools, round the corner',
    accent: '#1f5fbf',
    created: '2026-01-12T09:00:00Z',
    behaviour: { kind: 'good' },
  },
  {
    version: '1.1.0',
    title: 'The spring catalogue is here',
    accent: '#14804a',
    created: '2026-02-02T09:00:00Z',
    behaviour: { kind: 'good' },
  },
  {
    version: '1.2.0',
    title: 'Now with faster search',
    accent: '#b4550b',
    created: '2026-02-23T09:00:00Z',
    behaviour: { kind: 'fails-later', failsAfterS: 20 },
  },
  {
    version: '1.3.0',
    title: 'Now with a new cache',
    accent: '#8a1f6d',
    created: '2026-03-09T09:00:00Z',
    behaviour: { kind: 'never-ready' },
  },
  {
    version: '1.4.0',
    title: 'Now with sealed sessions',
    accent: '#a31621',
    created: '2026-03-23T09:00:00Z',
    behaviour: { kind: 'exits-at-start' },
  },
  {
    version: '1.5.0',
    title: 'Now with a warmed-up index',
    accent: '#5b3cc4',
    created: '2026-04-06T09:00:00Z',
    behaviour: { kind: 'slow-start', readyAfterS: 25 },
  },
  {
    version: '1.6.0',
    title: 'Now with large pictures',
    accent: '#0b7285',
    created: '2026-04-20T09:00:00Z',
    behaviour: { kind: 'good' },
    ballastBytes: 60_000_000,
  },
];
