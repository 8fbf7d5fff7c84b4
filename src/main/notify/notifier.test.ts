import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hostView, serviceView } from '../../testkit/session/views.ts';
import { goodLookGapMs } from './decide.ts';
import { createNotifier } from './notifier.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const good = hostView([serviceView('frontend')]);
const ill = hostView([serviceView('frontend', { health: 'unhealthy' })]);

function given() {
  const shown: string[] = [];
  const notifier = createNotifier((notice) => void shown.push(notice.kind));
  return { notifier, shown };
}

test('it looks again by itself when only time is missing', () => {
  const { notifier, shown } = given();
  for (const view of [good, ill, good]) notifier.look(view);
  vi.advanceTimersByTime(goodLookGapMs);
  expect(shown).toEqual(['failing', 'recovered']);
});

test('muted, it shows nothing, and does not make up for it', () => {
  const { notifier, shown } = given();
  notifier.look(good);
  notifier.muteUntil(Date.now() + 3_600_000);
  notifier.look(ill);
  vi.advanceTimersByTime(3_600_001);
  notifier.look(ill);
  expect(shown).toEqual([]);
});

test('a host that was removed is not looked at again', () => {
  const { notifier, shown } = given();
  for (const view of [good, ill, good]) notifier.look(view);
  notifier.forget('h1');
  vi.advanceTimersByTime(goodLookGapMs);
  expect(shown).toEqual(['failing']);
  expect(vi.getTimerCount()).toBe(0);
});
