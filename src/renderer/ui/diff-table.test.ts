import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import type { DiffLine } from '../../contract/views.ts';
import { DiffTable } from './diff-table.tsx';

const image = (before: string | null, after: string | null): string => {
  const line: DiffLine = { field: 'image', key: '', before, after };
  return renderToStaticMarkup(createElement(DiffTable, { lines: [line] }))
    .replace(/<[^>]+>/g, ' ')
    .replace(/ +/g, ' ');
};

test('another tag of one image is told as that, its repository once', () => {
  expect(image('registry.lan:5000/shop:1.6.0', 'registry.lan:5000/shop:1.3.0')).toContain(
    'registry.lan:5000/shop 1.6.0 → 1.3.0',
  );
});

test('another image, or one without a tag, is told whole', () => {
  expect(image('a/shop:1', 'b/shop:1')).toContain('− a/shop:1 + b/shop:1');
  expect(image('a/shop', 'a/shop:2')).toContain('− a/shop + a/shop:2');
  expect(image(null, 'a/shop:2')).toContain('+ a/shop:2');
});

test('SE1 a hidden value is told as that: set, taken out or changed; and a button shows what is hidden', () => {
  const lines: DiffLine[] = [
    { field: 'environment', key: 'A', before: null, after: '•••', hidden: true },
    { field: 'environment', key: 'B', before: '•••', after: null, hidden: true },
    { field: 'environment', key: 'C', before: '•••', after: '•••', hidden: true },
  ];
  const shown = (some: DiffLine[], isShown = false) =>
    renderToStaticMarkup(createElement(DiffTable, { lines: some, values: { shown: isShown, toggle: () => {} } }));
  expect(shown(lines).match(/[a-z ]+, its value is hidden/g)).toEqual([
    'set, its value is hidden',
    'taken out, its value is hidden',
    'changed, its value is hidden',
  ]);
  expect(shown(lines)).toMatch(/<button type="button"[^>]*>Show values<\/button>/);
  expect(shown([{ field: 'image', key: '', before: 'a:1', after: 'a:2' }])).not.toContain('button');
  expect(shown([], true)).toContain('Hide values');
});
