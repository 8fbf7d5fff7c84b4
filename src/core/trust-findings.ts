import { localTime } from './broke-before.ts';
import type { HomeMount } from './home-mounts.ts';
import type { ServerState } from './server-state.ts';
import type { Finding } from './stack-map.ts';
import type { TakeIn } from './take-in.ts';

/** What makes a stack's files on the server count for less than they say, in words. */
export function trustFindings(
  facts: {
    homeMounts: readonly HomeMount[];
    found: readonly { folder: string; why: string }[];
    takeIns?: ReadonlyMap<string, TakeIn>;
  },
  state: ServerState | undefined,
  folder: string | null,
): Finding[] {
  const warning = (title: string, text: string): Finding => ({ level: 'warning', title, text });
  const findings: Finding[] = [];
  const found = folder === null ? undefined : facts.found.find((each) => each.folder === folder);
  const taken = folder === null ? undefined : facts.takeIns?.get(folder);
  if (found !== undefined && state === undefined)
    findings.push(
      warning(
        'Files of an earlier Switchyard',
        `${found.folder}/.switchyard says that services were adopted here, and this account’s home state does not know of it. ${found.why === '' ? `It is read as data alone; nothing there is run.${explainWait(taken)}` : `It is not read, for it is not yours alone (${found.why}).`} The services run as they are.`,
      ),
    );
  if (state === undefined) return findings;
  if (taken?.word === 'taken-in')
    findings.push({
      level: taken.why.length === 0 ? 'note' : 'warning',
      title: 'Taken in from an earlier version',
      text: `An earlier Switchyard had adopted services here. At ${localTime(taken.atMs)} this one took them over: what it runs of them lies in your home on the server now, rendered anew. The services ran on. ${taken.why.join(' ')}`.trim(),
    });
  const [mount] = facts.homeMounts;
  if (mount !== undefined)
    findings.push(
      warning(
        'A container may write where jobs run',
        `${mount.container} mounts ${mount.source}, and with it ~/.local/state/switchyard. Whoever breaks into it could have something run as you, so nothing is started by itself: jobs that died and watches wait for you. Mount it read-only, or leave that folder out.`,
      ),
    );
  for (const { service, path, found } of state.drift)
    if (service === null)
      findings.push(
        warning(
          `The override ${found === 'gone' ? 'is gone' : 'was changed'}`,
          `${path} is not as the last job left it, beyond our own lines in it. If that was you, all is well: the next deploy, adoption or mending takes it as it is. If not, look at it before the next docker compose up.`,
        ),
      );
  if (state.shownOnly)
    findings.push(
      warning(
        'The home state is not yours alone',
        `${state.home.replace(/\/stacks\/.*$/, '')}, or a folder above it, has another owner or can be written by others, so nothing is run from there. The services run on. chmod 700 ~/.local/state/switchyard, and look at who put what there.`,
      ),
    );
  if (state.newerFormat)
    findings.push(
      warning(
        'A later Switchyard works here',
        'This one is too old for what it wrote: it shows the stack, mends nothing and starts nothing. Update the app.',
      ),
    );
  const { ground } = state;
  if (ground.kind === 'unsafe' || ground.kind === 'moved')
    findings.push(
      warning(
        'The state folder is not yours alone',
        ground.kind === 'moved'
          ? `${state.folder} is reached by another way than at its adoption, so nothing in its .switchyard is read. The services run on.`
          : `${ground.path ?? state.root} is a link, has another owner, or can be written by others, so nothing in ${state.root} is read, and nothing is started by itself. The services run on.`,
      ),
    );
  return findings;
}

/** Why a found stack is not taken in, and that it will be, or not. */
function explainWait(taken: TakeIn | undefined): string {
  if (taken === undefined || taken.why.length === 0) return '';
  const lead = taken.word === 'waits' ? ' It is taken over as soon as this holds no more:' : ' It is not taken over:';
  return `${lead} ${taken.why.join(' ')}`;
}
