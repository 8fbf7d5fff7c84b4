import { expect, test } from 'vitest';
import {
  count,
  formatAge,
  formatBytes,
  formatClock,
  formatCountdown,
  formatDuration,
  formatPort,
  formatRate,
  oneLine,
  passing,
  shortDigest,
  shortImage,
  splitImage,
  tagOf,
} from './format.ts';

test('bytes carry the unit people read on a registry', () => {
  expect([0, 999, 1000, 43_000_000, 120_400_000, 1_240_000_000].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '43 MB',
    '120 MB',
    '1.2 GB',
  ]);
});

test('a duration has two units at most', () => {
  expect([7, 812, 12_000, 252_000, 240_000, 11_100_000, 532_800_000].map(formatDuration)).toEqual([
    '7 ms',
    '0.8 s',
    '12 s',
    '4 min 12 s',
    '4 min',
    '3 h 5 min',
    '6 d 4 h',
  ]);
});

test('an age has one unit', () => {
  expect([0, 40_000, 300_000, 3 * 3_600_000, 6 * 86_400_000, 120 * 86_400_000].map(formatAge)).toEqual([
    'now',
    '40 s',
    '5 min',
    '3 h',
    '6 d',
    '3 mo',
  ]);
});

test('a countdown is minutes and two digits, and never negative', () => {
  expect([252_000, 9_000, 300_900, -5].map(formatCountdown)).toEqual(['4:12', '0:09', '5:00', '0:00']);
});

test('the clock says the day only when it is not today', () => {
  const now = new Date(2026, 10, 22, 22, 0).getTime();
  expect(formatClock(new Date(2026, 10, 22, 21, 7).getTime(), now)).toBe('21:07');
  expect(formatClock(new Date(2026, 10, 20, 21, 7).getTime(), now)).toBe('Fri 21:07');
  expect(formatClock(new Date(2026, 8, 1, 21, 7).getTime(), now)).toBe('1 Sept 2026');
});

test('rates stay short', () => {
  expect([0, 0.01, 0.42, 3, 12.4, 1240].map(formatRate)).toEqual(['0', '<0.1', '0.4', '3', '12', '1.2k']);
});

test('one is not plural', () => {
  expect([passing(0, 1), passing(1, 1), passing(0, 2), passing(1, 4), passing(4, 4)]).toEqual([
    'the check does not pass',
    'the check passes',
    '0 of 2 checks pass',
    '1 of 4 checks passes',
    '4 of 4 checks pass',
  ]);
  expect([count(1, 'check'), count(4, 'check'), count(1200, 'request')]).toEqual([
    '1 check',
    '4 checks',
    '1,200 requests',
  ]);
});

test('images and digests lose what nobody compares', () => {
  expect(shortDigest('sha256:3fa9c1d2e4')).toBe('3fa9c1');
  expect(shortImage('docker.io/library/postgres:17@sha256:00ff')).toBe('postgres:17');
  expect(tagOf('registry:5000/shop/frontend')).toBe(null);
  expect(tagOf('registry:5000/shop/frontend:1.4.2@sha256:00')).toBe('1.4.2');
});

test('SE6 untrusted text stays on one line, keeps its direction and hides nothing', () => {
  expect(oneLine('a\u200bb\u{e0041}\u2066c\u2028d')).toBe('abcd');
  expect(oneLine('a\nb\u202ec\u0007<script>')).toBe('a bc·<script>');
});

test('a port says where it is bound only when that is not everywhere', () => {
  expect(formatPort({ hostIp: '0.0.0.0', hostPort: 80, protocol: 'tcp' })).toBe('80');
  expect(formatPort({ hostIp: '127.0.0.1', hostPort: 53, protocol: 'udp' })).toBe('127.0.0.1:53/udp');
  expect(formatPort({ hostIp: '::1', hostPort: 53, protocol: 'tcp' })).toBe('[::1]:53');
});

test('an image is split where its tag begins, and not at the port of its registry', () => {
  expect(splitImage('registry.lan:5000/shop/frontend:1.5.0')).toEqual({
    repository: 'registry.lan:5000/shop/frontend',
    tag: '1.5.0',
  });
  expect(splitImage('shop/frontend:1@sha256:ab')).toEqual({ repository: 'shop/frontend', tag: '1' });
  expect(splitImage('registry.lan:5000/shop/frontend')).toBe(null);
});
