import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../load/load.ts';
import { rounded } from './figures.ts';
import type { Benchmark } from './setting.ts';
import { openWindow, pageClockOffsetMs } from './window.ts';

/** Of the crowd: no health check, nobody depends on them, so that nothing else changes. */
const stopped = [
  'media/flaresolverr',
  'photos/pigallery',
  'monitoring/blackbox',
  'documents/kavita',
  'home/grocy',
  'home/linkding',
  'network/smokeping',
  'chat/turn',
  'code/mirror',
  'news/bridge',
];

type Change = { atMs: number; head: string };

/**
 * From the end of a container, by the time in Docker's own event, to the change of its card's head (the mark of its
 * health) in the window's document, by a MutationObserver. Both read this machine's clock.
 */
export const events: Benchmark = async (setting) => {
  const lab = await setting.lab('crowd');
  const times = setting.number('times', 50);
  const { app, window, electron, close } = await openWindow(setting, lab, 'crowd');
  try {
    const { page } = app;
    setting.log(`Ending a container ${times} times ...`);
    const taken: number[] = [];
    for (let turn = -2; turn < times; turn += 1) {
      const id = stopped[(turn + stopped.length) % stopped.length] ?? '';
      const container = `${id.replace('/', '-')}-1`;
      await window.card(id).waitFor({ timeout: 30_000 });
      const offsetMs = await pageClockOffsetMs(page);
      await page.evaluate((testid) => {
        const head = document.querySelector(`[data-testid="${testid}"] .card-head`);
        if (head === null) throw new Error(`no ${testid}`);
        const changes: { atMs: number; head: string }[] = [{ atMs: 0, head: head.innerHTML }];
        Object.assign(window, { benchChanges: changes });
        new MutationObserver(() => changes.push({ atMs: performance.now(), head: head.innerHTML })).observe(head, {
          subtree: true,
          childList: true,
          attributes: true,
          characterData: true,
        });
      }, `card-${id}`);
      // The event's own time, then what the card did; started again for the next turn.
      const { stdout } = await lab.exec(
        'crowd',
        `since=$(date +%s); docker kill ${container} >/dev/null; sleep 0.3
         docker events --since $((since - 1)) --until $(($(date +%s) + 1)) --filter container=${container} --filter event=die --format '{{.TimeNano}}' | tail -n 1`,
      );
      const endedMs = Number(BigInt(stdout.trim() || '0') / 1000n) / 1000;
      if (!(endedMs > 0)) throw new Error(`Docker told no end of ${container}`);
      await sleep(200);
      const changes = await page.evaluate(
        () => (window as unknown as { benchChanges: { atMs: number; head: string }[] }).benchChanges,
      );
      const shown = changed(changes, id);
      if (turn >= 0) taken.push(shown + offsetMs - endedMs);
      await lab.exec('crowd', ['docker', 'start', container]);
      await sleep(300);
    }
    const sorted = [...taken].sort((a, b) => a - b);
    return {
      eventMs: { p50: rounded(quantile(sorted, 0.5)), p95: rounded(quantile(sorted, 0.95)) },
      maxMs: rounded(sorted.at(-1) ?? 0),
      times,
      electron,
    };
  } finally {
    await close();
  }
};

/** When the head was first another than at the start. */
function changed(changes: readonly Change[], id: string): number {
  const first = changes[0]?.head;
  const change = changes.find(({ head }) => head !== first);
  if (change === undefined) throw new Error(`the card of ${id} did not change`);
  return change.atMs;
}
