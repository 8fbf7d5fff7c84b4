import { ok, type Result } from '../core/result.ts';
import type { JobPlan } from './job-upload.ts';
import { recordVariables } from './job-variables.ts';
import { jobPlace, notAdopted, type VerbFacts } from './verbs.ts';

/** Keeps a flip that has to be confirmed. Whether it still waits for that is asked on the server, in confirm.sh. */
export function planConfirmJob(facts: VerbFacts): Result<JobPlan> {
  if (facts.state === null) return notAdopted(facts);
  return ok({
    verb: 'confirm',
    script: 'confirm',
    ...jobPlace(facts),
    variables: recordVariables(facts.state.record, facts.folder, facts.by),
    files: [],
  });
}
