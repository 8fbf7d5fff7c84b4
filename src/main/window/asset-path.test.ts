import { expect, test } from 'vitest';
import { assetPath, isOurs } from './asset-path.ts';

test.each([
  ['app://switchyard/', '/app/renderer/index.html'],
  ['app://switchyard/index.html', '/app/renderer/index.html'],
  ['app://switchyard/assets/index-3f.js?x#y', '/app/renderer/assets/index-3f.js'],
  ['app://switchyard/assets/with%20space.svg', '/app/renderer/assets/with space.svg'],
])('%s is served', (address, path) => {
  expect(assetPath('/app/renderer', address)).toBe(path);
});

test.each([
  'app://elsewhere/index.html',
  'app://switchyard/..%2F..%2Fsettings.json',
  'app://switchyard/%2e%2e%2fmain%2findex.cjs',
  'app://switchyard/..%2frenderer-other/x',
  'app://switchyard/%00',
  'app://switchyard/%E0%A4%A',
])('%s is not', (address) => {
  expect(assetPath('/app/renderer', address)).toBeNull();
});

test.each([
  ['app://switchyard/index.html', true],
  ['app://switchyard', true],
  ['app://switchyard.evil/index.html', false],
  ['https://switchyard/index.html', false],
  ['about:blank', false],
  ['', false],
])('%s is ours: %s', (address, ours) => {
  expect(isOurs(address)).toBe(ours);
});
