import { ok, type Result } from '../core/result.ts';
import { stateFolder } from '../core/server-layout.ts';
import type { JobPlan } from './job-upload.ts';
import { recordVariables } from './job-variables.ts';
import { notAdopted, type VerbFacts } from './verbs.ts';

/** Makes what runs of a service what its files say: its networks, the release that has the traffic, its entry point. */
export async function planMendJob(facts: VerbFacts): Promise<Result<JobPlan>> {
  if (facts.state === null) return notAdopted(facts);
  return ok({
    verb: 'mend',
    script: 'mend',
    root: stateFolder(facts.folder),
    variables: recordVariables(facts.state.record, facts.folder, facts.by),
    files: [],
  });
}
