import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { adoptedIdle, nextReady, notReady, service } from '../../../testkit/window/fixtures.ts';
import { ArmSheet } from './arm-sheet.tsx';
import { DeploySheet } from './deploy-sheet.tsx';

const frontend = (more: Parameters<typeof service>[3]) => service('shop', 'frontend', 'shop/frontend:1.0.0', more);
const deploy = (more: Parameters<typeof service>[3], asked = {}): string =>
  renderToStaticMarkup(createElement(DeploySheet, { host: 'h', service: frontend(more), asked }));

test('a next that is ready gives up its slot only when that is ticked', () => {
  const said = deploy(nextReady());
  expect(said).toContain('deploy-replace');
  expect(said).toContain('Take the slot of release 13 (1.5.0) in green');
  expect(said).toMatch(/data-testid="sheet-confirm" disabled=""/);
});

test.each([
  ['none', adoptedIdle()],
  ['one that is not ready', notReady()],
])('a next there is in the way of nothing: %s', (_, more) => {
  const said = deploy(more);
  expect(said).not.toContain('deploy-replace');
  expect(said).not.toMatch(/data-testid="sheet-confirm" disabled/);
});

test('a deploy is filled in as it was asked for', () => {
  expect(deploy(adoptedIdle(), { image: 'shop/frontend:2.0.0' })).toContain('value="shop/frontend:2.0.0"');
  expect(deploy(adoptedIdle(), { release: 8 })).toContain('Deploy release 8 of frontend again');
});

test('a flip may be watched for a time, as it is by itself, or be confirmed in time', () => {
  const said = renderToStaticMarkup(createElement(ArmSheet, { host: 'h', service: frontend(nextReady()) }));
  const radios = said.match(/<input type="radio"[^>]*name="watch"[^>]*>/g) ?? [];
  expect(radios.map((each) => [/data-testid="([\w-]+)"/.exec(each)?.[1], each.includes('checked')])).toEqual([
    ['watch-5', true],
    ['watch-30', false],
    ['watch-120', false],
    ['watch-0', false],
    ['arm-2', false],
    ['arm-10', false],
    ['arm-60', false],
  ]);
  expect(said).toMatch(/data-testid="sheet-confirm">Flip</);
  expect(said).toContain('four checks in a row fail');
});
