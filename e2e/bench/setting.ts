import path from 'node:path';
import { repositoryFolder } from '../../build/setup/folders.ts';
import type { Log } from '../../build/setup/progress.ts';
import type { Job, Verb } from '../../src/core/job.ts';
import type { Result } from '../../src/core/result.ts';
import type { ServiceName, Session, VerbOptions } from '../../src/engine/session.ts';
import { createSession } from '../../src/wiring/session.ts';
import type { Lab } from '../lab/lab.ts';
import type { RecipeName } from '../lab/recipe.ts';

/** What a benchmark is given. */
export type Setting = {
  log: Log;
  /** Brings up these recipes: in the clone's own lab, or in the one whose folder SWITCHYARD_LAB names. */
  lab(...names: RecipeName[]): Promise<Lab>;
  /** A number from the command line, `--name 5`, or the benchmark's own. */
  number(name: string, usual: number): number;
};

/** A benchmark's answer: the shape of its figures is in docs/benchmarks.md. */
export type Benchmark = (setting: Setting) => Promise<Record<string, unknown>>;

/** A session as both faces make it, not connected yet. The caller closes it. */
export const sessionTo = (target: string, sshConfigPath: string): Session =>
  createSession({
    target,
    sshConfigPath,
    by: 'bench@switchyard',
    kitFolder: path.join(repositoryFolder, 'resources/server'),
  });

/** Connects, or throws with what is in the way. */
export async function connected(session: Session): Promise<Session> {
  const connection = await session.connect();
  if (connection.kind !== 'connected') {
    session.close();
    throw new Error(`no link: ${JSON.stringify('failure' in connection ? connection.failure : connection)}`);
  }
  return session;
}

export function granted<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.failure.message} ${result.failure.detail ?? ''}`);
  return result.value;
}

/** Runs a verb to its end as a face does, or throws with the job's own words. */
export async function complete(
  session: Session,
  name: ServiceName,
  verb: Verb,
  options: VerbOptions = {},
): Promise<Job> {
  const started = granted(await session.start(name, verb, options));
  const job = granted(await session.ended(name.stack, started.id, AbortSignal.timeout(180_000)));
  if (job.state !== 'completed') {
    const log = await session.jobLog(name.stack, job.id);
    throw new Error(`${verb}: ${job.state} ${JSON.stringify(job.failure)}\n${log.ok ? log.value.slice(-2000) : ''}`);
  }
  return job;
}
