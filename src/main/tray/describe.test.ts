import { expect, test } from 'vitest';
import { failure } from '../../core/failure.ts';
import { hostView, serviceView, troubleOf } from '../../testkit/session/views.ts';
import { describeTray } from './describe.ts';

const away = hostView([], {
  id: 'h2',
  target: 'attic',
  connection: { kind: 'away', sinceMs: 0, retryAtMs: 0, failure: failure('link-lost', 'The link is lost.') },
});

test('hosts where all is well are not listed', () => {
  expect(describeTray([hostView([serviceView('frontend')])])).toEqual({
    level: 'well',
    tooltip: 'Switchyard: all is well',
    items: [],
  });
});

test('the worst of all hosts decides', () => {
  const wentBack = serviceView('frontend', { switch: { kind: 'went-back', atMs: 1, reason: '10 errors in a row' } });
  expect(describeTray([hostView([wentBack])]).level).toBe('attention');
  expect(describeTray([hostView([wentBack]), away])).toEqual({
    level: 'trouble',
    tooltip: 'Switchyard: attic is away, frontend on home went back by itself',
    items: [
      { label: 'attic is away', host: 'h2', service: null },
      { label: 'frontend on home went back by itself', host: 'h1', service: 'shop/frontend' },
    ],
  });
});

test('a host that is away is one line, not one for each service', () => {
  const dead = { ...hostView([serviceView('a', { health: 'unhealthy' })]), connection: away.connection };
  expect(describeTray([dead]).items).toEqual([{ label: 'home is away', host: 'h1', service: null }]);
});

test('what waits to be confirmed needs somebody, what was stopped does not', () => {
  const armed = serviceView('frontend', {
    switch: { kind: 'watching', untilMs: 1, mustConfirm: true, from: 'blue', to: 'green', errors: 0, requests: 0 },
  });
  const stopped = serviceView('backend', {
    switch: {
      kind: 'failed',
      verb: 'deploy',
      step: 'ready',
      outcome: 'aborted',
      recovered: false,
      failure: failure('cancelled', 'Asked to.'),
    },
  });
  expect(describeTray([hostView([armed, stopped])]).items).toEqual([
    { label: 'frontend on home waits to be confirmed', host: 'h1', service: 'shop/frontend' },
  ]);
});

test('TO1 the tray says how what was asked for ended', () => {
  const ended = (outcome: 'refused' | 'aborted' | 'indeterminate', recovered = false) =>
    serviceView('frontend', {
      switch: { kind: 'failed', verb: 'adopt', step: 'check', outcome, recovered, failure: failure('bug', 'Oh.') },
    });
  const said = [ended('refused'), ended('aborted', true), ended('indeterminate'), ended('aborted')].map(
    (service) => describeTray([hostView([service])]).items[0]?.label,
  );
  expect(said).toEqual([
    'frontend on home was not changed: that was refused',
    'frontend on home was not changed: that was undone',
    'frontend on home was changed or not, nobody knows yet',
    'frontend on home could not be changed',
  ]);
});

test('a container that has done its work is nobody’s emergency, an entry point that stopped is', () => {
  const migration = serviceView('migrate', { health: 'exited', adopted: false });
  const entry = serviceView('frontend', { health: 'exited' });
  expect(describeTray([hostView([migration, entry])]).items.map((item) => item.service)).toEqual(['shop/frontend']);
});

test('UI1 what is wrong is told in the words of the headline, once for each cause', () => {
  const down = troubleOf({ cause: 'stack-down', title: 'shop is down: all 2 services are gone' });
  const ill = hostView([
    serviceView('backend', { health: 'exited', troubles: [{ ...down, mend: null }] }),
    serviceView('frontend', { health: 'exited', troubles: [down] }),
  ]);
  expect(describeTray([ill])).toEqual({
    level: 'trouble',
    tooltip: 'Switchyard: home: shop is down, with frontend and backend',
    items: [{ label: 'home: shop is down, with frontend and backend', host: 'h1', service: 'shop/frontend' }],
  });
});

test('UI3 what is at risk is not well, and nothing is said of services whose Docker does not answer', () => {
  const risky = hostView([
    serviceView('frontend', {
      troubles: [troubleOf({ level: 'at-risk', cause: 'way-back-gone', title: 'The way back is gone' })],
    }),
  ]);
  expect(describeTray([risky])).toMatchObject({
    level: 'attention',
    tooltip: 'Switchyard: home: The way back is gone',
  });
  const map = risky.map === null ? null : { ...risky.map, dockerAwaySinceMs: 1 };
  expect(describeTray([{ ...risky, map }])).toEqual({
    level: 'trouble',
    tooltip: 'Switchyard: Docker does not answer on home',
    items: [{ label: 'Docker does not answer on home', host: 'h1', service: null }],
  });
});

test('UI3 all is well is said of what is seen only', () => {
  const attic = hostView([], { target: 'attic', connection: { kind: 'idle' } });
  expect([describeTray([]).tooltip, describeTray([attic]).tooltip]).toEqual([
    'Switchyard: no server is connected',
    'Switchyard: no server is connected',
  ]);
  expect(describeTray([attic, hostView([serviceView('frontend')])]).tooltip).toBe('Switchyard: all is well on home');
});

test('what ended well or was stopped on purpose is quiet', () => {
  const rests = hostView([
    serviceView('migrate', { health: 'ended', adopted: false }),
    serviceView('backup', { health: 'stopped', adopted: false }),
    serviceView('debug', { health: 'absent', adopted: false, absence: 'Behind the profile debug.' }),
  ]);
  expect(describeTray([rests]).level).toBe('well');
});
