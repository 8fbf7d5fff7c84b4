import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** The names of what `up` can make. */
export type RecipeName = 'shop' | 'traefik' | 'crowd' | 'feather-a' | 'feather-b';

/** One compose project on a server: its name is the folder's. */
export interface StackFiles {
  name: string;
  /** Path inside the folder to content. */
  files: Record<string, string>;
}

/** A home server and what runs on it. */
export interface Recipe {
  name: RecipeName;
  /** The server's name, in ssh_config and inside the lab. */
  host: string;
  /** Web ports of the server that this machine reaches, by what answers there. */
  http: Record<string, number>;
  /** Images that its stacks pull, by the names of images.ts. */
  images: readonly string[];
  /** Other names of images in the registry: new to existing reference. */
  aliases: Record<string, string>;
  /** In the order of their start. */
  stacks: () => Promise<StackFiles[]>;
  /** Stacks that a reset leaves running: what the stack under test is put behind. */
  keptByReset: readonly string[];
  /** Whether a reset also leaves running what nobody changed: for so many stacks that starting them all anew takes long. */
  keepsUnchanged: boolean;
  /** Stacks started at once. */
  startedAtOnce: number;
}

const stacksFolder = path.join(import.meta.dirname, 'stacks');

/** A stack from files in stacks/. */
export async function loadStack(name: string, ...folders: string[]): Promise<StackFiles> {
  const files: Record<string, string> = {};
  for (const folder of folders) {
    const from = path.join(stacksFolder, folder);
    for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = path.join(entry.parentPath, entry.name);
      files[path.relative(from, file)] = await readFile(file, 'utf8');
    }
  }
  return { name, files };
}
