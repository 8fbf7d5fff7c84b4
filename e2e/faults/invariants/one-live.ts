import { feather, type Look } from '../look.ts';
import type { Invariant } from './verdict.ts';

/** I1: exactly one slot is live, everybody says the same one, and it answers. */
export const oneLive: Invariant = ({ after }) => (after.adopted ? ofAdopted(after) : ofPlain(after));

function ofAdopted(look: Look): string[] {
  const found: string[] = [];
  const slot = /^(blue|green)-(?:settled|watching)$/.exec(look.live)?.[1];
  if (slot === undefined) return [`live.map says '${look.live}'`];
  if (look.entry !== look.live) found.push(`live.map says ${look.live}, the running entry point '${look.entry}'`);
  if (look.live.endsWith('-watching') !== look.watched)
    found.push(look.watched ? `${look.live}, but there is the file of a watch` : `${look.live}, and nothing watches`);
  const current = look.releases.find(({ number }) => number === look.roles.current);
  if (current === undefined) return [...found, `current is release '${look.roles.current ?? ''}', which is not there`];
  if (current.slot !== slot)
    found.push(`${slot} is live, but current is release ${current.number} of slot ${current.slot}`);
  const container = look.containers.find(({ name }) => name === `${feather.prefix}--${slot}`);
  if (container?.state !== 'running') found.push(`the live slot's container is ${container?.state ?? 'gone'}`);
  else if (container.labels['dev.switchyard.release'] !== current.number)
    found.push(
      `the live slot runs release ${container.labels['dev.switchyard.release']}, current is ${current.number}`,
    );
  if (look.answer.status !== 200) found.push(`it answers ${look.answer.status}`);
  else if (look.answer.release !== current.version)
    found.push(`${look.answer.release} answers, current is ${current.version}`);
  return found;
}

function ofPlain(look: Look): string[] {
  const found: string[] = [];
  const running = look.containers.filter(
    ({ labels, state }) =>
      state === 'running' &&
      labels['com.docker.compose.project'] === feather.stack &&
      labels['com.docker.compose.service'] === feather.service,
  );
  if (running.length !== 1) found.push(`plain compose runs ${running.length} containers of the service`);
  if (running.some(({ labels }) => labels['dev.switchyard.root'] !== undefined))
    found.push('it is not adopted, but an entry point runs in its place');
  if (look.override) found.push('it is not adopted, but the override still says so');
  if (look.answer.status !== 200) found.push(`it answers ${look.answer.status}`);
  return found;
}
