import { failure } from '../core/failure.ts';
import type { VerbOptions } from '../core/job.ts';
import { failed, ok, type Result } from '../core/result.ts';
import type { JobPlan } from './job-upload.ts';
import { recordVariables } from './job-variables.ts';
import { jobPlace, notAdopted, type VerbFacts } from './verbs.ts';

/** Stops the slot of next (or of previous, when there is no next) and keeps its release. */
export function planRetireJob(facts: VerbFacts, options: VerbOptions): Result<JobPlan> {
  const { state } = facts;
  const name = facts.service.name;
  if (state === null) return notAdopted(facts);
  const role = options.role ?? (state.next !== null ? 'next' : 'previous');
  if (state[role] === null)
    return failed(
      failure('nothing-to-do', `${name} has no ${role} release to retire.`, { running: 'Nothing was changed.' }),
    );
  return ok({
    verb: 'retire',
    script: 'retire',
    ...jobPlace(facts),
    variables: { ...recordVariables(state.record, facts.folder, facts.by), TARGET_ROLE: role },
    files: [],
  });
}
