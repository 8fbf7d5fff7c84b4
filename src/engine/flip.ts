import { failure } from '../core/failure.ts';
import type { VerbOptions } from '../core/job.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { releaseFolder } from '../core/server-layout.ts';
import { type JobPlan, kitFile } from './job-upload.ts';
import { recordVariables } from './job-variables.ts';
import { jobPlace, notAdopted, type VerbFacts } from './verbs.ts';

/**
 * flip: the traffic to next. rollback: the traffic to previous. Everything was read before, so that going back costs
 * one round trip: the gate itself is on the server, in flip.sh, where the truth is. A flip that has to be confirmed is
 * watched for as long as it may be confirmed; the timer is the watch's own, on the server.
 */
export function planFlipJob(facts: VerbFacts, verb: 'flip' | 'rollback', options: VerbOptions): Result<JobPlan> {
  if (facts.state === null) return notAdopted(facts);
  const { record, previous } = facts.state;
  const confirmMinutes = verb === 'flip' ? options.confirmMinutes : undefined;
  const watchMinutes = confirmMinutes ?? options.watchMinutes;
  const watchSeconds = watchMinutes === undefined ? record.watchSeconds : Math.round(watchMinutes * 60);
  if (confirmMinutes !== undefined && !(watchSeconds > 0))
    return failed(
      failure('input-invalid', 'The time to confirm a flip in is less than a second.', {
        running: 'Nothing was changed.',
      }),
    );
  const watched = verb === 'flip' && watchSeconds > 0;
  return ok({
    verb,
    script: 'flip',
    ...jobPlace(facts),
    variables: {
      ...recordVariables(record, facts.folder, facts.by),
      // Asked twice, or of a map that is a moment old, it must not go forth again.
      GOES_TO: verb === 'rollback' && previous !== null ? releaseFolder(previous.file.number) : '',
      TARGET_ROLE: verb === 'flip' ? 'next' : 'previous',
      MOVE_STATE: watched ? 'watching' : 'settled',
      WATCH_S: String(watchSeconds),
      CONFIRM_S: confirmMinutes === undefined ? '' : String(watchSeconds),
      DRAIN_S: String(record.drainSeconds),
    },
    files: watched ? [{ path: 'watch.sh', text: kitFile(facts.kit, 'watch.sh') }] : [],
  });
}
