import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that stands for ~/.ssh: a config, known_hosts and keys of one test. */
export type SshFolder = {
  path: string;
  configPath: string;
  knownHostsPath: string;
  /** Writes a private key and answers its path. */
  addKey(name: string, text: string): Promise<string>;
  writeConfig(text: string): Promise<void>;
  writeKnownHosts(text: string): Promise<void>;
  knownHosts(): Promise<string>;
  remove(): Promise<void>;
};

/** Makes one. The caller removes it. */
export async function createSshFolder(): Promise<SshFolder> {
  const path = await mkdtemp(join(tmpdir(), 'switchyard-ssh-'));
  const configPath = join(path, 'config');
  const knownHostsPath = join(path, 'known_hosts');
  return {
    path,
    configPath,
    knownHostsPath,
    addKey: async (name, text) => {
      await writeFile(join(path, name), text, { mode: 0o600 });
      return join(path, name);
    },
    writeConfig: (text) => writeFile(configPath, text),
    writeKnownHosts: (text) => writeFile(knownHostsPath, text),
    knownHosts: () => readFile(knownHostsPath, 'utf8').catch(() => ''),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
