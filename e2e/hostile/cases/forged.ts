import type { HostileCase } from '../case.ts';

export const forgedCases: HostileCase[] = [
  {
    id: 'forged-unwatched',
    kind: 'forged answers',
    stage: 'look',
    about: 'a state folder whose name holds a newline and a line of the look’s own: a watch to be taken up',
    plant: `real=$OUT/real; planted_job "$real" j1; forged=$(printf '%s/x\\n\\001unwatched %s' "$OUT" "$real/jobs/j1")
mkdir -p "$forged"; container "$ID-1" --label "dev.switchyard.root=$forged"`,
    control: 'by_hand "$OUT/real/jobs/j1" watch.sh',
  },
  {
    id: 'forged-unwatched-workdir',
    kind: 'forged answers',
    stage: 'look',
    about: 'the same by the name of a working folder',
    plant: `planted_job "$OUT/real" j1; mv "$OUT/real/jobs/j1" "$OUT/real/jobs/j1-"; mkdir -p "$OUT/real/jobs/j1"; mv "$OUT/real/jobs/j1-" "$OUT/real/jobs/j1/.switchyard"
forged=$(printf '%s/x\\n\\001unwatched %s' "$OUT" "$OUT/real/jobs/j1"); mkdir -p "$forged/.switchyard"; container "$ID-web-1" $(of_compose "$ID" web "$DIR" | head -n 4) --label "com.docker.compose.project.working_dir=$forged"`,
    control: 'by_hand "$OUT/real/jobs/j1/.switchyard" watch.sh',
  },
  {
    // Its path is found from the home folder only: as the first of all stacks it is looked at from there.
    id: 'a-forged-root',
    kind: 'forged answers',
    stage: 'look',
    about:
      'a job whose name holds newlines and two lines of the look’s own: another state folder, and a job in it that died',
    plant: `plain_stack; planted_job "/home/home/$ID-other" j1; chown -R home:home "/home/home/$ID-other"
name=$(printf 'a\\n\\001root %s\\n\\001dead j1' "$ID-other"); mkdir -p "$STATE/jobs/$name"; cp "/home/home/$ID-other/jobs/j1/run.sh" "/home/home/$ID-other/jobs/j1/pid" "$STATE/jobs/$name/"`,
    control: 'by_hand "/home/home/$ID-other/jobs/j1"',
  },
  {
    id: 'forged-torn',
    kind: 'forged answers',
    stage: 'look',
    about: 'a state folder whose name forges an upload that was cut off, which would be removed',
    plant: `mkdir -p "$VICTIM/jobs/.p.part"; echo kept >"$VICTIM/jobs/.p.part/file"
forged=$(printf '%s/x\\n\\001torn %s' "$OUT" "$VICTIM"); mkdir -p "$forged/jobs/.p.part"; dead_line >"$forged/jobs/.p.part/receiver"; container "$ID-1" --label "dev.switchyard.root=$forged"`,
  },
  {
    id: 'forged-stale',
    kind: 'forged answers',
    stage: 'look',
    about: 'a state folder whose name forges a lock whose holder is gone, which would be let go',
    plant: `mkdir -p "$VICTIM/lock/web/1"; echo kept >"$VICTIM/lock/web/1/owner"
forged=$(printf '%s/x\\n\\001stale %s' "$OUT" "$VICTIM"); mkdir -p "$forged/lock/web/1"; dead_line >"$forged/lock/web/1/owner"; echo x >"$forged/lock/web/1/who"; container "$ID-1" --label "dev.switchyard.root=$forged"`,
  },
  {
    id: 'forged-end',
    kind: 'forged answers',
    stage: 'look',
    about: 'a job whose name forges the end of the look, so that what comes behind it would not be read',
    plant: `old_stack files; name=$(printf 'a\\n\\001end\\nx'); mkdir -p "$STATE/jobs/$name"; : >"$STATE/jobs/$name/run.sh"; dead_line >"$STATE/jobs/$name/pid"`,
    seen: (map) =>
      map.stacks.find(({ name }) => name === 'forged-end')?.services.some(({ adopted }) => adopted) === true
        ? null
        : 'its service is not shown as adopted',
  },
];
