import type { Job, Verb, VerbOptions } from './job.ts';

/** What a job waits for: another one that has a lock it wants. `by`: who asked for that, `user@machine`, untrusted text. */
export type WaitsFor = { verb: Verb; service: string; by: string };

/** A job as its locks are: its service's, and for some the stack's. */
export type Wanting = { stack: string; service: string; wantsStack: boolean };

/** They hold the stack from their start to their end (`kit/16-lock.sh`). By name, for other clients may know more verbs. */
const stackVerbs: ReadonlySet<string> = new Set(['adopt', 'eject', 'mend']);

/**
 * Whether a verb edits the stack's files: the whole job, or, a deploy that was told its image, one line of them when it is ready.
 * Of somebody else's deploy that is not known, and `options` are left out.
 */
export const wantsStack = (verb: Verb, options: VerbOptions = {}): boolean =>
  stackVerbs.has(verb) || (verb === 'deploy' && options.image !== undefined);

/** Whether a verb may have edited the stack's files, its options unknown. */
export const mayEdit = (verb: Verb): boolean => stackVerbs.has(verb) || verb === 'deploy';

/** Going back waits for nobody: whoever only prepares makes way for it on the server (SPEC FL11). */
export const mayWait = (verb: Verb, { noWait = false }: VerbOptions): boolean => verb !== 'rollback' && !noWait;

export const wantSameLock = (a: Wanting, b: Wanting): boolean =>
  a.stack === b.stack && (a.service === b.service || (a.wantsStack && b.wantsStack));

/** The first of the jobs that run which has a lock that is wanted; null when none has. */
export function blockerOf(wanting: Wanting, running: Iterable<Job>, edits: ReadonlySet<string>): Job | null {
  for (const job of running) {
    const held = { ...job, wantsStack: edits.has(job.id) || wantsStack(job.verb) };
    if (job.state === 'running' && wantSameLock(wanting, held)) return job;
  }
  return null;
}
