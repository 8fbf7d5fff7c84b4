import type { HostileCase } from '../case.ts';

/** What never ends, or never begins, to be read: a client must connect all the same, and show what is honest. */
const stalls = (id: string, about: string, plant: string): HostileCase => ({
  id,
  kind: 'what makes a reader wait',
  stage: 'stall',
  about,
  plant: `plain_stack; mkdir -p "$STATE/web/entry" "$STATE/jobs/j1" "$STATE/journal"; ${plant}`,
});

export const stallCases: HostileCase[] = [
  stalls('stall-service', 'service.json is a pipe that nobody writes into', 'mkfifo "$STATE/web/service.json"'),
  stalls('stall-exit', 'the exit of a job is a pipe', 'mkfifo "$STATE/jobs/j1/exit"'),
  stalls('stall-pid', 'the pid of a job is a pipe', ': >"$STATE/jobs/j1/run.sh"; mkfifo "$STATE/jobs/j1/pid"'),
  stalls('stall-watch', 'the watch is a pipe', 'mkfifo "$STATE/web/watch"'),
  stalls(
    'stall-owner',
    'the owner of a lock is a pipe',
    'mkdir -p "$STATE/lock/web/1"; echo x >"$STATE/lock/web/1/who"; mkfifo "$STATE/lock/web/1/owner"',
  ),
  stalls('stall-feed', 'the feed is a pipe', 'mkfifo "$STATE/feed.ndjson"'),
  stalls('stall-zero', 'service.json is a link to /dev/zero', 'ln -s /dev/zero "$STATE/web/service.json"'),
  stalls('stall-zero-exit', 'the exit of a job is a link to /dev/zero', 'ln -s /dev/zero "$STATE/jobs/j1/exit"'),
  stalls('stall-big-file', 'service.json has 300 MB in one line', 'truncate -s 300M "$STATE/web/service.json"'),
  stalls(
    'stall-big-feed',
    'the feed has 200 MB of lines that are almost ours',
    `awk 'BEGIN { for (i = 0; i < 1600000; i++) print "{\\"job\\":\\"j" i "\\",\\"at\\":1,\\"kind\\":\\"done\\",\\"step\\":\\"gate\\",\\"more\\":\\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\\"}" }' >"$STATE/feed.ndjson"`,
  ),
  stalls(
    'stall-many-jobs',
    'there are 5,000 jobs that died long ago',
    `cd "$STATE/jobs"; dead_line >../pid; seq 5000 | xargs mkdir; for each in *; do : >"$each/run.sh"; ln ../pid "$each/pid"; done`,
  ),
];
