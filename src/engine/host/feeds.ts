import { renderScript } from '../../core/command.ts';
import { type FeedLine, foldDeath, foldFeed, parseFeedLine } from '../../core/feed.ts';
import { maskTold } from '../../core/mask-told.ts';
import type { Clock } from '../ports/clock.ts';
import type { HostNow, OpenLink } from './host-now.ts';

/** Jobs of all clients, live: the feeds of all stacks are followed by one `tail` and folded into `HostNow.jobs`. */
export type Feeds = {
  /** Follows the feeds of the state folders known now. May be called at any time: the same feeds are followed once. */
  follow(): void;
  /** Whether the feeds of all state folders known now were read to their end on the link that is open. */
  areRead(): boolean;
  /** Has the server asked now and then, for as long as a job or a watch is on, whether it lives: one that died writes no line. */
  lookWhileRunning(): void;
};

/** They change no state file, and a look at the server while it moves the traffic takes time from that. */
const stepsThatOnlyLook = ['gate', 'drain'];

const readMark = '\u0001read';

/**
 * What is in the feeds, a mark, then what comes: of all that is kept the lines that say what jobs there are and where they
 * stand, and the last ones whole, for a long pull writes hundreds of lines of progress behind the one that names it. Each feed by
 * itself: an awk may end at the first that is not there. The lines around the mark are told twice, so that none falls between
 * the two readers; to fold a line twice changes nothing. Where files cannot be watched (overlay, network file systems)
 * `tail` looks once a second unless it is told otherwise.
 */
const followScript = `
for feed in "$@"; do
  shift
  # Neither through a link, nor of anything but a file; one that is not there yet is waited for.
  if [ -L "$feed" ] || { [ -e "$feed" ] && ! [ -f "$feed" ]; }; then continue; fi
  set -- "$@" "$feed"
  tail -c 4194304 "$feed" 2>/dev/null | LC_ALL=C awk '!/"kind":"(text|progress)"/'
done
[ $# -gt 0 ] || { printf '\\n\\001read\\n'; exec tail -q -n 0 -F /dev/null; }
tail -q -n 400 "$@" 2>/dev/null
printf '\\n\\001read\\n'
tail -n 0 -s 0.1 /dev/null 2>/dev/null && exec tail -q -n 40 -s 0.1 -F "$@" 2>/dev/null
exec tail -q -n 40 -F "$@" 2>/dev/null
`;

export function createFeeds(now: HostNow, clock: Clock, lookAtStates: () => void, redraw: () => void): Feeds {
  let following: { open: OpenLink; feeds: string; abort: AbortController; isRead: boolean } | null = null;
  let lookTimer: unknown = null;

  const onLine = (line: FeedLine) => {
    const before = now.jobs.get(line.job);
    // It has a process again, of who took it over; the next look tells when that one dies too.
    if (line.kind === 'recovered') now.dead = new Set([...now.dead].filter((id) => id !== line.job));
    now.jobs = foldFeed(now.jobs, line);
    const after = now.jobs.get(line.job);
    if (after !== undefined && now.dead.has(line.job))
      now.jobs = new Map(now.jobs).set(line.job, foldDeath(after, clock.nowMs()));
    if (
      line.kind === 'end' ||
      line.kind === 'settled' ||
      line.kind === 'moved' ||
      (line.kind === 'done' && !stepsThatOnlyLook.includes(line.step))
    ) {
      if (before?.state === 'running' || before === undefined) lookAtStates();
    }
    lookWhileRunning();
    redraw();
  };

  const someJobRuns = () => [...now.jobs.values()].some((job) => job.state === 'running');

  const someWatchIsOn = () =>
    now.states.some(({ services }) => services.some(({ watchUntilMs }) => watchUntilMs !== null));

  const lookWhileRunning = () => {
    if (lookTimer !== null || now.open === null || !(someJobRuns() || someWatchIsOn())) return;
    lookTimer = setTimeout(
      () => {
        lookTimer = null;
        if (!(someJobRuns() || someWatchIsOn())) return;
        lookAtStates();
        lookWhileRunning();
      },
      someJobRuns() ? 3_000 : 5_000,
    );
  };

  const follow = () => {
    const { open } = now;
    if (open === null) return;
    lookWhileRunning();
    const paths = now.states
      .filter(({ ground }) => ground.kind === 'safe')
      .map((state) => `${state.root}/feed.ndjson`)
      .sort();
    const feeds = paths.join('\n');
    if (following?.open === open && following.feeds === feeds) return;
    following?.abort.abort();
    following = null;
    if (paths.length === 0) return;
    const abort = new AbortController();
    const mine = { open, feeds, abort, isRead: false };
    following = mine;
    open.abort.signal.addEventListener('abort', () => abort.abort(), { once: true });
    let rest = '';
    const again = () => {
      if (now.open !== open || following !== mine || abort.signal.aborted) return;
      following = null;
      setTimeout(follow, 1_000);
    };
    open.link.shell
      .follow(renderScript(followScript, paths), {
        signal: abort.signal,
        onOutput: (chunk) => {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop() ?? '';
          for (const text of lines) {
            if (text === readMark) {
              mine.isRead = true;
              redraw();
            }
            const line = parseFeedLine(text);
            if (line !== null) onLine(maskTold(line, now.mask));
          }
        },
      })
      .then(again, again);
  };

  const areRead = () =>
    now.connection.kind === 'connected' &&
    (now.states.every(({ ground }) => ground.kind !== 'safe') ||
      (following !== null && following.open === now.open && following.isRead));

  return { follow, areRead, lookWhileRunning };
}
