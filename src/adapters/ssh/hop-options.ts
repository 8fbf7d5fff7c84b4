import type { RungName } from '../../core/connection.ts';
import type { HostSettings } from './host-settings.ts';
import type { OpenedKeys } from './identity.ts';
import type { KnownHostLine } from './known-hosts.ts';
import type { Asker } from './login.ts';

/** What was typed while connecting, kept in memory only so that a link that comes back does not ask again. */
export type Secrets = {
  openedKeys: OpenedKeys;
  passwords: Map<string, { value: string | null }>;
  acceptedKeys: KnownHostLine[];
};

export const freshSecrets = (): Secrets => ({ openedKeys: new Map(), passwords: new Map(), acceptedKeys: [] });

export type HopOptions = {
  settings: HostSettings;
  secrets: Secrets;
  ask: Asker;
  questionId(): string;
  onStep(name: RungName, state: 'running' | 'passed', detail: string | null): void;
  signal: AbortSignal;
};
