import { expect, test } from 'vitest';
import { arrange, elkGraphOf, nextCard, readElk, renderWay } from './layout.ts';
import type { StackTopology } from './topology.ts';

const shop: StackTopology = {
  name: 'shop',
  collapsed: false,
  services: [
    { id: 'shop/frontend', tier: 'service' },
    { id: 'shop/db', tier: 'state' },
  ],
  doors: [{ id: 'shop/frontend#80', label: '80', service: 'shop/frontend' }],
  stores: [{ id: 'shop$data', name: 'data', services: ['shop/db'] }],
  tints: [],
  routes: [],
  depends: [{ from: 'shop/frontend', to: 'shop/db' }],
};

test('doors come first, then services, then state, then volumes', () => {
  const graph = elkGraphOf(shop);
  expect(graph.children?.map((child) => [child.id, child.layoutOptions?.['elk.partitioning.partition']])).toEqual([
    ['shop/frontend#80', '0'],
    ['shop/frontend', '3'],
    ['shop/db', '4'],
    ['shop$data', '6'],
  ]);
  expect(graph.edges?.map((edge) => edge.id)).toEqual([
    'shop/frontend#80 -> shop/frontend',
    'shop/frontend -> shop/db',
    'shop/db -> shop$data',
  ]);
});

test('doors stand in the left border and their lines begin there', () => {
  const layout = readElk(shop, {
    id: 'shop',
    width: 500,
    height: 200,
    children: [{ id: 'shop/frontend#80', x: 40, y: 60 }],
    edges: [
      {
        id: 'shop/frontend#80 -> shop/frontend',
        sources: [],
        targets: [],
        sections: [{ id: 's', startPoint: { x: 96, y: 73 }, endPoint: { x: 160, y: 73 } }],
      },
    ],
  });
  expect(layout).toEqual({
    size: { width: 500, height: 200 },
    places: { 'shop/frontend#80': { x: -14, y: 60 } },
    ways: {
      'shop/frontend#80 -> shop/frontend': [
        { x: 42, y: 73 },
        { x: 160, y: 73 },
      ],
    },
  });
});

test('frames never overlap and stay where they were when asked again', () => {
  const frames = Array.from({ length: 12 }, (_, index) => ({
    id: `s${index}`,
    size: { width: 300 + ((index * 137) % 700), height: 180 + ((index * 211) % 500) },
  }));
  const places = arrange(frames);
  expect(arrange(frames)).toEqual(places);
  const boxes = frames.map(({ id, size }) => ({ ...size, ...(places[id] ?? { x: Number.NaN, y: Number.NaN }) }));
  for (const [index, a] of boxes.entries()) {
    for (const b of boxes.slice(index + 1)) {
      const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      expect(apart).toBe(true);
    }
  }
});

test('opening a frame that stands last moves none of the others', () => {
  const frames = Array.from({ length: 6 }, (_, index) => ({
    id: `s${index}`,
    size: { width: 500 + index * 90, height: 300 },
  }));
  const base = { width: 320, height: 148 };
  const { big: _closed, ...before } = arrange([...frames, { id: 'big', size: base, base }]);
  const { big: _open, ...after } = arrange([...frames, { id: 'big', size: { width: 1400, height: 900 }, base }]);
  expect(after).toEqual(before);
});

test('a way has round corners', () => {
  expect(
    renderWay([
      { x: 0, y: 0 },
      { x: 40, y: 0 },
      { x: 40, y: 40 },
    ]),
  ).toBe('M0 0L30 0Q40 0 40 10L40 40');
});

const box = (id: string, x: number, y: number) => ({ id, x, y, width: 280, height: 132 });

test('arrows go to the nearest card that way, and nowhere where there is none', () => {
  const boxes = [box('a', 0, 0), box('b', 344, 0), box('c', 344, 160), box('d', 0, 160)];
  expect(nextCard(boxes, 'a', 'right')).toBe('b');
  expect(nextCard(boxes, 'a', 'down')).toBe('d');
  expect(nextCard(boxes, 'c', 'left')).toBe('d');
  expect(nextCard(boxes, 'a', 'left')).toBe(null);
  expect(nextCard(boxes, 'gone', 'left')).toBe('a');
});

test('services that nothing touches stand in rows below, in line with the others', () => {
  const stack = {
    ...shop,
    services: [...shop.services, { id: 'shop/a', tier: 'service' }, { id: 'shop/b', tier: 'service' }],
  };
  const layout = readElk(stack, {
    id: 'shop',
    width: 860,
    height: 218,
    children: [
      { id: 'shop/frontend', x: 120, y: 56 },
      { id: 'shop/db', x: 464, y: 56 },
    ],
  });
  expect(layout.places['shop/a']).toEqual({ x: 120, y: 216 });
  expect(layout.places['shop/b']).toEqual({ x: 464, y: 216 });
  expect(layout.size).toEqual({ width: 860, height: 378 });
});
