import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { outFolder } from '../../build/setup/folders.ts';

/** What the lab remembers between runs. Losing it costs time, never correctness. */
export interface LabState {
  /** `home:22` to the port of 127.0.0.1 that leads there; kept over `down`, so that addresses stay. */
  ports: Record<string, number>;
  /** The recipes that are up. */
  recipes: string[];
  /** Per host: the container that was set up, and its public host key. */
  hosts: Record<string, { containerId: string; hostKey: string }>;
  /** Per recipe: the container and the inputs its stacks were made from. */
  provisioned: Record<string, { containerId: string; inputs: string }>;
  /** What the registry's container holds: reference to fingerprint. */
  registry: { containerId: string; published: Record<string, string> };
  /** The password of user `home`, for those who test logging in with one. */
  password: string;
}

/** Where one lab keeps its files, and the names of what it owns in the engine. */
export interface LabPlace {
  folder: string;
  id: string;
  /** Of containers, volumes and the network. */
  prefix: string;
}

/**
 * The lab of this clone, or the one of the folder that SWITCHYARD_LAB names. Two labs on one machine know nothing of each
 * other, and share images.
 */
export function labPlace(named: string = process.env.SWITCHYARD_LAB || path.join(outFolder, 'lab')): LabPlace {
  // The ssh config names files by it, which ssh looks for from elsewhere.
  const folder = path.resolve(named);
  const id = createHash('sha256').update(folder).digest('hex').slice(0, 6);
  return { folder, id, prefix: `switchyard-lab-${id}` };
}

/** The state of an earlier run; a new one when there is none or it cannot be read. */
export async function loadState(place: LabPlace, newPassword: () => string): Promise<LabState> {
  const fresh: LabState = {
    ports: {},
    recipes: [],
    hosts: {},
    provisioned: {},
    registry: { containerId: '', published: {} },
    password: newPassword(),
  };
  try {
    return { ...fresh, ...(JSON.parse(await readFile(stateFile(place), 'utf8')) as Partial<LabState>) };
  } catch {
    return fresh;
  }
}

export async function saveState(place: LabPlace, state: LabState): Promise<void> {
  await mkdir(place.folder, { recursive: true });
  const file = stateFile(place);
  await writeFile(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

function stateFile(place: LabPlace): string {
  return path.join(place.folder, 'state.json');
}
