import type { Slot } from './slot.ts';

/** Labels of our containers, so that any client can tell what one is. */
export const labels = {
  stack: 'dev.switchyard.stack',
  service: 'dev.switchyard.service',
  slot: 'dev.switchyard.slot',
  release: 'dev.switchyard.release',
  /** The state folder. The entry point has it too, with `stack` and `service`. */
  root: 'dev.switchyard.root',
  /** On the throw-away container that a job probes from, and on nothing else. */
  job: 'dev.switchyard.job',
} as const;

/** Where a stack's state lives on the server. */
export const stateFolder = (projectFolder: string): string => `${projectFolder}/.switchyard`;

/**
 * The home state, below the operator's home on the server: closed to everybody else (0700). The programs of jobs lie and run
 * here and nowhere else, with what tells whether a stack's own files are still as we wrote them (SPEC HS1).
 */
export const homeStateFolder = '.local/state/switchyard';

/** Version of how the home state and the state folders are laid out. A client of an older one mends nothing. */
export const stateFormat = 1;

/**
 * A stack's part of the home state: `jobs/<id>/` whole as uploaded, `<service>/` with the release files that are run, `folder`,
 * `real`, `project` and `format` of one line each.
 */
export const stackHome = (homeState: string, project: string, folder: string): string =>
  `${homeState}/stacks/${project
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '-')
    .slice(0, 40)}-${shortHash(folder)}`;

/** Folders of the state folder, and of a stack's home state, that are no service's. */
const ownFolders = ['bin', 'damaged', 'ejected', 'jobs', 'journal', 'lock'];

/**
 * A service's name as a folder and as part of a container name: compose allows more than Docker's projects do. No service
 * gets a folder that is ours: adopting one of the name `jobs` must not stand on the jobs of its stack.
 */
export function serviceSlug(service: string): string {
  const plain = service.toLowerCase().replace(/[^a-z0-9_-]/g, '-');
  return plain === service && !ownFolders.includes(plain) ? plain : `${plain}-${shortHash(service)}`;
}

/** A service's service.json, in a state folder. */
export const serviceFile = (root: string, service: string): string => `${root}/${serviceSlug(service)}/service.json`;

/**
 * `<stack>--<service>`: the compose project of a service's slots, and with `--blue` or `--green` the name of a slot's
 * container, by which the entry point finds it. At most 54 characters, so that the whole fits one DNS label (63).
 */
export function slotPrefix(stack: string, service: string): string {
  const whole = `${stack}--${serviceSlug(service)}`;
  return whole.length <= 54 ? whole : `${whole.slice(0, 45)}-${shortHash(whole)}`;
}

export const slotContainer = (prefix: string, slot: Slot): string => `${prefix}--${slot}`;

/** Release folders are numbered with four digits at least. */
export const releaseFolder = (number: number): string => String(number).padStart(4, '0');

/** FNV-1a, 32 bit, as 8 hex digits: to tell names apart, not to protect anything. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash ^= character.codePointAt(0) ?? 0;
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
