import { expect, test, vi } from 'vitest';
import type { ServiceView } from '../../../contract/views.ts';
import { connected, nextReady, notReady, pullFailed, releases, shop } from '../../../testkit/window/fixtures.ts';

vi.stubGlobal('window', {});
const { commandsOf } = await import('./palette.tsx');

const commands = (frontend: Partial<ServiceView>, onOffer = () => {}) => {
  const host = connected('home', [shop(frontend)]);
  const old = releases().filter((release) => release.role === 'old');
  return commandsOf(host, [host], 'shop/frontend', old, onOffer);
};
const titles = (frontend: Partial<ServiceView>): string[] => commands(frontend).map((each) => each.title);

test('what the command line can do, the palette can: how a flip is watched, eject, an old release again', () => {
  expect(titles(nextReady())).toEqual(
    expect.arrayContaining([
      'Flip to 1.5.0: frontend',
      'Flip frontend, and go back unless I confirm within 10 minutes',
      'Flip frontend, and watch it not at all',
      'Flip frontend, and watch it for 30 minutes',
      'Retire next (1.5.0): frontend…',
      'Eject: frontend…',
      'Deploy release 8 of frontend again…',
    ]),
  );
  expect(titles(pullFailed())).toContain('Retry: frontend…');
});

test('a flip that is barred says why, and leads to what is to be done', () => {
  const onOffer = vi.fn();
  const flip = commands(notReady(), onOffer).find((each) => each.title === 'Flip to 1.5.0: frontend');
  expect(flip?.more).toBe('Next is not ready: GET /healthz answered 500 Internal Server Error');
  flip?.run();
  expect(onOffer).toHaveBeenCalledWith('flip', expect.objectContaining({ id: 'shop/frontend' }));
});
