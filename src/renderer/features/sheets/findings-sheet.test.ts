import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import type { FindingView } from '../../../contract/views.ts';
import { shop } from '../../../testkit/window/fixtures.ts';
import { FindingsButton } from '../../ui/findings-button.tsx';
import { FindingsSheet } from './findings-sheet.tsx';

const record = (name: string): FindingView => ({
  level: 'warning',
  title: 'A record of the journal cannot be read',
  text: `It was set aside as /srv/shop/.switchyard/damaged/${name}. Delete the file to be rid of this notice.`,
});
const stack = { ...shop(), findings: [record('7.json'), record('8.json')] };

test('every finding of a stack is told with its path and what to do, two of one title too', () => {
  const said = renderToStaticMarkup(createElement(FindingsSheet, { stack }));
  for (const { text } of stack.findings) expect(said).toContain(text);
});

test('how many there are is said where they are opened, and nothing where there are none', () => {
  const button = (findings: FindingView[]) =>
    renderToStaticMarkup(createElement(FindingsButton, { stack: 'shop', findings, onOpen: () => undefined }));
  expect(button(stack.findings)).toContain('and 1 more');
  expect(button([])).toBe('');
});
