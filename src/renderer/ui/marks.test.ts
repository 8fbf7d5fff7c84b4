import { expect, test } from 'vitest';
import type { HostView, ServiceView } from '../../contract/views.ts';
import { hostView, serviceView, troubleOf } from '../../testkit/session/views.ts';
import { worstOf, worstOfHost } from './marks.tsx';

const frontend = (more: Partial<ServiceView>): ServiceView => serviceView('frontend', more);
const host = (more: Partial<ServiceView>): HostView => hostView([frontend(more)]);

test('UI3 a host is well only where nothing is wrong with anything on it', () => {
  expect([
    worstOfHost(host({})),
    worstOfHost(host({ troubles: [troubleOf()] })),
    worstOfHost(host({ troubles: [troubleOf({ level: 'wrong' })] })),
    worstOfHost(host({ troubles: [troubleOf({ level: 'at-risk' })] })),
  ]).toEqual(['fine', 'trouble', 'warning', 'warning']);
});

test('UI3 a host without a map, or whose Docker does not answer, is not well', () => {
  const well = host({});
  const map = well.map === null ? null : { ...well.map, dockerAwaySinceMs: 1 };
  expect([worstOfHost({ ...well, map: null }), worstOfHost({ ...well, map })]).toEqual(['busy', 'trouble']);
});

test('what ended well, was stopped on purpose or never started is quiet; what crashed is not', () => {
  expect((['ended', 'stopped', 'absent', 'exited'] as const).map((health) => worstOf(frontend({ health })))).toEqual([
    'fine',
    'fine',
    'fine',
    'trouble',
  ]);
});
