import { failure } from '../../core/failure.ts';
import { failed, ok, type Result } from '../../core/result.ts';
import { homeStateFolder, stackHome } from '../../core/server-layout.ts';
import type { HomeState } from '../../core/server-state.ts';
import type { StackMap } from '../../core/stack-map.ts';
import type { Kit } from '../job-upload.ts';
import type { ComposeText } from '../ports/compose-text.ts';
import type { ServiceName } from '../session.ts';
import type { VerbFacts } from '../verbs.ts';
import type { HostNow } from './host-now.ts';

export const noLink = (target: string) =>
  failed(failure('link-lost', `There is no link to ${target}.`, { transient: true }));

const homeUnusable = (homeState: HomeState | null) =>
  homeState?.word === 'unsafe'
    ? failure(
        'home-unusable',
        `${homeState.path} on the server is not yours alone: it has another owner, is a link, or others may enter it.`,
        { running: 'Nothing was changed.' },
      )
    : failure(
        'home-unusable',
        `This user has no home folder on the server that could hold ~/${homeStateFolder}, where jobs run.`,
        { running: 'Nothing was changed.' },
      );

/** What a verb is given of one service, from what is known now. */
export function serviceFacts(
  now: HostNow,
  map: StackMap | null,
  parts: { target: string; by: string; kit: Kit; composeText: ComposeText },
  name: ServiceName,
): Result<VerbFacts> {
  const { open, docker } = now;
  if (open === null || docker === null || map === null) return noLink(parts.target);
  const stack = map.stacks.find((each) => each.name === name.stack);
  const service = stack?.services.find((each) => each.name === name.service);
  if (stack === undefined || service === undefined) {
    const known = map.stacks.flatMap((each) => each.services.map((one) => one.id)).join(', ');
    return failed(
      failure('service-unknown', `There is no service ${name.stack}/${name.service} on ${parts.target}.`, {
        running: 'Nothing was changed.',
        detail: `There are: ${known}`,
      }),
    );
  }
  if (stack.folder === null)
    return failed(
      failure('compose-unreadable', `The containers of ${stack.name} do not tell which folder they were started from.`),
    );
  const { homeState } = now;
  if (homeState === null || homeState.word === 'none-possible' || homeState.word === 'unsafe')
    return failed(homeUnusable(homeState));
  const known = now.states.find((each) => each.project === stack.name && each.folder === stack.folder);
  if (known?.newerFormat === true)
    return failed(
      failure('client-older', `A later version of Switchyard works on ${stack.name}; this one is too old to.`, {
        running: 'Nothing was changed.',
      }),
    );
  const state = known?.services.find((each) => each.record.service === service.name) ?? null;
  return ok({
    shell: open.link.shell,
    kit: parts.kit,
    composeText: parts.composeText,
    docker,
    folder: stack.folder,
    home: known?.home ?? stackHome(homeState.path, stack.name, stack.folder),
    stack,
    service,
    state,
    by: parts.by,
  });
}
