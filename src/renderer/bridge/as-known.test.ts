import { expect, test } from 'vitest';
import { failure } from '../../core/failure.ts';
import { adoptedIdle, connected, shop, troubled } from '../../testkit/window/fixtures.ts';
import { asKnown } from './as-known.ts';

const home = () => connected('home', [shop({ ...adoptedIdle(), canFlipBack: true })]);

test('a connected host is shown as it is told', () => {
  const view = home();
  expect(asKnown(view)).toBe(view);
});

test('an away host knows nothing of its switches and offers nothing', () => {
  const view = {
    ...home(),
    connection: {
      kind: 'away' as const,
      sinceMs: 5,
      retryAtMs: 9,
      failure: failure('link-lost', 'The connection was lost.'),
    },
  };
  const services = asKnown(view).map?.stacks[0]?.services ?? [];
  expect(services.map((service) => [service.name, service.switch.kind, service.canFlipBack])).toEqual([
    ['frontend', 'unknown', false],
    ['backend', 'not-adopted', false],
    ['db', 'not-adopted', false],
  ]);
});

test('UI3 where Docker does not answer nothing is known either, and no trouble of before is told', () => {
  const view = connected('home', [shop(troubled())]);
  const { map } = view;
  if (map === null) throw new Error('no map');
  const frontend = asKnown({ ...view, map: { ...map, dockerAwaySinceMs: 7 } }).map?.stacks[0]?.services[0];
  expect([frontend?.switch, frontend?.troubles]).toEqual([{ kind: 'unknown', sinceMs: 7 }, []]);
});
