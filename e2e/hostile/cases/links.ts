import type { HostileCase } from '../case.ts';

const inState = 'by_hand "$STATE/jobs/j1"';

/** A folder of somebody else’s with a journal’s records in it that are none. */
const otherJournal = `mkdir -p "$VICTIM"; echo 'no record of ours' >"$VICTIM/00000001-x-move-done.json"; : >"$VICTIM/00000002-x-gate-begin.json"`;

export const linkCases: HostileCase[] = [
  {
    id: 'link-state',
    kind: 'links',
    stage: 'look',
    about: '.switchyard is a link to a folder of somebody else’s',
    plant: 'plain_stack; planted_job "$OUT" j1; ln -s "$OUT" "$STATE"',
    modes: 'chown -R guest:guest "$OUT"; chmod -R a+rwX "$OUT"',
    control: inState,
  },
  {
    id: 'link-jobs',
    kind: 'links',
    stage: 'look',
    about: 'jobs is a link out of the state folder',
    plant: 'plain_stack; planted_job "$OUT" j1; mkdir -p "$STATE"; ln -s "$OUT/jobs" "$STATE/jobs"',
    control: inState,
  },
  {
    id: 'link-job',
    kind: 'links',
    stage: 'look',
    about: 'a job is a link out of the state folder',
    plant: 'plain_stack; planted_job "$OUT" j1; mkdir -p "$STATE/jobs"; ln -s "$OUT/jobs/j1" "$STATE/jobs/j1"',
    control: inState,
  },
  {
    id: 'link-folder',
    kind: 'links',
    stage: 'look',
    about: 'the working folder is a link to one of another user’s',
    plant: 'plain_stack; rm -r "$DIR"; planted_job "$OUT/.switchyard" j1; ln -s "$OUT" "$DIR"',
    modes: 'chown -R guest:guest "$OUT"; chmod -R a+rwX "$OUT"',
    control: inState,
  },
  {
    id: 'link-watch-job',
    kind: 'links',
    stage: 'look',
    about: 'the job of a watch that nobody follows is a link out of the state folder',
    plant:
      'plain_stack; planted_job "$OUT" j1; echo completed >"$OUT/jobs/j1/exit"; mkdir -p "$STATE/jobs"; ln -s "$OUT/jobs/j1" "$STATE/jobs/j1"; planted_watch "$STATE" j1',
    control: 'by_hand "$STATE/jobs/j1" watch.sh',
  },
  {
    id: 'link-journal',
    kind: 'links',
    stage: 'look',
    about: 'the journal is a link to a folder of somebody else’s, whose files are no records and would be set aside',
    plant: `plain_stack; mkdir -p "$STATE/jobs"; ${otherJournal}; ln -s "$VICTIM" "$STATE/journal"`,
  },
  {
    id: 'link-damaged',
    kind: 'links',
    stage: 'look',
    about: 'damaged is a link to a folder of somebody else’s, into which records would be set aside',
    plant: `plain_stack; mkdir -p "$VICTIM" "$STATE/journal"; echo kept >"$VICTIM/file"; echo torn >"$STATE/journal/00000001-x-move-done.json"; ln -s "$VICTIM" "$STATE/damaged"`,
  },
  {
    id: 'link-service',
    kind: 'links',
    stage: 'look',
    about: 'a service’s folder is a link to that of another stack’s: its service would be shown here as well',
    plant: 'plain_stack; mkdir -p "$STATE"; ln -s /home/home/honest/.switchyard/web "$STATE/web"',
    seen: (map) => {
      const service = map.stacks.find(({ name }) => name === 'link-service')?.services[0];
      return service?.adopted === true ? 'its plain service is shown as adopted' : null;
    },
  },
  {
    id: 'link-roles',
    kind: 'links',
    stage: 'act',
    about: 'current, next and previous are links to releases outside of the state folder, each with a rollback.sh',
    plant: `old_stack files; mkdir -p "$OUT/release"; cp "$STATE/web/releases/0001/"* "$OUT/release/"; marker rollback >"$OUT/release/rollback.sh"
for each in current next previous; do ln -sfn "$OUT/release" "$STATE/web/$each"; done`,
    act: async ({ session, name, verb }) => {
      await session.releases(name);
      await verb('rollback');
      return null;
    },
    control: 'by_hand "$STATE/web/current" rollback.sh',
  },
  {
    id: 'link-feed',
    kind: 'links',
    stage: 'act',
    about: 'the feed is a link to a file that a shell reads: a verb would write lines into it',
    plant:
      'old_stack files; mkdir -p "$VICTIM"; echo ": mine" >"$VICTIM/profile"; ln -sf "$VICTIM/profile" "$STATE/feed.ndjson"',
    act: async ({ verb }) => {
      await verb('retire');
      return null;
    },
  },
  {
    id: 'link-journal-of-verb',
    kind: 'links',
    stage: 'act',
    about: 'the journal is a link to a folder of somebody else’s: a verb would write its records there',
    plant: `old_stack files; rm -r "$STATE/journal"; ${otherJournal}; rm "$VICTIM"/*-x-*; echo kept >"$VICTIM/file"; ln -s "$VICTIM" "$STATE/journal"`,
    act: async ({ session, name, verb }) => {
      await session.releases(name);
      await verb('retire');
      return null;
    },
  },
  {
    id: 'link-lock-of-verb',
    kind: 'links',
    stage: 'act',
    about: 'the locks are a link to a folder of somebody else’s: a verb would make its own there, and remove others',
    plant:
      'old_stack files; rm -r "$STATE/lock"; mkdir -p "$VICTIM/web/1"; echo kept >"$VICTIM/web/1/file"; : >"$VICTIM/web/1/released"; ln -s "$VICTIM" "$STATE/lock"',
    act: async ({ verb }) => {
      await verb('retire');
      return null;
    },
  },
  {
    id: 'link-jobs-of-verb',
    kind: 'links',
    stage: 'act',
    about: 'jobs is a link to a folder of somebody else’s: a verb would be put there, to be run',
    plant:
      'old_stack files; rm -r "$STATE/jobs"; mkdir -p "$VICTIM"; echo kept >"$VICTIM/file"; ln -s "$VICTIM" "$STATE/jobs"',
    act: async ({ verb }) => {
      await verb('retire');
      return null;
    },
  },
  {
    id: 'link-output',
    kind: 'links',
    stage: 'act',
    about: 'the output of a job is a link to a secret of the operator’s',
    plant: `old_stack files; mkdir -p "$VICTIM"; echo a-private-key >"$VICTIM/key"; ln -sf "$VICTIM/key" "$STATE/jobs/mwzwfrf2zeid/output"`,
    act: async ({ session, name }) => {
      const log = await session.jobLog(name.stack, 'mwzwfrf2zeid');
      return log.ok && log.value.includes('a-private-key')
        ? 'what the link leads to was read as the job’s output'
        : null;
    },
  },
  {
    id: 'link-socket',
    kind: 'links',
    stage: 'act',
    about: 'the entry point’s socket is a link to a socket of somebody else’s, which would be asked for its counters',
    plant: `old_stack files; mkdir -p "$VICTIM"; chmod 755 "$VICTIM"; rm -rf "$STATE/web/entry/run/admin.sock"
perl -MIO::Socket::UNIX -e 'fork and exit; open STDOUT, ">", "/dev/null"; open STDERR, ">", "/dev/null"; my $s = IO::Socket::UNIX->new(Local => "$ARGV[0]/socket", Listen => 5); chmod 0666, "$ARGV[0]/socket"; my $c = $s->accept; my $line = <$c>; open my $f, ">", "$ARGV[0]/asked"; print $f $line' "$VICTIM" </dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do [ -S "$VICTIM/socket" ] && break; sleep 0.1; done
ln -s "$VICTIM/socket" "$STATE/web/entry/run/admin.sock"`,
    act: async ({ session }) => {
      session.setAttention(true);
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      session.setAttention(false);
      return null;
    },
  },
  {
    id: 'link-temporary',
    kind: 'links',
    stage: 'act',
    about:
      'whoever writes in the state folder reads the id of a job there, and makes the name of its temporary file a link before the job does',
    plant: `WITH_PREVIOUS=1 old_stack "$PORT"; mkdir -p "$VICTIM"; echo ': mine' >"$VICTIM/profile"
awk 'BEGIN { for (i = 0; i < 20000; i++) print "{\\"job\\":\\"old\\",\\"at\\":1,\\"kind\\":\\"text\\",\\"step\\":\\"gate\\",\\"text\\":\\"filling\\"}" }' >>"$STATE/feed.ndjson"`,
    during: `as_home setsid sh -c 'i=0; while [ "$i" -lt 400 ]; do i=$((i + 1))
for job in $(ls "$1/jobs") $(tail -n 20 "$1/feed.ndjson" | sed -n "s/.*\\"job\\":\\"\\([a-z0-9]*\\)\\".*/\\1/p" | sort -u); do [ -L "$1/feed.$job.tmp" ] || ln -s "$2/profile" "$1/feed.$job.tmp"; done 2>/dev/null
sleep 0.05; done' sh "$STATE" "$VICTIM" >/dev/null 2>&1 </dev/null &`,
    act: async ({ verb }) => {
      await verb('retire');
      return null;
    },
  },
  {
    id: 'link-by-hand',
    kind: 'links',
    stage: 'act',
    about: 'a temporary file of rollback.sh, whose name is always the same, is a link; the operator goes back by hand',
    plant: 'WITH_PREVIOUS=1 old_stack "$PORT"; mkdir -p "$VICTIM"; echo ": mine" >"$VICTIM/profile"',
    // Behind its taking in: the script by hand is today's from then on.
    during:
      'as_home ln -s "$VICTIM/profile" "$STATE/room.hand.tmp"; as_home ln -s "$VICTIM/profile" "$STATE/web/entry/live.map.hand.tmp"',
    act: async ({ sh }) => {
      await sh('rollback_by_hand');
      return null;
    },
  },
];
