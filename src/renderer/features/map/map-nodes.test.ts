import { expect, test } from 'vitest';
import { collapsedSize, type StackLayout } from './layout.ts';
import { edgesOf, framesOf, type Laid, nodesOf } from './map-nodes.ts';
import { cardSize, collapseAbove, type StackTopology } from './topology.ts';

const stack = (name: string, more: Partial<StackTopology> = {}): StackTopology => ({
  name,
  collapsed: false,
  services: [{ id: `${name}/web`, tier: 'service' }],
  doors: [],
  stores: [],
  tints: [],
  depends: [],
  routes: [],
  ...more,
});

const layout = (name: string, more: Partial<StackLayout> = {}): StackLayout => ({
  size: { width: 400, height: 220 },
  places: { [`${name}/web`]: { x: 60, y: 56 } },
  ways: {},
  ...more,
});

const shop = stack('shop', {
  services: [
    { id: 'shop/web', tier: 'service' },
    { id: 'shop/db', tier: 'state' },
  ],
  doors: [{ id: 'shop/web#80', label: '80', service: 'shop/web' }],
  stores: [{ id: 'shop$data', name: 'data', services: ['shop/db'] }],
  depends: [{ from: 'shop/web', to: 'shop/db' }],
});

const way = [
  { x: 340, y: 117 },
  { x: 464, y: 117 },
];

const laidShop: Laid = {
  topology: { stacks: [shop], routes: [], loose: 0 },
  layouts: {
    shop: layout('shop', {
      places: { 'shop/web': { x: 60, y: 56 }, 'shop/db': { x: 464, y: 56 } },
      ways: { 'shop/web -> shop/db': way },
    }),
  },
};

const lay = (stacks: StackTopology[], loose = 0): Laid => ({
  topology: { stacks, routes: [], loose },
  layouts: Object.fromEntries(stacks.map(({ name }) => [name, layout(name)])),
});

test('stacks with a proxy stand first, those that open and close last, what is in no stack behind them', () => {
  const many = Array.from({ length: collapseAbove + 1 }, (_, index) => ({ id: `big/${index}`, tier: 'service' }));
  const edge = stack('edge', { services: [{ id: 'edge/traefik', tier: 'proxy' }] });
  const frames = framesOf(lay([stack('big', { services: many, collapsed: true }), stack('app'), edge], 2));
  expect(frames.map((frame) => frame.id)).toEqual(['edge', 'app', 'big', '(loose)']);
  expect(frames[2]?.base).toEqual(collapsedSize);
});

test('a stack is a frame with its doors, stores and services inside', () => {
  expect(nodesOf(laidShop, {}).map(({ id, type, parentId }) => [id, type, parentId])).toEqual([
    ['shop', 'stack', undefined],
    ['shop/web#80', 'door', 'shop'],
    ['shop$data', 'store', 'shop'],
    ['shop/web', 'service', 'shop'],
    ['shop/db', 'service', 'shop'],
  ]);
});

test('a collapsed stack is its frame alone, without lines', () => {
  const folded: Laid = { ...laidShop, topology: { stacks: [{ ...shop, collapsed: true }], routes: [], loose: 0 } };
  expect(nodesOf(folded, {}).map((node) => node.id)).toEqual(['shop']);
  expect(edgesOf(folded, {})).toEqual([]);
});

test('what was moved by hand stays there, and its frame reaches as far', () => {
  const moved = { shop: { x: 5, y: 6 }, 'shop/db': { x: 900, y: 400 } };
  const [frame, , , web, db] = nodesOf(laidShop, moved);
  expect([frame?.position, web?.position, db?.position]).toEqual([moved.shop, { x: 60, y: 56 }, moved['shop/db']]);
  expect([frame?.width, frame?.height]).toEqual([900 + cardSize.width + 28, 400 + cardSize.height + 28]);
});

test('lines lead from doors to services, along what depends, to stores; they are laid until one end was moved', () => {
  const ways = (moved: Record<string, { x: number; y: number }>) =>
    edgesOf(laidShop, moved).map(({ id, data }) => [id, data?.kind, data?.way]);
  expect(ways({})).toEqual([
    ['shop/web#80 -> shop/web', 'door', undefined],
    ['shop/web -> shop/db', 'depends', way],
    ['shop/db -> shop$data', 'store', undefined],
  ]);
  expect(ways({ 'shop/db': { x: 1, y: 1 } })[1]).toEqual(['shop/web -> shop/db', 'depends', undefined]);
});

test('a route to another stack says between which', () => {
  const two = lay([stack('edge'), stack('app')]);
  const [route] = edgesOf({ ...two, topology: { ...two.topology, routes: [{ from: 'edge/web', to: 'app/web' }] } }, {});
  expect(route?.data).toEqual({ kind: 'route', between: { from: 'edge', to: 'app' } });
});
