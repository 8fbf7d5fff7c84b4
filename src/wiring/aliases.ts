/** One `Host` of an ssh config that names a single machine. */
export type Alias = { alias: string; hostName: string | null; user: string | null };

/** The aliases of an ssh config (default ~/.ssh/config), in the order of the file; none when there is no file. */
export async function listAliases(_sshConfigPath?: string): Promise<Alias[]> {
  return [];
}
