import { expect, test, vi } from 'vitest';
import { nextReady, notReady, pullFailed, service, watching } from '../../testkit/window/fixtures.ts';
import { offersOf } from '../bridge/offers.ts';

vi.stubGlobal('window', {});
const { offerOfKey } = await import('./keys.ts');

const frontend = (more: Parameters<typeof service>[3]) =>
  offersOf(service('shop', 'frontend', 'shop/frontend:1.0.0', more));
const settled = frontend({ ...watching(), switch: { kind: 'settled', atMs: 0, to: 'blue' } });

test.each([
  ['r', frontend(nextReady()), 'retire'],
  ['r', settled, undefined],
  ['f', settled, 'rollback'],
  ['f', frontend(notReady()), 'flip'],
  ['d', frontend(notReady()), 'deploy'],
  ['t', frontend(pullFailed()), 'retry'],
  ['e', settled, 'eject'],
  ['z', settled, undefined],
] as const)('%s, where %j is offered, is %s', (key, offers, offer) => {
  expect(offerOfKey(key, [...offers])).toBe(offer);
});
