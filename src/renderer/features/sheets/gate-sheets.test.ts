import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { nextReady, notReady, service, slot, watching } from '../../../testkit/window/fixtures.ts';
import { GateSheet, RetireSheet } from './gate-sheets.tsx';

const frontend = (more: Parameters<typeof service>[3]) => service('shop', 'frontend', 'shop/frontend:1.0.0', more);
const gate = (more: Parameters<typeof service>[3]): string =>
  renderToStaticMarkup(createElement(GateSheet, { service: frontend(more), onOffer: () => undefined }));

test('a next that is not ready: what, why, what to do, and no way to flip', () => {
  const said = gate(notReady());
  expect(said).toContain('Next is not ready: 2 of 4 checks pass');
  expect(said).toContain('GET /healthz answered 500 Internal Server Error');
  expect(said).toContain('does not become ready by itself');
  expect(said.match(/data-testid="[\w-]+"/g)).toEqual(
    ['sheet-flip', 'sheet-cancel', 'gate-retire', 'gate-deploy'].map((id) => `data-testid="${id}"`),
  );
});

test('a next that was ready and stopped is said to be that', () => {
  const stopped = { ...notReady(), slots: nextReady().slots ?? { blue: null, green: null } };
  expect(gate(stopped)).toContain('It was ready once.');
});

test('what is not barred any more offers nothing but to close', () => {
  expect(gate(nextReady())).not.toContain('gate-');
});

test('previous is retired only after it was said that it is the way back', () => {
  const said = renderToStaticMarkup(
    createElement(RetireSheet, {
      host: 'h',
      role: 'previous',
      service: frontend({
        ...watching(),
        slots: { blue: slot('blue', 'previous', 12, 'a:1.4.2'), green: slot('green', 'current', 13, 'a:1.5.0') },
      }),
    }),
  );
  expect(said).toContain('stops release 12 (1.4.2) in blue');
  expect(said).toContain('going back takes a redeploy');
});

test('a ready next is retired only after it was said what that throws away', () => {
  const retire = createElement(RetireSheet, { host: 'h', role: 'next', service: frontend(nextReady()) });
  expect(renderToStaticMarkup(retire)).toContain('stops release 13 (1.5.0) in green');
});
