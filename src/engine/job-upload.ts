import { renderAssignments, renderScript } from '../core/command.ts';
import { type Failure, type FailureCode, failure, failureOf } from '../core/failure.ts';
import type { Verb } from '../core/job.ts';
import { failed, ok, type Result } from '../core/result.ts';
import { homeStateFolder, stateFormat } from '../core/server-layout.ts';
import { groundFunction } from '../core/server-scripts.ts';
import type { Archive, JobFile } from './ports/archive.ts';
import type { Shell } from './ports/shell.ts';

/** The server kit's files by name, as shipped in `resources/server`. */
export type Kit = Readonly<Record<string, string>>;

/** A whole job: what `job.sh` sets, and the files its script needs. */
export type JobPlan = {
  verb: Verb;
  /** Name of the kit's script: `adopt`, `deploy`, `flip`, `retire`, `eject`. */
  script: string;
  root: string;
  /** The stack's part of the home state, where the job lies and runs. */
  home: string;
  /** The stack's folder and compose project, by which the home state knows it. */
  folder: string;
  project: string;
  variables: Record<string, string>;
  files: JobFile[];
};

/** run.sh of a job: the kit, and the script of its verb. `plant` is for tests alone. */
export const runScript = (kit: Kit, script: string, plant?: string): string =>
  `. ./job.sh\n. ./kit.sh\n${plant === undefined ? '' : '. ./plant.sh\n'}${kitFile(kit, `${script}.sh`)}`;

/**
 * Uploads a job whole and starts it. Ok means the server has it, checked by its hash, and runs it without us. A link
 * lost on the way is `indeterminate`: the job exists or it does not, and the next look tells. `plant` is shell that the
 * job reads right after the kit, for tests that stop it at a step.
 */
export async function uploadJob(
  shell: Shell,
  archive: Archive,
  kit: Kit,
  id: string,
  plan: JobPlan,
  plant?: string,
): Promise<Result<null>> {
  const planted = plant === undefined ? [] : [{ path: 'plant.sh', text: plant }];
  const bytes = await archive.pack([
    {
      path: 'job.sh',
      text: renderAssignments({ ...plan.variables, ROOT: plan.root, HOME_STATE: plan.home, JOB: id, VERB: plan.verb }),
    },
    { path: 'kit.sh', text: kitFile(kit, 'kit.sh') },
    { path: 'run.sh', text: runScript(kit, plan.script, plant) },
    ...planted,
    ...plan.files,
  ]);
  try {
    const script = `${groundFunction}${kitFile(kit, 'receive.sh')}`;
    const args = [plan.home, plan.folder, plan.project, String(stateFormat), id];
    const outcome = await shell.run(renderScript(script, args), { stdin: bytes, timeoutMs: 60_000 });
    if (outcome.stdout.includes(`switchyard-started ${id}`)) return ok(null);
    const word = /^switchyard-refused (\S+)$/m.exec(outcome.stdout)?.[1];
    // Ended by a signal, or without a word of how: it may have been put in place, and run (SPEC TO2).
    if (word === undefined && (outcome.code === null || outcome.code === 0))
      return failed(notKnown(plan.verb, outcome.stderr.trim().split('\n').pop() || null));
    return failed(refusal(word, outcome.stderr));
  } catch (caught) {
    const lost = failureOf(caught);
    if (lost.code !== 'link-lost' && lost.code !== 'no-answer') return failed(lost);
    return failed(notKnown(plan.verb, lost.message));
  }
}

const notKnown = (verb: Verb, detail: string | null): Failure =>
  failure(
    'indeterminate',
    `The link was lost while the ${verb} was being sent. Whether it started is seen as soon as the link is back.`,
    { detail, transient: true },
  );

function refusal(word: string | undefined, stderr: string): Failure {
  const detail = stderr.trim().split('\n').pop() || null;
  const known: Partial<Record<string, [FailureCode, string]>> = {
    'folder-read-only': [
      'folder-read-only',
      'The stack’s folder cannot be written by this user, so no job can start. Nothing was changed.',
    ],
    'disk-full': ['disk-full', 'The disk of the server is full, so no job can start. Nothing was changed.'],
    'home-read-only': [
      'home-unusable',
      'Your home folder on the server cannot be written, and a job needs a place there that is yours alone. Nothing was changed.',
    ],
    'home-unsafe': [
      'home-unusable',
      `~/${homeStateFolder} on the server is not yours alone: it has another owner, is a link, or others may enter it. Nothing was changed.`,
    ],
    'ground-unsafe': [
      'ground-unsafe',
      'The stack’s .switchyard folder is not yours alone: a link leads to it or is in it, or others may write there. Nothing was changed.',
    ],
    'newer-format': [
      'client-older',
      'A later version of Switchyard works on this stack; this one is too old to. Nothing was changed.',
    ],
    'upload-damaged': ['bug', 'The job arrived damaged and was thrown away. Nothing was changed.'],
  };
  const [code, message] = (word === undefined ? undefined : known[word]) ?? [
    'shell-missing',
    'The server could not take the job. Nothing was changed.',
  ];
  return failure(code, message, { detail });
}

export function kitFile(kit: Kit, name: string): string {
  const text = kit[name];
  if (text === undefined) throw new Error(`the server kit has no ${name}`);
  return text;
}
