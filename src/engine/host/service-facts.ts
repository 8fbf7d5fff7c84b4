import { failure } from '../../core/failure.ts';
import { failed, ok, type Result } from '../../core/result.ts';
import { stateFolder } from '../../core/server-layout.ts';
import type { StackMap } from '../../core/stack-map.ts';
import type { Kit } from '../job-upload.ts';
import type { ComposeText } from '../ports/compose-text.ts';
import type { ServiceName } from '../session.ts';
import type { VerbFacts } from '../verbs.ts';
import type { HostNow } from './host-now.ts';

export const noLink = (target: string) =>
  failed(failure('link-lost', `There is no link to ${target}.`, { transient: true }));

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
  const state =
    now.states
      .find((each) => each.root === stateFolder(stack.folder ?? ''))
      ?.services.find((each) => each.record.service === name.service) ?? null;
  return ok({
    shell: open.link.shell,
    kit: parts.kit,
    composeText: parts.composeText,
    docker,
    folder: stack.folder,
    stack,
    service,
    state,
    by: parts.by,
  });
}
