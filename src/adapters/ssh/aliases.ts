import { loadConfigLines, localFacts } from './config-files.ts';
import { namedAliases } from './host-settings.ts';

/**
 * The hosts that the operator's ssh config names, without wildcards, in file order. Empty when there is no config or
 * it cannot be read: a list to pick from is no place for an error.
 */
export async function listAliases(
  sshConfigPath?: string,
): Promise<{ alias: string; hostName: string | null; user: string | null }[]> {
  const local = localFacts();
  try {
    return namedAliases(await loadConfigLines(sshConfigPath, local), local);
  } catch {
    return [];
  }
}
