import { renderScript } from '../../core/command.ts';
import { type FeedLine, foldDeath, foldFeed, parseFeedLine } from '../../core/feed.ts';
import { maskTold } from '../../core/mask-told.ts';
import type { Clock } from '../ports/clock.ts';
import type { HostNow, OpenLink } from './host-now.ts';

/** Jobs of all clients, live: the feeds of all stacks are followed by one channel and folded into `HostNow.jobs`. */
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

/** A line of the follower: its token, which feed of those asked for, and what stands there. */
const toldLine = /^([0-9a-z-]{12,}) (\d+) (\{.*)$/;

/**
 * What is in the feeds, a mark, then what comes: of all that is kept the lines that say what jobs there are and where they
 * stand, and the last ones whole, for a long pull writes hundreds of lines of progress behind the one that names it. The lines
 * around the mark are told twice, so that none falls between the two readers; to fold a line twice changes nothing. Where files
 * cannot be watched (overlay, network file systems) `tail` looks once a second unless it is told otherwise.
 *
 * All of them come by one channel, and anybody who may write in one stack's folder may write anything into its feed: each line
 * is told with the number of its feed, behind a token that nobody else knows, so that none can pose as another stack's, nor as a
 * mark (SPEC JN13). Every 20 seconds an empty line is written, by which a follower that nobody reads any more ends.
 */
const followScript = `
token=
read -r token 2>/dev/null </proc/sys/kernel/random/uuid || token=$$-$(date +%s%N)-followed
printf '\\n\\001token %s\\n' "$token"
# Neither through a link, nor of anything but a file; one that is not there yet is waited for.
is_feed() { ! [ -L "$1" ] && { [ -f "$1" ] || ! [ -e "$1" ]; }; }
tell() {
  while IFS= read -r line; do
    [ "\${#line}" -gt 16384 ] || printf '%s %s\\n' "$1" "$line" || exit
  done
}
number=0
for feed in "$@"; do
  if is_feed "$feed" && [ -e "$feed" ]; then
    tail -c 4194304 "$feed" 2>/dev/null | told="$token $number" LC_ALL=C awk '!/"kind":"(text|progress)"/ && length($0) < 16384 { print ENVIRON["told"] " " $0 }'
    tail -n 400 "$feed" 2>/dev/null | told="$token $number" LC_ALL=C awk 'length($0) < 16384 { print ENVIRON["told"] " " $0 }'
  fi
  number=$((number + 1))
done
printf '\\n\\001read %s\\n' "$token"
quick=
tail -n 0 -s 0.1 /dev/null 2>/dev/null && quick='-s 0.1'
number=0 tellers=
for feed in "$@"; do
  if is_feed "$feed"; then
    tail -q -n 40 $quick -F "$feed" 2>/dev/null | tell "$token $number" &
    tellers="$tellers $!"
  fi
  number=$((number + 1))
done
trap 'kill $tellers 2>/dev/null; exit' HUP INT TERM PIPE EXIT
while :; do
  sleep 20 &
  wait $!
  printf '\\n' || exit
done
`;

/** How many lines are kept of jobs that no home state knows yet. */
const mostUnknown = 5_000;

export function createFeeds(now: HostNow, clock: Clock, lookAtStates: () => void, redraw: () => void): Feeds {
  let following: { open: OpenLink; feeds: string; abort: AbortController; isRead: boolean } | null = null;
  let lookTimer: unknown = null;

  /** Lines of jobs that no home state knows, by feed and job: of history where they end, else of jobs that only somebody's text has. */
  let unknown = new Map<string, { root: string; lines: FeedLine[] }>();

  /** The state folder of the stack whose home state knows a job, or that it was sent to. */
  const rootOf = (id: string): string | null =>
    now.sent.get(id) ??
    now.states.find(({ openJobs, endedJobs }) => openJobs.includes(id) || endedJobs.has(id))?.root ??
    null;

  const onLineOf = (root: string, line: FeedLine) => {
    const project = now.states.find((state) => state.root === root)?.project;
    if (line.kind === 'moved') return onLine(line);
    if (line.kind === 'job' && line.stack !== project) return;
    const known = rootOf(line.job);
    if (known !== null) return known === root ? onLine(line) : undefined;
    const key = `${root}\n${line.job}`;
    const lines = unknown.get(key)?.lines ?? [];
    if (lines.length === 0 && line.kind !== 'job') return;
    const [first, ...rest] = lines;
    unknown.set(key, { root, lines: first === undefined ? [line] : [first, ...rest.slice(-400), line] });
    if (line.kind === 'end') {
      unknown.delete(key);
      // What is over is history: it may tell of itself, and of nothing that is told already.
      if (!now.jobs.has(line.job)) for (const each of [...lines, line]) fold(each);
      redraw();
    } else if (line.kind === 'job') lookAtStates();
    if (unknown.size > mostUnknown) unknown.delete([...unknown.keys()][0] ?? '');
  };

  /** Of jobs that a look has made known since. */
  const tellKnown = () => {
    for (const [key, { root, lines }] of [...unknown]) {
      const [{ job = '' } = {}] = lines;
      const known = rootOf(job);
      if (known === null) continue;
      unknown.delete(key);
      if (known === root) for (const line of lines) onLine(line);
    }
  };

  const fold = (line: FeedLine) => {
    // It has a process again, of who took it over; the next look tells when that one dies too.
    if (line.kind === 'recovered') now.dead = new Set([...now.dead].filter((id) => id !== line.job));
    now.jobs = foldFeed(now.jobs, line);
    const after = now.jobs.get(line.job);
    if (after !== undefined && now.dead.has(line.job))
      now.jobs = new Map(now.jobs).set(line.job, foldDeath(after, clock.nowMs()));
  };

  const onLine = (line: FeedLine) => {
    const before = now.jobs.get(line.job);
    fold(line);
    if (line.kind === 'end' && before?.state === 'running') now.unsettled = new Set([...now.unsettled, line.job]);
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
    tellKnown();
    lookWhileRunning();
    const roots = now.states
      .filter(({ ground }) => ground.kind === 'safe')
      .map(({ root }) => root)
      .sort();
    const paths = roots.map((root) => `${root}/feed.ndjson`);
    const feeds = paths.join('\n');
    if (following?.open === open && following.feeds === feeds) return;
    following?.abort.abort();
    following = null;
    if (paths.length === 0) return;
    const abort = new AbortController();
    const mine = { open, feeds, abort, isRead: false };
    following = mine;
    unknown = new Map();
    let token: string | null = null;
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
            if (token === null) token = /^\u0001token ([0-9a-z-]{12,})$/.exec(text)?.[1] ?? null;
            else if (text === `\u0001read ${token}`) {
              mine.isRead = true;
              redraw();
            }
            const [, said, number, told = ''] = toldLine.exec(text) ?? [];
            const root = said === token && number !== undefined ? roots[Number(number)] : undefined;
            const line = root === undefined ? null : parseFeedLine(told);
            if (root !== undefined && line !== null) onLineOf(root, maskTold(line, now.mask));
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
