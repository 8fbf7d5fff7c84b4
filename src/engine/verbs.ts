import type { DockerFacts } from '../core/docker-facts.ts';
import { failure } from '../core/failure.ts';
import { failed } from '../core/result.ts';
import { stateFolder } from '../core/server-layout.ts';
import type { ServiceState } from '../core/server-state.ts';
import type { Service, Stack } from '../core/stack-map.ts';
import type { Kit } from './job-upload.ts';
import type { ComposeText } from './ports/compose-text.ts';
import type { Shell } from './ports/shell.ts';

/** What every verb's planner is given, read just before the job is made. */
export type VerbFacts = {
  shell: Shell;
  kit: Kit;
  composeText: ComposeText;
  docker: DockerFacts;
  /** The stack's folder on the server, absolute. */
  folder: string;
  /** The stack's part of the home state, absolute. */
  home: string;
  stack: Stack;
  service: Service;
  /** Null while the service is plain compose. */
  state: ServiceState | null;
  /** Who asks, as `user@machine`. */
  by: string;
};

/** Where a job of these facts lies: its data in the stack's folder, itself in the home state. */
export const jobPlace = ({ folder, home, stack }: VerbFacts) => ({
  root: stateFolder(folder),
  home,
  folder,
  project: stack.name,
});

export const notAdopted = ({ service, stack }: VerbFacts) =>
  failed(
    failure('not-adopted', `${service.name} of ${stack.name} is plain compose: adopt it first.`, {
      running: 'It runs as before.',
    }),
  );
