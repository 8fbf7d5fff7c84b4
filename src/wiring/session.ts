import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tarArchive } from '../adapters/archive/tar-archive.ts';
import { yamlComposeText } from '../adapters/compose-text/yaml-compose-text.ts';
import { createHostSession } from '../engine/host-session.ts';
import type { Kit } from '../engine/job-upload.ts';
import type { Session } from '../engine/session.ts';
import { createLinker } from './linker.ts';

export type SessionOptions = {
  /** As typed: an alias, `host`, `user@host:port`, or `this machine`. */
  target: string;
  /** An ssh config to use instead of ~/.ssh/config (`-F`). */
  sshConfigPath?: string | undefined;
  /** Who asks, for the journal: `user@machine`. */
  by: string;
  /** Folder of the server kit (`resources/server`). */
  kitFolder: string;
  /** Shell that every job reads right after the kit. Set by the fault suite alone. */
  plant?: string | undefined;
};

/** Builds a session from the real adapters. Nothing is opened before `connect`. */
export function createSession(options: SessionOptions): Session {
  return createHostSession({
    target: options.target,
    by: options.by,
    linker: createLinker({ target: options.target, sshConfigPath: options.sshConfigPath }),
    archive: tarArchive,
    composeText: yamlComposeText,
    clock: { nowMs: () => Date.now(), random: () => Math.random() },
    kit: readKit(options.kitFolder),
    plant: options.plant,
  });
}

/**
 * The server kit, read once: the scripts of its folder by name, and as `kit.sh` the parts that every job is made of, in
 * the order of their names.
 */
export function readKit(folder: string): Kit {
  const read = (...names: string[]): string => readFileSync(join(folder, ...names), 'utf8');
  const scripts = readdirSync(folder).filter((name) => name !== partsFolder);
  const parts = readdirSync(join(folder, partsFolder)).sort();
  return {
    ...Object.fromEntries(scripts.map((name) => [name, read(name)])),
    'kit.sh': parts.map((name) => read(partsFolder, name)).join('\n'),
  };
}

const partsFolder = 'kit';
