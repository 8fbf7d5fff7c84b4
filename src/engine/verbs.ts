/** What every verb's planner is given, read just before the job is made. */
import type { DockerFacts } from '../core/docker-facts.ts';
import type { ServiceState } from '../core/server-state.ts';
import type { Service, Stack } from '../core/stack-map.ts';
import type { Kit } from './job-upload.ts';
import type { ComposeText } from './ports/compose-text.ts';
import type { Shell } from './ports/shell.ts';

export type VerbFacts = {
  shell: Shell;
  kit: Kit;
  composeText: ComposeText;
  docker: DockerFacts;
  /** The stack's folder on the server, absolute. */
  folder: string;
  stack: Stack;
  service: Service;
  /** Null while the service is plain compose. */
  state: ServiceState | null;
  /** Who asks, as `user@machine`. */
  by: string;
};
