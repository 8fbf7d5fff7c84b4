import { expect, test } from 'vitest';
import { hostView, serviceView, troubleOf } from '../testkit/session/views.ts';
import { headlinesOf } from './headline.ts';
import type { Service, StackMap } from './stack-map.ts';
import type { Trouble } from './trouble.ts';

function mapOf(...services: Service[]): StackMap {
  const { map } = hostView(services);
  if (map === null) throw new Error('no map');
  return map;
}

const ill = (name: string, trouble: Partial<Trouble>, more: Partial<Service> = {}): Service =>
  serviceView(name, { troubles: [troubleOf(trouble)], ...more });

const said = (map: StackMap): [string, string[]][] =>
  headlinesOf(map).map(({ trouble, services }) => [trouble.cause, services]);

test('UI1 nothing is said where nothing is wrong', () => {
  expect(headlinesOf(mapOf(serviceView('frontend')))).toEqual([]);
});

test('UI1 what is down is said before what is wrong, whatever came first', () => {
  const map = mapOf(
    ill('a', { level: 'wrong', cause: 'override-gone', title: 'a', sinceMs: 1 }),
    ill('b', { level: 'down', cause: 'live-gone', title: 'b', sinceMs: 2 }),
  );
  expect(said(map)).toEqual([
    ['live-gone', ['shop/b']],
    ['override-gone', ['shop/a']],
  ]);
});

test('UI1 a service says its worst, and what is at risk waits while something is down', () => {
  const both = serviceView('a', {
    troubles: [
      troubleOf({ level: 'down', cause: 'live-gone' }),
      troubleOf({ level: 'at-risk', cause: 'way-back-gone' }),
    ],
  });
  const risky = ill('b', { level: 'at-risk', cause: 'previous-sick' });
  expect(said(mapOf(both, risky))).toEqual([['live-gone', ['shop/a']]]);
  expect(said(mapOf(risky))).toEqual([['previous-sick', ['shop/b']]]);
});

test('UI2 one cause is said once: a stack that is down, at the service whose button mends it', () => {
  const down = { level: 'down', cause: 'stack-down', title: 'shop is down: all 3 services are gone' } as const;
  const map = mapOf(
    ill('backend', { ...down, mend: null }),
    ill('db', { level: 'down', cause: 'entry-gone', title: 'The entry point of db is gone' }),
    ill('frontend', { ...down, mend: { kind: 'put-back' } }),
  );
  expect(headlinesOf(map)).toEqual([
    {
      stack: 'shop',
      trouble: troubleOf({
        ...down,
        title: 'shop is down, with frontend, backend and db',
        mend: { kind: 'put-back' },
      }),
      services: ['shop/frontend', 'shop/backend', 'shop/db'],
    },
  ]);
});

test('UI2 services that show the same thing say it together, others do not', () => {
  const gone = { level: 'down', cause: 'network-gone', title: 'The network shop_web is gone' } as const;
  expect(
    said(mapOf(ill('a', gone), ill('b', { ...gone, title: 'The network shop_data is gone' }), ill('c', gone))),
  ).toEqual([
    ['network-gone', ['shop/a', 'shop/c']],
    ['network-gone', ['shop/b']],
  ]);
});

test('UI2 a cause comes before what fails with it', () => {
  const map = mapOf(
    ill('frontend', { level: 'down', cause: 'live-ill', title: 'f', sinceMs: 1 }),
    ill('backend', { level: 'down', cause: 'live-gone', title: 'b', sinceMs: 2 }, { blastRadius: ['shop/frontend'] }),
  );
  expect(said(map).map(([cause]) => cause)).toEqual(['live-gone', 'live-ill']);
});
