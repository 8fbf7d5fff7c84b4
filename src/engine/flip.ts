import type { VerbOptions } from '../core/job.ts';
import { ok, type Result } from '../core/result.ts';
import { stateFolder } from '../core/server-layout.ts';
import { type JobPlan, kitFile } from './job-upload.ts';
import { recordVariables } from './job-variables.ts';
import { notAdopted, type VerbFacts } from './verbs.ts';

/**
 * flip: the traffic to next. rollback: the traffic to previous. Everything was read before, so that going back costs
 * one round trip: the gate itself is on the server, in flip.sh, where the truth is.
 */
export function planFlipJob(facts: VerbFacts, verb: 'flip' | 'rollback', options: VerbOptions): Result<JobPlan> {
  if (facts.state === null) return notAdopted(facts);
  const { record } = facts.state;
  const watchSeconds = options.watchMinutes === undefined ? record.watchSeconds : Math.round(options.watchMinutes * 60);
  const watched = verb === 'flip' && watchSeconds > 0;
  return ok({
    verb,
    script: 'flip',
    root: stateFolder(facts.folder),
    variables: {
      ...recordVariables(record, facts.folder, facts.by),
      TARGET_ROLE: verb === 'flip' ? 'next' : 'previous',
      MOVE_STATE: watched ? 'watching' : 'settled',
      WATCH_S: String(watchSeconds),
      DRAIN_S: String(record.drainSeconds),
    },
    files: watched ? [{ path: 'watch.sh', text: kitFile(facts.kit, 'watch.sh') }] : [],
  });
}
