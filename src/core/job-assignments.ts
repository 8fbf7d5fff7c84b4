/** Names that a job's job.sh of 0.1.0 may set. Anything else in it makes the whole text nobody's. */
export const jobNames = [
  'BUILD',
  'BY',
  'CHECKS',
  'COMPOSE_FILES',
  'COMPOSE_HASH',
  'CONFIRM_S',
  'CURRENT_CONTAINER',
  'CURRENT_ID',
  'DRAIN_S',
  'EDITED_FILE',
  'ENTRY',
  'ENTRY_CHECK',
  'ENTRY_IMAGE',
  'ENTRY_PORT',
  'GOES_TO',
  'IMAGE',
  'JOB',
  'MOVE_STATE',
  'NETWORK',
  'OVERRIDE',
  'OVERRIDE_HASH',
  'PROBE_IMAGE',
  'PROJECT_DIR',
  'READY_S',
  'REPLACE',
  'ROOT',
  'SERVICE',
  'SLOT_PREFIX',
  'STACK',
  'STOP_S',
  'SVC',
  'SVC_DIR',
  'TARGET_ROLE',
  'VERB',
  'WATCH_S',
] as const;

export type JobName = (typeof jobNames)[number];

const known: ReadonlySet<string> = new Set(jobNames);
const isJobName = (name: string): name is JobName => known.has(name);

/**
 * Reads `NAME='…'` lines as `renderAssignments` writes them, as text: nothing is looked up or run. Null where anything else stands
 * in it, a name of no job, one name twice, or more than 64 KiB (SPEC HS7).
 */
export function parseAssignments(text: string): ReadonlyMap<JobName, string> | null {
  if (text.length > 65_536 || text.includes('\0')) return null;
  const values = new Map<JobName, string>();
  const start = /([A-Z_]+)='/y;
  let at = 0;
  while (at < text.length) {
    start.lastIndex = at;
    const name = start.exec(text)?.[1];
    if (name === undefined || !isJobName(name) || values.has(name)) return null;
    let from = start.lastIndex;
    let value = '';
    for (;;) {
      const close = text.indexOf("'", from);
      if (close === -1) return null;
      value += text.slice(from, close);
      if (text.startsWith("'\\''", close)) {
        value += "'";
        from = close + 4;
        continue;
      }
      if (text[close + 1] !== '\n') return null;
      at = close + 2;
      break;
    }
    values.set(name, value);
  }
  return values;
}
