import path from 'node:path';
import { repositoryFolder } from '../../build/setup/folders.ts';
import type { Job, Verb, VerbOptions } from '../../src/core/job.ts';
import type { ServiceName, Session } from '../../src/engine/session.ts';
import { createSession } from '../../src/wiring/session.ts';
import { renderPlant } from './plant.ts';

/** What somebody does in the app. */
export type Play = {
  target: string;
  sshConfigPath: string;
  name: ServiceName;
  verb: Verb;
  options: VerbOptions;
};

/** A session as both faces make it; with a fault, its jobs carry the plant. */
export const sessionFor = (target: string, sshConfigPath: string, fault?: string): Session =>
  createSession({
    target,
    sshConfigPath,
    by: 'faults@switchyard',
    kitFolder: path.join(repositoryFolder, 'resources/server'),
    plant: fault === undefined ? undefined : renderPlant(fault),
  });

export type Played = { job: Job } | { refused: string };

/** Starts one verb and waits for its end, as far as this app hears of it. */
export async function playVerb(session: Session, { name, verb, options }: Play): Promise<Played> {
  const connection = await session.connect();
  if (connection.kind !== 'connected') return { refused: `no link: ${JSON.stringify(connection)}` };
  const started = await session.start(name, verb, options);
  if (!started.ok)
    return { refused: `${started.failure.code}: ${started.failure.message} ${started.failure.detail ?? ''}` };
  const ended = await session.ended(name.stack, started.value.id, AbortSignal.timeout(60_000));
  return ended.ok ? { job: ended.value } : { refused: `${ended.failure.code}: ${ended.failure.message}` };
}
