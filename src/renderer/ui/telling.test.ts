import { expect, test } from 'vitest';
import { tellingOf } from './telling.ts';

test.each([
  [
    'Error response from daemon: manifest for registry.lan:5000/shop/frontend:9.9.9 not found: manifest unknown: manifest unknown',
    'not found: shop/frontend:9.9.9',
  ],
  ['Error response from daemon: No such container: x', 'No such container: x'],
  ['2 of 4 checks passed after 120 s; http 3000 /healthz : HTTP 503', 'HTTP 503 from /healthz on 3000'],
  ['0 of 1 checks passed after 8 s; http 3000 / : no answer', 'no answer from / on 3000'],
  ['0 of 1 checks passed after 8 s; tcp 5432 : port 5432 closed', 'port 5432 closed'],
  ['0 of 1 checks passed after 8 s; container : container starting', 'container starting'],
  ['4 checks in a row failed: http 3000 /healthz : HTTP 500', 'HTTP 500 from /healthz on 3000, 4 times in a row'],
  [
    'Another job holds frontend of shop: anna@desk since 20:40:11: deploy of frontend. Nothing was changed.',
    'anna@desk holds it since 20:40:11: deploy',
  ],
  ['the entry point took green out: 10 wrong answers in a row', '10 wrong answers in a row'],
  ['It exited with code 1: Error: SESSION_KEY is not set', 'Error: SESSION_KEY is not set (exited with code 1)'],
  ['It keeps exiting at start (code 1): no config', 'no config (keeps exiting with code 1)'],
])('what tells most comes first: %s', (reason, telling) => {
  expect(tellingOf(reason)).toBe(telling);
});

test.each([
  'nobody confirmed it within 10 min',
  'It exited with code 137, out of memory: Killed',
  'It was ready, but does not run any more.',
  'live.map cannot be read',
])('what has its telling part first, or is not known, stays: %s', (reason) => {
  expect(tellingOf(reason)).toBe(reason);
});
